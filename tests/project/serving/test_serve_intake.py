"""Reports on their way: to the alert file at once, to the ledger in bounds, never lost between."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.clock import format_time, parse_time, system_clock
from sealwright.evidence.predicates.monitoring import Alert
from sealwright.evidence.predicates.operation import Incident, MonitorWindow
from sealwright.evidence.predicates.serving import DecisionLogHead
from sealwright.evidence.statement import Statement, encode_statement, subject
from sealwright.phases.monitoring.alerts import AlertSink, read_alerts
from sealwright.project.core import Project
from sealwright.project.serving import intake as bounds
from sealwright.project.serving.bounded import bounded_alert, bounded_head, bounded_window
from sealwright.project.serving.intake import Intake, Names
from sealwright.project.serving.journal import FILE_LIMIT, PACE, Journal
from sealwright.traffic import AlertReport, HeadReport, WindowReport
from tests.project.factory import OWNER

MODEL, OTHER = "a" * 64, "b" * 64


@dataclass
class Fixed:
    """A clock that stands, until it is moved."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Desk:
    """An intake with a real alert file and a real ledger."""

    intake: Intake
    project: Project
    clock: Fixed
    alerts: Path
    said: list[str]

    def flush(self, *, last: bool = False) -> list[str]:
        """Writes everything; kinds of what is new in the ledger."""
        known = len(self.project.evidence())
        self.intake.write_alerts()
        self.intake.flush(self.project, signer=OWNER, last=last)
        return [item.kind for item in self.project.evidence()[known:]]


@pytest.fixture
def desk(started: Project, tmp_path: Path) -> Iterator[Desk]:
    clock = Fixed(started.clock())
    started.clock = clock
    sink = AlertSink(tmp_path / "alerts.jsonl", clock=clock)
    said: list[str] = []
    names = Names(system=subject("small", started.system), models={MODEL: "small"})
    intake = Intake(sink, clock=clock, names=names, say=said.append)
    yield Desk(intake, started, clock, sink.path, said)
    sink.close()


def alert(clock: Fixed, **changes: object) -> Alert:
    said: dict[str, object] = {
        "id": "0123",
        "detector": "drift",
        "severity": "high",
        "title": "the inputs have moved",
        "at": format_time(clock()),
    }
    return Alert(**{**said, **changes})  # type: ignore[arg-type]


def window(clock: Fixed, **changes: object) -> MonitorWindow:
    said: dict[str, object] = {
        "kind": "drift",
        "result": "failed",
        "start": format_time(clock()),
        "end": format_time(clock()),
        "n": 256,
        "at": format_time(clock()),
    }
    return MonitorWindow(**{**said, **changes})  # type: ignore[arg-type]


def head(seq: int, *, gateway: str = "g") -> DecisionLogHead:
    return DecisionLogHead(
        gateway=gateway, segment="g-0.jsonl", seq=seq, head="0" * 64, at="whenever"
    )


def test_a_grave_alert_about_a_model_makes_an_incident(desk: Desk) -> None:
    desk.intake.take(AlertReport(alert=alert(desk.clock), model=MODEL))
    assert desk.flush() == ["alert", "incident"]
    said = desk.project.evidence()[-1]
    assert isinstance(said.predicate, Incident)
    assert said.predicate.severity == "medium", "drift is about the traffic (policy/serving.py)"
    assert said.statement.subjects[0].sha256 == MODEL


@pytest.mark.parametrize(
    ("changes", "model"),
    [
        ({"client": "clara"}, MODEL),  # nobody's traffic alone takes a model down
        ({"severity": "medium"}, MODEL),
        ({}, ""),
        ({}, OTHER),  # nobody serves it
    ],
)
def test_other_alerts_make_none(desk: Desk, changes: dict[str, object], model: str) -> None:
    desk.intake.take(AlertReport(alert=alert(desk.clock, **changes), model=model))
    assert desk.flush() == ["alert"]
    about = desk.project.evidence()[-1].statement.subjects[0].sha256
    assert about == (MODEL if model == MODEL else desk.project.system)


def test_the_same_is_recorded_once_a_minute_and_written_each_time(desk: Desk) -> None:
    for _ in range(5):
        desk.intake.take(AlertReport(alert=alert(desk.clock, severity="low"), model=MODEL))
    assert desk.flush() == ["alert"]
    desk.intake.take(AlertReport(alert=alert(desk.clock, severity="medium"), model=MODEL))
    assert desk.flush() == ["alert"]  # graver: at once
    desk.clock.now += timedelta(seconds=61)
    desk.intake.take(AlertReport(alert=alert(desk.clock, severity="low"), model=MODEL))
    assert desk.flush() == ["alert"]
    assert len(read_alerts(desk.alerts)[0]) == 7


def test_a_flood_is_cut_in_the_ledger_alone(desk: Desk) -> None:
    for number in range(100):
        said = alert(desk.clock, client=f"client-{number}")
        desk.intake.take(AlertReport(alert=said, model=MODEL))
    assert len(desk.flush()) == bounds.ALERTS_PER_MINUTE
    assert len(read_alerts(desk.alerts)[0]) == 100
    assert desk.intake.counters["held_back"] == 100 - bounds.ALERTS_PER_MINUTE


