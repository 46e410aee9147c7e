"""Whether small changes of the input turn the model's answer, by chance or by intent."""

from __future__ import annotations

import numpy as np

from sealwright.evidence.finding import Finding
from sealwright.evidence.predicates.validation import Curve, Measurement, Point
from sealwright.inference.scoring import FloatArray, decide
from sealwright.phases.validation.attack import (
    AttackResult,
    Box,
    attack,
    box,
    surrogate_direction,
)
from sealwright.phases.validation.checks.interface import Check, Examination, Outcome, Unmeasured
from sealwright.phases.validation.checks.measure import measured, measured_share
from sealwright.phases.validation.data import IntArray
from sealwright.phases.validation.intervals import bounded, percentile
from sealwright.phases.validation.metrics import level_metric

NOISE_ROWS = 5000
NOISE_REPEATS = 10
ATTACKED_ROWS = 1000
COARSE_SCORES = 20
"""Fewer different scores than this give the search little direction."""

_ATTACK_METRICS = ("attack_success_rate", "robust_accuracy", "attack_queries_per_row")


def measure_robustness(exam: Examination, rng: np.random.Generator) -> Outcome:
    """Accuracy under Gaussian noise, and a score-based black-box attack.

    Both work in units of each feature's standard deviation on the training rows, and leave
    immutable and categorical features alone. At most 5,000 rows get noise (10 draws each) and at
    most 1,000 are attacked, chosen by the seed. Success is a lower bound: an attack that fails is
    no proof that none exists.
    """
    scale = exam.train.features.std(axis=0)
    within = _box(exam, scale=scale, eps=exam.declaration.attack_eps)
    noisy, curve = _noise(exam, scale=scale, rng=rng)
    if exam.model.access != "scores":
        reason = "the model answers classes without scores, so the score-based attack abstains"
    elif not within.movable.size:
        reason = "no feature can be changed within the declared radius"
    else:
        attacked = _attack(exam, within=within, scale=scale, rng=rng)
        return Outcome(
            measurements=noisy + attacked.measurements,
            curves=curve + attacked.curves,
            findings=attacked.findings,
            unmeasured=attacked.unmeasured,
        )
    return Outcome(
        measurements=noisy,
        curves=curve,
        unmeasured=tuple(Unmeasured(metric=name, reason=reason) for name in _ATTACK_METRICS),
        findings=(
            Finding(
                rule="robustness.not-attacked",
                severity="medium",
                message=reason,
                atlas=("AML.T0043",),
                remediation="give validation a model with scores and features that can change",
            ),
        ),
    )


def _box(exam: Examination, *, scale: FloatArray, eps: float) -> Box:
    return box(
        exam.test,
        scale=scale,
        eps=eps,
        immutable=tuple(exam.declaration.immutable),
        integer=exam.model.integer,
    )


def _noise(
    exam: Examination, *, scale: FloatArray, rng: np.random.Generator
) -> tuple[tuple[Measurement, ...], tuple[Curve, ...]]:
    chosen = _sample(len(exam.test), limit=NOISE_ROWS, rng=rng)
    free = _box(exam, scale=np.ones_like(scale), eps=1.0)
    measurements, points = [], []
    for level in exam.declaration.noise:
        hits = _noisy_hits(exam, chosen, scale=np.where(free.radius > 0, scale, 0.0) * level,
                           limits=free, rng=rng)  # fmt: skip
        counts = np.bincount(hits, minlength=NOISE_REPEATS + 1)
        worth = np.arange(NOISE_REPEATS + 1) / NOISE_REPEATS
        value = float(counts @ worth / len(chosen))
        draws = rng.multinomial(len(chosen), counts / len(chosen), size=exam.declaration.bootstrap)
        ends = bounded(
            percentile(draws @ worth / len(chosen), value=value), value=value, n=len(chosen)
        )
        name = level_metric("noise_accuracy", level=level)
        measurements.append(measured(name, value=value, n=len(chosen), interval=ends))
        points.append(Point(x=float(level), y=value, low=ends.low, high=ends.high))
    if not points:
        return (), ()
    return tuple(measurements), (
        Curve(
            name="accuracy under noise",
            x_label="noise, in standard deviations of each feature",
            y_label="accuracy",
            points=tuple(sorted(points, key=lambda point: point.x)),
        ),
    )


def _noisy_hits(
    exam: Examination,
    chosen: IntArray,
    *,
    scale: FloatArray,
    limits: Box,
    rng: np.random.Generator,
) -> IntArray:
    """How often of ten draws each chosen row was still answered right, shape (rows,)."""
    rows = exam.test.features[chosen]
    low = np.minimum(limits.bounds[:, 0], rows)
    high = np.maximum(limits.bounds[:, 1], rows)
    hits = np.zeros(len(rows), dtype=np.int64)
    for _ in range(NOISE_REPEATS):
        steps = rng.standard_normal(rows.shape) * scale
        steps = np.where(limits.integer, np.rint(steps), steps)
        answers = decide(exam.model.scores(np.clip(rows + steps, low, high)))
        hits += answers == exam.test.labels[chosen]
    return hits


def _attack(
    exam: Examination, *, within: Box, scale: FloatArray, rng: np.random.Generator
) -> Outcome:
    chosen = _sample(len(exam.test), limit=ATTACKED_ROWS, rng=rng)
    right = chosen[decide(exam.test_scores[chosen]) == exam.test.labels[chosen]]
    if not right.size:
        why = "the model answers no row correctly, so there is none to attack"
        return Outcome(
            measurements=(),
            unmeasured=tuple(Unmeasured(metric=name, reason=why) for name in _ATTACK_METRICS),
        )
    result = attack(
        exam.model,
        exam.test.features[right],
        exam.test.labels[right],
        within=within,
        queries=exam.declaration.attack_queries,
        direction=surrogate_direction(exam.train, exam.train_scores, scale=scale),
        rng=rng,
    )
    broken = int(result.broken.sum())
    return Outcome(
        measurements=(
            measured_share("attack_success_rate", hits=broken, n=right.size),
            measured_share("robust_accuracy", hits=right.size - broken, n=chosen.size),
            measured("attack_queries_per_row", value=float(result.queries.mean()), n=right.size),
        ),
        curves=(_progress(result),),
        findings=_coarse(exam.test_scores),
    )


def _progress(result: AttackResult) -> Curve:
    needed = np.sort(result.queries[result.broken])
    steps = np.unique(np.geomspace(1, max(2, int(result.queries.max())), 20).astype(np.int64))
    total = len(result.broken)
    return Curve(
        name="attack success by queries",
        x_label="queries per row",
        y_label="share of rows turned",
        points=tuple(
            Point(x=float(s), y=float(np.searchsorted(needed, s, side="right") / total))
            for s in steps
        ),
    )


def _coarse(scores: FloatArray) -> tuple[Finding, ...]:
    different = len(np.unique(np.round(scores, 9)))
    if different >= COARSE_SCORES or different >= len(scores) / 2:
        return ()
    return (
        Finding(
            rule="robustness.coarse-scores",
            severity="low",
            message=f"the model gives only {different} different scores on {len(scores)} rows, so "
            "the attack gets little direction and its success rate says less",
            remediation="evaluate the model before its scores are rounded",
            atlas=("AML.T0043",),
        ),
    )


def _sample(n: int, *, limit: int, rng: np.random.Generator) -> IntArray:
    if n <= limit:
        return np.arange(n)
    return np.sort(rng.choice(n, limit, replace=False))


ROBUSTNESS = Check(
    kind="robustness",
    title="whether small changes of the input turn the answer",
    run=measure_robustness,
    uses_train=True,
)
