"""Whether the model treats groups of people alike."""

from __future__ import annotations

import numpy as np

from sealwright.evidence.finding import Finding
from sealwright.evidence.predicates.validation import Measurement
from sealwright.inference.scoring import decide
from sealwright.phases.validation.checks.interface import Check, Examination, Outcome, Unmeasured
from sealwright.phases.validation.checks.measure import measured, measured_share
from sealwright.phases.validation.count_table import (
    CountTable,
    Rates,
    correct,
    count_table,
    difference,
    difference_interval,
    false_positives,
    resample_counts,
    selection,
    true_positives,
)

MIN_ROWS = 20
"""A group with fewer rows supports no statement about its selection rate or accuracy."""
MIN_CLASS_ROWS = 10
"""A group with fewer rows of a class supports no statement about its rate on that class."""

_RATES = (
    ("selection_rate", selection, MIN_ROWS),
    ("group_accuracy", correct, MIN_ROWS),
    ("true_positive_rate", true_positives, MIN_CLASS_ROWS),
    ("false_positive_rate", false_positives, MIN_CLASS_ROWS),
)
_DIFFERENCES = (
    ("demographic_parity_difference", (("selection_rate", selection),)),
    (
        "equalised_odds_difference",
        (("true_positive_rate", true_positives), ("false_positive_rate", false_positives)),
    ),
)


def measure_fairness(exam: Examination, rng: np.random.Generator) -> Outcome:
    """Rates per group with Wilson intervals, and the largest differences with bootstrap intervals.

    The definitions are those of Fairlearn's `demographic_parity_difference` and
    `equalized_odds_difference`. A rate of too small a group is reported but not judged, and so are
    the differences that it enters: criteria on them are inconclusive.
    """
    answers = decide(exam.test_scores)
    measurements: list[Measurement] = []
    unmeasured: list[Unmeasured] = []
    for column, groups in exam.test.groups.items():
        table = count_table(groups, exam.test.labels, answers)
        small = _too_small(table, column=column)
        unmeasured += small
        measurements += _rates(table, column=column)
        again = resample_counts(table, replicates=exam.declaration.bootstrap, rng=rng)
        for metric, parts in _DIFFERENCES:
            seen: tuple[Rates, ...] = tuple(rates(table) for _, rates in parts)
            value = max(float(difference(item)) for item in seen)
            names = {name for name, _ in parts}
            reasons = [item.reason for item in small if item.metric in names]
            if len(table.groups) < 2:
                reasons = [f"{column} has only the group {table.groups[0]!r}"]
            if reasons:
                unmeasured.append(Unmeasured(metric=metric, group=column, reason=reasons[0]))
            if len(table.groups) < 2 or not np.isfinite(value):
                continue
            ends = difference_interval(seen, tuple(rates(again) for _, rates in parts))
            measurements.append(
                measured(metric, value=value, n=len(answers), interval=ends, group=column)
            )
    return Outcome(
        measurements=tuple(measurements),
        unmeasured=tuple(unmeasured),
        findings=_findings(unmeasured),
    )


def _rates(table: CountTable, *, column: str) -> list[Measurement]:
    return [
        measured_share(
            metric, hits=float(rates.hits[i]), n=float(rates.n[i]), group=f"{column}={name}"
        )
        for metric, kind, _ in _RATES
        for rates in [kind(table)]
        for i, name in enumerate(table.groups)
        if rates.n[i] > 0
    ]


def _too_small(table: CountTable, *, column: str) -> list[Unmeasured]:
    rows = {"true_positive_rate": "positive rows", "false_positive_rate": "negative rows"}
    return [
        Unmeasured(
            metric=metric,
            group=f"{column}={name}",
            reason=f"group {column}={name} has {int(kind(table).n[i])} {rows.get(metric, 'rows')}; "
            f"at least {needed} are needed",
        )
        for metric, kind, needed in _RATES
        for i, name in enumerate(table.groups)
        if kind(table).n[i] < needed
    ]


def _findings(unmeasured: list[Unmeasured]) -> tuple[Finding, ...]:
    reasons = dict.fromkeys((item.reason, item.group.partition("=")[0]) for item in unmeasured)
    return tuple(
        Finding(
            rule="fairness.small-group",
            severity="medium",
            message=reason,
            location=column,
            remediation="collect more rows of the group, or declare coarser groups",
        )
        for reason, column in reasons
    )


FAIRNESS = Check(
    kind="fairness",
    title="whether the model treats groups of people alike",
    run=measure_fairness,
)