def test_a_clock_that_is_set_back_keeps_nothing_waiting(desk: Desk) -> None:
    desk.clock.now += timedelta(hours=3)
    desk.intake.alarm(alert(desk.clock, severity="medium"))
    desk.intake.take(HeadReport(head=head(1)))
    assert sorted(desk.flush()) == ["alert", "decision-log"]
    desk.clock.now -= timedelta(hours=2)
    desk.intake.alarm(alert(desk.clock, severity="medium"))
    desk.intake.take(HeadReport(head=head(2)))
    assert sorted(desk.flush()) == ["alert", "decision-log"]


def test_windows_and_heads(desk: Desk) -> None:
    desk.intake.take(WindowReport(window=window(desk.clock), model=MODEL))
    desk.intake.take(WindowReport(window=window(desk.clock), model=MODEL))
    desk.intake.take(WindowReport(window=window(desk.clock, result="passed"), model=MODEL))
    desk.intake.take(WindowReport(window=window(desk.clock), model=OTHER))
    desk.intake.take(HeadReport(head=head(1)))
    desk.intake.take(HeadReport(head=head(7)))
    assert desk.flush() == ["monitor-window", "monitor-window", "decision-log"]
    said = desk.project.evidence()[-1].predicate
    assert isinstance(said, DecisionLogHead)
    assert said.seq == 7
    desk.intake.take(HeadReport(head=head(8)))
    assert not desk.intake.busy
    assert desk.flush() == []  # not yet
    assert desk.flush(last=True) == ["decision-log"]
    assert desk.flush(last=True) == []


def test_what_cannot_be_recorded_now_waits(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    place = desk.project.layout.state
    desk.intake.take(AlertReport(alert=alert(desk.clock), model=MODEL))
    monkeypatch.setattr(
        type(desk.project.layout), "state", property(lambda _: Path("/nowhere/at/all"))
    )
    desk.intake.flush(desk.project, signer=OWNER)
    assert desk.intake.busy
    assert "not on record yet" in desk.said[0]
    monkeypatch.undo()
    assert desk.project.layout.state == place
    assert desk.flush() == ["alert", "incident"]


def test_what_nobody_can_record_is_told_and_left_out(desk: Desk) -> None:
    desk.intake.take(AlertReport(alert=alert(desk.clock, severity="low"), model=MODEL))
    desk.clock.now += timedelta(days=3)  # it is dated of days ago by now
    desk.project.clock = desk.clock
    assert desk.flush() == []
    assert "cannot be recorded" in desk.said[0]
    assert not desk.intake.busy


NOW = system_clock()
TEXT = st.text(max_size=3000)


@given(
    text=TEXT,
    number=st.floats(),
    count=st.integers(),
    at=st.one_of(TEXT, st.just("2001-01-01T00:00:00Z")),
)
def test_any_alert_fits_into_a_statement(text: str, number: float, count: int, at: str) -> None:
    found = bounded_alert(
        Alert(
            id=text,
            detector="rate",
            severity="low",
            title=text,
            detail=text,
            client=text,
            correlation=text,
            statistic=number,
            threshold=number,
            n=count,
            atlas=(text, "AML.T0029", "AML.T0029.001") * 9,
            at=at,
        ),
        now=NOW,
    )
    encode_statement(Statement((subject("small", MODEL),), found))
    assert found.id
    assert found.title
    assert len(found.title) <= 200
    assert len(found.detail) <= 2000
    assert len(found.atlas) <= 8
    assert found.title.isprintable()
    assert found.statistic is None or math.isfinite(found.statistic)
    assert parse_time(found.at) == NOW


@given(seq=st.integers(), segment=TEXT, digest=TEXT)
def test_any_head_fits_or_is_left_out(seq: int, segment: str, digest: str) -> None:
    said = DecisionLogHead(gateway="g", segment=segment, seq=seq, head=digest, at="x")
    found = bounded_head(said, now=NOW)
    assert found is None  # a text of hypothesis is no digest
    good = bounded_head(
        DecisionLogHead(gateway="g", segment="s", seq=abs(seq), head="0" * 64, at="x"), now=NOW
    )
    assert good is not None or abs(seq) >= 2**53
    if good is not None:
        encode_statement(Statement((subject("small", MODEL),), good))


def test_a_window_of_no_time_is_left_out() -> None:
    clock = Fixed(NOW)
    assert bounded_window(window(clock, start="never"), now=NOW) is None
    later = format_time(NOW + timedelta(1))
    assert bounded_window(window(clock, start=later), now=NOW) is None
    assert bounded_window(window(clock), now=NOW) is not None


def test_the_journal_is_bounded(tmp_path: Path) -> None:
    clock = Fixed(NOW)
    heard: list[str] = []
    journal = Journal(tmp_path / "serve.log", clock=clock, also=heard.append)
    for _ in range(PACE + 50):
        journal.write("gateway", "a\x1b[2Jb")
    journal.say("mine")
    lines = journal.path.read_text().splitlines()
    assert len(lines) == PACE + 1
    assert "\x1b" not in journal.path.read_text()
    assert heard == ["mine"]
    clock.now += timedelta(seconds=11)
    journal.write("gateway", "again")
    assert "50 lines were left out" in journal.path.read_text()
    journal.path.write_bytes(b"x" * FILE_LIMIT)
    journal.write("gateway", "in a new file")
    assert journal.path.stat().st_size < 200
    assert (tmp_path / "serve.log.1").stat().st_size == FILE_LIMIT
