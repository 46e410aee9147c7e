"""The verdict on live traffic: seen soon, named by feature, and never one caller's doing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.errors import UsageError
from sealwright.evidence.predicates.monitoring import Alert
from sealwright.evidence.predicates.operation import MonitorWindow
from sealwright.evidence.statement import Statement, encode_statement, subject
from sealwright.lifecycle.model import Monitoring
from sealwright.phases.monitoring.drift import QUIET, DriftState
from sealwright.traffic import AlertReport, WindowReport, decode_report, encode_report
from tests.monitoring.population import MODEL, NOON, Rows, draw, profile, score, shifted

D = 4
PROFILE = profile(draw(np.random.default_rng(31), 3000, D))
SETTINGS = Monitoring(window=128)
SEVERAL = ("ada", "ben", "cleo")


class Traffic:
    """A state, a clock that moves on a second each 32 cases, and all that was reported."""

    def __init__(self, *, seed: int = 0, monitoring: Monitoring = SETTINGS) -> None:
        self.state = DriftState(MODEL, PROFILE, settings=monitoring, seed=seed)
        self.rng = np.random.default_rng(seed)
        self.now = NOON
        self.reports: list[WindowReport | AlertReport] = []

    def send(
        self,
        cases: int,
        *,
        by: float = 0.0,
        column: int = 2,
        clients: Sequence[str] = SEVERAL,
        change: Callable[[Rows], Rows] | None = None,
        tag: str = "",
    ) -> list[WindowReport | AlertReport]:
        start = len(self.reports)
        for at in range(0, cases, 32):
            rows = shifted(draw(self.rng, min(32, cases - at), D), column=column, by=by)
            rows = change(rows) if change else rows
            who = [clients[number % len(clients)] for number in range(len(rows))]
            self.now += timedelta(seconds=1)
            self.reports += self.state.update(
                rows.astype("<f4"), score(rows).astype("<f4"), who, self.now, [tag] * len(rows)
            )
        return self.reports[start:]


def windows(reports: Sequence[object]) -> list[MonitorWindow]:
    return [one.window for one in reports if isinstance(one, WindowReport)]


def alerts(reports: Sequence[object]) -> list[Alert]:
    return [one.alert for one in reports if isinstance(one, AlertReport)]


def results(reports: Sequence[object]) -> set[tuple[str, str]]:
    return {(one.result, one.slice) for one in windows(reports)}


def test_quiet_traffic_passes_and_is_reported_now_and_then() -> None:
    traffic = Traffic()
    found = windows(traffic.send(128 * 40))
    assert {(one.result, one.slice, one.kind) for one in found} == {("passed", "", "drift")}
    assert found[0].n == 128
    assert sum(one.n for one in found) <= 128 * 40
    assert len(found) <= 128 * 40 / 32 / QUIET.total_seconds() + 2
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert alerts(traffic.reports) == []


def test_drift_of_one_feature_fails_that_slice() -> None:
    traffic = Traffic()
    traffic.send(512)
    found = traffic.send(512, by=1.0, tag="drill-1")
    assert ("failed", "f2") in results(found)
    assert {slice_ for result, slice_ in results(found) if result == "failed"} == {"f2"}
    high = [one for one in alerts(found) if one.severity == "high"]
    assert [one.title for one in high] == ["drift in f2"]
    assert (high[0].detector, high[0].client, high[0].correlation) == ("drift", "", "drill-1")
    assert high[0].statistic is not None
    assert high[0].threshold is not None
    assert high[0].statistic > high[0].threshold
    assert high[0].atlas


def test_drift_of_the_score_alone_fails_the_score() -> None:
    """The features look as ever, and the answers do not: the slice says so."""
    traffic = Traffic()
    found: list[WindowReport | AlertReport] = []
    for _ in range(20):
        rows = draw(traffic.rng, 64, D)
        found += traffic.state.update(
            rows, np.clip(score(rows) + 0.3, 0, 1), [*SEVERAL, "dan"] * 16, NOON
        )
    assert ("failed", "score") in results(found)
    assert all(of in ("", "score") for _, of in results(found))


@pytest.mark.parametrize(
    ("change", "of"),
    [
        (lambda rows: rows + np.array([np.nan, 0, 0, 0]), "f0"),
        (lambda rows: rows + np.array([0, 9, 0, 0]), "f1"),
        (lambda rows: rows * np.array([1, 1, 1, 3]), "f3"),
    ],
)
def test_missing_values_new_categories_and_spread_fail_too(
    change: Callable[[Rows], Rows], of: str
) -> None:
    traffic = Traffic()
    assert ("failed", of) in results(traffic.send(1024, change=change))


def test_a_weak_drift_fails_after_many_windows() -> None:
    """None of which would alarm by itself."""
    traffic = Traffic()
    found = traffic.send(128 * 30, by=0.3)
    assert ("failed", "f2") in results(found)


def test_only_a_few_slices_are_reported_at_once_and_the_others_follow() -> None:
    traffic = Traffic()
    found = windows(traffic.send(1024, change=lambda rows: rows + 3))
    failed = [one.slice for one in found if one.result == "failed"]
    assert sorted(set(failed)) == ["f0", "f1", "f2", "f3", "score"]


@pytest.mark.parametrize("max_share", [0.05, 0.5, 1.0])
def test_one_caller_alone_fails_nothing_and_is_named(max_share: float) -> None:
    traffic = Traffic(monitoring=Monitoring(window=128, max_share=max_share))
    traffic.send(512)
    found = traffic.send(128 * 20, by=4.0, clients=("mallory",))
    assert "failed" not in {one.result for one in windows(found)}
    assert {one.client for one in alerts(found)} <= {"mallory"}
    assert {one.severity for one in alerts(found)} <= {"low", "info"}


attacks = st.fixed_dictionaries(
    {
        "by": st.floats(-5, 5),
        "column": st.integers(0, D - 1),
        "share": st.integers(1, 31),
        "every": st.integers(1, 4),
        "missing": st.booleans(),
    }
)


@settings(max_examples=15, deadline=None)
@given(attacks, st.integers(0, 2**30))
def test_whatever_one_caller_sends_no_window_fails(attack: dict[str, Any], seed: int) -> None:
    """Also with pauses, in any share, with missing values. The level is low, as chance exists."""
    traffic = Traffic(seed=seed, monitoring=Monitoring(window=64, drift_alarm=1e-4))
    for batch in range(40):
        rows = draw(traffic.rng, 32, D)
        who = ["mallory"] * attack["share"] + ["ada", "ben", "cleo", "dan"] * 8
        loud = slice(0, attack["share"])
        if batch % attack["every"] == 0:
            rows[loud, attack["column"]] += attack["by"]
        if attack["missing"]:
            rows[loud, attack["column"]] = np.nan
        traffic.now += timedelta(seconds=20)
        traffic.reports += traffic.state.update(rows, score(rows), who[:32], traffic.now)
    assert "failed" not in {one.result for one in windows(traffic.reports)}


def test_an_alarm_stays_until_traffic_looks_as_before_for_some_windows() -> None:
    traffic = Traffic()
    traffic.send(512)
    traffic.send(512, by=1.5)
    back = traffic.send(128 * 2)
    assert traffic.state.gauges()["drift_alarm"] == 1
    assert "passed" not in {one.result for one in windows(back)}
    after = traffic.send(128 * 8)
    assert traffic.state.gauges()["drift_alarm"] == 0
    assert ("info", "no more drift in f2, f3") not in {
        (one.severity, one.title) for one in alerts(after)
    }
    assert "no more drift in f2" in {one.title for one in alerts([*back, *after])}
    assert windows(after)[-1].result == "passed"
    again = traffic.send(512, by=1.5)
    assert ("failed", "f2") in results(again)


def test_oscillating_traffic_does_not_flap() -> None:
    """One window of drift, one without: a single alarm, and no all-clear in between."""
    traffic = Traffic()
    for _ in range(20):
        traffic.send(128, by=1.5)
        traffic.send(128)
    titles = [one.title for one in alerts(traffic.reports)]
    assert not any(title.startswith("no more") for title in titles)
    assert len(titles) <= 1 + 20 * 256 / 32 / QUIET.total_seconds()


def test_a_failure_is_repeated_while_it_lasts_but_not_all_the_time() -> None:
    traffic = Traffic()
    minutes = 4
    found = windows(traffic.send(int(minutes * QUIET.total_seconds() * 32), by=1.5))
    failed = [one for one in found if one.result == "failed"]
    assert minutes - 1 <= len(failed) <= minutes + 1


def test_cases_of_one_batch_may_lie_in_several_windows() -> None:
    one, many = Traffic(), Traffic()
    rows = shifted(draw(np.random.default_rng(32), 700, D), by=1.0)
    who = [SEVERAL[at % 3] for at in range(700)]
    whole = one.state.update(rows, score(rows), who, NOON)
    parts = [
        report
        for at in range(0, 700, 7)
        for report in many.state.update(
            rows[at : at + 7], score(rows[at : at + 7]), who[at : at + 7], NOON
        )
    ]
    assert windows(whole) == windows(parts)
    assert one.state.compared == many.state.compared == 640


def test_reports_go_over_the_wire_and_into_statements() -> None:
    traffic = Traffic()
    for report in traffic.send(1024, by=2.0):
        assert decode_report(encode_report(report)) == report
        said = report.alert if isinstance(report, AlertReport) else report.window
        assert encode_statement(Statement((subject("model", report.model),), said))


def test_gauges_are_finite_and_tell_statistic_threshold_and_alarm() -> None:
    traffic = Traffic()
    assert set(traffic.state.gauges().values()) == {0.0}
    traffic.send(512, by=1.5)
    gauges = traffic.state.gauges()
    assert all(np.isfinite(value) for value in gauges.values())
    assert gauges["drift_alarm/f2"] == gauges["drift_alarm"] == gauges["drift_failed"] == 1
    assert gauges["drift_statistic/f2"] > gauges["drift_threshold/f2"]
    assert gauges["drift_sequential/f2"] > 1 > gauges["drift_sequential/f3"]
    assert gauges["drift_compared"] == 512


def test_what_is_beyond_a_callers_share_is_counted() -> None:
    traffic = Traffic(monitoring=Monitoring(window=100, max_share=0.2))
    traffic.send(200, clients=("a",) * 9 + ("b",))
    assert traffic.state.compared + traffic.state.left_out == 200
    assert traffic.state.left_out >= 2 * (100 - 20 - 20)


def test_cases_without_callers_are_refused() -> None:
    traffic = Traffic()
    rows = draw(traffic.rng, 3, D)
    with pytest.raises(UsageError, match="its caller"):
        traffic.state.update(rows, score(rows), ["a"], NOON)
    with pytest.raises(UsageError, match="its caller"):
        traffic.state.update(rows, score(rows), ["a"] * 3, NOON, ["x"])
    assert traffic.state.update(rows[:0], score(rows)[:0], [], NOON) == ()
