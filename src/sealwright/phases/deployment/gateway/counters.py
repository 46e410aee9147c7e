"""What the gateway counts about itself, for its heartbeats: bounded in names and in memory."""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

BOUNDS: Final = tuple(0.0001 * 1.5**step for step in range(32))
"""Upper bounds of the latency classes: 0.1 ms to 29 s."""


class Latencies:
    """A histogram of seconds with fixed classes, halved now and then so that it stays recent."""

    __slots__ = ("_counts", "_total")

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS) + 1)
        self._total = 0

    def add(self, seconds: float) -> None:
        """One more."""
        self._counts[bisect_left(BOUNDS, seconds)] += 1
        self._total += 1
        if self._total >= 100_000:
            self._counts = [count // 2 for count in self._counts]
            self._total = sum(self._counts)

    def quantile(self, share: float) -> float:
        """Upper bound of the class in which this share of all is reached; 0 without any."""
        if not self._total:
            return 0.0
        needed, seen = share * self._total, 0
        for bound, count in zip(BOUNDS, self._counts, strict=False):
            seen += count
            if seen >= needed:
                return bound
        return BOUNDS[-1]


class Counters:
    """Counts by name; names come from fixed lists in the code, never from a caller."""

    __slots__ = ("_counts", "latencies")

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self.latencies = Latencies()

    def add(self, name: str, count: int = 1) -> None:
        """Counts."""
        self._counts[name] = self._counts.get(name, 0) + count

    def all(self) -> dict[str, float]:
        """Name → count, as a heartbeat carries it."""
        return {name: float(count) for name, count in self._counts.items()}
