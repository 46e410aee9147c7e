"""People, their model's profile, callers who ask about ordinary cases, and callers who attack.

Two populations: 442 patients of the demo's study (10 features, whole numbers among them), and a
larger synthetic one (20 correlated features).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sealwright.evidence.predicates.common import Resource
from sealwright.evidence.predicates.monitoring import Profile
from sealwright.phases.monitoring.clients.watch import Clients, Seen
from sealwright.phases.monitoring.profile import profile_of
from sealwright.phases.monitoring.settings import WatchedModel
from sealwright.traffic import Level, Observation

Numbers = NDArray[np.float64]
DIGEST = "a" * 64
AT = "2026-11-22T12:00:00.000000Z"
NOON = 1795348800.0


@dataclass(frozen=True)
class World:
    """A population, the part of it that the model learned from, and a model to be attacked."""

    people: Numbers
    learned: Numbers
    profile: Profile

    @property
    def width(self) -> int:
        return int(self.people.shape[1])

    def moved(self, rows: Numbers) -> Numbers:
        places = np.array([f.location for f in self.profile.features])
        spread = np.array([f.scale for f in self.profile.features])
        return np.asarray((rows - places) / spread)

    def raw(self, moved: Numbers) -> Numbers:
        places = np.array([f.location for f in self.profile.features])
        spread = np.array([f.scale for f in self.profile.features])
        return np.asarray(moved * spread + places)

    def score(self, rows: Numbers) -> Numbers:
        """A model that is not linear, so that its boundary must be searched for."""
        moved = self.moved(rows)
        weights = np.cos(np.arange(self.width))
        return np.asarray(moved @ weights + 0.3 * moved[:, 0] * moved[:, 1])


def make_profile(learned: Numbers) -> Profile:
    return profile_of(
        learned,
        np.linspace(0, 1, len(learned)),
        names=[f"f{number}" for number in range(learned.shape[1])],
        dataset=Resource(name="train"),
        at=AT,
    )


@cache
def patients() -> World:
    """The demo's population; the model learned from 309 of 442."""
    found = find_spec("sklearn")
    assert found is not None
    assert found.origin is not None
    file = Path(found.origin).parent / "datasets/data/diabetes_data_raw.csv.gz"
    people = np.loadtxt(file, dtype=np.float64)
    order = np.random.default_rng(7).permutation(len(people))
    learned = people[order[:309]]
    return World(people, learned, make_profile(learned))


@cache
def customers() -> World:
    """20 correlated features with heavy tails; the model learned from 2,000 of 60,000."""
    maker = np.random.default_rng(11)
    mixing = maker.normal(size=(8, 20)) / np.sqrt(8)
    hidden = maker.normal(size=(60_000, 8))
    people = np.sinh(hidden @ mixing) + 0.3 * maker.normal(size=(60_000, 20))
    people[:, 15:] = np.round(people[:, 15:])
    return World(people, people[:2000], make_profile(people[:2000]))


def observed(
    client: str,
    rows: Numbers,
    *,
    at: float = NOON,
    correlation: str = "",
    what_if: bool = False,
    model: str = DIGEST,
) -> Observation:
    """One request with these cases, as the gateway saw it."""
    return Observation(
        at=at,
        client=client,
        model=model,
        name="small",
        outcome="answered",
        status=200,
        reason="",
        rows=len(rows),
        features=np.ascontiguousarray(rows, dtype="<f4").tobytes(),
        scores=np.zeros(len(rows), dtype="<f4").tobytes(),
        correlation=correlation,
        what_if=what_if,
    )


def refused(client: str, status: int, *, at: float = NOON, correlation: str = "") -> Observation:
    """One request that was answered with a refusal."""
    return Observation(
        at=at,
        client=client,
        model="",
        name="small",
        outcome="refused",
        status=status,
        reason="no",
        correlation=correlation,
    )


def watching(world: World, *, response: Level = "block", clients: int = 2000) -> Clients:
    """Detectors for this world."""
    made = Clients(b"k" * 32, clients=clients)
    made.configure(
        [WatchedModel(digest=DIGEST, name="small", profile=world.profile)], response=response
    )
    return made


