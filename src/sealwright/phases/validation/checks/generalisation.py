"""How much worse the model is on rows it was not trained on than on those it was."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sealwright.evidence.predicates.validation import Measurement
from sealwright.inference.scoring import FloatArray
from sealwright.phases.validation.checks.interface import Check, Examination, Outcome, Unmeasured
from sealwright.phases.validation.checks.measure import measured
from sealwright.phases.validation.intervals import Interval, newcombe, percentile
from sealwright.phases.validation.score_table import (
    ScoreTable,
    confusion,
    log_loss,
    pooled,
    resample,
    roc_auc,
    score_table,
)

_Measure = Callable[[ScoreTable], FloatArray]


def measure_generalisation(exam: Examination, rng: np.random.Generator) -> Outcome:
    """Gaps between training and test rows, positive where the model is worse on test rows.

    Both sets are resampled independently. Where a gap's replicates are all the same, accuracy falls
    back to Newcombe's interval and the other gaps have none.
    """
    train = score_table(exam.train_scores, exam.train.labels)
    test = score_table(exam.test_scores, exam.test.labels)
    times = exam.declaration.bootstrap
    draws = [
        resample(pooled(table, replicates=times), replicates=times, rng=rng, stratified=False)
        for table in (train, test)
    ]
    n = len(exam.train) + len(exam.test)

    def gap(measure: _Measure, *, sign: float) -> tuple[float, Interval]:
        value = sign * float(measure(train) - measure(test))
        again = sign * (measure(draws[0]) - measure(draws[1]))
        return value, percentile(again, value=value)

    value, ends = gap(_accuracy, sign=1.0)
    measurements = [_firm(value, ends, train=train, test=test, n=n)]
    if exam.model.access != "scores":
        why = "the model answers classes without scores"
        names = ("roc_auc_gap", "log_loss_gap")
        return Outcome(
            measurements=tuple(measurements),
            unmeasured=tuple(Unmeasured(metric=name, reason=why) for name in names),
        )
    for name, measure, sign in (("roc_auc_gap", roc_auc, 1.0), ("log_loss_gap", log_loss, -1.0)):
        value, ends = gap(measure, sign=sign)
        measurements.append(measured(name, value=value, n=n, interval=ends))
    return Outcome(measurements=tuple(measurements))


def _accuracy(table: ScoreTable) -> FloatArray:
    counts = confusion(table)
    right = counts.tp + counts.tn
    return np.asarray(right / (right + counts.fp + counts.fn))


def _firm(
    value: float, ends: Interval, *, train: ScoreTable, test: ScoreTable, n: int
) -> Measurement:
    """The wider of the bootstrap and Newcombe's interval, which has a width at 100 %, too."""
    closed = newcombe(_hits(train), _hits(test))
    low = [end for end in (ends.low, closed.low) if end is not None]
    high = [end for end in (ends.high, closed.high) if end is not None]
    both = Interval(min(low), max(high), "bootstrap percentile, Newcombe")
    return measured("accuracy_gap", value=value, n=n, interval=both)


def _hits(table: ScoreTable) -> tuple[float, float]:
    counts = confusion(table)
    right = float(counts.tp + counts.tn)
    return right, right + float(counts.fp + counts.fn)


GENERALISATION = Check(
    kind="generalisation",
    title="how much worse the model is on rows it was not trained on",
    run=measure_generalisation,
    uses_train=True,
)
