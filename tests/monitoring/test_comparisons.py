"""Comparisons from counts: the same answers as scipy's on raw data, and no more false alarms than
stated, whatever the number of categories."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats
from scipy.spatial.distance import jensenshannon

from sealwright.phases.monitoring import gamma
from sealwright.phases.monitoring.comparisons import (
    chi_square,
    compare,
    jensen_shannon,
    kolmogorov_smirnov,
    kolmogorov_tail,
    merged,
    p_of,
    population_stability,
)
from sealwright.phases.monitoring.correction import holm, holm_levels
from tests.monitoring.population import counts, draw, grid_of, shifted


def within_luck(hits: int, n: int, *, rate: float) -> bool:
    """Whether so many of `n` are no surprise at this rate (one in a million by chance)."""
    return bool(stats.binom.ppf(1e-6, n, rate) <= hits <= stats.binom.ppf(1 - 1e-6, n, rate))


@pytest.mark.parametrize("shape", [0.5, 1.0, 2.0, 31.5, 499.5, 20_000.0])
def test_the_gamma_tail_is_scipys(shape: float) -> None:
    for factor in (1e-3, 0.5, 0.9, 0.999, 1.0, 1.001, 1.1, 2.0, 5.0):
        assert gamma.upper_tail(shape, shape * factor) == pytest.approx(
            special.gammaincc(shape, shape * factor), rel=1e-9, abs=1e-13
        )
    for level in (0.5, 0.01, 1e-6):
        assert gamma.quantile(shape, level) == pytest.approx(
            special.gammainccinv(shape, level), rel=1e-6
        )


@pytest.mark.parametrize("odd", [(0.0, 1.0), (-1.0, 1.0), (float("nan"), 1.0), (1.0, 0.0)])
def test_what_is_no_gamma_variable_is_no_sign(odd: tuple[float, float]) -> None:
    assert gamma.upper_tail(*odd) == 1.0
    assert gamma.upper_tail(1.0, float("inf")) == 0.0


def test_kolmogorovs_tail_is_scipys() -> None:
    for x in (0.0, 0.3, 0.5, 1.0, 1.36, 2.0, 4.0):
        assert kolmogorov_tail(x) == pytest.approx(special.kolmogorov(x), abs=1e-9)


@pytest.mark.parametrize(("n", "m"), [(5000, 256), (5000, 4000), (309, 256)])
def test_the_ks_distance_from_cells_is_close_to_that_of_the_values(n: int, m: int) -> None:
    rng = np.random.default_rng(n + m)
    for by in (0.0, 0.1, 0.5):
        before, now = rng.normal(size=(n, 1)), rng.normal(by, size=(m, 1))
        grid = grid_of(before)
        ours = kolmogorov_smirnov(grid.reference[0, :-1], counts(grid, now)[0, :-1])
        exact = stats.ks_2samp(before[:, 0], now[:, 0])
        assert exact.statistic - 1.5 / 65 - 1 / n <= ours.value <= exact.statistic + 1e-12
        assert ours.p >= exact.pvalue * 0.98 - 1e-12


def test_the_chi_square_statistic_is_scipys() -> None:
    rng = np.random.default_rng(3)
    for k in (2, 5, 40):
        before = rng.multinomial(9000, rng.dirichlet(np.ones(k) * 5))
        now = rng.multinomial(4000, rng.dirichlet(np.ones(k) * 5))
        ours = chi_square(before, now, level=0.05)
        exact = stats.chi2_contingency(np.stack([before, now]), correction=False)
        assert ours.value == pytest.approx(exact.statistic, rel=1e-9)
        same = chi_square(before, rng.multinomial(4000, before / before.sum()))
        assert same.p == pytest.approx(stats.chi2.sf(same.value, k - 1), abs=0.01)
        assert stats.chi2.isf(0.05, k - 1) == pytest.approx(ours.threshold, rel=0.02)


def test_psi_and_jensen_shannon_follow_their_formulas() -> None:
    before, now = np.array([50, 30, 20, 0]), np.array([20, 30, 40, 10])
    p, q = (before + 0.5) / 102, (now + 0.5) / 102
    psi = population_stability(before, now)
    assert psi.value == pytest.approx(np.sum((q - p) * np.log(q / p)))
    divergence = jensen_shannon(before, now)
    assert divergence.value == pytest.approx(jensenshannon(p, q) ** 2)
    for statistic in (psi, divergence):
        assert statistic.p < 1e-3
        assert statistic.value > statistic.threshold


@pytest.mark.parametrize("k", [3, 10, 50, 200, 1000])
@pytest.mark.parametrize(("n", "m"), [(20_000, 20_000), (309, 256)])
def test_the_same_distribution_is_flagged_as_often_as_stated(k: int, n: int, m: int) -> None:
    """The trap: held against the reference's shares as if they were true, 42 to 100 % are."""
    rng = np.random.default_rng(1000 * k + m)
    p = rng.dirichlet(np.full(k, 2.0))
    runs = 300
    tests = [
        chi_square(rng.multinomial(n, p), rng.multinomial(m, p), level=0.05) for _ in range(runs)
    ]
    assert within_luck(sum(test.p <= 0.05 for test in tests), runs, rate=0.05)
    assert sum(test.p <= 0.001 for test in tests) <= 5
    assert all((test.value >= test.threshold) == (test.p <= 0.05) for test in tests[:20])


