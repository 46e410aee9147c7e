"""What can be counted without looking at a case: refusals, rate and volume."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

DENIALS: Final = frozenset({401, 403, 429})
BURST: Final = 10
"""Refusals of one kind within a minute that are a burst."""
GROWTH: Final = 10
"""A burst is told again when it is so many times as large."""
SPAN: Final = 60.0
QUIET: Final = 300.0
"""Seconds without refusals after which a burst is over."""
MAX_COUNTED: Final = 4096

LEAST_RATE: Final = 120
"""Requests in a minute below which no rate is remarkable."""
RATE_FACTOR: Final = 10.0
MINUTES_KNOWN: Final = 10
"""Minutes that a caller must be known for before a rate is compared with the usual one."""
MEMORY: Final = 1 / 30
"""Weight of the newest minute in the usual rate."""

VOLUME_START: Final = 10
"""Cases, in rows of the profile, from which on a caller's volume is told; then each ten times."""


@dataclass(slots=True)
class _Burst:
    since: float
    last: float
    count: int = 0
    total: int = 0
    told: int = 0
    correlation: str | None = None


@dataclass(frozen=True, slots=True)
class Refusals:
    """A burst of refusals of one kind, of one caller or, where `client` is empty, of strangers."""

    client: str
    status: int
    count: int
    correlation: str


class Denied:
    """Counts refusals by caller and status within a minute."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[str, int], _Burst] = OrderedDict()

    def add(self, client: str, status: int, *, at: float, correlation: str) -> Refusals | None:
        """Notes a refusal; the burst, when it has become one or ten times as large."""
        if status not in DENIALS:
            return None
        key = (client, status)
        burst = self._held.get(key)
        if burst is None or at - burst.last > QUIET:
            burst = self._held[key] = _Burst(since=at, last=at)
            if len(self._held) > MAX_COUNTED:
                self._held.popitem(last=False)
        self._held.move_to_end(key)
        if at - burst.since > SPAN and not burst.told:
            burst.since, burst.count, burst.correlation = at, 0, None
        burst.last = max(burst.last, at)
        burst.count += 1
        if burst.correlation is None:
            burst.correlation = correlation
        elif burst.correlation != correlation:
            burst.correlation = ""
        if burst.count < max(BURST, burst.told * GROWTH):
            return None
        burst.told = burst.count
        return Refusals(client, status, burst.count, burst.correlation)


@dataclass(slots=True)
class _Pace:
    minute: int
    count: int = 0
    usual: float = 0.0
    minutes: int = 0
    told: int = -1


@dataclass(frozen=True, slots=True)
class Surge:
    """A caller asks far more often than it used to."""

    client: str
    count: int
    usual: float


class Rate:
    """Requests of each caller in this minute, against the caller's own past."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: OrderedDict[str, _Pace] = OrderedDict()

    def add(self, client: str, *, at: float) -> Surge | None:
        """Notes a request; the surge, once a minute at most."""
        minute = int(at // 60)
        pace = self._held.get(client)
        if pace is None:
            pace = self._held[client] = _Pace(minute)
            if len(self._held) > MAX_COUNTED:
                self._held.popitem(last=False)
        self._held.move_to_end(client)
        if minute > pace.minute:
            _turn(pace, minute)
        pace.count += 1
        limit = max(LEAST_RATE, RATE_FACTOR * pace.usual)
        if pace.minutes < MINUTES_KNOWN or pace.count <= limit or pace.told == minute:
            return None
        pace.told = minute
        return Surge(client, pace.count, pace.usual)


def _turn(pace: _Pace, minute: int) -> None:
    """Closes the minutes up to this one; the first ones count in full."""
    gone = minute - pace.minute
    weight = max(MEMORY, 1 / (pace.minutes + 1))
    pace.usual += weight * (pace.count - pace.usual)
    pace.usual *= (1 - MEMORY) ** min(gone - 1, 1000)
    pace.minutes += gone
    pace.minute, pace.count = minute, 0


def volume_step(rows: int, *, profile_rows: int) -> int:
    """0 below ten times the rows of the profile, 1 from there, 2 from a hundred times …"""
    step, limit = 0, VOLUME_START * max(1, profile_rows)
    while rows >= limit:
        step, limit = step + 1, limit * 10
    return step
