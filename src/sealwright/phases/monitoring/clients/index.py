"""A series of near copies, whoever sends them: one that is split over many accounts shows here.

Scaled cases are put into the cells of two shifted grids, and cells are counted, not cases kept.
Grids and cell names come from a random salt, made anew each generation, so nobody can prepare
collisions; two generations live at a time, and an older one is forgotten. All of it is bounded.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sealwright.phases.monitoring.clients.reference import Reference, Rows

GRIDS: Final = 2
SLOTS: Final = 1 << 16
"""Cells per grid and generation; a cell in the way of another is overwritten."""
WATCHED_FROM: Final = 4
"""Different cases in one cell from which on we note whose they are."""
SERIES: Final = 16
"""Different near copies of one another that are a series, if they come from several accounts."""
PART: Final = 2
"""Cases of one account in a series that make it part of it."""
MAX_WATCHED: Final = 1024
MAX_PARTIES: Final = 256
ROWS_PER_PROFILE_ROW: Final = 64
"""A generation ends after so many cases per row of the profile: by then about one in 64 of the
profile's rows per case is expected to be as near by chance, however small the profile."""

Hashes = NDArray[np.uint64]


@dataclass(slots=True)
class _Cell:
    cases: int
    parties: dict[str, int] = field(default_factory=dict)
    correlation: str | None = None


class Series(NamedTuple):
    """Many near copies of one another."""

    cell: int
    cases: int
    parties: Mapping[str, int]
    """Those who sent at least two of them → how many."""
    accounts: int
    correlation: str
    """Id that all of them carried, if they did."""


class _Generation:
    """Grids with one salt."""

    __slots__ = ("_counts", "_last", "_names", "_odds", "_offsets", "cases", "watched")

    def __init__(self, width: int) -> None:
        maker = np.random.default_rng(secrets.randbits(128))
        self._offsets = maker.random((GRIDS, width))
        self._odds = maker.integers(0, 1 << 63, (GRIDS + 1, width), dtype=np.uint64) * 2 + 1
        self._names = np.zeros((GRIDS, SLOTS), dtype=np.uint64)
        self._counts = np.zeros((GRIDS, SLOTS), dtype=np.uint32)
        self._last = np.zeros(SLOTS, dtype=np.uint64)
        self.watched: OrderedDict[int, _Cell] = OrderedDict()
        self.cases = 0

    def cells(self, rows: Rows, side: float) -> Hashes:
        """GRIDS x n names of cells."""
        found = np.empty((GRIDS, rows.shape[0]), dtype=np.uint64)
        for grid in range(GRIDS):
            place = np.floor(rows / side + self._offsets[grid]).astype(np.int64).view(np.uint64)
            found[grid] = _mixed((place * self._odds[grid]).sum(axis=1, dtype=np.uint64))
        return found

    def repeats(self, rows: Rows) -> NDArray[np.bool_]:
        """Which cases were here before exactly so, as far as is remembered; notes them."""
        bits = np.ascontiguousarray(rows).view(np.uint32).astype(np.uint64)
        names = _mixed((bits * self._odds[GRIDS]).sum(axis=1, dtype=np.uint64))
        slots = (names % np.uint64(SLOTS)).astype(np.int64)
        known = np.asarray(self._last[slots] == names)
        _, first = np.unique(names, return_index=True)
        again = np.ones(names.shape[0], dtype=np.bool_)
        again[first] = False
        self._last[slots] = names
        return known | again

    def count(self, cells: Hashes, grid: int) -> NDArray[np.int64]:
        """Notes one more case in each of these cells; how many there are now in each."""
        slots = (cells % np.uint64(SLOTS)).astype(np.int64)
        names, counts = self._names[grid], self._counts[grid]
        taken = names[slots] != cells
        names[slots[taken]], counts[slots[taken]] = cells[taken], 0
        np.add.at(counts, slots, 1)
        return np.where(names[slots] == cells, counts[slots], 0).astype(np.int64)


def _mixed(values: Hashes) -> Hashes:
    """Spreads every bit over all others (the finaliser of SplitMix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: Hashes = values ^ (values >> np.uint64(31))
    return mixed


class Index:
    """The grids of one model; off where many of the profile's rows have twins."""

    __slots__ = ("_new", "_old", "_rows", "_side", "_width", "rotations")

    def __init__(self, known: Reference) -> None:
        self._width = known.width
        nearest = float(known.near[1]) if known.near.size > 1 else 0.0
        self._side = nearest * self._width**0.5 / 2  # from a mean square to a length
        self._rows = min(SLOTS, max(1024, ROWS_PER_PROFILE_ROW * known.rows))
        self._new = _Generation(self._width)
        self._old: _Generation | None = None
        self.rotations = 0

    @property
    def active(self) -> bool:
        """Whether near copies can be told from ordinary cases."""
        return bool(self._side > 0)

    def add(
        self, rows: Rows, clients: Sequence[str], correlations: Sequence[str]
    ) -> dict[int, Series]:
        """Notes scaled cases, whose they are and what ids they carried: the series they belong to.

        By cell; a case that was here before exactly so is left out.
        """
        if not self.active or not rows.shape[0]:
            return {}
        found: dict[int, Series] = {}
        with np.errstate(over="ignore"):
            fresh = np.flatnonzero(~self._new.repeats(rows))
            for generation in filter(None, (self._new, self._old)):
                for row, cell, cases in _crowded(generation, rows[fresh], self._side):
                    owner = int(fresh[row])
                    series = _joined(
                        generation.watched, cell, cases, clients[owner], correlations[owner]
                    )
                    if series is not None:
                        found[cell] = series
        self._new.cases += fresh.shape[0]
        if self._new.cases >= self._rows:
            self._old, self._new = self._new, _Generation(self._width)
            self.rotations += 1
        return found


def _crowded(generation: _Generation, rows: Rows, side: float) -> Iterator[tuple[int, int, int]]:
    """Notes the cases; row, cell and number of cases wherever a cell holds many by now."""
    for grid, cells in enumerate(generation.cells(rows, side)):
        counts = generation.count(cells, grid)
        for row in np.flatnonzero(counts >= WATCHED_FROM).tolist():
            yield row, int(cells[row]), int(counts[row])


def _joined(
    watched: OrderedDict[int, _Cell], cell: int, cases: int, client: str, correlation: str
) -> Series | None:
    """Notes who sent it; the series, if it is one by now."""
    known = watched.get(cell)
    if known is None:
        known = watched[cell] = _Cell(cases, correlation=correlation)
        if len(watched) > MAX_WATCHED:
            watched.popitem(last=False)
    watched.move_to_end(cell)
    known.cases = cases
    if known.correlation != correlation:
        known.correlation = ""
    if client in known.parties or len(known.parties) < MAX_PARTIES:
        known.parties[client] = known.parties.get(client, 0) + 1
    if cases < SERIES or len(known.parties) < 2:
        return None
    parties = {name: count for name, count in known.parties.items() if count >= PART}
    return Series(cell, cases, parties, len(known.parties), known.correlation or "")
