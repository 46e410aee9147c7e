"""Every metric that validation can measure: the contract between criteria and checks.

A criterion that names a metric outside this table is refused when the criteria are fixed, not
found missing after the test. Only the standard library is needed, so that a configuration can be
checked without numpy.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sealwright.errors import UsageError
from sealwright.evidence.predicates.validation import Criterion, EvaluationKind
from sealwright.lifecycle.model import CriterionRule

Better = Literal["higher", "lower", "neither"]
Grouped = Literal["no", "column", "value"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric. `kinds` are the evaluations that measure it."""

    name: str
    kinds: tuple[EvaluationKind, ...]
    better: Better
    description: str
    per_level: bool = False
    """Measured once per declared noise level, and named `name@level`."""
    grouped: Grouped = "no"
    """What a criterion's `group` may name: a group column (`sex`), or a value of it (`sex=1`)."""


def _metric(
    name: str,
    kind: EvaluationKind,
    better: Better,
    description: str,
    *,
    also: tuple[EvaluationKind, ...] = (),
    per_level: bool = False,
    grouped: Grouped = "no",
) -> Metric:
    return Metric(
        name=name,
        kinds=(kind, *also),
        better=better,
        description=description,
        per_level=per_level,
        grouped=grouped,
    )


_ALL = (
    _metric("accuracy", "performance", "higher", "share of rows answered correctly"),
    _metric("balanced_accuracy", "performance", "higher", "mean of recall and specificity"),
    _metric(
        "roc_auc", "performance", "higher", "chance that a positive row scores above a negative"
    ),
    _metric("f1", "performance", "higher", "harmonic mean of precision and recall"),
    _metric("precision", "performance", "higher", "share of positive answers that are right"),
    _metric("recall", "performance", "higher", "share of positive rows that are found"),
    _metric("specificity", "performance", "higher", "share of negative rows answered negative"),
    _metric(
        "brier",
        "performance",
        "lower",
        "mean squared error of the probability",
        also=("calibration",),
    ),
    _metric("log_loss", "performance", "lower", "mean negative log-likelihood, in nats"),
    _metric(
        "selection_rate",
        "fairness",
        "neither",
        "share of the group answered positive",
        grouped="value",
    ),
    _metric(
        "true_positive_rate",
        "fairness",
        "higher",
        "share of the group's positive rows that are found",
        grouped="value",
    ),
    _metric(
        "false_positive_rate",
        "fairness",
        "lower",
        "share of the group's negative rows answered positive",
        grouped="value",
    ),
    _metric(
        "group_accuracy",
        "fairness",
        "higher",
        "share of the group answered correctly",
        grouped="value",
    ),
    _metric(
        "demographic_parity_difference",
        "fairness",
        "lower",
        "largest difference in selection rate between two groups of the column",
        grouped="column",
    ),
    _metric(
        "equalised_odds_difference",
        "fairness",
        "lower",
        "largest difference in true or false positive rate between two groups of the column",
        grouped="column",
    ),
    _metric(
        "expected_calibration_error",
        "calibration",
        "lower",
        "mean distance between score and frequency over equal-mass bins (biased upwards)",
    ),
    _metric(
        "rms_calibration_error",
        "calibration",
        "lower",
        "root mean square distance between score and frequency, debiased",
    ),
    _metric(
        "abstention_threshold",
        "calibration",
        "neither",
        "confidence below which the model should not answer",
    ),
    _metric(
        "coverage", "calibration", "higher", "share of rows answered at the abstention threshold"
    ),
    _metric(
        "selective_accuracy",
        "calibration",
        "higher",
        "accuracy on the rows answered at the abstention threshold",
    ),
    _metric(
        "noise_accuracy",
        "robustness",
        "higher",
        "accuracy under Gaussian noise of this many standard deviations of each feature",
        per_level=True,
    ),
    _metric(
        "attack_success_rate",
        "robustness",
        "lower",
        "share of correct rows that the black-box attack turned; a lower bound on vulnerability",
    ),
    _metric(
        "robust_accuracy",
        "robustness",
        "higher",
        "share of rows that are correct and withstood the attack; an upper bound",
    ),
    _metric(
        "attack_queries_per_row",
        "robustness",
        "neither",
        "rows sent to the model per attacked row",
    ),
    _metric(
        "membership_auc",
        "privacy",
        "lower",
        "ROC AUC of the loss-threshold membership attack; a lower bound on leakage",
    ),
    _metric(
        "membership_tpr_at_1pct_fpr",
        "privacy",
        "lower",
        "share of members found at one false alarm in 100; a lower bound on leakage",
    ),
    _metric("accuracy_gap", "generalisation", "lower", "accuracy on train minus test"),
    _metric("roc_auc_gap", "generalisation", "lower", "ROC AUC on train minus test"),
    _metric("log_loss_gap", "generalisation", "lower", "log loss on test minus train, in nats"),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in _ALL}
