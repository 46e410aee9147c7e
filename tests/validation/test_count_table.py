"""Group fairness from counts: the definitions, their intervals and what they cover."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.phases.validation.count_table import (
    correct,
    count_table,
    difference,
    difference_interval,
    false_positives,
    resample_counts,
    selection,
    true_positives,
)

GROUPS = np.array(["a", "a", "a", "a", "b", "b", "b", "b"])
LABELS = np.array([1, 1, 0, 0, 1, 1, 0, 0], dtype=bool)
ANSWERS = np.array([1, 0, 0, 0, 1, 1, 1, 0], dtype=bool)


def test_rates_by_hand() -> None:
    table = count_table(GROUPS, LABELS, ANSWERS)
    assert table.groups == ("a", "b")
    assert selection(table).values.tolist() == [0.25, 0.75]
    assert true_positives(table).values.tolist() == [0.5, 1.0]
    assert false_positives(table).values.tolist() == [0.0, 0.5]
    assert correct(table).values.tolist() == [0.75, 0.75]
    assert float(difference(selection(table))) == 0.5


@given(st.integers(0, 2**32 - 1), st.integers(2, 5))
def test_counts_agree_with_masks_and_forget_the_order(seed: int, many: int) -> None:
    rng = np.random.default_rng(seed)
    groups = rng.choice(list("abcde")[:many], 60).astype(np.str_)
    labels, answers = rng.random(60) < 0.5, rng.random(60) < 0.5
    table = count_table(groups, labels, answers)
    for i, name in enumerate(table.groups):
        own = groups == name
        assert selection(table).values[i] == answers[own].mean()
        positives = own & labels
        if positives.any():
            assert true_positives(table).values[i] == answers[positives].mean()
        else:
            assert np.isnan(true_positives(table).values[i])
    order = rng.permutation(60)
    again = count_table(groups[order], labels[order], answers[order])
    assert again.cells.tolist() == table.cells.tolist()


def test_an_empty_cell_makes_the_difference_undefined() -> None:
    table = count_table(GROUPS, GROUPS == "a", ANSWERS)
    assert np.isnan(difference(true_positives(table)))


def interval(n: int, a: float, b: float, rng: np.random.Generator) -> tuple[float, float]:
    groups = np.repeat(["a", "b"], n)
    answers = rng.random(2 * n) < np.repeat([a, b], n)
    table = count_table(groups, np.ones(2 * n, bool), answers)
    again = resample_counts(table, replicates=300, rng=rng)
    found = difference_interval((selection(table),), (selection(again),))
    assert found.low is not None
    assert found.high is not None
    assert found.low <= float(difference(selection(table))) <= found.high
    return found.low, found.high


@pytest.mark.parametrize(("a", "b"), [(0.5, 0.5), (0.3, 0.5), (0.05, 0.15)])
def test_the_interval_covers_the_true_difference(a: float, b: float) -> None:
    rng = np.random.default_rng(23)
    covered = 0
    for _ in range(200):
        low, high = interval(120, a, b, rng)
        covered += low <= abs(a - b) <= high
    assert covered / 200 >= 0.90


def test_equal_perfect_groups_are_not_certainly_equal() -> None:
    low, high = interval(15, 1.0, 1.0, np.random.default_rng(0))
    assert low == 0.0
    assert high > 0.15


def test_a_replicate_that_loses_a_group_leaves_no_interval() -> None:
    groups = np.array(["a"] * 50 + ["b"])
    table = count_table(groups, np.ones(51, bool), np.arange(51) % 2 == 0)
    again = resample_counts(table, replicates=200, rng=np.random.default_rng(0))
    assert difference_interval((selection(table),), (selection(again),)).high is None
