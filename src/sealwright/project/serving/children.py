"""Child processes of a serving installation: started, listened to, restarted, never left over.

A child gets one JSON line on its standard input, which stays open: when the controller dies, in any
way, the kernel closes it and the child ends. It reports on standard output, strictly; what it
says in words on standard error goes to the serving log.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Literal

from sealwright.errors import MalformedError, SealwrightError
from sealwright.traffic import Heartbeat, Report, decode_report

LONGEST_REPORT: Final = 1024 * 1024
LONGEST_WORDS: Final = 8 * 1024
MOST_NUMBERS: Final = 1000
"""Counters and gauges in one heartbeat."""
START_SECONDS: Final = 60.0
"""How long a child may take to its first heartbeat."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 10.0
"""Seconds before the first restart and before each one after many."""
STEADY_SECONDS: Final = 5.0
"""A child that was ready for so long begins with the first pause again."""
MOST_RESTARTS, RESTARTS_WITHIN = 20, 60.0
"""More restarts than this within so many seconds, and the child is given up."""
GRACE_SECONDS: Final = 5.0
"""Between the end of a child's standard input and its being killed."""
_TICK: Final = 0.1
_AWAY: Final = 1.0
_GONE: Final = 0.005

TroubleKind = Literal["silent", "exited", "garbage", "start", "given-up"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a child is not there, or not any more."""

    child: str
    kind: TroubleKind
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What to start. `env` None: the controller's own environment."""

    argv: tuple[str, ...]
    settings: bytes
    """First line of its standard input, without the line's end."""
    env: Mapping[str, str] | None = None


@dataclass(slots=True, kw_only=True)
class Known:
    """What the last heartbeat of a child's present process said."""

    ready: bool = False
    pid: int = 0
    counters: dict[str, float] = field(default_factory=dict)
    gauges: dict[str, float] = field(default_factory=dict)


class Child:
    """One child and its successors. `run` it as a task; `stop` ends it."""

    def __init__(
        self,
        name: str,
        *,
        launch: Callable[[], Launch],
        heartbeat_seconds: float,
        report: Callable[[Report], None],
        trouble: Callable[[Trouble], None],
        words: Callable[[str], None],
    ) -> None:
        self.name = name
        self.known = Known()
        self.restarts = 0
        self.given_up = False
        self.changed = asyncio.Event()
        """Set whenever `known` or `given_up` changed; whoever waits clears it."""
        self._launch = launch
        self._patience = 2 * heartbeat_seconds
        self._report, self._trouble, self._words = report, trouble, words
        self._stopping = asyncio.Event()
        self._killed_for = ""
        self._process: asyncio.subprocess.Process | None = None
        self._heard = 0.0
        self._beaten = False
        self._settings: bytes | None = None

    async def run(self) -> None:
        """Until `stop`, or until it died too often."""
        pauses, deaths = 0, deque[float]()
        while not self._stopping.is_set():
            trouble = await self._live()
            now = asyncio.get_running_loop().time()
            was_ready, self.known = self.known.ready, Known()
            self.changed.set()
            if self._stopping.is_set():
                return
            self._trouble(trouble)
            deaths.append(now)
            while deaths and now - deaths[0] > RESTARTS_WITHIN:
                deaths.popleft()
            if len(deaths) > MOST_RESTARTS:
                self.given_up = True
                self.changed.set()
                self._trouble(Trouble(self.name, "given-up", f"{len(deaths)} times in a minute"))
                return
            steady = was_ready and now - self._began >= STEADY_SECONDS
            pauses = 0 if steady else pauses + 1
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** max(0, pauses - 1))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            self.restarts += 1

    def stop(self) -> None:
        """Ends its standard input and waits a little; `run` returns when it is gone."""
        self._stopping.set()

    def kill(self, why: str) -> None:
        """Kills the present process; a successor is started unless `stop` was called."""
        self._killed_for = why
        if self._process is not None:
            _kill(self._process)

    def tell(self, settings: bytes) -> None:
        """Sends a later settings line to a process that is there; a successor asks `launch`."""
        process = self._process
        if process is not None and process.stdin is not None and settings != self._settings:
            self._settings = settings
            process.stdin.write(settings + b"\n")

    _began = 0.0

    async def _live(self) -> Trouble:
        """One process from its start to its end, and why it ended."""
        self._began = asyncio.get_running_loop().time()
        self._killed_for = ""
        try:
            # What to start is worked out beside the loop; the process is started by this thread,
            # since Linux tells the death of the thread that started it.
            launch = await asyncio.to_thread(self._launch)
            process, pipes = await _started(launch)
        except SealwrightError as error:
            return Trouble(self.name, "start", error.message)
        except OSError as error:
            return Trouble(self.name, "start", f"cannot be started: {error.strerror}")
        self._process = process
        self._heard, self._beaten = asyncio.get_running_loop().time(), False
        self.known = Known(pid=process.pid)
        self.changed.set()
        try:
            self.tell(launch.settings)
            return await self._attend(process)
        finally:
            self._process, self._settings = None, None
            _kill(process)
            # First its end, then its pipes: `close` would take the end away from who waits for it,
            # and `wait` waits for the pipes, too, which somebody else may hold.
            while pipes.get_returncode() is None:
                await asyncio.sleep(_GONE)
            pipes.close()

    async def _attend(self, process: asyncio.subprocess.Process) -> Trouble:
        assert process.stdout is not None
        assert process.stderr is not None
        reports = asyncio.create_task(self._listen(process.stdout))
        words = asyncio.create_task(self._note(process.stderr))
        watch = asyncio.create_task(self._watch())
        stopping = asyncio.create_task(self._stopping.wait())
        tasks = {reports, words, watch, stopping}
        try:
            done, _ = await asyncio.wait(
                {reports, watch, stopping}, return_when=asyncio.FIRST_COMPLETED
            )
            if stopping in done and reports not in done:
                if process.stdin is not None:
                    process.stdin.close()
                await asyncio.wait({reports}, timeout=GRACE_SECONDS)
                return Trouble(self.name, "exited", "it was stopped")
            if watch in done:
                return watch.result()
            trouble = reports.result()
            if trouble is not None:
                return trouble
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 1.0)
            await asyncio.wait({words}, timeout=0.5)
            return Trouble(self.name, "exited", self._killed_for or _how(process.returncode))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self, stream: asyncio.StreamReader) -> Trouble | None:
        """Takes reports until they end (None) or are none (Trouble)."""
        try:
            async for line in _lines(stream, longest=LONGEST_REPORT):
                report = decode_report(line)
                self._heard = asyncio.get_running_loop().time()
                if isinstance(report, Heartbeat):
                    self._beat(report)
                else:
                    self._report(report)
        except MalformedError as error:
            return Trouble(self.name, "garbage", error.message)
        return None

    def _beat(self, beat: Heartbeat) -> None:
        if len(beat.counters) + len(beat.gauges) > MOST_NUMBERS:
            raise MalformedError(f"a heartbeat with more than {MOST_NUMBERS} numbers")
        self._beaten = True
        self.known.ready = beat.ready
        self.known.counters, self.known.gauges = dict(beat.counters), dict(beat.gauges)
        self.changed.set()

    async def _note(self, stream: asyncio.StreamReader) -> None:
        """Passes its words on, cut where they are too long."""
        left = b""
        while data := await stream.read(LONGEST_WORDS):
            *whole, left = (left + data).split(b"\n")
            if len(left) > LONGEST_WORDS:
                whole, left = [*whole, left], b""
            for line in whole:
                self._words(line.decode(errors="replace"))
        if left:
            self._words(left.decode(errors="replace"))

    async def _watch(self) -> Trouble:
        """Returns once the child has been silent for too long."""
        clock = asyncio.get_running_loop().time
        looked = clock()
        while True:
            await asyncio.sleep(_TICK)
            now = clock()
            if now - looked > _AWAY:
                self._heard = now  # it was we who were away: it may have spoken meanwhile
            looked = now
            patience = self._patience if self._beaten else max(START_SECONDS, self._patience)
            if now - self._heard > patience:
                return Trouble(self.name, "silent", f"nothing was heard for {patience:g} s")


