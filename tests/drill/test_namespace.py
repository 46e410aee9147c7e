"""The proof of clean-up sees whatever is left."""

from __future__ import annotations

import socket
import subprocess
import sys

from sealwright.clock import format_time
from sealwright.drill import namespace, processes, results
from sealwright.drill.declaration import Declaration, Drill, Scene, Sight
from sealwright.drill.journal import Journal
from sealwright.drill.run import run
from sealwright.evidence.predicates.operation import DrillResult
from sealwright.evidence.statement import Statement, subject
from sealwright.project.core import Project
from tests.drill.test_journal import SLEEPER


def _left(project: Project, written: Journal, before: namespace.Snapshot) -> list[str]:
    after = namespace.snapshot(project, written.folder, written.run)
    return namespace.differences(before, after, project=project, run=written.run)


def test_nothing_changed_is_no_difference(user: Project, prepared: Journal) -> None:
    before = namespace.snapshot(user, prepared.folder, prepared.run)
    assert _left(user, prepared, before) == []


def test_files_processes_ports_and_changes_are_seen(user: Project, prepared: Journal) -> None:
    before = namespace.snapshot(user, prepared.folder, prepared.run)
    (prepared.folder / "loot").write_text("x")
    child = subprocess.Popen(SLEEPER)
    (user.layout.keys / "new.pem").write_text("x")
    with socket.create_server(("127.0.0.1", 0)):
        left = _left(user, prepared, before)
    child.kill()
    child.wait()
    assert [line.split()[0] for line in left[:3]] == ["file", "process", "port"]
    assert f"process {child.pid} is left" in left
    assert any("new.pem of your installation has changed" in line for line in left)
    assert len(left) == 4


def test_an_entry_of_the_drill_in_the_users_ledger_is_seen(
    user: Project, prepared: Journal
) -> None:
    before = namespace.snapshot(user, prepared.folder, prepared.run)

    def record(correlation: str) -> None:
        said = DrillResult(
            id="X", verdict="error", correlation=correlation, at=format_time(user.clock())
        )
        user.record(Statement((subject("small", user.system),), said), signer="mina")

    record("somebody-elses")
    assert _left(user, prepared, before) == []
    record(f"dat-01-{prepared.run}-attack")
    (found,) = _left(user, prepared, before)
    assert found.endswith("of your ledger is the drill's")


def test_what_is_left_fails_the_drill(user: Project, prepared: Journal) -> None:
    """Here something escapes the journal, which would have ended it."""
    escaped: list[subprocess.Popen[bytes]] = []

    def leave(scene: Scene) -> None:
        (scene.folder.parent / "loot").write_text("x")
        escaped.append(subprocess.Popen(SLEEPER, env={"PATH": "/usr/bin"}, cwd="/"))

    def look(_: Sight) -> tuple[()]:
        return ()

    declaration = Declaration(
        id="TST-01",
        title="t",
        atlas=(),
        attack="",
        twin="",
        prevention="",
        detection="",
        cleanup="",
    )
    drill = Drill(declaration=declaration, attack=leave, twin=lambda _: None, look=look)
    outcome = run(user, drill, written=prepared)
    for each in escaped:
        each.kill()
        each.wait()
    (prepared.folder / "loot").unlink()
    assert set(outcome.left) == {"file loot is left", f"process {escaped[0].pid} is left"}
    assert not outcome.cleaned
    said = results.record(user, outcome, signer="mina").predicate
    assert isinstance(said, DrillResult)
    assert not said.cleaned
    assert not results.passed(said)


def test_listening_sees_ports_of_others() -> None:
    code = (
        "import socket, sys; s = socket.create_server(('127.0.0.1', 0));"
        "print(s.getsockname()[1], flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        port = int(child.stdout.readline())
        (found,) = processes.listening({child.pid})
        assert found.endswith(f":{port:04X}")
