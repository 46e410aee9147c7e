"""The parts of the detectors: bets that ordinary callers lose, histories, grids, accounts."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.phases.monitoring.clients import wealth
from sealwright.phases.monitoring.clients.accounts import KINDS, Accounts
from sealwright.phases.monitoring.clients.counters import (
    BURST,
    GROWTH,
    Denied,
    Rate,
    volume_step,
)
from sealwright.phases.monitoring.clients.history import Histories, History
from sealwright.phases.monitoring.clients.index import SERIES, Index
from sealwright.phases.monitoring.clients.reference import reference, share_farther, share_nearer
from sealwright.phases.monitoring.clients.wealth import FALSE_ALARM, THRESHOLD
from tests.monitoring.clients.world import NOON, customers, patients

SHARES = np.arange(1, 65) / 64
"""The p-values that 64 steps of quantiles can give; each is met once in 64 ordinary cases."""


@pytest.mark.parametrize("usual", [0.0, 1 / 16, 0.2, 0.49, 0.9])
def test_ordinary_callers_lose_their_bets(usual: float) -> None:
    """The mean of e is at most 1: with it, the sum exceeds the threshold once in a million."""
    odd_rate = max(1 / 16, usual)
    count = len(SHARES)
    won = wealth.odd_cases(np.array([1 / 64, 1.0]), usual=np.full(2, usual))
    assert odd_rate * math.exp(won[0]) + (1 - odd_rate) * math.exp(won[1]) <= 1 + 1e-9
    for winnings in (wealth.near_copies(SHARES), wealth.neighbours(SHARES)):
        assert np.exp(winnings).sum() / count <= 1 + 1e-9


def test_callers_who_are_several_times_as_dense_or_odd_still_lose() -> None:
    """The break-even rates that the documentation names."""
    hit, miss = wealth.near_copies(np.array([1 / 64, 1.0]))
    assert -miss / (hit - miss) > 10 / 64, "ten times as many near copies as in the profile"
    hit, miss = wealth.odd_cases(np.array([1 / 64, 1.0]), usual=np.zeros(2))
    assert -miss / (hit - miss) > 0.2, "every fifth case an odd one"


def test_uniform_p_values_alarm_no_more_often_than_stated() -> None:
    """3,000,000 ordinary cases at a hundredfold looser threshold: at most 300 alarms expected."""
    maker = np.random.default_rng(1)
    shares = np.ceil(maker.random((3000, 1000)) * 64) / 64
    for bet in (wealth.near_copies, wealth.neighbours):
        won, total, alarms = bet(shares), np.zeros(3000), 0
        for column in range(won.shape[1]):
            total = np.maximum(0.0, total + won[:, column])
            alarmed = total >= math.log(1 / (100 * FALSE_ALARM))
            alarms += int(alarmed.sum())
            total[alarmed] = 0.0
        assert alarms <= 300


@given(st.floats(0, 5 * THRESHOLD), st.floats(-10, 10))
def test_a_sum_stays_between_nothing_and_the_ceiling(before: float, won: float) -> None:
    assert 0 <= wealth.add(before, won) <= wealth.CEILING * THRESHOLD


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=30))
def test_p_values_are_between_the_smallest_possible_and_one(distances: list[float]) -> None:
    known = reference(patients().profile)
    given_ = np.array(distances)
    for shares in (share_nearer(known, given_), share_farther(known, given_)):
        assert np.all(shares >= 1 / (known.rows + 1))
        assert np.all(shares <= 1)


def test_nearer_and_farther_cases_have_smaller_p_values() -> None:
    known = reference(patients().profile)
    line = np.linspace(0, 10, 200)
    assert np.all(np.diff(share_nearer(known, line)) >= 0)
    assert np.all(np.diff(share_farther(known, line)) <= 0)


def test_a_history_keeps_the_newest_and_finds_the_nearest_earlier_one() -> None:
    history = History(3, keep=64)
    maker = np.random.default_rng(2)
    rows = maker.normal(size=(200, 3)).astype(np.float32)
    kept: list[np.ndarray[tuple[int, ...], np.dtype[np.float32]]] = []
    for start in range(0, 200, 7):
        piece = rows[start : start + 7]
        found = history.nearest(piece)
        for row, distance in zip(piece, found, strict=True):
            apart = [math.sqrt(float(((row - other) ** 2).mean())) for other in kept[-200:]]
            assert distance <= min(apart[-57:], default=math.inf) + 1e-6
            assert distance >= min(apart, default=math.inf) - 1e-6
            kept.append(row)
    assert {tuple(row) for row in history.rows.tolist()} == {
        tuple(row) for row in rows[-64:].tolist()
    }
    assert history.nbytes == 64 * 3 * 4


def test_repeats_are_zero_apart_and_kept_once() -> None:
    history = History(2)
    row = np.array([[1.0, 2.0]], dtype=np.float32)
    assert history.nearest(np.repeat(row, 3, axis=0)).tolist() == [math.inf, 0.0, 0.0]
    assert history.nearest(row).tolist() == [0.0]
    assert len(history.rows) == 1


def test_near_copies_are_told_from_repeats() -> None:
    history = History(2)
    one = np.array([[1000.0, -1000.0]], dtype=np.float32)
    history.nearest(one)
    (distance,) = history.nearest(np.nextafter(one, np.float32(0)))
    assert 0 < distance < 1e-3


def test_histories_are_bounded_in_clients_and_in_bytes() -> None:
    many = Histories(10)
    for number in range(50):
        for width in (4, 4):
            many.get((f"c{number}", "m"), width=width, keep=256, known=True, weight=lambda c: 0.0)
    assert len(many) == 10
    assert many.evicted == 40
    wide = Histories(2000)
    for number in range(50):
        wide.get((f"c{number}", "m"), width=10_000, keep=256, known=True, weight=lambda c: 0.0)
    assert len(wide) == 6, "64 MiB of 256 x 10,000 x 4 bytes"


def test_who_has_much_against_them_is_evicted_last() -> None:
    many = Histories(4)
    for name in ("mallory", "a", "b", "c", "d", "e", "f"):
        many.get((name, "m"), width=2, keep=9, known=True, weight=lambda c: float(c == "mallory"))
    assert ("mallory", "m") in many


def test_grids_find_series_of_several_accounts_only() -> None:
    place = patients()
    known = reference(place.profile)
    maker = np.random.default_rng(3)
    rows = (0.01 * maker.normal(size=(SERIES * 4, place.width))).astype(np.float32)
    alone = Index(known).add(rows, ["mallory"] * len(rows), [""] * len(rows))
    assert alone == {}
    split = Index(known).add(rows, [f"s{n % 5}" for n in range(len(rows))], ["t"] * len(rows))
    assert max(series.accounts for series in split.values()) == 5
    assert {series.correlation for series in split.values()} == {"t"}
    again = np.repeat(rows[:1], 500, axis=0)
    assert Index(known).add(again, [f"s{n % 5}" for n in range(500)], [""] * 500) == {}


def test_grids_forget_in_two_steps_and_stay_small() -> None:
    place = customers()
    index = Index(reference(place.profile))
    for start in range(0, 20_000, 500):
        rows = (place.moved(place.people[start : start + 500])).astype(np.float32)
        found = index.add(rows, [f"c{n % 40}" for n in range(500)], [""] * 500)
        assert found == {}, "ordinary cases of many callers"
    for seed in range(27):
        rows = np.random.default_rng(seed).normal(size=(5000, place.width)).astype(np.float32)
        index.add(rows, ["flood"] * 5000, [""] * 5000)
    assert index.rotations >= 2


def test_grids_are_off_where_rows_of_the_profile_have_twins() -> None:
    known = reference(
        msgspec.structs.replace(patients().profile, neighbours=(0.0,) * 33 + (1.0,) * 32)
    )
    index = Index(known)
    assert not index.active
    assert index.add(np.zeros((100, 10), dtype=np.float32), ["a", "b"] * 50, [""] * 100) == {}


def test_accounts_are_bounded_and_the_forgotten_forgive_nothing() -> None:
    accounts = Accounts(b"k" * 32, limit=64)
    for number in range(64):
        account, _ = accounts.get(f"c{number}")
        account.wealth = [float(number), 0.0, 0.0]
        account.rows = 1
    accounts.get("newcomer")
    assert len(accounts) == 61
    assert accounts.floor == [3.0, 0.0, 0.0], "the four with the least evidence went"
    assert accounts.get("c63")[0].wealth[0] == 63.0
    assert accounts.get("c0")[0].wealth == [3.0, 0.0, 0.0], "not a clean slate"
    assert accounts.forgotten == 4


def test_a_restricted_caller_is_never_forgotten_for_one_who_is_not() -> None:
    accounts = Accounts(b"k" * 32, limit=32)
    accounts.get("mallory")[0].level = 3
    for number in range(500):
        accounts.get(f"c{number}")[0].wealth[0] = 1e9
    assert accounts.get("mallory")[0].level == 3


@pytest.mark.parametrize("place", [0, 31, 32, 40, -1])
def test_a_changed_byte_in_the_file_is_noticed(tmp_path: Path, place: int) -> None:
    file = tmp_path / "accounts"
    accounts = Accounts(b"k" * 32)
    accounts.get("mallory")[0].level = 3
    accounts.save(file)
    data = bytearray(file.read_bytes())
    data[place] ^= 1
    file.write_bytes(bytes(data))
    assert Accounts(b"k" * 32).load(file).problem
    assert Accounts(b"x" * 32).load(file).problem


@given(data=st.binary(max_size=300))
def test_a_file_of_anything_is_not_believed(
    data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("state") / "accounts"
    file.write_bytes(data)
    accounts = Accounts(b"k" * 32)
    assert accounts.load(file).problem
    assert len(accounts) == 0
    assert accounts.floor == [0.0] * KINDS


def test_no_file_is_a_first_start(tmp_path: Path) -> None:
    assert Accounts(b"k" * 32).load(tmp_path / "accounts") == (0, "")
    assert Accounts(b"k" * 32).load(tmp_path).problem, "a folder is no file"


def test_a_burst_is_told_again_only_when_it_is_ten_times_as_large() -> None:
    denied = Denied()
    told = [
        burst.count
        for turn in range(BURST * GROWTH * 2)
        if (burst := denied.add("", 401, at=NOON + turn * 0.1, correlation=""))
    ]
    assert told == [BURST, BURST * GROWTH]


def test_refusals_that_come_slowly_are_no_burst() -> None:
    denied = Denied()
    for turn in range(200):
        assert denied.add("clumsy", 403, at=NOON + turn * 10, correlation="") is None


def test_counters_of_callers_are_bounded() -> None:
    denied, rate = Denied(), Rate()
    for number in range(6000):
        denied.add(f"c{number}", 401, at=NOON, correlation="")
        rate.add(f"c{number}", at=NOON)
    assert len(denied._held) <= 4096
    assert len(rate._held) <= 4096


def test_a_surge_is_measured_by_what_the_caller_used_to_do() -> None:
    rate = Rate()
    for minute in range(30):
        for request in range(20):
            assert rate.add("batch", at=NOON + 60 * minute + request) is None
    surges = [rate.add("batch", at=NOON + 1800 + n * 0.1) for n in range(400)]
    (surge,) = [found for found in surges if found]
    assert surge.count == 201
    assert surge.usual == pytest.approx(20)


def test_a_new_caller_and_a_steady_one_make_no_surge() -> None:
    rate = Rate()
    for request in range(5000):
        assert rate.add("new", at=NOON + request * 0.01) is None
    for request in range(6000):
        assert rate.add("steady", at=NOON + request * 0.2) is None


def test_volume_is_told_at_ten_times_the_profile_and_each_ten_times_more() -> None:
    steps = [volume_step(rows, profile_rows=300) for rows in (0, 2999, 3000, 29_999, 30_000)]
    assert steps == [0, 0, 1, 1, 2]
