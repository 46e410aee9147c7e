"""The last cases of each caller, as many callers as there is room for, and how near cases lie."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import numpy as np

from sealwright.phases.monitoring.clients.reference import Numbers, Rows

KEPT_ROWS: Final = 256
MAX_CLIENTS: Final = 2000
MAX_BYTES: Final = 64 * 1024 * 1024
FIRST_ROWS: Final = 16
CHUNK: Final = 32
CANDIDATES: Final = 8
"""Of this many that were idle longest, the one with the least evidence gives way."""


class History:
    """The last scaled cases of one caller and model; older ones are overwritten."""

    __slots__ = ("_filled", "_next", "_rows", "keep")

    def __init__(self, width: int, *, keep: int = KEPT_ROWS) -> None:
        self.keep = max(2, min(keep, KEPT_ROWS))
        self._rows: Rows = np.empty((min(FIRST_ROWS, self.keep), width), dtype=np.float32)
        self._filled = 0
        self._next = 0

    @property
    def width(self) -> int:
        """Features of a case."""
        return int(self._rows.shape[1])

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return int(self._rows.nbytes)

    @property
    def rows(self) -> Rows:
        """What is kept, in no order."""
        return self._rows[: self._filled]

    def push(self, rows: Rows) -> None:
        """Keeps these cases, and forgets the oldest where there is no room."""
        for row in rows[-self.keep :]:
            if self._next >= self._rows.shape[0] and self._filled < self.keep:
                self._grow()
            if self._next >= self.keep:
                self._next = 0
            self._rows[self._next] = row
            self._next += 1
            self._filled = max(self._filled, self._next)

    def _grow(self) -> None:
        size = min(self.keep, 2 * self._rows.shape[0])
        larger = np.empty((size, self.width), dtype=np.float32)
        larger[: self._filled] = self._rows[: self._filled]
        self._rows = larger

    def nearest(self, rows: Rows) -> Numbers:
        """Each new case's distance to the nearest earlier one; inf for the first of all.

        0 means an exact repeat: a client that tries again. It is not kept a second time. The other
        cases are kept.
        """
        if rows.shape[0] == 1:
            return self._nearest(rows)
        parts = [
            self._nearest(rows[start : start + CHUNK]) for start in range(0, rows.shape[0], CHUNK)
        ]
        return np.concatenate(parts) if parts else np.empty(0)

    def _nearest(self, rows: Rows) -> Numbers:
        found = np.full(rows.shape[0], np.inf)
        if self._filled:
            found = _distances(rows, self.rows).min(axis=1)
        if rows.shape[0] > 1:
            among = _distances(rows, rows)
            among[np.triu_indices(rows.shape[0])] = np.inf  # only those that came before
            found = np.minimum(found, among.min(axis=1))
        self.push(rows[found > 0])
        return found


def _distances(left: Rows, right: Rows) -> Numbers:
    """`profile.distance` of each to each, without giving every difference eight bytes.

    By differences: the short way over products has no digits left for near copies.
    """
    difference = left[:, None, :] - right[None, :, :]
    squares = np.einsum("ijk,ijk->ij", difference, difference).astype(np.float64)
    found: Numbers = np.sqrt(squares / left.shape[1])
    return found


class Histories:
    """Histories by (client, digest of the model): at most `clients`, and at most 64 MiB."""

    __slots__ = ("_clients", "_held", "evicted")

    def __init__(self, clients: int = MAX_CLIENTS) -> None:
        self._clients = clients
        self._held: OrderedDict[tuple[str, str], History] = OrderedDict()
        self.evicted = 0

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, key: tuple[str, str]) -> bool:
        return key in self._held

    def get(
        self,
        key: tuple[str, str],
        *,
        width: int,
        keep: int,
        known: bool,
        weight: Callable[[str], float],
    ) -> History | None:
        """The history of one caller; None where there is no room for a newcomer.

        `known`: whether the caller was seen before; where all places are taken, a first request
        takes nobody's place. `weight`: the evidence against a client; who has much stays longest.
        """
        found = self._held.get(key)
        if found is not None and found.width == width and found.keep == min(keep, KEPT_ROWS):
            self._held.move_to_end(key)
            return found
        if found is None and len(self._held) >= self._places(width):
            if not known:
                return None
            self._evict(weight)
        self._held[key] = history = History(width, keep=keep)
        self._held.move_to_end(key)
        return history

    def recent(self, count: int) -> list[tuple[str, str]]:
        """The keys used last, newest first."""
        return [key for key, _ in zip(reversed(self._held), range(count), strict=False)]

    def _places(self, width: int) -> int:
        return max(1, min(self._clients, MAX_BYTES // (KEPT_ROWS * 4 * max(1, width))))

    def _evict(self, weight: Callable[[str], float]) -> None:
        idle = [key for key, _ in zip(self._held, range(CANDIDATES), strict=False)]
        del self._held[min(idle, key=lambda key: weight(key[0]))]
        self.evicted += 1
