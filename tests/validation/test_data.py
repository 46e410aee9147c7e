"""Data that nothing can be concluded from is refused before a model sees it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sealwright.errors import InputMissing, SealwrightError, UsageError
from sealwright.inference.scoring import same_value
from sealwright.phases.validation.data import EvaluationData, from_columns

COLUMNS: dict[str, Any] = {
    "a": [1.0, 2.0, 3.0, 4.0],
    "b": [0, 1, 0, 1],
    "label": [1, 0, 1, 0],
    "sex": [1.0, 2.0, 2.0, 1.0],
}


def build(**changes: Any) -> EvaluationData:
    settings: dict[str, Any] = {"features": ["a", "b"], "label": "label", "positive": 1}
    columns = COLUMNS | changes.pop("columns", {})
    return from_columns(columns, **(settings | changes))


def test_columns_become_a_table() -> None:
    data = build(groups=["sex"], kinds={"b": "integer"}, bounds={"a": (0, None)})
    assert data.features.tolist() == [[1, 0], [2, 1], [3, 0], [4, 1]]
    assert data.labels.tolist() == [True, False, True, False]
    assert data.groups["sex"].tolist() == ["1", "2", "2", "1"]
    assert data.kinds == ("number", "integer")
    assert data.bounds.tolist() == [[0, np.inf], [-np.inf, np.inf]]
    assert len(data) == 4


@pytest.mark.parametrize(
    ("label", "positive"),
    [
        (["yes", "no", "yes", "no"], "yes"),
        ([True, False, True, False], True),
        ([True, False, True, False], 1),
        ([1.0, 0.0, 1.0, 0.0], 1),
        ([0, 5, 0, 5], 0),
    ],
)
def test_the_positive_class_is_the_declared_one(label: list[Any], positive: Any) -> None:
    data = build(columns={"label": label}, positive=positive)
    assert data.labels.tolist() == [True, False, True, False]


def test_text_and_numbers_are_never_the_same_label() -> None:
    assert not same_value("1", 1)
    assert not same_value(1, "1")
    assert same_value(np.int64(1), 1)
    assert not same_value(None, 0)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"columns": {"a": [1.0, np.nan, 3.0, 4.0]}}, "'a' of row 1"),
        ({"columns": {"a": [1.0, np.inf, 3.0, 4.0]}}, "not a finite number"),
        ({"columns": {"a": [1.0, None, 3.0, 4.0]}}, "not a finite number"),
        ({"columns": {"a": ["1", "2", "3", "4"]}}, "not a column of numbers"),
        ({"columns": {"a": [1.0, "x", 3.0, {}]}}, "not a column of numbers|not numbers"),
        ({"columns": {"label": [1, 1, 1, 1]}}, "same label"),
        ({"columns": {"label": [0, 0, 0, 0]}}, "same label"),
        ({"columns": {"label": [1, None, 1, 0]}}, "missing"),
        ({"columns": {"label": [1.0, np.nan, 1.0, 0.0]}}, "missing"),
        ({"columns": {"label": [0, 1, 2, 1]}}, "3 values"),
        ({"positive": "1"}, "same label"),
        ({"features": ["a", "z"]}, "no column 'z'"),
        ({"features": []}, "no features"),
        ({"groups": ["z"]}, "no column 'z'"),
        ({"columns": {name: [] for name in COLUMNS}}, "no rows"),
        ({"columns": {"label": [1, 0]}}, "there are 4 rows"),
    ],
)
def test_doubtful_data_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(SealwrightError, match=says):
        build(**changes)


def test_the_record_itself_refuses_wrong_shapes() -> None:
    good = {
        "features": np.zeros((2, 1)),
        "labels": np.array([True, False]),
        "groups": {},
        "names": ("a",),
    }
    EvaluationData(**good)  # type: ignore[arg-type]
    for wrong in (
        {"features": np.zeros(2)},
        {"features": np.zeros((2, 1), dtype=np.float32)},
        {"labels": np.array([1, 0])},
        {"names": ("a", "b")},
        {"kinds": ("number", "number")},
        {"groups": {"sex": np.array(["1"])}},
    ):
        with pytest.raises(UsageError):
            EvaluationData(**(good | wrong))  # type: ignore[arg-type]
    with pytest.raises(InputMissing):
        EvaluationData(**(good | {"features": np.zeros((0, 1)), "labels": np.zeros(0, bool)}))  # type: ignore[arg-type]
