"""Intervals cover what they claim to cover, and have a width where a bootstrap has none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sealwright.phases.validation.intervals import (
    Interval,
    bounded,
    newcombe,
    percentile,
    wilson,
)


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (3, 10), (97, 133), (133, 133), (1, 1)])
def test_wilson_is_that_of_scipy(hits: int, n: int) -> None:
    theirs = stats.binomtest(hits, n).proportion_ci(method="wilson")
    ours = wilson(hits, n)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_newcombe_gives_his_published_example() -> None:
    # Newcombe (1998), table II, method 10: 56/70 against 48/80.
    ours = newcombe((56, 70), (48, 80))
    assert (ours.low, ours.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_no_rows_give_no_interval() -> None:
    assert wilson(0, 0).low is None
    assert newcombe((0, 0), (1, 2)).high is None


def test_perfection_on_five_rows_is_not_certain() -> None:
    low = wilson(5, 5).low
    assert low is not None
    assert low < 0.6


@given(st.integers(1, 500), st.data())
def test_wilson_holds_its_share_and_stays_a_share(n: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, n))
    found = wilson(hits, n)
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= hits / n <= found.high <= 1
    assert found.low < found.high


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_wilson_covers_the_truth(share: float) -> None:
    rng = np.random.default_rng(11)
    found = [wilson(int(hits), 80) for hits in rng.binomial(80, share, 400)]
    covered = np.mean([f.low is not None and f.high is not None and f.low <= share <= f.high
                       for f in found])  # fmt: skip
    assert 0.90 <= covered <= 0.99


def test_percentiles_say_nothing_without_a_spread() -> None:
    for draws in (np.ones(50), np.array([]), np.array([0.1, np.nan]), np.array([0.1, np.inf])):
        assert percentile(draws, value=1.0).low is None
    assert percentile(np.linspace(0, 1, 50), value=float("nan")).high is None


def test_a_bounded_interval_falls_back_to_wilson() -> None:
    found = bounded(percentile(np.ones(50), value=1.0), value=1.0, n=30)
    assert (found.low, found.high) == (wilson(30, 30).low, 1.0)
    assert "Wilson" in found.method
    clipped = bounded(Interval(-0.2, 1.3, "x"), value=0.5, n=3)
    assert (clipped.low, clipped.high) == (0.0, 1.0)