async def _lines(stream: asyncio.StreamReader, *, longest: int) -> AsyncIterator[bytes]:
    """Whole lines; MalformedError for one that is too long or is cut off by the end."""
    left = bytearray()
    while data := await stream.read(64 * 1024):
        left += data
        *whole, rest = left.split(b"\n")
        for line in whole:
            if len(line) > longest:
                raise MalformedError(f"a report of {len(line)} bytes; at most {longest}")
            yield bytes(line)
        left = bytearray(rest)
        if len(left) > longest:
            raise MalformedError(f"a report of more than {longest} bytes")
    # A line without its end was being written when the process died: nobody can read it.


def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # it leads a session of its own


async def _started(
    launch: Launch,
) -> tuple[asyncio.subprocess.Process, asyncio.SubprocessTransport]:
    """The process, and its pipes' transport: closing that is the only way to let go of them while
    somebody else still holds the other end."""
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.subprocess_exec(
        lambda: asyncio.subprocess.SubprocessStreamProtocol(limit=64 * 1024, loop=loop),
        *launch.argv,
        env=launch.env,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C on a terminal is ours alone
    )
    return asyncio.subprocess.Process(transport, protocol, loop), transport


def _how(code: int | None) -> str:
    if code is None:
        return "it closed its standard output"
    if code < 0:
        with suppress(ValueError):
            return f"it was killed ({signal.Signals(-code).name})"
    return f"it ended with exit code {code}"
