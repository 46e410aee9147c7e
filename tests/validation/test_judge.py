"""What is missing, undefined or too thin is never a pass."""

from __future__ import annotations

import math
from typing import Any

import pytest

from sealwright.evidence.finding import Result
from sealwright.evidence.predicates.validation import Criterion, Judgement, Measurement
from sealwright.phases.validation.checks.interface import Unmeasured
from sealwright.phases.validation.judge import judge, overall


def criterion(**changes: Any) -> Criterion:
    settings: dict[str, Any] = {
        "id": "c",
        "kind": "performance",
        "metric": "accuracy",
        "op": ">=",
        "threshold": 0.8,
        "bound": "low",
    }
    return Criterion(**(settings | changes))


def measurement(**changes: Any) -> Measurement:
    settings: dict[str, Any] = {
        "metric": "accuracy",
        "value": 0.85,
        "n": 100,
        "low": 0.8,
        "high": 0.9,
    }
    return Measurement(**(settings | changes))


def one(rule: Criterion, *found: Measurement, gaps: tuple[Unmeasured, ...] = ()) -> Judgement:
    (answer,) = judge([rule], found, unmeasured=gaps)
    return answer


@pytest.mark.parametrize(
    ("changes", "result", "observed"),
    [
        ({}, "passed", 0.8),
        ({"threshold": 0.8000001}, "failed", 0.8),
        ({"bound": "point", "threshold": 0.85}, "passed", 0.85),
        ({"bound": "point", "threshold": 0.86}, "failed", 0.85),
        ({"op": "<=", "bound": "high", "threshold": 0.9}, "passed", 0.9),
        ({"op": "<=", "bound": "high", "threshold": 0.89}, "failed", 0.9),
        ({"op": "<=", "bound": "point", "threshold": 0.85}, "passed", 0.85),
    ],
)
def test_the_named_end_decides(changes: dict[str, Any], result: Result, observed: float) -> None:
    answer = one(criterion(**changes), measurement())
    assert (answer.result, answer.observed) == (result, observed)
    assert "100 rows" in answer.detail


@pytest.mark.parametrize(
    "found",
    [
        measurement(metric="recall"),
        measurement(value=math.nan),
        measurement(value=math.inf),
        measurement(n=0),
        measurement(low=None),
        measurement(low=math.nan),
        measurement(low=math.inf),
    ],
)
def test_what_was_not_measured_firmly_is_inconclusive(found: Measurement) -> None:
    answer = one(criterion(), found)
    assert answer.result == "inconclusive"
    assert answer.observed is None
    assert answer.detail


def test_a_missing_end_spoils_only_the_bound_that_needs_it() -> None:
    assert one(criterion(), measurement(high=None)).result == "passed"
    assert one(criterion(bound="point"), measurement(low=None)).result == "passed"


def grouped(group: str, value: float) -> Measurement:
    return measurement(metric="selection_rate", group=group, value=value, low=value)


def test_without_a_group_the_worst_group_decides() -> None:
    rule = criterion(kind="fairness", metric="selection_rate", threshold=0.5)
    good, better, bad = grouped("sex=1", 0.6), grouped("sex=2", 0.7), grouped("age=old", 0.4)
    assert one(rule, good, better).result == "passed"
    assert one(rule, good, better).observed == 0.6
    assert one(rule, good, bad, better).result == "failed"
    assert "age=old" in one(rule, good, bad, better).detail
    named = criterion(kind="fairness", metric="selection_rate", threshold=0.5, group="sex")
    assert one(named, good, bad, better).result == "passed"
    assert one(named, bad).result == "inconclusive"


def test_a_group_too_small_is_inconclusive_even_with_a_fine_number() -> None:
    rule = criterion(kind="fairness", metric="selection_rate", threshold=0.5)
    gap = Unmeasured(metric="selection_rate", group="sex=2", reason="3 rows")
    answer = one(rule, grouped("sex=1", 0.6), grouped("sex=2", 0.9), gaps=(gap,))
    assert (answer.result, answer.detail) == ("inconclusive", "3 rows")
    assert one(rule, grouped("sex=1", 0.4), gaps=(gap,)).result == "failed"


def test_names_that_only_begin_alike_are_different_groups() -> None:
    rule = criterion(kind="fairness", metric="selection_rate", threshold=0.5, group="sex")
    assert one(rule, grouped("sexuality=x", 0.9)).result == "inconclusive"


def test_the_worst_judgement_decides() -> None:
    def of(*results: Result) -> Result:
        return overall([Judgement(criterion="c", result=item) for item in results])

    assert of("passed", "passed") == "passed"
    assert of("passed", "inconclusive") == "inconclusive"
    assert of("inconclusive", "failed", "passed") == "failed"
    assert of("passed", "warned") == "warned"
    assert of() == "warned"
