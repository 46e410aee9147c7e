"""Callers who try to have somebody else restricted, or not to be seen themselves."""

from __future__ import annotations

import numpy as np

from sealwright.phases.monitoring.clients.watch import Clients, Seen
from sealwright.traffic import Level
from tests.monitoring.clients.world import (
    NOON,
    Numbers,
    World,
    level_of,
    merge,
    observed,
    patients,
    watching,
)

LEVELS = ("none", "flag", "coarsen", "throttle", "block")


def near(place: World, centre: Numbers, count: int, *, seed: int) -> Numbers:
    """Near copies of one case."""
    maker = np.random.default_rng(seed)
    return place.raw(centre + 0.005 * maker.normal(size=(count, place.width)))


def framed(own: int, others: int, *, accounts: int = 1) -> tuple[Clients, Seen]:
    """`own` cases of a clinic about one patient, and `others` near copies of them by mallory."""
    place = patients()
    centre = place.moved(place.people[5:6])
    clients, seen = watching(place), Seen()
    copies = near(place, centre, others, seed=2)
    for turn, row in enumerate(copies[:20]):
        merge(seen, clients.observe([observed("mallory0", row[None])], now=NOON + turn))
    for turn, row in enumerate(near(place, centre, own, seed=1)):
        merge(seen, clients.observe([observed("clinic", row[None])], now=NOON + 50 + turn))
    for turn, row in enumerate(copies[20:]):
        who = f"mallory{turn % accounts}"
        merge(seen, clients.observe([observed(who, row[None])], now=NOON + 100 + turn))
    # The clinic goes on with its work: that is when it would feel it.
    maker = np.random.default_rng(3)
    for turn, row in enumerate(place.people[maker.integers(0, 442, 3)]):
        merge(seen, clients.observe([observed("clinic", row[None])], now=NOON + 500 + turn))
    return clients, seen


def worst(seen: Seen, client: str) -> Level:
    levels: list[Level] = [r.level for r in seen.restrictions if r.client == client]
    return max(levels, key=LEVELS.index, default="none")


def test_near_copies_of_somebody_elses_case_do_not_slow_that_caller_down() -> None:
    """Whoever knows a case of another caller could have it blocked with a hundred copies."""
    for accounts in (1, 3):
        _, seen = framed(2, 200, accounts=accounts)
        assert worst(seen, "clinic") in ("none", "flag")
        assert level_of(seen, "mallory0") in ("throttle", "block")


def test_who_sends_a_large_part_of_the_series_is_part_of_it() -> None:
    _, seen = framed(40, 40)
    assert worst(seen, "clinic") in ("throttle", "block")


def test_a_series_split_over_many_accounts_slows_each_of_them_down() -> None:
    place = patients()
    centre = place.moved(place.people[5:6])
    clients, seen = watching(place), Seen()
    for turn, row in enumerate(near(place, centre, 160, seed=4)):
        merge(seen, clients.observe([observed(f"sybil{turn % 20}", row[None])], now=NOON + turn))
    slowed = {r.client for r in seen.restrictions if r.level in ("throttle", "block")}
    assert len(slowed) >= 18
