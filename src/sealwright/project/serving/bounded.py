"""A child's words within bounds: what a broken or broken-into child says must fit into the ledger.

Texts are cut and made printable, numbers are finite, times are now. What makes no sense at all is
left out (None).
"""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from typing import Final

import msgspec

from sealwright.clock import format_time, parse_time
from sealwright.errors import MalformedError
from sealwright.evidence.digest import is_digest
from sealwright.evidence.predicates.monitoring import Alert
from sealwright.evidence.predicates.operation import MonitorWindow
from sealwright.evidence.predicates.serving import DecisionLogHead

LINE, TEXT, NAME = 200, 2000, 128
"""Characters of a title, of a detail, of an id or a client."""
MOST_TECHNIQUES: Final = 8
_ODD: Final = timedelta(minutes=2)
_TECHNIQUE = re.compile(r"AML\.T[0-9]{4}(\.[0-9]{3})?")
_SEGMENT = re.compile(r"[A-Za-z0-9._-]{1,128}")
_MOST: Final = 2**53 - 1


def bounded_alert(alert: Alert, *, now: datetime) -> Alert:
    """The alert as it may be written down."""
    return msgspec.structs.replace(
        alert,
        id=_line(alert.id, NAME) or "unnamed",
        title=_line(alert.title, LINE) or "untitled",
        detail=_line(alert.detail, TEXT),
        client=_line(alert.client, NAME),
        correlation=_line(alert.correlation, NAME),
        statistic=_finite(alert.statistic),
        threshold=_finite(alert.threshold),
        n=_count(alert.n),
        atlas=tuple(each for each in alert.atlas if _TECHNIQUE.fullmatch(each))[:MOST_TECHNIQUES],
        at=_time(alert.at, now),
    )


def bounded_window(window: MonitorWindow, *, now: datetime) -> MonitorWindow | None:
    """The window as it may be written down; None if its times are none."""
    try:
        start, end = parse_time(window.start), parse_time(window.end)
    except MalformedError:
        return None
    if start > end:
        return None
    return msgspec.structs.replace(
        window,
        slice=_line(window.slice, NAME),
        n=_count(window.n),
        start=format_time(start),
        end=format_time(end),
        at=_time(window.at, now),
    )


def bounded_head(head: DecisionLogHead, *, now: datetime) -> DecisionLogHead | None:
    """The head as it may be written down; None if it names no log or no record."""
    sound = (
        _SEGMENT.fullmatch(head.gateway)
        and _SEGMENT.fullmatch(head.segment)
        and is_digest(head.head)
        and 0 <= head.seq <= _MOST
    )
    if not sound:
        return None
    return msgspec.structs.replace(head, dropped=_count(head.dropped), at=_time(head.at, now))


def _line(text: str, most: int) -> str:
    """One printable line; lone surrogates, which no encoder takes, are not printable."""
    shown = "".join(char if char.isprintable() else " " for char in text[: 4 * most])
    return " ".join(shown.split())[:most].strip()


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def _count(number: int) -> int:
    return min(max(number, 0), _MOST)


def _time(text: str, now: datetime) -> str:
    """Its own time where that is about now: a child's clock may be odd, its words are of today."""
    try:
        said = parse_time(text)
    except MalformedError:
        return format_time(now)
    return format_time(said) if abs(said - now) <= _ODD else format_time(now)
