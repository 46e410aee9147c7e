"""The alert file and the ledger, told as one list."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from sealwright.clock import format_time
from sealwright.evidence.predicates.monitoring import Alert
from sealwright.evidence.statement import Statement, subject
from sealwright.phases.monitoring.alerts import AlertSink
from sealwright.project.alarms import alarms
from sealwright.project.core import Project
from tests.cli.console import Console
from tests.monitoring.test_ocsf import alert
from tests.project.factory import OWNER

MODEL = "ab" * 32


def record(project: Project, said: Alert, *, model: str = "") -> int:
    about = subject("small", model) if model else subject("small", project.system)
    return project.record(Statement((about,), said), signer=OWNER).index


def now(project: Project, **more: str) -> Alert:
    return alert(at=format_time(project.clock()), **more)


def test_each_alert_is_there_once_and_says_where_it_is_kept(started: Project) -> None:
    sink = AlertSink(started.layout.alerts)
    both = now(started, id="both", title="as the ledger has it")
    sink.write(msgspec.structs.replace(both, title="as the file has it"), model=MODEL)
    index = record(started, both, model=MODEL)
    sink.write(now(started, id="file", client="eve", correlation="drill-2"), model=MODEL)
    record(started, now(started, id="ledger", detector="drift", client=""))

    found = {alarm.id: alarm for alarm in alarms(started).alarms}
    assert [(a.id, a.in_file, a.entry is not None) for a in found.values()] == [
        ("both", True, True),
        ("file", True, False),
        ("ledger", False, True),
    ]
    assert found["both"].title == "as the ledger has it"
    assert found["both"].entry == index
    assert found["both"].model == found["file"].model == MODEL
    assert found["ledger"].model == ""
    assert [a.id for a in alarms(started, client="eve").alarms] == ["file"]
    assert [a.id for a in alarms(started, detector="drift").alarms] == ["ledger"]
    assert [a.id for a in alarms(started, correlation="drill-2").alarms] == ["file"]
    assert [a.id for a in alarms(started, limit=2).alarms] == ["file", "ledger"]
    assert alarms(started, client="nobody").alarms == ()


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b"[]",
        b"null",
        b"\xff\xff",
        b'{"evidences": [], "time": 1}',
        b'{"evidences": [{"data": {"response": 1}}], "time": 1e400}',
        b'{"evidences": "no"}',
        b"{" * 500,
    ],
)
def test_a_line_that_is_none_of_ours_is_counted(started: Project, line: bytes) -> None:
    sink = AlertSink(started.layout.alerts)
    sink.write(now(started))
    with started.layout.alerts.open("ab") as file:
        file.write(line + b"\n")
    found = alarms(started)
    assert len(found.alarms) == 1
    assert found.unreadable == 1


def test_the_command_shows_them(started: Project) -> None:
    sealwright = Console(started.layout.root)
    assert "nobody was alarmed yet" in sealwright("alert", "list").out
    sink = AlertSink(started.layout.alerts)
    sink.write(now(started, id="0123", title="nasty \x1b[2J title"))
    index = record(started, now(started, id="0123", title="nasty \x1b[2J title"))
    answer = sealwright("alert", "list")
    assert f"entry {index}" in answer.out
    assert "trace drill-1" in answer.out
    assert "\x1b" not in answer.out
    value = sealwright.json("alert", "list", "--client", "mallory")
    assert value["unreadable_lines"] == 0
    (only,) = value["alerts"]
    assert (only["id"], only["entry"], only["in_file"]) == ("0123", index, True)
    assert sealwright.json("alert", "list", "--client", "eve")["alerts"] == []


def test_the_command_outside_of_a_project_could_not_look(tmp_path: Path) -> None:
    assert "error" in Console(tmp_path)("alert", "list", expect=3).err
