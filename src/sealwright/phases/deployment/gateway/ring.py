"""Observations on their way to the monitor: the request path appends, somebody else drains."""

from __future__ import annotations

from typing import Final

from sealwright.traffic import Observation

CAPACITY: Final = 8192
MAX_BYTES: Final = 32 * 1024 * 1024
"""Of features and scores that wait."""


class Ring:
    """A queue of fixed size. A full one drops what comes, and counts it."""

    __slots__ = ("_bytes", "_count", "_max_bytes", "_next", "_slots", "dropped")

    def __init__(self, capacity: int = CAPACITY, *, max_bytes: int = MAX_BYTES) -> None:
        self._slots: list[Observation | None] = [None] * capacity
        self._next = 0
        self._count = 0
        self._bytes = 0
        self._max_bytes = max_bytes
        self.dropped = 0
        """Observations lost so far."""

    def __len__(self) -> int:
        return self._count

    def append(self, observation: Observation) -> bool:
        """Takes an observation; False if it was dropped."""
        size = _size(observation)
        if self._count == len(self._slots) or self._bytes + size > self._max_bytes:
            self.dropped += 1
            return False
        self._slots[(self._next + self._count) % len(self._slots)] = observation
        self._count += 1
        self._bytes += size
        return True

    def take(self, most: int, *, most_bytes: int) -> tuple[Observation, ...]:
        """Removes the oldest ones, at most so many; more than one only within `most_bytes`."""
        taken: list[Observation] = []
        size = 0
        while self._count and len(taken) < most:
            oldest = self._slots[self._next]
            assert oldest is not None
            size += _size(oldest)
            if taken and size > most_bytes:
                break
            self._slots[self._next] = None
            self._next = (self._next + 1) % len(self._slots)
            self._count -= 1
            self._bytes -= _size(oldest)
            taken.append(oldest)
        return tuple(taken)

    def lose(self, count: int) -> None:
        """So many were taken and did not arrive."""
        self.dropped += count


def _size(observation: Observation) -> int:
    return len(observation.features) + len(observation.scores) + len(observation.shadow_scores)
