"""Children with real processes: restarted, told apart from liars, and never left over."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from sealwright.errors import CannotLook
from sealwright.project.serving import children
from sealwright.project.serving.children import Child, Launch, Trouble
from sealwright.traffic import HeadReport, Report

HEAD = """
import json, os, sys, threading, time
settings = json.loads(sys.stdin.readline())
def end():
    sys.stdin.read()
    farewell()
    os._exit(0)
def farewell(): pass
def say(line):
    print(line, flush=True)
def beat(ready=True, **counters):
    say(json.dumps({"type": "Heartbeat", "process": "x", "at": time.time(), "ready": ready,
                    "counters": counters}))
"""
STEADY = """
threading.Thread(target=end, daemon=True).start()
n = 0
while True:
    n += 1
    beat(beats=n)
    time.sleep(0.05)
"""
LATE_WORD = """
def farewell():
    say(json.dumps({"type": "HeadReport", "head": {"gateway": "g", "segment": "s", "seq": 7,
        "head": "0" * 64, "at": "2026-11-22T20:00:00.000000Z"}}))
"""


@dataclass
class House:
    """Whoever keeps a child."""

    reports: list[Report] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def child(self, script: str, *, heartbeat: float = 5.0) -> Child:
        argv = (sys.executable, "-c", HEAD + script)
        return self.of(lambda: Launch(argv=argv, settings=b"{}"), heartbeat=heartbeat)

    def of(self, launch: Callable[[], Launch], *, heartbeat: float = 5.0) -> Child:
        return Child(
            "stand-in",
            launch=launch,
            heartbeat_seconds=heartbeat,
            report=self.reports.append,
            trouble=self.troubles.append,
            words=self.words.append,
        )


@asynccontextmanager
async def running(child: Child) -> AsyncIterator[Child]:
    task = asyncio.create_task(child.run())
    try:
        yield child
    finally:
        child.stop()
        await asyncio.wait_for(task, 30)


async def until(condition: Callable[[], object], *, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def _restarted(child: Child, times: int) -> bool:
    return child.restarts >= times


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_child_becomes_ready_and_ends_when_it_is_stopped() -> None:
    async def play() -> None:
        house = House()
        child = house.child(LATE_WORD + STEADY)
        async with running(child):
            await until(lambda: child.known.ready and child.known.counters["beats"] > 1)
            pid = child.known.pid
        assert gone(pid)
        assert house.troubles == []
        # What it said after its standard input had ended was still heard.
        assert [report.head.seq for report in house.reports if isinstance(report, HeadReport)] == [
            7
        ]

    asyncio.run(play())


def test_a_killed_child_is_started_again() -> None:
    async def play() -> None:
        house = House()
        child = house.child(STEADY)
        async with running(child):
            for number in range(1, 4):
                await until(lambda: child.known.ready)
                pid = child.known.pid
                os.kill(pid, signal.SIGKILL)
                await until(partial(_restarted, child, number))
                assert gone(pid)
            await until(lambda: child.known.ready)
        assert [trouble.kind for trouble in house.troubles] == ["exited"] * 3
        assert "SIGKILL" in house.troubles[0].detail

    asyncio.run(play())


@pytest.mark.parametrize(
    "line",
    [
        "'all is well'",
        "'{}'",
        "'x' * 3_000_000",
        "json.dumps({'type': 'Heartbeat', 'process': 'x', 'at': 0, 'ready': 1})",
        "json.dumps({'type': 'Heartbeat', 'process': 'x', 'at': 0, 'ready': True,"
        " 'counters': {str(n): n for n in range(5000)}})",
    ],
)
def test_a_line_that_is_no_report_ends_the_child(line: str) -> None:
    async def play() -> None:
        house = House()
        child = house.child(f"beat()\nsay({line})\ntime.sleep(60)")
        async with running(child):
            await until(lambda: house.troubles)
            assert house.troubles[0].kind == "garbage"

    asyncio.run(play())


def test_a_silent_child_is_killed() -> None:
    async def play() -> None:
        house = House()
        child = house.child("beat()\ntime.sleep(60)", heartbeat=0.2)
        async with running(child):
            await until(lambda: child.known.pid and child.known.ready)
            pid = child.known.pid
            await until(lambda: house.troubles)
            assert house.troubles[0].kind == "silent"
            await until(lambda: gone(pid))

    asyncio.run(play())


def test_a_stopped_child_that_does_not_go_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "GRACE_SECONDS", 0.2)

    async def play() -> None:
        house = House()
        child = house.child("beat()\ntime.sleep(60)", heartbeat=30)
        async with running(child):
            await until(lambda: child.known.ready)
            pid = child.known.pid
        assert gone(pid)

    asyncio.run(play())


def test_a_child_that_never_lives_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "MOST_RESTARTS", 3)
    monkeypatch.setattr(children, "FIRST_PAUSE", 0.001)
    tried: list[int] = []

    def launch() -> Launch:
        tried.append(len(tried))
        if len(tried) % 2:
            raise CannotLook("its files are not there")
        return Launch(argv=("/nowhere/to/be/found",), settings=b"{}")

    async def play() -> None:
        house = House()
        child = house.of(launch)
        await asyncio.wait_for(child.run(), 30)
        assert child.given_up
        assert [trouble.kind for trouble in house.troubles] == ["start"] * 4 + ["given-up"]
        assert len(tried) == 4

    asyncio.run(play())


def test_later_settings_reach_the_child_once() -> None:
    script = """
beat(True)
for line in sys.stdin:
    settings = json.loads(line)
    beat(True, told=settings["n"])
"""

    async def play() -> None:
        house = House()
        child = house.child(script, heartbeat=60)
        async with running(child):
            await until(lambda: child.known.ready)
            child.tell(b'{"n": 1}')
            await until(lambda: child.known.counters.get("told") == 1)
            child.tell(b'{"n": 2}')
            await until(lambda: child.known.counters.get("told") == 2)

    asyncio.run(play())


def test_words_are_passed_on_and_cut() -> None:
    script = "sys.stderr.write('one\\ntwo' + 'x' * 100_000 + '\\n'); sys.stderr.flush()\n" + STEADY

    async def play() -> None:
        house = House()
        async with running(house.child(script)):
            await until(lambda: sum(map(len, house.words)) >= 100_006)
        assert house.words[0] == "one"
        assert max(map(len, house.words)) <= 3 * children.LONGEST_WORDS

    asyncio.run(play())


KEEPER = """
import asyncio, sys
from sealwright.project.serving.children import Child, Launch
from sealwright.traffic import Heartbeat
async def main():
    child = Child("c", launch=lambda: Launch(argv=(sys.executable, "-c", sys.argv[1]),
                  settings=b"{}"), heartbeat_seconds=30, report=print, trouble=print, words=print)
    task = asyncio.create_task(child.run())
    while not child.known.ready:
        await child.changed.wait()
        child.changed.clear()
    print(child.known.pid, flush=True)
    await task
asyncio.run(main())
"""


def test_a_killed_keeper_leaves_nothing_running() -> None:
    keeper = subprocess.Popen(
        [sys.executable, "-c", KEEPER, HEAD + STEADY], stdout=subprocess.PIPE, text=True
    )
    assert keeper.stdout is not None
    try:
        pid = int(keeper.stdout.readline())
        assert not gone(pid)
    finally:
        keeper.kill()
        keeper.wait()
        keeper.stdout.close()
    deadline = time.monotonic() + 30
    while not gone(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)
