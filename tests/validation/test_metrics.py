"""A criterion that could not be judged is refused before there is a result."""

from __future__ import annotations

import math
from typing import Any

import pytest
from tests.validation.builders import rule

from sealwright.errors import UsageError
from sealwright.phases.validation.metrics import METRICS, fix_criteria, level_metric


def fix(**changes: Any) -> object:
    return fix_criteria([rule(**changes)], noise=[0.05, 0.1], groups=["sex", "age>=60"])


def test_every_metric_is_described_and_named_once() -> None:
    assert all(name == metric.name for name, metric in METRICS.items())
    assert all(metric.kinds and len(metric.description) > 10 for metric in METRICS.values())


def test_a_sound_criterion_keeps_all_its_words() -> None:
    (fixed,) = fix_criteria([rule(id="auc", metric="roc_auc", threshold=1)], noise=[], groups=[])
    assert (fixed.id, fixed.metric, fixed.op, fixed.threshold, fixed.bound) == (
        "auc",
        "roc_auc",
        ">=",
        1.0,
        "low",
    )


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"metric": "acuracy"}, "does not measure"),
        ({"metric": "roc_auc", "kind": "fairness"}, "does not measure"),
        ({"threshold": math.nan}, "finite"),
        ({"threshold": math.inf}, "finite"),
        ({"op": "<=", "bound": "high"}, "reward a bad model"),
        ({"metric": "brier", "op": ">="}, "reward a bad model"),
        ({"bound": "high"}, "optimistic"),
        ({"metric": "brier", "op": "<=", "bound": "low"}, "optimistic"),
        ({"metric": "accuracy@0.1"}, "no level"),
        ({"metric": "noise_accuracy", "kind": "robustness"}, "noise level"),
        ({"metric": "noise_accuracy@0.2", "kind": "robustness"}, "noise level"),
        ({"group": "sex"}, "not measured per group"),
        ({"id": ""}, "no id"),
    ],
)
def test_what_cannot_be_judged_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        fix(**changes)
    assert caught.value.advice


def test_a_misspelling_is_guessed() -> None:
    with pytest.raises(UsageError) as caught:
        fix(metric="acuracy")
    assert "accuracy" in caught.value.advice


@pytest.mark.parametrize("group", ["", "sex", "age>=60"])
def test_differences_are_of_declared_columns(group: str) -> None:
    difference = {"kind": "fairness", "metric": "demographic_parity_difference", "op": "<="}
    fix(**difference, bound="high", group=group)
    with pytest.raises(UsageError, match="not a declared group"):
        fix(**difference, bound="high", group="colour")
    with pytest.raises(UsageError, match="not a declared group"):
        fix(**difference, bound="high", group="sex=1")


def test_rates_are_of_values_of_declared_columns() -> None:
    fix(kind="fairness", metric="true_positive_rate", group="sex=1")
    with pytest.raises(UsageError, match="not a declared group"):
        fix(kind="fairness", metric="true_positive_rate", group="sexes=1")


def test_a_group_metric_without_groups_is_refused() -> None:
    with pytest.raises(UsageError, match="no group columns"):
        fix_criteria(
            [rule(kind="fairness", metric="selection_rate", bound="point")], noise=[], groups=[]
        )


def test_an_id_stands_once() -> None:
    with pytest.raises(UsageError, match="two criteria"):
        fix_criteria([rule(), rule(metric="recall")], noise=[], groups=[])


def test_level_names_have_one_spelling() -> None:
    assert level_metric("noise_accuracy", level=0.10) == "noise_accuracy@0.1"
    fix(kind="robustness", metric="noise_accuracy@0.1")
