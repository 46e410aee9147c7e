"""Groups say in their own name how they were made."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.errors import UsageError
from sealwright.phases.validation.groups import (
    MISSING,
    bin_numeric,
    group_values,
    quantile_edges,
)


def groups(name: str, values: Any) -> list[str]:
    return [str(item) for item in group_values(name, column=lambda _: np.asarray(values))]


def test_a_comparison_makes_two_groups() -> None:
    assert groups("age>=60", [59, 60, 61]) == ["no", "yes", "yes"]
    assert groups("age<60", [59, 60, 61]) == ["yes", "no", "no"]
    assert groups("bmi>=22.5", [22.4, 22.5, np.nan]) == ["no", "yes", MISSING]


def test_a_comparison_needs_numbers() -> None:
    with pytest.raises(UsageError, match="not numeric"):
        groups("sex>=1", ["m", "f"])


def test_values_have_one_spelling() -> None:
    assert groups("sex", [1.0, 2.0]) == groups("sex", [1, 2]) == ["1", "2"]
    assert groups("site", ["a", None, "b"]) == ["a", MISSING, "b"]


def test_a_numeric_column_is_cut_at_its_quartiles() -> None:
    found = groups("age", list(range(20, 60)))
    assert sorted(set(found)) == ["<30", ">=50", "[30, 40)", "[40, 50)"]
    assert [found.count(name) for name in sorted(set(found))] == [10, 10, 10, 10]


def test_too_many_groups_are_refused() -> None:
    with pytest.raises(UsageError, match="101 different values"):
        groups("name", [f"n{i}" for i in range(101)])


def test_edges_must_increase() -> None:
    with pytest.raises(UsageError):
        bin_numeric(np.zeros(3), edges=[1.0, 1.0])
    with pytest.raises(UsageError):
        bin_numeric(np.zeros(3), edges=[np.nan])


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_every_value_falls_in_the_bin_that_names_it(values: list[float]) -> None:
    column = np.array(values)
    edges = quantile_edges(column)
    bins = bin_numeric(column, edges=edges)
    assert len(set(bins.tolist())) <= len(edges) + 1
    for value, name in zip(values, bins.tolist(), strict=True):
        index = int(np.searchsorted(edges, value, side="right"))
        names = {0: "<" if edges else "all", len(edges): ">=" if edges else "all"}
        assert name.startswith(names.get(index, "["))


def test_missing_values_stay_apart() -> None:
    column = np.array([1.0, np.nan, 3.0])
    assert bin_numeric(column, edges=quantile_edges(column))[1] == MISSING
    assert quantile_edges(np.array([np.nan])) == ()
