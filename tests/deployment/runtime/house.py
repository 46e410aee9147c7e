"""A model's folder, settings for it, and real runtime processes to ask."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from sealwright.evidence.predicates.serving import Contract
from sealwright.evidence.tree import identify
from sealwright.phases.deployment.runtime import isolate
from sealwright.phases.deployment.settings import RuntimeSettings, runtime_socket
from sealwright.sandbox.interface import Level
from sealwright.traffic import Heartbeat, decode_report
from tests.project.factory import model_bytes

LEVELS: tuple[Level, ...] = ("bubblewrap", "landlock")
SECONDS = 30.0
"""How long a test waits for what must happen."""


@dataclass
class Running:
    """A runtime process, as a controller holds it."""

    process: subprocess.Popen[bytes]
    settings: RuntimeSettings
    level: Level

    def beat(self) -> Heartbeat:
        """The next heartbeat."""
        assert self.process.stdout is not None
        report = decode_report(self.process.stdout.readline())
        assert isinstance(report, Heartbeat)
        return report

    def end(self) -> tuple[int, str]:
        """Its status and its words, once its input has ended."""
        _, words = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, words.decode()


def make_folder(folder: Path, *, model: bytes | None = None) -> Path:
    """A model's folder with two files."""
    (folder / "notes").mkdir(parents=True)
    (folder / "model.onnx").write_bytes(model_bytes() if model is None else model)
    (folder / "notes" / "profile.json").write_text("{}", encoding="utf-8")
    return folder


def settings_of(
    folder: Path, sockets: Path, *, features: Sequence[str] = ("a", "b"), **changes: Any
) -> RuntimeSettings:
    """Settings that admit the folder as it is."""
    artifact = identify(folder)
    told: dict[str, Any] = {
        "digest": artifact.digest,
        "folder": str(folder),
        "files": artifact.files,
        "contract": Contract(
            name="small",
            model_file="model.onnx",
            features=tuple(features),
            positive=1,
            at="2026-11-22T20:00:00Z",
        ),
        "socket": runtime_socket(str(sockets), artifact.digest),
    }
    return RuntimeSettings(**(told | changes))


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder whose path leaves room for a socket's name."""
    folder = Path(tempfile.mkdtemp(prefix="sw-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def started(
    settings: RuntimeSettings, *, level: Level | None = None, line: bytes | None = None
) -> Iterator[Running]:
    """A process with its settings told (or `line` instead of them)."""
    argv, env, reached = isolate.command(settings, level=level)
    process = subprocess.Popen(
        argv, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with process:
        assert process.stdin is not None
        process.stdin.write(msgspec.json.encode(settings) + b"\n" if line is None else line)
        process.stdin.flush()
        try:
            yield Running(process, settings, reached)
        finally:
            if process.poll() is None:
                process.kill()


class _Connection(http.client.HTTPConnection):
    def __init__(self, place: str) -> None:
        super().__init__("runtime", timeout=SECONDS)
        self._place = place

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(SECONDS)
        self.sock.connect(self._place)


def ask(
    settings: RuntimeSettings, path: str, body: bytes = b"", *, method: str = ""
) -> tuple[int, Any]:
    """Status and decoded answer."""
    connection = _Connection(settings.socket)
    try:
        connection.request(method or ("POST" if body else "GET"), path, body or None)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def infer(settings: RuntimeSettings, rows: Sequence[Sequence[float]]) -> tuple[int, Any]:
    """Asks for scores."""
    return ask(settings, "/v2/models/small/infer", request(rows))


def request(rows: Sequence[Sequence[float]], **changes: Any) -> bytes:
    """The body of a request; `changes` are of its tensor."""
    tensor = {
        "name": "features",
        "shape": [len(rows), len(rows[0])],
        "datatype": "FP64",
        "data": [value for row in rows for value in row],
    }
    return json.dumps({"inputs": [tensor | changes]}).encode()


def refused(settings: RuntimeSettings) -> bool:
    """Whether nobody listens on the socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(settings.socket)
        except (ConnectionRefusedError, FileNotFoundError):
            return True
        return False


def wait_until(condition: Callable[[], bool], *, what: str) -> None:
    """Returns when it holds; fails after half a minute."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether a process runs (zombies do not)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] not in "ZX"


def below(pid: int) -> list[int]:
    """A process and all its descendants."""
    found, pending = [pid], [pid]
    while pending:
        current = pending.pop()
        try:
            tasks = list(Path("/proc", str(current), "task").iterdir())
        except OSError:
            continue
        for task in tasks:
            place = task / "children"
            children = [int(word) for word in place.read_text().split()] if place.exists() else []
            found += children
            pending += children
    return found
