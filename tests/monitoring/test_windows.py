"""Windows: nobody has more than their share of one, and nobody can be all that differs."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.errors import UsageError
from sealwright.phases.monitoring import windows
from sealwright.phases.monitoring.windows import (
    OTHERS,
    Window,
    add_counts,
    close_window,
    largest_caller,
    outlasts_everyone,
    p_without,
    within_share,
)
from tests.monitoring.population import NOON, Rows, draw, grid_of, score, shifted

GRID = grid_of(draw(np.random.default_rng(1), 2000, 2))


def window(
    rows: Rows, clients: list[str], *, max_share: float = 1.0, tags: list[str] | None = None
) -> Window:
    return close_window(
        GRID,
        GRID.cells(rows, score(rows)),
        clients,
        start=NOON,
        end=NOON,
        max_share=max_share,
        correlations=tags or (),
    )


callers = st.lists(st.sampled_from("abcde"), min_size=1, max_size=60)


@settings(deadline=None)
@given(callers, st.floats(0.01, 1))
def test_nobody_has_more_than_their_share(clients: list[str], share: float) -> None:
    rows = draw(np.random.default_rng(len(clients)), len(clients), 2)
    found = window(rows, clients, max_share=share)
    most = max(1, int(share * len(clients)))
    expected = {client: min(n, most) for client, n in Counter(clients).items()}
    assert Counter(found.clients.tolist()) == expected
    assert found.n == sum(expected.values())
    assert found.n + found.left_out == len(clients)
    assert (found.counts.sum(axis=1) == found.n).all()


@settings(deadline=None)
@given(callers, st.integers(1, 60))
def test_a_share_takes_the_first_cases_of_each(clients: list[str], most: int) -> None:
    kept = within_share(clients, most=most)
    for client in set(clients):
        mine = [bool(kept[at]) for at, who in enumerate(clients) if who == client]
        assert mine == sorted(mine, reverse=True)
        assert sum(mine) == min(most, len(mine))


def test_windows_add_up() -> None:
    rows = draw(np.random.default_rng(2), 90, 2)
    parts = [window(part, ["a"] * 30) for part in np.split(rows, 3)]
    assert (add_counts(parts) == window(rows, ["a"] * 90).counts).all()
    assert largest_caller([window(rows, ["b"] * 40 + ["a"] * 50)]) == "a"


def test_what_all_cases_were_sent_with_is_kept() -> None:
    rows = draw(np.random.default_rng(3), 2, 2)
    assert window(rows, ["a", "b"], tags=["t", "t"]).correlation == "t"
    assert window(rows, ["a", "b"], tags=["t", ""]).correlation == ""
    with pytest.raises(UsageError, match="one caller for each case"):
        window(rows, ["a"])


@settings(deadline=None)
@given(
    st.lists(st.sampled_from("abc"), min_size=60, max_size=150),
    st.sets(st.sampled_from("abc")),
    st.floats(-3, 3),
    st.integers(0, 1000),
)
def test_what_outlasts_everyone_differs_without_each_single_caller(
    clients: list[str], strange: set[str], by: float, seed: int
) -> None:
    rows = draw(np.random.default_rng(seed), len(clients), 2)
    rows[[client in strange for client in clients], 0] += by
    halves = [window(rows[:40], clients[:40]), window(rows[40:], clients[40:])]
    for index in range(3):
        alone = [p_without(GRID, index, halves, client) for client in set(clients)]
        assert outlasts_everyone(GRID, index, halves, level=0.01) == (max(alone) <= 0.01)


@settings(deadline=None)
@given(st.integers(0, 1000), st.floats(-100, 100), st.integers(1, 400))
def test_one_caller_never_outlasts_everyone_among_others_who_are_as_ever(
    seed: int, value: float, mine: int
) -> None:
    """Whatever one caller sends and however much: the others' cases alone decide."""
    rng = np.random.default_rng(seed)
    others = draw(rng, 120, 2)
    quiet = window(others, [f"c{at % 7}" for at in range(120)])
    alike = [p_without(GRID, index, [quiet], "nobody") for index in range(3)]
    both = window(
        np.concatenate([others, np.full((mine, 2), value)]),
        [f"c{at % 7}" for at in range(120)] + ["loud"] * mine,
    )
    for index, p in enumerate(alike):
        if p > 1e-4:
            assert not outlasts_everyone(GRID, index, [both], level=1e-4)


def test_too_few_cases_say_nothing() -> None:
    rows = shifted(draw(np.random.default_rng(4), 100, 2), by=9)
    assert outlasts_everyone(GRID, 0, [window(rows, ["a", "b"] * 50)], level=1e-6)
    assert not outlasts_everyone(GRID, 0, [window(rows, ["a"] * 100)], level=1e-6)
    assert not outlasts_everyone(GRID, 0, [window(rows, ["a"] * 90 + ["b"] * 10)], level=1e-6)
    assert not outlasts_everyone(GRID, 0, [], level=1.0)


def test_callers_beyond_those_told_apart_count_as_anybody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever hides among very many gains nothing: all who are not told apart go with each."""
    monkeypatch.setattr(windows, "MAX_NAMED", 3)
    rows = draw(np.random.default_rng(5), 120, 2)
    clients = ["a", "b", "c", *(f"d{at % 9}" for at in range(117))]
    rows[3:, 0] += 9
    found = window(rows, clients)
    assert set(found.clients.tolist()) == {"a", "b", "c", OTHERS}
    assert not outlasts_everyone(GRID, 0, [found], level=1e-6)
