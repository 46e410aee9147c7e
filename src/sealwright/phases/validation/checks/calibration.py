"""Whether the scores mean what they say, and where the model should rather not answer."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sealwright.evidence.predicates.validation import Curve, Measurement, Point
from sealwright.inference.scoring import BoolArray, FloatArray, decide
from sealwright.phases.validation.checks.interface import Check, Examination, Outcome, Unmeasured
from sealwright.phases.validation.checks.measure import measured, measured_brier, measured_share
from sealwright.phases.validation.data import IntArray
from sealwright.phases.validation.intervals import Interval, bounded, percentile, wilson
from sealwright.phases.validation.score_table import (
    ScoreTable,
    pooled,
    resample,
    score_table,
    share,
)

BINS = 10
MIN_BIN_ROWS = 5
"""With fewer rows per bin there are fewer bins."""


def measure_calibration(exam: Examination, rng: np.random.Generator) -> Outcome:
    """Calibration errors over equal-mass bins, the Brier score and the abstention threshold.

    The expected calibration error is the plain estimate, which noise pushes up; its interval is a
    bootstrap percentile interval moved by the bootstrap's own bias. The root mean square error is
    debiased as in Kumar, Liang and Ma (2019). The threshold looks at scores only, never at labels,
    so the accuracy above it is not flattered by choosing it on the same rows.
    """
    if exam.model.access != "scores":
        why = "the model answers classes without scores"
        names = ("expected_calibration_error", "rms_calibration_error", "brier", "coverage")
        more = ("abstention_threshold", "selective_accuracy")
        return Outcome(
            measurements=(),
            unmeasured=tuple(Unmeasured(metric=name, reason=why) for name in names + more),
        )
    labels, scores = exam.test.labels, exam.test_scores
    times = exam.declaration.bootstrap
    table = pooled(score_table(scores, labels), replicates=times)
    bins = equal_mass_bins(table, bins=max(1, min(BINS, len(labels) // MIN_BIN_ROWS)))
    draws = resample(table, replicates=times, rng=rng, stratified=False)
    errors = _errors(table, draws, bins=bins, n=len(labels))
    abstaining, risk = _abstention(scores, labels, coverage=exam.declaration.abstain_coverage)
    return Outcome(
        measurements=(
            *errors,
            measured_brier(exam),
            *abstaining,
        ),
        curves=(_reliability(table, bins=bins), risk),
    )


def equal_mass_bins(table: ScoreTable, *, bins: int) -> IntArray:
    """The bin of each level, shape (K,): about equally many rows in each, equal scores together."""
    mass = table.positives + table.negatives
    rank = (np.cumsum(mass) - mass / 2) / mass.sum()
    _, where = np.unique(np.minimum((rank * bins).astype(np.int64), bins - 1), return_inverse=True)
    return where.astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class BinSums:
    """Per bin, shape (..., bins): rows, positive rows and sum of scores."""

    n: FloatArray
    positives: FloatArray
    scores: FloatArray


def bin_sums(table: ScoreTable, *, bins: IntArray) -> BinSums:
    """Adds up the table's counts bin by bin."""
    member = np.eye(int(bins.max()) + 1)[bins]
    mass = table.positives + table.negatives
    return BinSums(
        n=mass @ member,
        positives=table.positives @ member,
        scores=(mass * table.levels) @ member,
    )


def expected_calibration_error(sums: BinSums) -> FloatArray:
    """Mean over rows of |frequency - mean score| of the row's bin."""
    gaps = np.abs(sums.positives - sums.scores).sum(axis=-1)
    return share(gaps, sums.n.sum(axis=-1))


def mean_square_calibration_error(sums: BinSums, *, debiased: bool) -> FloatArray:
    """Mean over rows of the squared gap; debiased it may be below 0."""
    frequency = np.nan_to_num(share(sums.positives, sums.n))
    gap = np.nan_to_num(share(sums.positives - sums.scores, sums.n))
    noise = np.nan_to_num(share(frequency * (1 - frequency), sums.n - 1)) if debiased else 0.0
    return share((sums.n * (gap**2 - noise)).sum(axis=-1), sums.n.sum(axis=-1))


def _errors(
    table: ScoreTable, draws: ScoreTable, *, bins: IntArray, n: int
) -> tuple[Measurement, ...]:
    seen, again = bin_sums(table, bins=bins), bin_sums(draws, bins=bins)
    error, errors = float(expected_calibration_error(seen)), expected_calibration_error(again)
    bias = max(0.0, float(errors.mean()) - error)
    interval = bounded(percentile(errors, value=error, shift=bias), value=error, n=n)
    plain = float(mean_square_calibration_error(seen, debiased=False))
    square = float(mean_square_calibration_error(seen, debiased=True))
    squares = mean_square_calibration_error(again, debiased=True)
    # A replicate is debiased for its own noise only, so it still carries that of the sample.
    ends = percentile(squares, value=square, shift=plain - square)
    rooted = Interval(_root(ends.low), _root(ends.high), ends.method)
    value = math.sqrt(max(0.0, square))
    return (
        measured("expected_calibration_error", value=error, n=n, interval=interval),
        measured(
            "rms_calibration_error", value=value, n=n, interval=bounded(rooted, value=value, n=n)
        ),
    )


def _root(end: float | None) -> float | None:
    return None if end is None else math.sqrt(max(0.0, end))


def _abstention(
    scores: FloatArray, labels: BoolArray, *, coverage: float
) -> tuple[tuple[Measurement, ...], Curve]:
    confidence = np.maximum(scores, 1 - scores)
    right = decide(scores) == labels
    n = len(scores)
    ordered = np.sort(confidence)[::-1]
    threshold = float(ordered[max(1, math.ceil(coverage * n - 1e-9)) - 1])
    kept = confidence >= threshold
    measurements = (
        measured("abstention_threshold", value=threshold, n=n),
        measured_share("coverage", hits=int(kept.sum()), n=n),
        measured_share("selective_accuracy", hits=int(right[kept].sum()), n=int(kept.sum())),
    )
    points = []
    for part in range(1, 21):
        answered = confidence >= ordered[max(1, math.ceil(n * part / 20)) - 1]
        hits, rows = int(right[answered].sum()), int(answered.sum())
        ends = wilson(hits, rows)
        points.append(Point(x=rows / n, y=hits / rows, low=ends.low, high=ends.high))
    unique = {point.x: point for point in points}
    curve = Curve(
        name="accuracy by coverage",
        x_label="share of rows answered",
        y_label="accuracy on them",
        points=tuple(unique[x] for x in sorted(unique)),
    )
    return measurements, curve


def _reliability(table: ScoreTable, *, bins: IntArray) -> Curve:
    sums = bin_sums(table, bins=bins)
    points = []
    for n, hits, total in zip(sums.n, sums.positives, sums.scores, strict=True):
        ends = wilson(float(hits), float(n))
        points.append(Point(x=float(total / n), y=float(hits / n), low=ends.low, high=ends.high))
    return Curve(
        name="reliability",
        x_label="mean score of the bin",
        y_label="share of positive rows",
        points=tuple(points),
    )


CALIBRATION = Check(
    kind="calibration",
    title="whether the scores mean what they say, and when to abstain",
    run=measure_calibration,
)
