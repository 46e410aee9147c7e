"""The answer by degree: up at once, down slowly, never beyond what is allowed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.phases.monitoring.clients.accounts import KINDS, ODD, Account
from sealwright.phases.monitoring.clients.wealth import CEILING, THRESHOLD
from sealwright.phases.monitoring.heartbeat import DROPS_TOLD, Gateways
from sealwright.phases.monitoring.respond import (
    BLOCKED,
    ENTRY,
    HOLD,
    LEVELS,
    pressure,
    restriction,
    step,
)
from sealwright.traffic import Level

levels = st.sampled_from(LEVELS[1:])
sums = st.lists(st.floats(0, CEILING * THRESHOLD), min_size=KINDS, max_size=KINDS)


def account(ratio: float, level: Level = "none", raised: float = 0.0, place: int = 0) -> Account:
    made = Account(level=LEVELS.index(level), raised=raised)
    made.wealth[place] = ratio * THRESHOLD
    return made


@pytest.mark.parametrize(
    ("ratio", "level"),
    [(0.99, "none"), (1.0, "flag"), (1.5, "coarsen"), (2.0, "throttle"), (4.0, "block")],
)
def test_levels_begin_where_the_table_says(ratio: float, level: Level) -> None:
    made = account(ratio)
    step(made, what_if=False, strongest="block", now=10.0)
    assert LEVELS[made.level] == level


@given(sums=sums, level=st.integers(0, 4), strongest=levels, what_if=st.booleans())
def test_never_beyond_what_is_allowed(
    sums: list[float], level: int, strongest: Level, what_if: bool
) -> None:
    made = Account(wealth=sums, level=level)
    step(made, what_if=what_if, strongest=strongest, now=1e9)
    assert made.level <= LEVELS.index(strongest)


@given(sums=sums, level=st.integers(0, 4), now=st.floats(0, HOLD - 1))
def test_nothing_gets_milder_before_its_time(sums: list[float], level: int, now: float) -> None:
    made = Account(wealth=sums, level=level, raised=0.0)
    step(made, what_if=False, strongest="block", now=now)
    assert made.level >= level


@given(sums=sums, level=st.integers(0, 4))
def test_a_second_look_changes_nothing(sums: list[float], level: int) -> None:
    made = Account(wealth=sums, level=level, raised=1e6)
    step(made, what_if=False, strongest="block", now=1e6 + 1)
    assert step(made, what_if=False, strongest="block", now=1e6 + 2) is None


def test_down_one_step_at_a_time_and_only_when_it_is_half() -> None:
    made = account(1.01, "throttle")
    assert step(made, what_if=False, strongest="block", now=HOLD * 5) is None
    made = account(0.9, "throttle")
    assert step(made, what_if=False, strongest="block", now=HOLD - 1) is None
    changed = step(made, what_if=False, strongest="block", now=HOLD)
    assert changed is not None
    assert (changed.before, changed.after) == ("throttle", "coarsen")
    assert step(made, what_if=False, strongest="block", now=HOLD * 2 - 1) is None


def test_evidence_that_stays_keeps_the_level_for_ever() -> None:
    made = account(2.5, "throttle")
    for hour in range(100):
        assert step(made, what_if=False, strongest="block", now=3600.0 * hour) is None


def test_a_block_ends_but_what_led_to_it_is_not_forgotten() -> None:
    made = account(5.0, "block")
    assert step(made, what_if=False, strongest="block", now=BLOCKED - 1) is None
    changed = step(made, what_if=False, strongest="block", now=BLOCKED)
    assert changed is not None
    assert changed.after == "throttle"
    assert pressure(made, what_if=False).most == 3.0 > ENTRY[LEVELS.index("throttle")]


def test_declared_series_are_flagged_and_odd_cases_are_answered_as_always() -> None:
    made = account(5.0)
    step(made, what_if=True, strongest="block", now=0)
    assert LEVELS[made.level] == "flag"
    made = account(5.0, place=ODD)
    step(made, what_if=True, strongest="block", now=0)
    assert LEVELS[made.level] == "block"


def test_what_the_gateway_is_told() -> None:
    made = account(2.0, "throttle")
    said = restriction("mallory", made, pressure(made, what_if=False), now=100.0)
    assert (said.level, said.until, said.factor) == ("throttle", 100.0 + HOLD, 0.1)
    made = account(3.5, "throttle")
    assert restriction("m", made, pressure(made, what_if=False), now=0).factor == 0.02
    made = account(0.0)
    said = restriction("m", made, pressure(made, what_if=False), now=100.0)
    assert (said.level, said.until, said.factor) == ("none", 100.0, 1.0)


def test_a_gateway_is_silent_once_until_it_is_heard_again() -> None:
    gateways = Gateways()
    assert gateways.silent(now=1000, heartbeat=1) == []
    gateways.connected(1, now=0)
    assert gateways.silent(now=2, heartbeat=1) == []
    assert gateways.silent(now=2.5, heartbeat=1) == [2.5]
    assert gateways.silent(now=9, heartbeat=1) == []
    gateways.heard(1, dropped=0, now=10)
    assert gateways.silent(now=12.5, heartbeat=1) == [2.5]


def test_a_gateway_that_comes_back_soon_was_not_silent() -> None:
    gateways = Gateways()
    gateways.connected(1, now=0)
    gateways.gone(1, now=1)
    gateways.connected(2, now=2)
    assert gateways.silent(now=3.5, heartbeat=1) == []
    gateways.gone(2, now=4)
    assert gateways.silent(now=7, heartbeat=1) == [3]
    assert gateways.silent(now=99, heartbeat=1) == []


def test_losses_are_told_once_a_minute_and_counted_always() -> None:
    gateways = Gateways()
    gateways.connected(1, now=0)
    told = [gateways.heard(1, dropped=7 * second, now=1e6 + second) for second in range(121)]
    assert [count for count in told if count] == [7, 7 * DROPS_TOLD, 7 * (119 - 60)][:2]
    assert gateways.dropped == 840
    gateways.gone(1, now=1e6 + 121)
    gateways.connected(2, now=1e6 + 122)
    assert gateways.heard(2, dropped=3, now=1e6 + 123) == 3, "another process counts from zero"
    assert gateways.dropped == 843
