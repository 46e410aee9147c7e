"""What is left when a run of drills is killed, and that nothing else is ever touched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from sealwright.drill import journal, processes
from sealwright.drill.journal import PREFIX, SEAL, Written, begin, recover
from sealwright.drill.processes import MARK, Process
from sealwright.errors import CannotLook, Refused
from sealwright.project.core import Project

RUN = "0123abcd"
GONE = Process(2**22 - 1, 1)
"""No process: ids end below it."""

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


def written_by_hand(state: Path, **fields: object) -> Path:
    path = state / journal.FOLDER / f"{RUN}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = state.parent / f"{PREFIX}{RUN}"
    written = msgspec.structs.replace(Written(run=RUN, maker=GONE, folder=str(folder)), **fields)
    path.write_bytes(msgspec.json.encode(written))
    return path


def sealed(folder: Path) -> Path:
    folder.mkdir()
    (folder / SEAL).write_text(RUN)
    (folder / "something").write_text("x")
    return folder


def test_the_journal_is_there_before_the_folder_and_gone_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    made = Path.mkdir

    def spy(self: Path, *arguments: object, **options: object) -> None:
        if self.name.startswith(PREFIX):
            seen.append((tmp_path / journal.FOLDER / f"{RUN}.json").exists())
        made(self, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "mkdir", spy)
    written = begin(tmp_path, RUN)
    assert seen == [True]
    assert written.folder.stat().st_mode & 0o777 == 0o700
    assert written.close() == ()
    assert not written.folder.exists()
    assert list((tmp_path / journal.FOLDER).iterdir()) == []


def test_a_run_that_lives_is_left_alone(tmp_path: Path) -> None:
    written = begin(tmp_path, RUN)
    child = written.start(SLEEPER, cwd=written.folder)
    (found,) = recover(tmp_path)
    assert found.alive
    assert child.poll() is None
    assert written.folder.exists()
    assert written.close() == ()
    assert child.poll() == -signal.SIGKILL


def test_a_process_id_that_was_given_away_is_not_killed(tmp_path: Path) -> None:
    stranger = subprocess.Popen(SLEEPER)
    try:
        known = processes.process(stranger.pid)
        assert known is not None
        earlier = Process(known.pid, known.started - 1)
        path = written_by_hand(tmp_path, processes=(earlier,))
        (found,) = recover(tmp_path)
        assert found.killed == ()
        assert found.left == ()
        assert stranger.poll() is None
        assert not path.exists()
        assert processes.kill(earlier), "what was meant is gone"
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_journal_that_names_a_stranger_kills_nobody(tmp_path: Path) -> None:
    stranger = subprocess.Popen(SLEEPER)
    try:
        known = processes.process(stranger.pid)
        assert known is not None
        path = written_by_hand(tmp_path, processes=(known,))
        (found,) = recover(tmp_path)
        assert found.killed == ()
        assert stranger.poll() is None
        assert not path.exists()
    finally:
        stranger.kill()
        stranger.wait()


def test_a_process_that_was_not_yet_noted_is_known_by_its_mark(tmp_path: Path) -> None:
    child = subprocess.Popen(SLEEPER, env={**os.environ, MARK: RUN})
    other = subprocess.Popen(SLEEPER, env={**os.environ, MARK: "ffffffff"})
    try:
        while not processes.marked(RUN):
            time.sleep(0.01)
        written_by_hand(tmp_path)
        (found,) = recover(tmp_path)
        assert [known.pid for known in found.killed] == [child.pid]
        assert other.poll() is None
    finally:
        for each in (child, other):
            each.kill()
            each.wait()


def test_the_folder_of_a_dead_run_is_deleted(tmp_path: Path) -> None:
    folder = sealed(tmp_path / f"{PREFIX}{RUN}")
    written_by_hand(tmp_path / "state", folder=str(folder))
    (found,) = recover(tmp_path / "state")
    assert found.deleted == str(folder)
    assert not folder.exists()
    assert recover(tmp_path / "state") == ()


@pytest.mark.parametrize("how", ["name", "seal", "link", "file"])
def test_a_folder_that_is_not_the_runs_is_never_deleted(tmp_path: Path, how: str) -> None:
    folder = tmp_path / ("home" if how == "name" else f"{PREFIX}{RUN}")
    if how == "link":
        folder.symlink_to(sealed(tmp_path / "elsewhere"))
    elif how == "file":
        folder.write_text("mine")
    else:
        sealed(folder)
    if how == "seal":
        (folder / SEAL).write_text("ffffffff")
    path = written_by_hand(tmp_path / "state", folder=str(folder))
    with pytest.raises(Refused, match="nothing was deleted"):
        recover(tmp_path / "state")
    assert folder.exists()
    assert path.exists()
    if how == "link":
        assert (tmp_path / "elsewhere" / "something").exists()


@pytest.mark.parametrize("text", ["", "{}", '{"run":"../..","maker":{"pid":1,"started":1}}', "[]"])
def test_a_journal_that_cannot_be_read_is_told(tmp_path: Path, text: str) -> None:
    path = written_by_hand(tmp_path)
    path.write_text(text)
    with pytest.raises(CannotLook, match=RUN):
        recover(tmp_path)
    assert path.exists()


KILLED = """
import sys
from pathlib import Path
from sealwright.drill import run as running
from sealwright.drill.registry import DRILLS
from sealwright.project.core import Project
from sealwright.drill import installation
import shutil
installation.make = lambda root, **_: shutil.copytree(sys.argv[2], root)
with Project.open(sys.argv[1]) as project:
    (drill,) = [each for each in DRILLS if each.declaration.id == "MOD-05"]
    running.run_all(project, [drill], done=print)
"""


def test_recover_after_kill_9_in_the_middle(user: Project, base: Path) -> None:
    """MOD-05 runs a server and a sandbox; it is killed while the server listens."""
    root, state = user.layout.root, user.layout.state
    user.close()
    victim = subprocess.Popen([sys.executable, "-c", KILLED, str(root), str(base)])
    try:
        written = _wait_for_a_server(state, victim)
    finally:
        victim.kill()
        victim.wait()
    assert Path(written.folder).exists()
    (found,) = recover(state)
    assert not found.alive
    assert found.left == ()
    assert found.deleted == written.folder
    assert not Path(written.folder).exists()
    assert not any(processes.lives(known) for known in written.processes)
    assert processes.marked(written.run) == set()
    assert recover(state) == ()


def _wait_for_a_server(state: Path, victim: subprocess.Popen[bytes]) -> Written:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and victim.poll() is None:
        for path in (state / journal.FOLDER).glob("*.json"):
            written = msgspec.json.decode(path.read_bytes(), type=Written)
            if written.ports:
                return written
        time.sleep(0.02)
    raise AssertionError("the drill did not come so far")
