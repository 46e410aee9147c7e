"""Two versions that answer differently: calibrated with what the rows allow, seen when it grows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sealwright.errors import InputMissing, UsageError
from sealwright.evidence.predicates.common import Resource
from sealwright.evidence.predicates.monitoring import Alert, Disagreement
from sealwright.evidence.statement import Statement, encode_statement, subject
from sealwright.phases.monitoring import disagreement
from sealwright.phases.monitoring.disagreement import (
    QUIET,
    TAIL,
    DisagreementState,
    calibrated,
    normal_rate,
    upper_bound,
)
from sealwright.traffic import AlertReport, WindowReport, decode_report, encode_report
from tests.monitoring.population import MODEL, NOON, Rows

DATA = Resource(name="test")
AT = "2026-11-22T12:00:00.000000Z"
SEVERAL = ("ada", "ben", "cleo", "dan")


def answers(rng: np.random.Generator, n: int, *, noise: float = 0.02) -> tuple[Rows, Rows]:
    one = rng.random(n)
    return one, np.clip(one + rng.normal(scale=noise, size=n), 0, 1)


def calibration(n: int = 4000) -> Disagreement:
    return calibrated(*answers(np.random.default_rng(1), n), dataset=DATA, at=AT)


@pytest.mark.parametrize(("hits", "n"), [(0, 133), (3, 1000), (50, 60), (7, 7)])
def test_the_bound_is_wilsons(hits: int, n: int) -> None:
    exact = stats.binomtest(hits, n).proportion_ci(confidence_level=0.9, method="wilson")
    assert upper_bound(hits, n) == pytest.approx(exact.high)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=300))
def test_a_calibration_says_no_more_than_the_rows_allow(pairs: list[tuple[float, float]]) -> None:
    one, other = (np.array(side) for side in zip(*pairs, strict=True))
    found = calibrated(one, other, dataset=DATA, at=AT)
    apart = np.abs(one - other)
    beyond = int((apart > found.distance).sum())
    assert TAIL <= found.tail <= 1
    assert upper_bound(beyond, len(one)) <= found.tail or beyond == 0
    assert found.label_rate == pytest.approx(((one > 0.5) != (other > 0.5)).mean())
    assert 0 < normal_rate(found) <= 0.9
    assert encode_statement(Statement((subject("a", "a" * 64), subject("b", "b" * 64)), found))


def test_few_rows_support_a_larger_tail_only() -> None:
    few, many = calibration(133), calibration(20_000)
    assert few.tail == pytest.approx(0.01994, abs=1e-4)
    assert many.tail == TAIL
    apart = np.abs(np.subtract(*answers(np.random.default_rng(1), 20_000)))
    assert np.quantile(apart, 0.999) < many.distance < apart.max()


def test_a_calibration_needs_rows_and_two_answers_for_each() -> None:
    with pytest.raises(InputMissing, match="no rows"):
        calibrated(np.empty(0), np.empty(0), dataset=DATA, at=AT)
    with pytest.raises(UsageError, match="the same rows"):
        calibrated(np.zeros(3), np.zeros(4), dataset=DATA, at=AT)


class Pair:
    """A state, its clock, and what it reported."""

    def __init__(self, *, seed: int = 0, horizon: float = 1e6) -> None:
        self.state = DisagreementState(MODEL, calibration(), horizon=horizon)
        self.rng = np.random.default_rng(seed)
        self.now = NOON
        self.reports: list[WindowReport | AlertReport] = []

    def send(
        self, n: int, *, noise: float = 0.02, clients: Sequence[str] = SEVERAL, tag: str = ""
    ) -> tuple[int, ...]:
        self.now += timedelta(seconds=1)
        one, other = answers(self.rng, n, noise=noise)
        seen = self.state.update(
            one.astype("<f4"),
            other.astype("<f4"),
            [clients[at % len(clients)] for at in range(n)],
            self.now,
            [tag] * n,
        )
        self.reports += seen.reports
        return seen.conflicts

    def alerts(self) -> list[Alert]:
        return [one.alert for one in self.reports if isinstance(one, AlertReport)]

    def results(self) -> set[str]:
        found = [one.window for one in self.reports if isinstance(one, WindowReport)]
        assert all(one.kind == "ensemble" for one in found)
        return {one.result for one in found}


def test_a_single_conflict_is_flagged() -> None:
    pair = Pair()
    near = pair.state.conflicts(np.array([0.2, 0.9, 0.49]), np.array([0.21, 0.9, 0.48]))
    assert near.tolist() == [False, False, False]
    far = pair.state.conflicts(np.array([0.2, 0.9, 0.49]), np.array([0.6, 0.5, 0.51]))
    assert far.tolist() == [True, True, True]
    assert pair.state.conflicts(np.array([0.1]), np.array([np.nan])).tolist() == [True]


def test_versions_that_disagree_as_on_validation_data_pass() -> None:
    pair = Pair()
    conflicts = [pair.send(40) for _ in range(150)]
    assert sum(map(len, conflicts)) > 0
    assert pair.results() == {"passed"}
    assert {one.severity for one in pair.alerts()} == {"info"}
    assert all("cases conflict" in one.title for one in pair.alerts())


def test_versions_that_part_fail_soon() -> None:
    pair = Pair()
    for _ in range(5):
        pair.send(40)
    for _ in range(10):
        pair.send(40, noise=0.2, tag="drill-7")
    assert "failed" in pair.results()
    high = [one for one in pair.alerts() if one.severity == "high"]
    assert high
    assert (high[0].detector, high[0].client) == ("disagreement", "")
    assert high[0].statistic is not None
    assert high[0].threshold is not None
    assert high[0].statistic >= high[0].threshold
    for report in pair.reports:
        assert decode_report(encode_report(report)) == report


def test_one_caller_alone_fails_nothing_and_is_named() -> None:
    pair = Pair()
    for _ in range(100):
        pair.send(20)
        pair.send(40, noise=0.5, clients=("mallory",))
    assert "failed" not in pair.results()
    medium = [one for one in pair.alerts() if one.severity == "medium"]
    assert {one.client for one in medium} == {"mallory"}
    assert len(medium) <= 1 + 200 / QUIET.total_seconds()


def test_a_caller_stays_on_its_side_whoever_else_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody gets to the other side by being forgotten."""
    monkeypatch.setattr(disagreement, "MAX_CLIENTS", 4)
    monkeypatch.setattr(disagreement, "MAX_SIDES", 8)
    pair = Pair()
    for round_ in range(40):
        pair.send(30, noise=0.5, clients=("mallory",))
        pair.send(30, noise=0.0, clients=tuple(f"c{round_}-{at}" for at in range(30)))
    assert "failed" not in pair.results()


def test_cases_without_two_scores_and_a_caller_are_refused() -> None:
    pair = Pair()
    for scores, clients in ((np.zeros(2), ["a"]), (np.zeros(3), ["a", "b"])):
        with pytest.raises(UsageError, match="two scores"):
            pair.state.update(scores, np.zeros(2), clients, NOON)