def level_of(seen: Seen, client: str) -> Level:
    """The last restriction of a client in what was seen."""
    return next((r.level for r in reversed(seen.restrictions) if r.client == client), "none")


def merge(into: Seen, more: Seen) -> None:
    into.alerts += more.alerts
    into.restrictions += more.restrictions


def feed(clients: Clients, series: dict[str, Numbers], *, at_once: int = 8) -> Seen:
    """All series side by side, some cases of each at a time, a second apart."""
    seen = Seen()
    longest = max(len(rows) for rows in series.values())
    for turn, start in enumerate(range(0, longest, at_once)):
        batch = [
            observed(client, rows[row : row + 1], at=NOON + turn)
            for client, rows in series.items()
            for row in range(start, min(start + at_once, len(rows)))
        ]
        merge(seen, clients.observe(batch, now=NOON + turn))
    return seen


Attack = Callable[[World, np.random.Generator, int], Numbers]


def ordinary(world: World, maker: np.random.Generator, count: int) -> Numbers:
    """Cases as they come."""
    return world.people[maker.integers(0, len(world.people), count)]


def uniform(world: World, maker: np.random.Generator, count: int) -> Numbers:
    """Extraction: each feature anywhere between its smallest and largest value."""
    low, high = world.learned.min(axis=0), world.learned.max(axis=0)
    return np.asarray(maker.uniform(low, high, (count, world.width)))


def jacobian(world: World, maker: np.random.Generator, count: int) -> Numbers:
    """Extraction as in JBDA: ordinary seeds, then small steps away from each known case."""
    known = world.moved(ordinary(world, maker, 40))
    while len(known) < count:
        known = np.concatenate([known, known + 0.2 * np.sign(maker.normal(size=known.shape))])
    return world.raw(known[:count])


def searches(world: World, maker: np.random.Generator) -> Iterator[Numbers]:
    """Pairs of cases on different sides of the boundary, halved until they meet."""
    while True:
        one, other = ordinary(world, maker, 2)
        if (world.score(one[None]) > 0) == (world.score(other[None]) > 0):
            continue
        for _ in range(12):
            middle = (one + other) / 2
            yield middle
            if (world.score(middle[None]) > 0) == (world.score(one[None]) > 0):
                one = middle
            else:
                other = middle


def boundary(world: World, maker: np.random.Generator, count: int) -> Numbers:
    """Black-box boundary search by halving."""
    search = searches(world, maker)
    return np.array([next(search) for _ in range(count)])


def hop_skip(world: World, maker: np.random.Generator, count: int) -> Numbers:
    """As HopSkipJump: halve to the boundary, probe around it, step along it, smaller each time."""
    found: list[Numbers] = []
    at, radius = ordinary(world, maker, 1)[0], 1.0
    while len(found) < count:
        found += [world.raw(world.moved(at[None]) * (1 - 0.5**k))[0] for k in range(1, 9)]
        around = world.moved(at[None]) + radius * maker.normal(size=(24, world.width)) / np.sqrt(
            world.width
        )
        found += list(world.raw(around))
        radius *= 0.7
    return np.array(found[:count])


def membership(world: World, maker: np.random.Generator, count: int) -> Numbers:
    """Label-only membership inference: small noise around the cases one wants to know about."""
    centres = ordinary(world, maker, -(-count // 20))
    around = np.repeat(world.moved(centres), 20, axis=0)
    return world.raw(around + 0.1 * maker.normal(size=around.shape))[:count]


def half_natural(world: World, maker: np.random.Generator, count: int) -> Numbers:
    """Every second case is ordinary, the others are uniform."""
    mixed = ordinary(world, maker, count).copy()
    mixed[::2] = uniform(world, maker, count)[::2]
    return mixed


def independent(world: World, maker: np.random.Generator, count: int) -> Numbers:
    """Each feature from the population, but not together."""
    return np.stack(
        [maker.choice(world.people[:, column], count) for column in range(world.width)], axis=1
    )
