"""Whether the model gives away which rows it was trained on."""

from __future__ import annotations

import numpy as np

from sealwright.evidence.finding import Finding
from sealwright.evidence.predicates.validation import Curve, Point
from sealwright.inference.scoring import BoolArray, FloatArray
from sealwright.phases.validation.checks.interface import Check, Examination, Outcome, Unmeasured
from sealwright.phases.validation.checks.measure import measured
from sealwright.phases.validation.intervals import bounded, percentile
from sealwright.phases.validation.score_table import (
    LOG_FLOOR,
    ScoreTable,
    pooled,
    resample,
    roc_auc,
    score_table,
    true_positive_rate_at,
)

FALSE_POSITIVE_RATE = 0.01
FIRM_NON_MEMBERS = 1000
"""With fewer non-members, one false alarm in 100 is fewer than ten rows."""


def measure_privacy(exam: Examination, rng: np.random.Generator) -> Outcome:
    """The loss-threshold membership inference attack (Yeom et al. 2018).

    Training rows are members, test rows are not; the attacker guesses membership where the model's
    loss is small. This is the weakest attack that is worth naming: attacks with shadow models find
    more, so the figures are lower bounds on what leaks. Needs both sets to be drawn alike.
    """
    members = row_losses(exam.train_scores, exam.train.labels)
    others = row_losses(exam.test_scores, exam.test.labels)
    table = score_table(
        -np.concatenate([members, others]),
        np.concatenate([np.ones(len(members), np.bool_), np.zeros(len(others), np.bool_)]),
    )
    times = exam.declaration.bootstrap
    small = pooled(table, replicates=times)
    draws = resample(small, replicates=times, rng=rng, stratified=True)
    n, fewer = len(members) + len(others), min(len(members), len(others))
    value = float(roc_auc(table))
    ends = bounded(percentile(roc_auc(draws), value=value), value=value, n=fewer)
    measurements = [measured("membership_auc", value=value, n=n, interval=ends)]
    unmeasured, findings = [], [_lower_bound(exam)]
    if len(others) * FALSE_POSITIVE_RATE < 1:
        unmeasured.append(
            Unmeasured(
                metric="membership_tpr_at_1pct_fpr",
                reason=f"{len(others)} non-members cannot show one false alarm in 100",
            )
        )
    else:
        found = float(true_positive_rate_at(table, false_positive_rate=FALSE_POSITIVE_RATE))
        again = true_positive_rate_at(draws, false_positive_rate=FALSE_POSITIVE_RATE)
        ends = bounded(percentile(again, value=found), value=found, n=len(members))
        measurements.append(measured("membership_tpr_at_1pct_fpr", value=found, n=n, interval=ends))
    if len(others) < FIRM_NON_MEMBERS:
        findings.append(_few(len(others)))
    return Outcome(
        measurements=tuple(measurements),
        curves=(_roc(table),),
        findings=tuple(findings),
        unmeasured=tuple(unmeasured),
    )


def row_losses(scores: FloatArray, labels: BoolArray) -> FloatArray:
    """Negative log-likelihood of each row in nats, shape (n,)."""
    truth = np.where(labels, scores, 1 - scores)
    return np.asarray(-np.log(np.clip(truth, LOG_FLOOR, 1.0)))


def _lower_bound(exam: Examination) -> Finding:
    what = "loss" if exam.model.access == "scores" else "correctness"
    return Finding(
        rule="privacy.lower-bound",
        severity="info",
        message=f"membership was inferred from the {what} alone; stronger attacks find more",
        atlas=("AML.T0024.000",),
        remediation="do not read a low figure as proof of privacy",
    )


def _few(others: int) -> Finding:
    return Finding(
        rule="privacy.few-non-members",
        severity="info",
        message=f"the rate at 1 % false alarms rests on {int(others * FALSE_POSITIVE_RATE)} false "
        f"alarms among {others} non-members",
        remediation="use a larger test set before relying on it",
        atlas=("AML.T0024.000",),
    )


def _roc(table: ScoreTable) -> Curve:
    hits = np.cumsum(table.positives[::-1]) / table.positives.sum()
    alarms = np.cumsum(table.negatives[::-1]) / table.negatives.sum()
    at = np.unique(np.linspace(0, len(hits) - 1, 100).astype(np.int64))
    points = [Point(x=0.0, y=0.0)]
    points += [Point(x=float(alarms[i]), y=float(hits[i])) for i in at]
    return Curve(
        name="membership inference",
        x_label="share of non-members accused",
        y_label="share of members found",
        points=tuple(points),
    )


PRIVACY = Check(
    kind="privacy",
    title="whether the model gives away which rows it was trained on",
    run=measure_privacy,
    uses_train=True,
)
