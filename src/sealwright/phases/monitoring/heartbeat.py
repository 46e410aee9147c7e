"""Whether the gateways are still heard, and what they say they lost. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MISSED: Final = 2.0
"""Heartbeats without a word after which somebody is silent."""
DROPS_TOLD: Final = 60.0
"""Seconds between two alarms about lost observations of one gateway."""


@dataclass(slots=True)
class _Gateway:
    heard: float
    dropped: int = 0
    told: int = 0
    told_at: float = 0.0
    silent: bool = False


class Gateways:
    """The gateways that are connected, by a number that the caller gives each connection."""

    __slots__ = ("_alone_since", "_held", "dropped")

    def __init__(self) -> None:
        self._held: dict[int, _Gateway] = {}
        self._alone_since: float | None = None
        """When the last one went; None while there is one, or before there was any."""
        self.dropped = 0
        """Observations that all of them lost."""

    def __len__(self) -> int:
        return len(self._held)

    def connected(self, gateway: int, *, now: float) -> None:
        """A gateway came."""
        self._held[gateway] = _Gateway(heard=now)
        self._alone_since = None

    def gone(self, gateway: int, *, now: float) -> None:
        """A gateway went; unless another is there, or comes soon, that is silence."""
        known = self._held.pop(gateway, None)
        if known is not None and not self._held and not known.silent:
            self._alone_since = now

    def heard(self, gateway: int, *, dropped: int, now: float) -> int:
        """A batch came; how many lost observations must be told now (0: none)."""
        known = self._held[gateway]
        known.heard, known.silent = now, False
        if dropped < known.dropped:  # it began to count anew
            known.dropped = known.told = 0
        self.dropped += dropped - known.dropped
        known.dropped = dropped
        if dropped == known.told or now - known.told_at < DROPS_TOLD:
            return 0
        lost, known.told, known.told_at = dropped - known.told, dropped, now
        return lost

    def silent(self, *, now: float, heartbeat: float) -> list[float]:
        """For each gateway that has just become silent, the seconds since it was heard."""
        patience = MISSED * heartbeat
        found = []
        for known in self._held.values():
            if not known.silent and now - known.heard > patience:
                known.silent = True
                found.append(now - known.heard)
        if self._alone_since is not None and now - self._alone_since > patience:
            found.append(now - self._alone_since)
            self._alone_since = None
        return found