@pytest.mark.parametrize("n", [309, 2000])
def test_psi_js_and_ks_are_not_flagged_more_often_than_stated(n: int) -> None:
    rng, runs = np.random.default_rng(n), 400
    hits = np.zeros(3)
    for _ in range(runs):
        grid = grid_of(rng.normal(size=(n, 1)))
        before, now = grid.reference[0, :-1], counts(grid, rng.normal(size=(256, 1)))[0, :-1]
        groups = merged(before, now)
        found = (
            kolmogorov_smirnov(before, now).p,
            population_stability(*groups).p,
            jensen_shannon(*groups).p,
        )
        hits += np.array(found) <= 0.05
    assert (hits <= stats.binom.ppf(1 - 1e-6, runs, 0.05)).all()
    assert (hits[:2] > 0).all()


def test_any_false_alarm_of_a_window_is_as_rare_as_stated() -> None:
    """Over ten features and the score, which depends on them; reference and window drawn anew."""
    rng, runs, alarms = np.random.default_rng(11), 250, 0
    for _ in range(runs):
        grid = grid_of(draw(rng, 400, 10))
        live = counts(grid, draw(rng, 256, 10))
        alarms += any(one.alarm for one in compare(grid, live, level=0.1))
    assert alarms <= stats.binom.ppf(1 - 1e-6, runs, 0.1)


def test_each_kind_of_change_is_seen() -> None:
    rng = np.random.default_rng(12)
    before = draw(rng, 4000, 4)
    grid = grid_of(before)
    live = shifted(draw(rng, 1000, 4), column=2, by=0.5)
    live[:200, 1] = 2.0
    live[::20, 3] = np.nan
    found = {one.name: one for one in compare(grid, counts(grid, live), level=0.001)}
    assert [name for name, one in found.items() if one.alarm] == ["f1", "f2", "f3"]
    assert (found["f1"].method, found["f2"].method) == ("chi-square", "ks")
    assert found["f2"].test.value > found["f2"].test.threshold
    assert found["f2"].psi.value > 0.1
    assert found["f3"].missing.p < 1e-6
    assert found["f3"].test.p > 0.001
    assert found["score"].p > 0.001


def test_nothing_is_concluded_from_nothing() -> None:
    grid = grid_of(draw(np.random.default_rng(13), 100, 2))
    nobody = np.zeros_like(grid.reference)
    assert p_of(grid, nobody).tolist() == [1.0, 1.0, 1.0]
    assert not any(one.alarm for one in compare(grid, nobody, level=0.5))


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=12))
def test_any_counts_have_a_p_value(table: list[tuple[int, int]]) -> None:
    before, now = (np.array(side) for side in zip(*table, strict=True))
    for test in (kolmogorov_smirnov, chi_square, population_stability, jensen_shannon):
        found = test(before, now)
        assert 0 <= found.p <= 1
        assert found.value >= -1e-12
        mirrored = test(now, before)
        assert mirrored.value == pytest.approx(found.value, abs=1e-9)
        assert mirrored.p == pytest.approx(found.p, abs=1e-6)
    groups = merged(before, now, groups=4)
    assert [side.sum() for side in groups] == [before.sum(), now.sum()]
    assert len(groups[0]) <= max(4, len(before) if before.sum() == 0 else 4)


p_values = st.lists(st.floats(0, 1), min_size=1, max_size=20)


@settings(deadline=None)
@given(p_values, st.floats(0.001, 0.5))
def test_holm_rejects_what_its_steps_reject(given_p: list[float], level: float) -> None:
    p = np.array(given_p)
    rejected, stopped = set(), False
    for rank, index in enumerate(np.argsort(p, kind="stable").tolist()):
        stopped = stopped or p[index] * (len(p) - rank) > level
        if not stopped:
            rejected.add(index)
    assert set(np.flatnonzero(holm(p) <= level).tolist()) == rejected
    assert (holm(p) >= p).all()
    assert holm_levels(p, level=level).min() == pytest.approx(level / len(p))


def test_a_p_value_that_is_not_a_number_alarms_nobody() -> None:
    assert holm(np.array([np.nan, 0.001])).tolist() == [1.0, 0.002]
