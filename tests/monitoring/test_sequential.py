"""The sequential detectors: as few false alarms as proved, and soon there after a change."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import stats

from sealwright.errors import UsageError
from sealwright.phases.monitoring.histogram import Grid
from sealwright.phases.monitoring.sequential import EPOCH, EventProcess, Sequential
from tests.monitoring.population import Rows, draw, grid_of, score, shifted

HORIZON = 2_560_000.0
"""One false alarm in ten thousand windows of 256 cases, for all features together."""


@cache
def reference(seed: int, n: int, d: int) -> Grid:
    return grid_of(draw(np.random.default_rng(seed), n, d))


def feed(detector: Sequential, grid: Grid, rows: Rows) -> None:
    detector.update(grid.cells(rows, score(rows)))


def delay(grid: Grid, rng: np.random.Generator, *, by: float, most: int, quiet: int) -> int:
    """Cases after a change of one feature until the alarm; `most` if there was none."""
    detector = Sequential(grid, seed=int(rng.integers(1 << 30)))
    threshold = detector.threshold(HORIZON)
    feed(detector, grid, draw(rng, quiet, 10))
    assert detector.statistic.max() < threshold, "a false alarm"
    for seen in range(0, most, 32):
        feed(detector, grid, shifted(draw(rng, 32, 10), column=3, by=by))
        if detector.statistic[3] >= threshold:
            return seen + 32
    return most


def test_a_quarter_of_a_standard_deviation_is_seen_within_a_thousand_cases() -> None:
    """In at least 95 of 100 runs, after 256 quiet cases, against references of 20,000 rows."""
    rng = np.random.default_rng(21)
    delays = [
        delay(reference(run % 4, 20_000, 10), rng, by=0.25, most=1024, quiet=256)
        for run in range(100)
    ]
    assert sum(one < 1024 for one in delays) >= 95
    assert np.median(delays) < 700


@pytest.mark.parametrize(("by", "within"), [(1.0, 128), (0.5, 512)])
def test_a_larger_change_is_seen_sooner(by: float, within: int) -> None:
    rng = np.random.default_rng(22)
    delays = [
        delay(reference(run % 4, 5000, 10), rng, by=by, most=1024, quiet=64) for run in range(30)
    ]
    assert max(delays) <= within


@pytest.mark.parametrize("n", [40, 2000])
def test_false_alarms_are_as_rare_as_proved_however_small_the_reference(n: int) -> None:
    """Each run draws its own reference; 20 % may alarm, one in a million runs of this test more."""
    rng, runs, cases = np.random.default_rng(n), 100, 1600
    alarms = 0
    for run in range(runs):
        grid = grid_of(draw(rng, n, 3))
        detector = Sequential(grid, seed=run)
        feed(detector, grid, draw(rng, cases, 3))
        alarms += detector.statistic.max() >= detector.threshold(cases * 5)
    assert alarms <= stats.binom.ppf(1 - 1e-6, runs, 0.2)


def test_no_alarm_in_many_quiet_cases() -> None:
    grid, rng = reference(0, 20_000, 10), np.random.default_rng(23)
    detector = Sequential(grid, seed=0)
    for _ in range(20):
        feed(detector, grid, draw(rng, 2000, 10))
    assert detector.statistic.max() < detector.threshold(HORIZON)


def test_a_change_of_spread_of_categories_and_of_missing_values_is_seen() -> None:
    grid, rng = reference(1, 5000, 3), np.random.default_rng(24)
    rows = draw(rng, 4000, 3)
    rows[:, 0] *= 1.5
    rows[rng.random(4000) < 0.1, 1] = 2.0
    rows[::20, 2] = np.nan
    detector = Sequential(grid, seed=0)
    feed(detector, grid, rows)
    assert (detector.statistic[:3] >= detector.threshold(HORIZON)).all()


def test_the_size_of_the_batches_does_not_matter() -> None:
    grid, rows = reference(2, 500, 3), draw(np.random.default_rng(25), 320, 3)
    one, many = Sequential(grid, seed=7), Sequential(grid, seed=7)
    feed(one, grid, rows)
    for start in range(0, 320, 64):
        feed(many, grid, rows[start : start + 64])
    assert one.statistic.tolist() == many.statistic.tolist()


def test_a_feature_starts_anew_and_the_others_go_on() -> None:
    grid, rng = reference(3, 5000, 3), np.random.default_rng(26)
    detector = Sequential(grid, seed=0)
    rows = shifted(shifted(draw(rng, 640, 3), column=0, by=2), column=2, by=2)
    feed(detector, grid, rows)
    high = detector.threshold(HORIZON)
    assert (detector.statistic[[0, 2]] >= high).all()
    detector.restart(0)
    assert detector.statistic[0] == 0
    assert detector.statistic[2] >= high
    feed(detector, grid, draw(rng, 640, 3))
    assert detector.statistic[0] < high


def test_a_change_is_seen_after_many_quiet_cases_and_across_epochs() -> None:
    grid, rng = reference(0, 5000, 1), np.random.default_rng(27)
    detector = Sequential(grid, seed=0)
    feed(detector, grid, draw(rng, EPOCH - 40, 1))
    quiet = detector.statistic.max()
    feed(detector, grid, shifted(draw(rng, 512, 1), by=1.0))
    assert quiet < detector.threshold(HORIZON) <= detector.statistic.max()


def test_events_that_stay_as_rare_as_they_may_be_alarm_as_rarely_as_proved() -> None:
    rng, runs, cases, alarms = np.random.default_rng(28), 300, 500, 0
    for _ in range(runs):
        process = EventProcess(null_rate=0.05, horizon=cases * 5)
        alarms += process.update(rng.random(cases) < 0.05)
    assert alarms <= stats.binom.ppf(1 - 1e-6, runs, 0.2)


def test_events_that_become_frequent_are_seen() -> None:
    rng = np.random.default_rng(29)
    process = EventProcess(null_rate=0.02, horizon=1e6)
    assert not process.update(rng.random(2000) < 0.01)
    assert process.update(rng.random(200) < 0.3)
    assert process.value >= process.horizon
    process.restart()
    assert (process.alarmed, process.value, process.seen, process.events) == (False, 0, 0, 0)


def test_a_process_goes_on_from_levels_that_were_kept() -> None:
    hits = np.random.default_rng(30).random(300) < 0.1
    whole = EventProcess(null_rate=0.05, horizon=1e9)
    whole.update(hits)
    first, second = (EventProcess(null_rate=0.05, horizon=1e9) for _ in range(2))
    first.update(hits[:100])
    second.levels = first.levels.copy()
    second.update(hits[100:])
    assert second.value == whole.value


@pytest.mark.parametrize(("rate", "horizon"), [(0.0, 10.0), (1.0, 10.0), (0.1, 1.0)])
def test_a_process_without_a_rate_is_refused(rate: float, horizon: float) -> None:
    with pytest.raises(UsageError, match="horizon"):
        EventProcess(null_rate=rate, horizon=horizon)
