"""How long an incident may go unreported: EU AI Act, Article 73(2) to (4), in days."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sealwright.clock import parse_time
from sealwright.evidence.predicates.operation import Incident

DAYS: Final = {"serious": 15, "unclear": 15, "death": 10, "widespread": 2}
"""Kind of incident → days from awareness until the authority must know. Unclear counts as serious:
a clock that starts late cannot be turned back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportClock:
    """When an incident must be reported, and how that stands."""

    due: datetime
    reported: bool
    overdue: bool
    left_days: int
    """Whole days left, rounded down; negative once overdue."""


def report_clock(incident: Incident, now: datetime) -> ReportClock | None:
    """The clock of one incident as it was said last; None where none runs."""
    days = DAYS.get(incident.serious)
    if days is None:
        return None
    due = parse_time(incident.aware_at or incident.at) + timedelta(days=days)
    return ReportClock(
        due=due,
        reported=bool(incident.notified),
        overdue=now > due and not incident.notified,
        left_days=math.floor((due - now) / timedelta(days=1)),
    )


def clock_text(incident: Incident, now: datetime) -> str:
    """The clock in words; empty where none runs."""
    clock = report_clock(incident, now)
    if clock is None:
        return ""
    if clock.reported:
        return f"reported: {'; '.join(incident.notified)}"
    state = (
        f"overdue by {-clock.left_days} days" if clock.overdue else f"{clock.left_days} days left"
    )
    return f"report by {clock.due:%Y-%m-%d %H:%M} UTC ({incident.serious}, Article 73): {state}"
