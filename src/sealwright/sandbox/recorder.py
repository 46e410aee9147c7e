"""Collects what a run tried, in bounded space and in words safe to print."""

from __future__ import annotations

import time

from sealwright.sandbox.interface import Violation, ViolationKind

MAX_VIOLATIONS = 64
MAX_DETAIL = 240
"""Characters of one attempt's words; what is longer is cut off."""


class Recorder:
    """Counts attempts; the same words twice are one violation seen two times."""

    def __init__(self) -> None:
        self._seen: dict[tuple[ViolationKind, str], int] = {}
        self.first: float | None = None
        """When the first attempt was seen, by the monotonic clock, in seconds."""

    def add(self, kind: ViolationKind, detail: str) -> None:
        """Records one attempt. Kinds beyond the bound fold into one line each."""
        if self.first is None:
            self.first = time.monotonic()
        words = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in detail)
        key = (kind, words[:MAX_DETAIL])
        if key not in self._seen and len(self._seen) >= MAX_VIOLATIONS:
            key = (kind, f"more attempts of kind {kind}, not told apart")
        self._seen[key] = self._seen.get(key, 0) + 1

    def violations(self) -> tuple[Violation, ...]:
        """In the order of their first sighting."""
        return tuple(
            Violation(kind=kind, detail=detail, times=times)
            for (kind, detail), times in self._seen.items()
        )
