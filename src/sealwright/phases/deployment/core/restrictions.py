"""What the monitor has told us about callers, in bounded memory; each word ends by itself."""

from __future__ import annotations

from typing import Final

from sealwright.traffic import Level, Restriction

SEVERITY: Final[dict[Level, int]] = {"none": 0, "flag": 1, "coarsen": 2, "throttle": 3, "block": 4}
"""Each level includes what the milder ones do."""

SMALLEST_FACTOR: Final = 0.001


class Restrictions:
    """The newest restriction of each caller."""

    __slots__ = ("_of", "capacity")

    def __init__(self, *, capacity: int = 50_000) -> None:
        self.capacity = capacity
        self._of: dict[str, Restriction] = {}

    def __len__(self) -> int:
        return len(self._of)

    def put(self, restriction: Restriction, *, now: float) -> None:
        """Takes the monitor's word; level `none` lifts what stood. `now`: Unix seconds.

        Where there is no room the mildest gives way: the strong ones are never forgotten for it.
        """
        self._of.pop(restriction.client, None)
        if restriction.level == "none" or not restriction.until > now:
            return
        if len(self._of) >= self.capacity:
            self._of = {who: said for who, said in self._of.items() if said.until > now}
        if len(self._of) >= self.capacity:
            mildest = min(self._of.values(), key=_rank)
            if _rank(restriction) <= _rank(mildest):
                return
            del self._of[mildest.client]
        self._of[restriction.client] = restriction

    def of(self, client: str, *, now: float) -> Restriction | None:
        """What holds for a caller now."""
        found = self._of.get(client)
        return found if found is not None and found.until > now else None


def _rank(restriction: Restriction) -> tuple[int, float]:
    return SEVERITY[restriction.level], restriction.until


def factor(restriction: Restriction | None) -> float:
    """What a caller's limit is multiplied with; odd values are taken as the strictest."""
    if restriction is None or SEVERITY[restriction.level] < SEVERITY["throttle"]:
        return 1.0
    if not SMALLEST_FACTOR <= restriction.factor <= 1.0:
        return SMALLEST_FACTOR
    return restriction.factor


def coarsened(restriction: Restriction | None) -> bool:
    """Whether a caller gets coarse scores."""
    return restriction is not None and SEVERITY[restriction.level] >= SEVERITY["coarsen"]


def blocked(restriction: Restriction | None) -> bool:
    """Whether a caller gets nothing."""
    return restriction is not None and restriction.level == "block"
