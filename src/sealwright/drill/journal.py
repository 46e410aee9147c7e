"""What a run of drills is about to make, written down before it is made, and made undone again.

One file per run in the user's state folder: the folder, and every process and port as soon as there
is one. It is deleted when nothing of the run is left; one that is found later tells `recover` what
a run that was killed left behind.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

import msgspec

from sealwright.drill import processes
from sealwright.drill.processes import MARK, Process
from sealwright.errors import CannotLook, Refused
from sealwright.files import write_atomically

FOLDER: Final = "drills"
"""Below the user's state folder."""
PREFIX: Final = "sealwright-drill-"
SEAL: Final = ".drill"
"""File in a run's folder that says whose it is: nothing else is ever deleted."""
_MAX_BYTES: Final = 1 << 20
_RUN: Final = re.compile(r"[0-9a-f]{8}")


class Written(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The journal's file."""

    run: str
    maker: Process
    """Who runs the drills."""
    folder: str
    processes: tuple[Process, ...] = ()
    ports: tuple[int, ...] = ()


@dataclass(slots=True)
class Journal:
    """The journal of one run, while it lasts."""

    path: Path
    written: Written
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def run(self) -> str:
        """The run's id."""
        return self.written.run

    @property
    def folder(self) -> Path:
        """Everything that the run makes lies here."""
        return Path(self.written.folder)

    def note(self, *, process: Process | None = None, port: int | None = None) -> None:
        """Adds what has just been made; durable when this returns."""
        known = self.written
        self.written = msgspec.structs.replace(
            known,
            processes=(*known.processes, *([process] if process else [])),
            ports=(*known.ports, *([port] if port else [])),
        )
        self._write()

    def start(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        stdin: int = subprocess.DEVNULL,
        stdout: int | IO[bytes] = subprocess.DEVNULL,
        stderr: int | IO[bytes] = subprocess.DEVNULL,
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Starts a process that bears the run's mark, and notes it."""
        child = subprocess.Popen(
            list(command),
            cwd=cwd,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env={**os.environ, **(environment or {}), MARK: self.run},
        )
        self.children.append(child)
        known = processes.process(child.pid)
        if known is not None:
            self.note(process=known)
        return child

    def stop(self) -> None:
        """Ends every process that this run started, by its id, and what they left behind."""
        for known in {*self.written.processes, *processes.marked(self.run)}:
            processes.kill(known)
        for child in self.children:
            with suppress(subprocess.TimeoutExpired):
                child.wait(10)
            for stream in (child.stdin, child.stdout, child.stderr):
                if stream is not None:
                    with suppress(OSError):
                        stream.close()
        self.children.clear()

    def close(self) -> tuple[str, ...]:
        """Ends and deletes everything; what is left after that, in words. Gone with the last."""
        self.stop()
        left = _delete(self.written)
        if not left:
            self.path.unlink(missing_ok=True)
        return left

    def _write(self) -> None:
        write_atomically(self.path, msgspec.json.encode(self.written), mode=0o600)


def begin(state: Path, run: str) -> Journal:
    """Writes the journal of a run, then makes its folder, which only its owner may read."""
    maker = processes.process(os.getpid())
    assert maker is not None
    folder = Path(tempfile.gettempdir()).resolve() / f"{PREFIX}{run}"
    journal = Journal(
        state / FOLDER / f"{run}.json", Written(run=run, maker=maker, folder=str(folder))
    )
    journal._write()
    folder.mkdir(mode=0o700)
    (folder / SEAL).write_text(run, encoding="ascii")
    return journal


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What was undone of a run that did not end by itself."""

    run: str
    alive: bool
    """Somebody is still at it: nothing was touched."""
    killed: tuple[Process, ...] = ()
    deleted: str = ""
    """The folder, if it was still there."""
    left: tuple[str, ...] = ()
    """What could not be undone, in words; empty is the proof."""


def recover(state: Path) -> tuple[Recovered, ...]:
    """Undoes what runs that were killed left behind, as their journals say.

    A process is killed only if it bears the run's mark, or is below one that does, whatever the
    journal names: ids and start times come again after a reboot, and a journal is a file like any
    other. A folder is deleted only if it is sealed as that run's. CannotLook for a journal that
    cannot be read.
    """
    return tuple(_recover(path) for path in sorted((state / FOLDER).glob("*.json")))


def _recover(path: Path) -> Recovered:
    written = _read(path)
    if processes.lives(written.maker):
        return Recovered(run=written.run, alive=True)
    doomed = processes.marked(written.run)
    doomed |= {child for known in doomed for child in processes.below(known.pid)}
    left = [f"process {known.pid} lives" for known in sorted(doomed) if not processes.kill(known)]
    there = Path(written.folder).exists()
    left += _delete(written)
    if not left:
        path.unlink()
    return Recovered(
        run=written.run,
        alive=False,
        killed=tuple(sorted(doomed)),
        deleted=written.folder if there else "",
        left=tuple(left),
    )


def _read(path: Path) -> Written:
    try:
        with path.open("rb") as file:
            written = msgspec.json.decode(file.read(_MAX_BYTES), type=Written)
    except (OSError, msgspec.MsgspecError) as error:
        raise CannotLook(
            f"{path}: cannot be read: {error}", advice="look at it, then delete it yourself"
        ) from error
    if not _RUN.fullmatch(written.run) or path.stem != written.run:
        raise CannotLook(f"{path}: is not the journal of a run", advice="delete it yourself")
    return written


def _delete(written: Written) -> tuple[str, ...]:
    """Deletes the run's folder; what is left of it, in words. Refused for a folder of others."""
    folder = Path(written.folder)
    try:
        kind = folder.lstat()
    except FileNotFoundError:
        return ()
    ours = folder.name == f"{PREFIX}{written.run}" and stat.S_ISDIR(kind.st_mode)
    if not ours or kind.st_uid != os.geteuid() or not _sealed(folder, written.run):
        raise Refused(
            f"{folder}: is not the folder of run {written.run}; nothing was deleted",
            advice="look at it, then delete it and the journal yourself",
        )
    discard(folder)
    return (f"folder {folder} is still there",) if folder.exists() else ()


def discard(folder: Path) -> None:
    """Deletes a folder of a run as far as that is possible; a snapshot sees what is left."""
    shutil.rmtree(folder, ignore_errors=True)


def _sealed(folder: Path, run: str) -> bool:
    """Whether the folder says that it is this run's; an empty one was never used."""
    try:
        return (folder / SEAL).read_text(encoding="ascii") == run
    except (OSError, UnicodeDecodeError):
        return not any(folder.iterdir())
