"""Attackers are found within some hundred queries; people who ask about ordinary cases are not.

The figures in `docs/how-to/receive-alerts.md` are those that these tests hold to.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sealwright.phases.monitoring.clients.watch import Clients, Seen
from sealwright.phases.monitoring.clients.wealth import THRESHOLD
from sealwright.phases.monitoring.settings import WatchedModel
from tests.monitoring.clients import world
from tests.monitoring.clients.world import (
    DIGEST,
    NOON,
    Attack,
    World,
    customers,
    feed,
    level_of,
    merge,
    observed,
    ordinary,
    patients,
    refused,
    watching,
)

WORLDS = [pytest.param(patients, id="patients"), pytest.param(customers, id="customers")]


def first(seen_by_query: list[Seen], client: str, *levels: str) -> int:
    """The query after which the client is at one of these levels; a large number if never."""
    for query, seen in enumerate(seen_by_query, start=1):
        if any(r.client == client and r.level in levels for r in seen.restrictions):
            return query
    return 10**6


def one_by_one(
    clients: Clients, client: str, rows: world.Numbers, *, correlation: str = ""
) -> list[Seen]:
    return [
        clients.observe(
            [observed(client, row[None], at=NOON + turn, correlation=correlation)],
            now=NOON + turn,
        )
        for turn, row in enumerate(rows)
    ]


@pytest.mark.parametrize("make", WORLDS)
def test_nobody_of_300_who_ask_about_200_ordinary_cases_each_is_flagged(
    make: Callable[[], World],
) -> None:
    place = make()
    maker = np.random.default_rng(1)
    clients = watching(place)
    seen = feed(clients, {f"c{n}": ordinary(place, maker, 200) for n in range(300)}, at_once=25)
    assert clients.counters()["cases"] == 60_000
    assert [told.alert.title for told in seen.alerts] == []
    assert seen.restrictions == []


@pytest.mark.parametrize("make", WORLDS)
def test_a_caller_with_people_of_one_kind_only_is_not_flagged(make: Callable[[], World]) -> None:
    """A clinic sees the upper or lower part of one feature only: denser than the profile."""
    place = make()
    maker = np.random.default_rng(5)
    series = {}
    for number in range(2 * place.width):
        column = place.people[:, number // 2]
        low, high = np.quantile(column, [0.6, 1.0] if number % 2 else [0.0, 0.4])
        part = place.people[(column >= low) & (column <= high)]
        series[f"clinic{number}"] = part[maker.integers(0, len(part), 200)]
    assert feed(watching(place), series, at_once=25).alerts == []


@pytest.mark.parametrize("make", WORLDS)
@pytest.mark.parametrize(
    ("attack", "flagged", "throttled"),
    [
        (world.uniform, 20, 40),
        (world.jacobian, 60, 80),
        (world.boundary, 30, 60),
        (world.hop_skip, 40, 80),
        (world.membership, 30, 50),
        (world.half_natural, 100, 200),
    ],
)
def test_each_of_10_attackers_is_throttled_within_so_many_queries(
    make: Callable[[], World], attack: Attack, flagged: int, throttled: int
) -> None:
    place = make()
    for seed in range(10):
        rows = attack(place, np.random.default_rng(100 + seed), throttled)
        seen = one_by_one(watching(place), "mallory", rows)
        assert first(seen, "mallory", "flag", "coarsen", "throttle", "block") <= flagged
        assert first(seen, "mallory", "throttle", "block") <= throttled


@pytest.mark.parametrize("attack", [ordinary, world.independent])
def test_what_cannot_be_seen_is_not_claimed_to_be(attack: Attack) -> None:
    """Extraction with cases from the population, or with its features drawn one by one."""
    place = customers()
    seen = one_by_one(watching(place), "mallory", attack(place, np.random.default_rng(3), 400))
    assert [told.alert.title for each in seen for told in each.alerts] == []


def test_volume_is_told_because_nothing_else_shows_such_extraction() -> None:
    place = patients()
    clients = watching(place)
    maker = np.random.default_rng(4)
    seen = Seen()
    for turn in range(31):
        rows = ordinary(place, maker, 100)
        merge(seen, clients.observe([observed("mallory", rows, at=NOON)], now=NOON + turn))
    (told,) = seen.alerts
    assert (told.alert.detector, told.alert.client) == ("rate", "mallory")
    assert told.alert.severity == "low"
    assert told.alert.statistic == 3100
    assert told.alert.threshold == 3090
    assert seen.restrictions == []


def test_retries_are_no_attack() -> None:
    """The same ten cases a hundred times: a client whose answers do not arrive."""
    place = patients()
    rows = np.tile(ordinary(place, np.random.default_rng(6), 10), (100, 1))
    seen = one_by_one(watching(place), "patient-app", rows)
    assert [told.alert.title for each in seen for told in each.alerts] == []


def test_a_retry_of_somebody_else_is_no_series() -> None:
    place = patients()
    rows = ordinary(place, np.random.default_rng(8), 40)
    seen = feed(watching(place), {f"replica{n}": rows for n in range(20)}, at_once=5)
    assert seen.alerts == []


def test_a_declared_what_if_caller_is_flagged_later_and_no_more() -> None:
    place = patients()
    rows = world.boundary(place, np.random.default_rng(9), 300)
    clients = watching(place)
    seen = [
        clients.observe([observed("planner", row[None], what_if=True)], now=NOON + turn)
        for turn, row in enumerate(rows)
    ]
    undeclared = one_by_one(watching(place), "planner", rows)
    assert first(undeclared, "planner", "flag") < first(seen, "planner", "flag") < 200
    assert {r.level for each in seen for r in each.restrictions} == {"flag"}


def test_a_declared_what_if_caller_is_throttled_for_odd_cases() -> None:
    place = patients()
    rows = world.uniform(place, np.random.default_rng(9), 60)
    clients = watching(place)
    seen = clients.observe([observed("planner", rows, what_if=True)], now=NOON)
    assert level_of(seen, "planner") in {"throttle", "block"}


def test_when_everybody_sends_odd_cases_it_is_drift_and_nobody_is_blamed() -> None:
    place = patients()
    maker = np.random.default_rng(10)
    shift = np.array([f.scale for f in place.profile.features]) * 2.0
    series = {f"ward{n}": ordinary(place, maker, 150) + shift for n in range(6)}
    assert feed(watching(place), series, at_once=1).alerts == []


def test_one_who_sends_odd_cases_among_others_is_blamed() -> None:
    place = patients()
    maker = np.random.default_rng(10)
    series = {f"ward{n}": ordinary(place, maker, 60) for n in range(6)}
    series["mallory"] = world.uniform(place, maker, 60)
    seen = feed(watching(place), series, at_once=1)
    assert {told.alert.client for told in seen.alerts} == {"mallory"}


def test_a_series_that_is_split_over_many_accounts_is_seen() -> None:
    """Twenty accounts take turns around one point: each sends few, all together a series."""
    place = patients()
    maker = np.random.default_rng(12)
    centre = place.moved(ordinary(place, maker, 1))
    rows = place.raw(centre + 0.01 * maker.normal(size=(80, place.width)))
    clients = watching(place)
    seen = Seen()
    for turn, row in enumerate(rows):
        batch = [observed(f"sybil{turn % 20}", row[None], correlation="drill-7")]
        merge(seen, clients.observe(batch, now=NOON + turn))
    told = [t.alert for t in seen.alerts if not t.alert.client]
    assert told[0].detector == "near-duplicate"
    assert "accounts" in told[0].title
    assert told[0].correlation == "drill-7"
    assert {alert.severity for alert in told} == {"medium"}, "nobody takes a model down with it"
    assert len(told) <= 8
    assert len({r.client for r in seen.restrictions}) >= 15


def test_every_alert_about_an_attack_names_caller_model_techniques_and_trace() -> None:
    place = patients()
    rows = world.boundary(place, np.random.default_rng(13), 60)
    seen = one_by_one(watching(place), "mallory", rows, correlation="drill-1")
    told = [each for part in seen for each in part.alerts]
    steps = [each.alert.response for each in told]
    assert [s for n, s in enumerate(steps) if s not in steps[:n]] == [
        "flag",
        "coarsen",
        "throttle",
        "block",
    ]
    for each in told:
        assert each.model == DIGEST
        assert each.alert.client == "mallory"
        assert each.alert.correlation == "drill-1"
        assert each.alert.atlas
        assert each.alert.statistic is not None
        assert each.alert.statistic >= THRESHOLD - 0.001
    assert len({each.alert.id for each in told}) == len(told)


def test_mixed_traces_are_not_one_trace() -> None:
    place = patients()
    rows = world.boundary(place, np.random.default_rng(13), 40)
    clients = watching(place)
    seen = Seen()
    for turn, row in enumerate(rows):
        batch = [observed("mallory", row[None], correlation=f"run-{turn % 2}")]
        merge(seen, clients.observe(batch, now=NOON))
    assert {told.alert.correlation for told in seen.alerts} == {""}


def test_nothing_stronger_than_what_is_allowed() -> None:
    place = patients()
    rows = world.boundary(place, np.random.default_rng(14), 200)
    for most in ("flag", "coarsen", "throttle"):
        seen = one_by_one(watching(place, response=most), "mallory", rows)
        levels = {r.level for each in seen for r in each.restrictions}
        assert most in levels
        assert not levels & {"throttle": {"block"}, "coarsen": {"throttle", "block"}}.get(
            most, {"coarsen", "throttle", "block"}
        )


def test_a_weaker_response_in_later_settings_holds_for_those_who_are_restricted() -> None:
    place = patients()
    clients = watching(place, response="throttle")
    one_by_one(clients, "mallory", world.boundary(place, np.random.default_rng(14), 60))
    model = WatchedModel(digest=DIGEST, name="small", profile=place.profile)
    clients.configure([model], response="flag")
    assert level_of(clients.tick(NOON + 100), "mallory") == "flag"


def test_throttled_callers_keep_a_part_of_their_limit_and_know_until_when() -> None:
    place = patients()
    rows = world.boundary(place, np.random.default_rng(15), 100)
    seen = one_by_one(watching(place, response="throttle"), "mallory", rows)
    slow = [r for each in seen for r in each.restrictions if r.level == "throttle"]
    assert slow
    assert all(0 < r.factor <= 0.1 for r in slow)
    assert all(r.until > NOON for r in slow)


def test_a_restriction_is_renewed_while_the_caller_waits_and_never_lifted_for_that() -> None:
    place = patients()
    clients = watching(place, response="throttle")
    one_by_one(clients, "mallory", world.boundary(place, np.random.default_rng(15), 60))
    until = NOON + 600
    for minute in range(1, 241):
        seen = clients.tick(NOON + 60 * minute)
        assert seen.alerts == []
        for restriction in seen.restrictions:
            assert restriction.level == "throttle"
            until = restriction.until
        assert until > NOON + 60 * (minute + 1)


def test_ordinary_cases_lift_it_step_by_step_and_each_step_is_told() -> None:
    place = patients()
    clients = watching(place, response="throttle")
    maker = np.random.default_rng(16)
    one_by_one(clients, "mallory", world.boundary(place, maker, 40))
    levels, now = [], NOON
    for _ in range(400):
        now += 30
        rows = ordinary(place, maker, 1)
        seen = clients.observe([observed("mallory", rows, at=now)], now=now)
        levels += [told.alert.response for told in seen.alerts if told.alert.severity == "info"]
    assert levels == ["coarsen", "flag", "none"]
    assert clients.restrictions(now) == []


def test_a_block_ends_after_an_hour_on_the_step_below_and_comes_back_at_once() -> None:
    place = patients()
    clients = watching(place, response="block")
    rows = world.boundary(place, np.random.default_rng(17), 160)
    assert level_of(clients.observe([observed("mallory", rows[:100])], now=NOON), "mallory") == (
        "block"
    )
    assert level_of(clients.tick(NOON + 3599), "mallory") in {"block", "none"}
    assert level_of(clients.tick(NOON + 3700), "mallory") == "throttle"
    seen = clients.observe([observed("mallory", rows[100:])], now=NOON + 3800)
    assert level_of(seen, "mallory") == "block"


def test_an_evicted_caller_has_no_clean_slate() -> None:
    place = patients()
    clients = watching(place, clients=4)
    maker = np.random.default_rng(18)
    attack = world.boundary(place, maker, 60)
    before = one_by_one(clients, "mallory", attack[:8])
    assert not any(each.alerts for each in before), "not enough yet"
    others = {f"c{n}": ordinary(place, maker, 4) for n in range(40)}
    feed(clients, others, at_once=1)
    assert clients.counters()["evictions"] > 0
    assert clients.gauges()["clients_tracked"] == 4
    after = one_by_one(clients, "mallory", attack[8:])
    fresh = one_by_one(watching(place), "mallory", attack[8:])
    assert first(after, "mallory", "flag") < first(fresh, "mallory", "flag")


def test_a_flood_of_accounts_takes_nobodys_place_with_one_request() -> None:
    place = patients()
    clients = watching(place, clients=4)
    maker = np.random.default_rng(19)
    feed(clients, {f"c{n}": ordinary(place, maker, 3) for n in range(4)})
    feed(clients, {f"flood{n}": ordinary(place, maker, 1) for n in range(200)})
    assert clients.counters()["evictions"] == 0


def test_a_restart_forgives_nobody(tmp_path: Path) -> None:
    place = patients()
    clients = watching(place, response="throttle")
    maker = np.random.default_rng(20)
    attack = world.boundary(place, maker, 80)
    one_by_one(clients, "mallory", attack[:50])
    one_by_one(clients, "eve", world.boundary(place, maker, 8))
    assert clients.save(tmp_path / "accounts")
    assert b"mallory" not in (tmp_path / "accounts").read_bytes()
    assert (tmp_path / "accounts").stat().st_mode & 0o777 == 0o600

    again = watching(place, response="throttle")
    assert again.load(tmp_path / "accounts") == (2, "")
    seen = again.observe([observed("mallory", ordinary(place, maker, 1))], now=NOON + 60)
    assert level_of(seen, "mallory") == "throttle"
    rest = one_by_one(again, "eve", world.boundary(place, maker, 60))
    fresh = one_by_one(watching(place), "eve", world.boundary(place, maker, 60))
    assert first(rest, "eve", "flag") < first(fresh, "eve", "flag")


def test_a_burst_of_refusals_names_the_caller_and_the_trace() -> None:
    clients = watching(patients())
    seen = Seen()
    for turn in range(40):
        at = NOON + turn
        merge(
            seen,
            clients.observe(
                [
                    refused("", 401, at=at, correlation="drill-2"),
                    refused("mallory", 403, at=at),
                    refused("busy", 429, at=at),
                    refused("careless", 400, at=at),
                ],
                now=at,
            ),
        )
    told = {told.alert.client: told.alert for told in seen.alerts}
    assert len(seen.alerts) == 3
    assert set(told) == {"", "mallory", "busy"}
    assert {alert.detector for alert in told.values()} == {"denied"}
    assert told[""].correlation == "drill-2"
    assert told[""].atlas == ("AML.T0091.000", "AML.T0012")
    assert told["busy"].severity == "low"


def test_features_that_do_not_fit_are_counted_and_left_out() -> None:
    place = patients()
    clients = watching(place)
    rows = ordinary(place, np.random.default_rng(21), 4)[:, :-1]
    assert clients.observe([observed("odd", rows)], now=NOON) == Seen()
    assert clients.counters()["odd_shapes"] == 1


def test_absurd_numbers_break_nothing() -> None:
    place = patients()
    clients = watching(place)
    rows = np.array([[np.nan] * 10, [np.inf] * 10, [-np.inf] * 10, [3e38] * 10, [0.0] * 10])
    clients.observe([observed("odd", np.repeat(rows, 20, axis=0))], now=NOON)
    gauges = clients.gauges()
    assert all(np.isfinite(value) for value in gauges.values())


def test_numbers_for_the_dashboard_come_in_threes() -> None:
    clients = watching(patients())
    one_by_one(clients, "mallory", world.boundary(patients(), np.random.default_rng(2), 40))
    gauges = clients.gauges()
    for detector in ("near-duplicate", "self-neighbour", "out-of-distribution"):
        assert gauges[f"detector_threshold/{detector}"] == THRESHOLD
        assert f"detector_statistic/{detector}" in gauges
    assert gauges["detector_alarm/near-duplicate"] == 1.0
    assert clients.gauges()["detector_alarm/near-duplicate"] == 0.0, "since the last heartbeat"
