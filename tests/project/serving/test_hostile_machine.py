"""What a hostile or unlucky machine does to a running installation, and what must hold."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sealwright.drill.processes import lives
from sealwright.errors import ForkError, SignatureError
from sealwright.project.core import Project
from sealwright.project.layout import Layout
from sealwright.project.resolve import model
from sealwright.project.serving.aside import aside
from sealwright.project.serving.grants import revoke_grant
from sealwright.project.serving.journal import Journal
from sealwright.project.serving.publish import NotInForce
from sealwright.project.serving.stopfile import read_stops
from sealwright.project.serving.visitors import MOST
from sealwright.project.serving.withdraw import revoke
from tests.cli.console import Console
from tests.project.factory import OWNER
from tests.project.serving.test_serve_publish import publisher
from tests.serving_house import FRONT, MODEL, OPERATOR, key
from tests.serving_running import Running, serving, until

ROW = [[1.0, 2.0]]


@contextmanager
def turn_taken(root: Path) -> Iterator[None]:
    """Somebody else is in, and stays."""
    descriptor = os.open(root / ".sealwright", os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def gateway_answers(running: Running, clara: str) -> int:
    """The status; 0 where nobody listens."""
    try:
        return running.ask(clara, ROW)[0]
    except OSError:
        return 0


def backup(root: Path, target: Path) -> None:
    """A copy of the ledger and its pin, as it is now."""
    target.mkdir()
    source = sqlite3.connect(root / ".sealwright/ledger.db")
    copy = sqlite3.connect(target / "ledger.db")
    source.backup(copy)
    copy.close()
    source.close()
    shutil.copy(root / ".sealwright/ledger.db.pin", target)


def put_back(root: Path, saved: Path) -> None:
    """Restores it over whatever is there."""
    for path in (root / ".sealwright").glob("ledger.db*"):
        path.unlink()
    for path in saved.iterdir():
        shutil.copy(path, root / ".sealwright")


def test_a_backup_that_was_put_back_and_grew_revives_nothing(house: Path, tmp_path: Path) -> None:
    each = publisher(house)
    backup(house, tmp_path / "saved")
    with Project.open(house) as project:
        revoke(project, model(project), reason="bad", signer=OPERATOR)
    assert not each.publish().opened.snapshot.models
    put_back(house, tmp_path / "saved")
    for name in ("carl", "cora", "cleo"):
        key(house, name)
    with pytest.raises(ForkError, match="does not begin"):
        each.size()
    with pytest.raises(ForkError, match="does not begin"):
        each.publish()
    each.close()


def test_a_key_that_is_not_in_force_signs_no_snapshot(house: Path) -> None:
    each = publisher(house)
    each.publish()
    Console(house)("keys", "revoke", FRONT, "--reason", "stolen", "--as", OWNER)
    with pytest.raises(NotInForce, match=FRONT):
        each.publish()
    each.close()


def test_serving_ends_with_the_installations_key(house: Path) -> None:
    clara = key(house)
    with serving(house) as running:
        assert running.ask(clara, ROW)[0] == 200
        known = running.children
        Console(house)("keys", "revoke", FRONT, "--reason", "stolen", "--as", OWNER)
        assert running.popen.wait(30) != 0
        assert not any(lives(each) for each in known)
    assert "not in force" in (house.parent / "serve.err").read_text()


def test_idle_connections_keep_no_operator_out(house: Path) -> None:
    olga = key(house, "olga", actions=("admin",))
    with serving(house) as running, ExitStack() as opened:
        address = urlsplit(running.admin)
        for _ in range(MOST + 20):
            idle = opened.enter_context(
                socket.create_connection((address.hostname or "", address.port or 0))
            )
            idle.sendall(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        status, _, said = running.operate("/admin/v1/stop", olga, {"name": MODEL, "reason": "odd"})
        assert (status, said["stopped"]) == (200, True)
        descriptors = len(os.listdir(f"/proc/{running.pid}/fd"))  # noqa: PTH208
        assert descriptors < MOST + 60


def test_a_stop_is_on_record_whatever_its_words(house: Path) -> None:
    olga = key(house, "olga", actions=("admin",))
    with serving(house) as running:
        entries = []
        for reason in ("r" * 5000, "a\u202eb\nc"):
            order = {"name": MODEL, "reason": reason}
            status, _, said = running.operate("/admin/v1/stop", olga, order)
            assert status == 200
            entries.append(len(said["entries"]))
        assert entries == [1, 0], "once stopped, it is stopped"


def test_it_ends_while_somebody_holds_the_ledger(house: Path) -> None:
    clara = key(house)
    with serving(house) as running:
        assert running.ask(clara, ROW)[0] == 200
        with turn_taken(house):
            os.kill(running.child("sealwright.phases.monitoring").pid, signal.SIGKILL)
            until(lambda: "monitor ended" in running.words())
            assert running.stop() == 0
    assert "not everything is on record" in running.words()


def test_a_pipe_for_a_stop_file_stops_everything_and_nobody_waits(house: Path) -> None:
    clara = key(house)
    layout = Layout(house)
    with serving(house) as running:
        assert running.ask(clara, ROW)[0] == 200
        os.mkfifo(layout.stop_file)
        until(lambda: running.ask(clara, ROW)[0] == 403)
        assert running.operate("/metrics")[0] == 200
        assert read_stops(layout).everything is not None


def test_a_removed_decision_log_is_noticed_and_begun_anew(house: Path) -> None:
    clara = key(house)
    folder = house / ".sealwright/serving/decisions"
    with serving(house) as running:
        assert running.ask(clara, ROW)[0] == 200
        for segment in folder.iterdir():
            segment.unlink()

        def asked() -> bool:
            running.ask(clara, ROW)
            return any(folder.iterdir())

        until(asked)
        alerts = house / ".sealwright/serving/alerts.jsonl"
        until(lambda: alerts.exists() and "was removed or changed" in alerts.read_text())
        status, headers, _ = running.ask(clara, ROW)
        assert status == 200
        assert headers["x-decision-id"] in "".join(each.read_text() for each in folder.iterdir())


def test_stopped_children_do_not_outlive_a_killed_controller(house: Path) -> None:
    with serving(house) as running:
        known = running.children
        for each in known:
            os.kill(each.pid, signal.SIGSTOP)
        running.popen.kill()
        running.popen.wait()
        until(lambda: not any(lives(each) for each in known))


def test_an_old_snapshot_is_not_taken_by_a_new_gateway(house: Path) -> None:
    clara = key(house)
    layout = Layout(house)
    with serving(house) as running:
        old = layout.snapshot.read_bytes()
        assert running.ask(clara, ROW)[0] == 200
        with Project.open(house) as project:
            revoke_grant(project, clara.split("_")[1], reason="left", signer=OPERATOR)
        until(lambda: running.ask(clara, ROW)[0] == 401)
        away = layout.ledger.with_name("away.db")
        layout.ledger.rename(away)
        until(lambda: "no new snapshot" in running.words())
        layout.snapshot.write_bytes(old)
        gateway = running.child("sealwright.phases.deployment.gateway")
        os.kill(gateway.pid, signal.SIGKILL)
        until(lambda: not lives(gateway))
        until(lambda: gateway_answers(running, clara))
        assert running.ask(clara, ROW)[0] == 503
        away.rename(layout.ledger)
        until(lambda: running.ask(clara, ROW)[0] == 401)


def test_a_terminal_that_is_gone_ends_nothing(tmp_path: Path) -> None:
    def gone(text: str) -> None:
        raise BrokenPipeError(32, text)

    journal = Journal(tmp_path / "serve.log", clock=lambda: datetime.now(UTC), also=gone)
    journal.say("a line")
    assert "a line" in journal.path.read_text()


def test_a_full_disk_under_standard_error_ends_nothing(house: Path) -> None:
    clara = key(house)
    with serving(house) as running:
        subprocess.run(["prlimit", "--pid", str(running.pid), "--fsize=0:0"], check=True)
        os.kill(running.child("sealwright.phases.monitoring").pid, signal.SIGKILL)
        time.sleep(1.0)  # as long as a word about it takes
        assert running.popen.poll() is None
        assert running.ask(clara, ROW)[0] == 200


def test_the_journal_goes_on_when_the_clock_is_set_back(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    journal = Journal(tmp_path / "serve.log", clock=lambda: now)
    for _ in range(300):
        journal.write("gateway", "many words")
    now -= timedelta(hours=1)
    journal.write("gateway", "after it")
    assert "after it" in journal.path.read_text()


def test_work_aside_is_answered_and_never_waited_for_at_the_end() -> None:
    assert asyncio.run(aside(lambda: 3)) == 3

    def fail() -> None:
        raise SignatureError("no")

    with pytest.raises(SignatureError):
        asyncio.run(aside(fail))
    held = threading.Event()

    async def impatient() -> None:
        async with asyncio.timeout(0.01):
            await aside(held.wait)

    with pytest.raises(TimeoutError):
        asyncio.run(impatient())
    assert all(each.daemon for each in threading.enumerate() if each.name == "aside")
    held.set()
