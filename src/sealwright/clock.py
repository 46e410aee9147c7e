"""Time is injected: nothing else in the package asks the system what time it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sealwright.errors import MalformedError

Clock = Callable[[], datetime]
"""Returns the present as an aware UTC time."""


def system_clock() -> datetime:
    """The present, aware, UTC."""
    return datetime.now(UTC)


def format_time(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds, one spelling per moment: 2026-11-22T20:00:00.000000Z."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone has no meaning in evidence")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_time(text: str) -> datetime:
    """Reads what `format_time` wrote (fraction optional); MalformedError for anything else."""
    for pattern in ("%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ"):
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise MalformedError(f"not a UTC time: {text[:40]!r}", advice="expected 2026-11-22T20:00:00Z")
