"""The real monitor process, and a gateway's end of its socket."""

from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TypeVar

import msgspec

from sealwright.clock import system_clock
from sealwright.lifecycle.model import Monitoring
from sealwright.phases.monitoring.settings import MonitorSettings, WatchedModel
from sealwright.traffic import (
    AlertReport,
    Batch,
    FrameReader,
    Heartbeat,
    Observation,
    Report,
    Restriction,
    decode_report,
    frame,
)
from tests.monitoring.clients.world import DIGEST, Numbers, observed, patients

PATIENCE = 60.0
R = TypeVar("R", bound=Report)


def settings(folder: Path, *, models: tuple[WatchedModel, ...] | None = None) -> MonitorSettings:
    watched = WatchedModel(digest=DIGEST, name="small", profile=patients().profile)
    return MonitorSettings(
        socket=str(folder / "monitor.sock"),
        state=str(folder / "accounts"),
        secret="5a" * 32,
        monitoring=Monitoring(heartbeat_seconds=0.2, response="throttle"),
        models=(watched,) if models is None else models,
    )


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder whose name is short enough for a socket's path."""
    with tempfile.TemporaryDirectory(prefix="sw-") as folder:
        yield Path(folder)


class Running:
    """A monitor that was started; `close` ends its standard input."""

    def __init__(self, told: MonitorSettings) -> None:
        self.told = told
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sealwright.phases.monitoring"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.reports: queue.Queue[Report] = queue.Queue()
        self._passed: list[Report] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.tell(told)
        self.heartbeat()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.reports.put(decode_report(line))

    def tell(self, told: MonitorSettings) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(msgspec.json.encode(told) + b"\n")
        self.process.stdin.flush()

    def wait(self, kind: type[R], good: Callable[[R], bool] = lambda report: True) -> R:
        """The first report of a kind that is as it should be; other ones wait their turn."""
        for number, known in enumerate(self._passed):
            if isinstance(known, kind) and good(known):
                del self._passed[number]
                return known
        end = monotonic() + PATIENCE
        while True:
            report = self.reports.get(timeout=max(0.01, end - monotonic()))
            if isinstance(report, kind) and good(report):
                return report
            if not isinstance(report, Heartbeat):
                self._passed.append(report)

    def heartbeat(self, good: Callable[[Heartbeat], bool] = lambda report: True) -> Heartbeat:
        return self.wait(Heartbeat, good)

    def alert(self, detector: str) -> AlertReport:
        return self.wait(AlertReport, lambda report: report.alert.detector == detector)

    def close(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.close()
        code = self.process.wait(PATIENCE)
        self._end()
        return code

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)
        self._end()

    def words(self) -> str:
        """What it wrote to standard error; call it after its end."""
        return self.said

    said = ""

    def _end(self) -> None:
        self._reader.join(PATIENCE)
        assert self.process.stderr is not None
        self.said = self.process.stderr.read().decode()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            with_error = stream is self.process.stdin
            try:
                stream.close()
            except BrokenPipeError:
                assert with_error


@contextmanager
def running(told: MonitorSettings) -> Iterator[Running]:
    monitor = Running(told)
    try:
        yield monitor
    finally:
        if monitor.process.poll() is None:
            monitor.kill()


class Gateway:
    """A gateway's end: sends batches, takes restrictions."""

    def __init__(self, told: MonitorSettings) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(told.socket)
        self._frames = FrameReader()
        self._came: list[Restriction] = []

    def send(self, *observations: Observation, dropped: int = 0) -> None:
        self.socket.sendall(frame(Batch(observations=observations, dropped=dropped)))

    def ask(self, client: str, rows: Numbers, **more: str) -> None:
        """One case after the other, in one batch."""
        now = system_clock().timestamp()
        self.send(
            *(
                observed(client, row[None], at=now, correlation=more.get("correlation", ""))
                for row in rows
            )
        )

    def restriction(self, good: Callable[[Restriction], bool]) -> Restriction:
        while True:
            for number, found in enumerate(self._came):
                if good(found):
                    del self._came[: number + 1]
                    return found
            self._came.clear()
            data = self.socket.recv(1 << 16)
            assert data, "the monitor closed the connection"
            for message in self._frames.feed(data):
                assert isinstance(message, Restriction)
                self._came.append(message)

    def is_closed(self) -> bool:
        """Waits until the monitor has closed the connection; restrictions are passed over."""
        try:
            while self.socket.recv(1 << 16):
                pass
        except ConnectionResetError:
            return True
        return True

    def close(self) -> None:
        self.socket.close()
