"""How often a caller may ask: GCRA with a minute's worth of burst, in bounded memory.

A bucket is one number, the theoretical arrival time: when the caller would be square again if it
paused. It holds at most a minute of debt, so a caller may send `rate` requests at once and then
one every `60 / rate` seconds: never more than `rate * t / 60 + rate` in any t seconds.
Sources: ITU-T I.371 (GCRA); draft-ietf-httpapi-ratelimit-headers-11 (header fields).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final, NamedTuple

WINDOW: Final = 60.0
"""Seconds that a rate is stated for."""

_LOOKED_AT: Final = 8
"""Buckets that one admission looks at for one to give up, however many there are."""

_ROUNDING: Final = 1e-9


class Verdict(NamedTuple):
    """What the limiter says. `remaining` requests could follow at once; all `quota` of them after
    `reset` seconds; the next one after `retry_after` seconds (0 where it could follow at once)."""

    admitted: bool
    quota: int
    remaining: int
    reset: float
    retry_after: float
    full: bool = False
    """Refused because there was no room to count this caller, not because it asked too often."""


class Limiter:
    """Buckets by caller and model. Give it a clock that never goes back.

    Memory is bounded by giving up buckets that are square, and no others: forgetting a debt would
    forgive it. Where none can be given up, a caller without a bucket is refused.
    """

    __slots__ = ("_due", "capacity")

    def __init__(self, *, capacity: int = 50_000) -> None:
        self.capacity = capacity
        self._due: dict[tuple[str, str], float] = {}

    def __len__(self) -> int:
        return len(self._due)

    def take(
        self, bucket: tuple[str, str], *, rate: float, now: float, cost: float = 1.0
    ) -> Verdict:
        """Counts one request of `bucket` (caller, model), unless that is more than `rate` (requests
        per minute, above 0) allows. `now`: monotonic seconds."""
        step = WINDOW / rate
        slack = max(WINDOW, step)
        due = self._due.pop(bucket, None)
        if due is None:
            if len(self._due) >= self.capacity and not self._give_up(now):
                return Verdict(False, _quota(rate), 0, slack, slack, full=True)
            due = now
        # A clock that is handed in wrongly must not forgive: an older `now` finds the same debt.
        start = max(due, now)
        after = start + step * cost
        debt = after - now
        if debt > slack + _ROUNDING:
            self._due[bucket] = due
            return Verdict(False, _quota(rate), 0, start - now, debt - slack)
        self._due[bucket] = after
        left = slack - debt
        return Verdict(
            True,
            _quota(rate),
            int(left / step + _ROUNDING),
            debt,
            max(0.0, step - left) if left < step else 0.0,
        )

    def _give_up(self, now: float) -> bool:
        """Forgets one bucket that is square. The longest untouched come first; those that are not
        square yet go to the end, so that the next search meets others."""
        for _ in range(min(_LOOKED_AT, len(self._due))):
            bucket = next(iter(self._due))
            due = self._due.pop(bucket)
            if due <= now:
                return True
            self._due[bucket] = due
        return False


def _quota(rate: float) -> int:
    return max(1, int(rate))


def policy_field(verdict: Verdict) -> bytes:
    """The value of RateLimit-Policy."""
    return _policy_text(verdict.quota)


@lru_cache(maxsize=256)
def _policy_text(quota: int) -> bytes:
    return b'"requests";q=%d;w=60' % quota


def limit_field(verdict: Verdict) -> bytes:
    """The value of RateLimit.

    While requests remain the window is the policy's: a shorter one would invite clients to divide
    the one by the other. Afterwards it is the time until the next request, and Retry-After agrees.
    """
    seconds = 60 if verdict.remaining else retry_after(verdict)
    return b'"requests";r=%d;t=%d' % (verdict.remaining, seconds)


def retry_after(verdict: Verdict) -> int:
    """Whole seconds until a request would be admitted, at least 1."""
    return max(1, math.ceil(verdict.retry_after - _ROUNDING))
