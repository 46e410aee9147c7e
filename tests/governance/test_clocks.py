from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from sealwright.clock import format_time
from sealwright.evidence.predicates.operation import Incident
from sealwright.phases.governance.clocks import clock_text, report_clock

AWARE = datetime(2026, 8, 3, 9, tzinfo=UTC)


def incident(serious: str, **more: Any) -> Incident:
    return Incident(
        id="incident-1",
        status="open",
        severity="high",
        title="wrong advice",
        serious=cast(Any, serious),
        at=format_time(AWARE + timedelta(days=1)),
        **more,
    )


@pytest.mark.parametrize(
    ("serious", "days"), [("serious", 15), ("unclear", 15), ("death", 10), ("widespread", 2)]
)
def test_the_clock_runs_from_awareness(serious: str, days: int) -> None:
    said = incident(serious, aware_at=format_time(AWARE))
    clock = report_clock(said, AWARE)
    assert clock is not None
    assert clock.due == AWARE + timedelta(days=days)
    assert clock.left_days == days
    assert not clock.overdue
    late = report_clock(said, AWARE + timedelta(days=days, seconds=1))
    assert late is not None
    assert late.overdue
    assert "overdue by 1 days" in clock_text(said, AWARE + timedelta(days=days, seconds=1))


def test_without_a_word_on_awareness_it_runs_from_the_record() -> None:
    clock = report_clock(incident("serious"), AWARE)
    assert clock is not None
    assert clock.due == AWARE + timedelta(days=16)


def test_what_was_reported_is_not_overdue() -> None:
    said = incident("widespread", notified=("authority, form 7",))
    clock = report_clock(said, AWARE + timedelta(days=100))
    assert clock is not None
    assert clock.reported
    assert not clock.overdue
    assert clock_text(said, AWARE) == "reported: authority, form 7"


def test_no_clock_runs_for_what_need_not_be_reported() -> None:
    assert report_clock(incident("no"), AWARE) is None
    assert clock_text(incident("no"), AWARE) == ""
