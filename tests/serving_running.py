"""A running `sealwright serve` as a process of its own, and callers of it; for tests.

    with serving(house) as running:
        status, answer = running.ask(key, [[1.0, 2.0]])

The process, and everything below it, is gone at the end, whatever the test did.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sealwright.drill.processes import Process, below, kill, lives, process
from sealwright.project.decision_logs import decisions_in
from sealwright.project.layout import Layout
from tests.cli.console import PROGRAM, Console

PATIENCE = 60.0
"""Seconds after which a test says that something never came."""


@dataclass
class Running:
    """What was started, and where it is reached."""

    root: Path
    popen: subprocess.Popen[str]
    url: str = ""
    admin: str = ""
    started: dict[str, Any] = field(default_factory=dict)

    @property
    def pid(self) -> int:
        """The controller."""
        return self.popen.pid

    @property
    def children(self) -> set[Process]:
        """Every process below the controller now."""
        return below(self.pid)

    def child(self, module: str) -> Process:
        """The newest process whose command line names this module: gateway, runtime, monitoring."""
        found = [each for each in self.children if module in command_line(each.pid)]
        return max(found, key=lambda each: (each.started, each.pid))

    def ask(
        self, key: str, rows: list[list[float]], *, name: str = "small", correlation: str = ""
    ) -> tuple[int, dict[str, str], Any]:
        """One inference on a connection of its own: status, headers in lower case, JSON."""
        headers = {"Content-Type": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        if correlation:
            headers["X-Correlation-Id"] = correlation
        return call(self.url, "POST", f"/v2/models/{name}/infer", body(rows), headers)

    def operate(
        self, path: str, key: str = "", order: Mapping[str, Any] | None = None
    ) -> tuple[int, dict[str, str], Any]:
        """A request to the admin listener: GET, or POST where there is an order."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        if order is None:
            return call(self.admin, "GET", path, None, headers)
        headers["Content-Type"] = "application/json"
        return call(self.admin, "POST", path, json.dumps(order).encode(), headers)

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(PATIENCE)

    def words(self) -> str:
        """The serving log, for messages of failed tests."""
        place = self.root / ".sealwright/serving/serve.log"
        return place.read_text() if place.exists() else ""


def body(rows: list[list[float]]) -> bytes:
    """An inference request."""
    tensor = {
        "name": "features",
        "shape": [len(rows), len(rows[0])],
        "datatype": "FP64",
        "data": [value for row in rows for value in row],
    }
    return json.dumps({"inputs": [tensor]}).encode()


def call(
    url: str, method: str, path: str, content: bytes | None, headers: Mapping[str, str]
) -> tuple[int, dict[str, str], Any]:
    """One HTTP request; the answer's JSON, or its text where it is none."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE)
    try:
        connection.request(method, path, body=content, headers=dict(headers))
        answer = connection.getresponse()
        text = answer.read().decode()
        said: Any = text
        with suppress(ValueError):
            said = json.loads(text)
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, said
    finally:
        connection.close()


def start(root: Path) -> Running:
    """Starts `sealwright serve` and reads where it is reached. End it with `finish`."""
    errors = (root.parent / "serve.err").open("ab")
    with errors:
        popen = subprocess.Popen(
            [PROGRAM, "serve", "--format", "json"],
            cwd=root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    running = Running(root, popen)
    assert popen.stdout is not None
    text = ""
    for line in popen.stdout:
        text += line
        if line == "}\n":
            break
    if not text:
        finish(running)
        raise AssertionError(f"it did not start: {(root.parent / 'serve.err').read_text()}")
    running.started = json.loads(text)
    running.url, running.admin = running.started["url"], running.started["admin"]
    return running


def finish(running: Running) -> None:
    """Ends it and everything below it."""
    known = running.children
    with suppress(ProcessLookupError):
        running.popen.terminate()
    try:
        running.popen.wait(20)
    except subprocess.TimeoutExpired:
        running.popen.kill()
        running.popen.wait()
    if running.popen.stdout is not None:
        running.popen.stdout.close()
    for each in known:
        kill(each)


@contextmanager
def serving(root: Path) -> Iterator[Running]:
    """A running installation; ended at the end."""
    running = start(root)
    try:
        yield running
    finally:
        finish(running)


@dataclass
class Load:
    """Callers that ask all the time, each in a thread; what they were answered."""

    running: Running
    key: str
    threads: int = 3
    answers: list[tuple[float, int, str, str]] = field(default_factory=list)
    """Monotonic seconds, status, decision id, error text."""
    broken: int = 0
    """Connections that broke: nothing was answered."""
    _stop: threading.Event = field(default_factory=threading.Event)
    _running: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Load:
        for number in range(self.threads):
            thread = threading.Thread(target=self._ask, args=(number,))
            thread.start()
            self._running.append(thread)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._running:
            thread.join()

    def count(self, status: int) -> int:
        """Answers with this status so far."""
        return sum(each[1] == status for each in list(self.answers))

    def _ask(self, number: int) -> None:
        draws = 0
        while not self._stop.is_set():
            draws += 1
            row = [(draws * 37 % 60) / 10 - 3.0, (draws * 11 % 60) / 10 - 3.0 + number / 100]
            try:
                status, headers, said = self.running.ask(self.key, [row])
            except (OSError, http.client.HTTPException):
                self.broken += 1
                time.sleep(0.02)
                continue
            error = said.get("error", "") if isinstance(said, dict) else ""
            self.answers.append((time.monotonic(), status, headers.get("x-decision-id", ""), error))


def until(condition: Callable[[], object], *, seconds: float = PATIENCE) -> None:
    """Waits for something that must come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def command_line(pid: int) -> str:
    """A process's arguments; empty where it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def all_gone(known: set[Process]) -> bool:
    """Whether none of these processes lives."""
    return not any(lives(each) for each in known)


def decision_ids(root: Path) -> set[str]:
    """Every id in the decision logs; TamperError or MalformedError where a chain is broken."""
    return {record.id for record in decisions_in(Layout(root).decision_log)}


def verified_decisions(root: Path) -> int:
    """Holds the logs to the heads that are on record; how many decisions there are."""
    said = Console(root).json("decisions", "verify")
    assert said["verified"] is True
    return sum(log["records"] for log in said["logs"])


def is_alive(pid: int) -> bool:
    """Whether a process with this id runs."""
    return process(pid) is not None


def free_of(root: Path) -> list[str]:
    """Command lines of processes that still have to do with this installation."""
    mine = os.getpid()
    return [
        text
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and int(entry.name) != mine
        if str(root) in (text := command_line(int(entry.name)))
    ]