"""Name → metric; a criterion names one of these, with `@level` where it is measured per level."""


def level_metric(name: str, *, level: float) -> str:
    """The name of a metric at a noise level: `noise_accuracy@0.1`."""
    return f"{name}@{level:g}"


def fix_criteria(
    rules: Iterable[CriterionRule], *, noise: Iterable[float], groups: Iterable[str]
) -> tuple[Criterion, ...]:
    """The rules as criteria that can be signed.

    `noise` and `groups` are the declared noise levels and group columns. Raises UsageError for an
    unknown metric, level or group, a threshold that is not finite, an `op` against the metric's
    better direction, judgement on the optimistic end of an interval, and an id used twice.
    """
    criteria: list[Criterion] = []
    levels = {f"{level:g}" for level in noise}
    columns = set(groups)
    for rule in rules:
        metric = _known(rule, levels=levels)
        _refuse_weak(rule, metric)
        _refuse_group(rule, metric, columns=columns)
        if any(rule.id == other.id for other in criteria):
            raise UsageError(f"two criteria have the id {rule.id!r}", advice="rename one of them")
        criteria.append(
            Criterion(
                id=rule.id,
                kind=rule.kind,
                metric=rule.metric,
                op=rule.op,
                threshold=float(rule.threshold),
                bound=rule.bound,
                group=rule.group,
            )
        )
    return tuple(criteria)


def _known(rule: CriterionRule, *, levels: set[str]) -> Metric:
    name, at, level = rule.metric.partition("@")
    metric = METRICS.get(name)
    if metric is None or rule.kind not in metric.kinds:
        of_kind = [item.name for item in _ALL if rule.kind in item.kinds]
        close = difflib.get_close_matches(name, of_kind, n=1)
        raise UsageError(
            f"criterion {rule.id!r}: {rule.kind} does not measure {rule.metric!r}",
            advice=f"did you mean {close[0]}?" if close else f"it measures {', '.join(of_kind)}",
        )
    if metric.per_level and level not in levels:
        names = ", ".join(f"{name}@{item}" for item in sorted(levels)) or "none: no noise declared"
        raise UsageError(
            f"criterion {rule.id!r}: {rule.metric!r} is not at a declared noise level",
            advice=f"measured are {names}",
        )
    if at and not metric.per_level:
        raise UsageError(f"criterion {rule.id!r}: {name} has no level", advice=f"write {name!r}")
    return metric


def _refuse_weak(rule: CriterionRule, metric: Metric) -> None:
    if not rule.id:
        raise UsageError(f"a criterion on {rule.metric!r} has no id", advice="give it one")
    if not math.isfinite(rule.threshold):
        raise UsageError(
            f"criterion {rule.id!r}: the threshold {rule.threshold} is not a finite number",
            advice="nothing can be held against it; write a number",
        )
    wrong_way = {"higher": "<=", "lower": ">=", "neither": ""}[metric.better]
    if rule.op == wrong_way:
        raise UsageError(
            f"criterion {rule.id!r}: for {rule.metric}, {metric.better} is better, "
            f"so {rule.op} would reward a bad model",
            advice=f"write {'>=' if wrong_way == '<=' else '<='}",
        )
    if rule.bound == ("high" if rule.op == ">=" else "low"):
        raise UsageError(
            f"criterion {rule.id!r}: {rule.op} on the {rule.bound} end of the interval is the "
            "optimistic end",
            advice=f'write bound = "{"low" if rule.op == ">=" else "high"}"',
        )


def _refuse_group(rule: CriterionRule, metric: Metric, *, columns: set[str]) -> None:
    if metric.grouped == "no":
        if rule.group:
            raise UsageError(
                f"criterion {rule.id!r}: {rule.metric} is not measured per group",
                advice="remove `group`",
            )
        return
    if not columns:
        raise UsageError(
            f"criterion {rule.id!r}: no group columns are declared",
            advice="name them in validation.groups",
        )
    if not rule.group or rule.group in columns:
        return
    if metric.grouped == "value" and any(rule.group.startswith(f"{name}=") for name in columns):
        return
    raise UsageError(
        f"criterion {rule.id!r}: {rule.group!r} is not a declared group",
        advice=f"declared are {', '.join(sorted(columns))}; for one value write column=value",
    )
