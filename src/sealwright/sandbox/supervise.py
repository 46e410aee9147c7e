"""Runs a command inside the walls and watches it until every process of it is dead.

One loop in the caller's thread: it answers judged system calls, reads the output streams, adds up
what the processes use, and kills the whole tree at the first excess. A reach for the network or for
hidden files is refused at once and ends the run half a second later, so that what was tried next is
on record, too.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import select
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from sealwright.clock import Clock
from sealwright.errors import CannotLook, Unsupported
from sealwright.sandbox import bubblewrap, landlock
from sealwright.sandbox import limits as resources
from sealwright.sandbox.choose import choose
from sealwright.sandbox.interface import Level, Log, SandboxOutcome, SandboxSpec
from sealwright.sandbox.judge import Judge
from sealwright.sandbox.plan import Plan, check, remove
from sealwright.sandbox.recorder import Recorder

TAIL_BYTES = 64 << 10
_TICK, _SCAN, _GRACE = 0.02, 0.2, 0.5  # seconds
_START_SECONDS, _DEATH_SECONDS = 60.0, 30.0
_CALLS_PER_TURN = 256


def run(
    spec: SandboxSpec, *, clock: Clock, level: Level | None = None, notify: bool = True
) -> SandboxOutcome:
    """Runs `spec.command` and returns what happened; every process it started is dead then.

    `level` forces one (default: the strongest that works here, see `choose`). Without `notify`,
    calls are not put to the supervisor, as on kernels before 5.0: less is recorded, the walls of
    bubblewrap are the same, and Landlock is refused.
    Raises Refused below `spec.minimum`, Unsupported and CannotLook if the walls cannot be built.
    """
    check(spec)
    reached = choose(spec.minimum, offered=None if level is None else (level,))
    scratch = Path(tempfile.mkdtemp(prefix=".sealwright-run-", dir=spec.output_dir.parent))
    try:
        room = bubblewrap if reached == "bubblewrap" else landlock
        plan = room.prepare(spec, scratch=scratch, notify=notify)
        try:
            with _started(plan) as (process, control):
                return _Run(spec, plan, process, control, clock).watch()
        finally:
            if reached == "landlock":
                landlock.finish(spec, scratch=scratch)
    finally:
        remove(scratch)


@contextlib.contextmanager
def _started(plan: Plan) -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    order = os.memfd_create("order")
    try:
        os.write(order, json.dumps(plan.order).encode())
        os.lseek(order, 0, os.SEEK_SET)
        process = subprocess.Popen(
            [*plan.program, str(theirs.fileno()), str(order)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(theirs.fileno(), order),
            env={"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"},
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        ours.close()
        raise CannotLook(f"the sandbox did not start: {error}") from error
    finally:
        theirs.close()
        os.close(order)
    try:
        yield process, ours
    finally:
        ours.close()
        _bury(process)


def _bury(process: subprocess.Popen[bytes]) -> None:
    """Nothing is left running, whatever went wrong before."""
    deadline = time.monotonic() + _DEATH_SECONDS
    while process.poll() is None:
        # The first process below bubblewrap is the namespace's init: with it dies everything.
        doomed = resources.descendants(process.pid, at_most=1)[:1]
        if time.monotonic() >= deadline:
            doomed = [*resources.descendants(process.pid), process.pid]
        for pid in doomed:
            _kill(pid)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def _signal_of(code: int) -> int | None:
    """Both levels pass a signal of the command on as 128 + its number, as shells do."""
    if code < 0:
        return -code
    return code - 128 if 128 < code < 128 + signal.NSIG else None


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


class _Stream:
    """The end of an output stream and the digest of all of it."""

    def __init__(self, file: IO[bytes] | None) -> None:
        assert file is not None  # Popen was told to make a pipe
        self.descriptor = file.fileno()
        os.set_blocking(self.descriptor, False)
        self._tail = bytearray()
        self._size = 0
        self._digest = hashlib.sha256()

    def read(self) -> bool:
        """Takes what is there; False at the end of the stream."""
        try:
            data = os.read(self.descriptor, 1 << 16)
        except BlockingIOError:
            return True
        self._digest.update(data)
        self._size += len(data)
        self._tail += data
        del self._tail[:-TAIL_BYTES]
        return bool(data)

    def log(self) -> Log:
        text = self._tail.decode("utf-8", "replace")
        return Log(tail=text, size=self._size, sha256=self._digest.hexdigest())


class _Run:
    """The state of one watched run."""

    def __init__(
        self,
        spec: SandboxSpec,
        plan: Plan,
        process: subprocess.Popen[bytes],
        control: socket.socket,
        clock: Clock,
    ) -> None:
        self._spec, self._plan, self._process = spec, plan, process
        self._control, self._clock = control, clock
        self._output = (
            Path(str(plan.order["cwd"])) / spec.output
            if plan.level == "landlock"
            else spec.output_dir
        )
        self._recorder = Recorder()
        self._judge = Judge(
            level=plan.level,
            limits=spec.limits,
            view=plan.view,
            recorder=self._recorder,
            root=process.pid,
            own_processes=plan.own_processes,
        )
        self._stdout, self._stderr = _Stream(process.stdout), _Stream(process.stderr)
        self._poll = select.poll()
        self._peak_memory = self._peak_processes = 0
        self._next_tick = self._next_scan = 0.0
        self._stopping = False

    def watch(self) -> SandboxOutcome:
        """From the launcher's first word to the last process's death."""
        listener, mechanisms = self._welcome()
        walls = os.pidfd_open(self._process.pid)
        inits = resources.descendants(self._process.pid, at_most=1)[:1]
        init = os.pidfd_open(inits[0]) if inits and self._plan.level == "bubblewrap" else -1
        try:
            started, deadline = self._clock(), time.monotonic() + self._spec.limits.seconds
            self._control.send(b"go")
            for descriptor in (walls, self._stdout.descriptor, self._stderr.descriptor, listener):
                if descriptor >= 0:
                    self._poll.register(descriptor, select.POLLIN)
            while not self._turn(walls, listener):
                self._check(deadline)
            self._wait_for_death(init)
        finally:
            for descriptor in (walls, init, listener):
                if descriptor >= 0:
                    os.close(descriptor)
        finished = self._clock()
        self._drain()
        self._judge.network.close()
        self._measure_output()
        code = self._process.wait()
        number = _signal_of(code)
        return SandboxOutcome(
            level=self._plan.level,
            mechanisms=tuple(sorted({*self._plan.mechanisms, *mechanisms, "supervisor"})),
            network_isolated=True,
            exit_code=code if number is None else None,
            signal=number,
            started=started,
            finished=finished,
            stdout=self._stdout.log(),
            stderr=self._stderr.log(),
            peak_memory=self._peak_memory,
            peak_processes=self._peak_processes,
            violations=self._recorder.violations(),
        )

    def _welcome(self) -> tuple[int, list[str]]:
        """The listener (or -1) and what the launcher put in force; nothing has run yet."""
        self._control.settimeout(_START_SECONDS)
        try:
            data, descriptors, _, _ = socket.recv_fds(self._control, 1 << 16, 1)
            message = json.loads(data) if data else {}
        except (OSError, ValueError) as error:
            raise CannotLook(f"the sandbox did not come up: {error}") from error
        if "ready" in message:
            return (descriptors[0] if descriptors else -1), list(message["ready"])
        for descriptor in descriptors:
            os.close(descriptor)
        self._control.close()
        _kill_after(self._process)
        self._drain()
        reason = message.get("error") or self._stderr.log().tail.strip()[-400:] or "no reason given"
        raise Unsupported(
            f"the {self._plan.level} sandbox cannot be built here: {reason}",
            advice="install the package bubblewrap and allow unprivileged user namespaces",
        )

    def _turn(self, walls: int, listener: int) -> bool:
        """One round of events; True when the first process has ended."""
        for descriptor, events in self._poll.poll(_TICK * 1000):
            if descriptor == listener:
                self._answer(listener, events)
            elif descriptor in self._judge.network.ours:
                self._poll.unregister(descriptor)
                self._judge.network.receive(descriptor)
            elif descriptor == walls:
                return True
            else:
                stream = self._stdout if descriptor == self._stdout.descriptor else self._stderr
                if not stream.read():
                    self._poll.unregister(descriptor)
        return False

    def _answer(self, listener: int, events: int) -> None:
        if not events & select.POLLIN:
            self._poll.unregister(listener)  # nobody is left who could ask
            return
        waiting = select.poll()
        waiting.register(listener, select.POLLIN)
        known = set(self._judge.network.ours)
        for _ in range(_CALLS_PER_TURN):
            self._judge.handle(listener)
            if not any(events & select.POLLIN for _, events in waiting.poll(0)):
                break
        for descriptor in set(self._judge.network.ours) - known:
            self._poll.register(descriptor, select.POLLIN)

    def _check(self, deadline: float) -> None:
        now = time.monotonic()
        if now >= self._next_tick:
            self._next_tick = now + _TICK
            self._measure_processes()
        if now >= self._next_scan and not self._stopping:
            self._measure_output()
            # A large folder takes its time: never more than a tenth of ours.
            self._next_scan = max(now + _SCAN, now + 10 * (time.monotonic() - now))
        if now >= deadline and not self._stopping:
            self._recorder.add("time", f"run longer than {self._spec.limits.seconds:g} seconds")
        kinds = {violation.kind for violation in self._recorder.violations()}
        first = self._recorder.first
        if kinds - {"network", "file"} or (first is not None and now >= first + _GRACE):
            self._stop()

    def _measure_processes(self) -> None:
        limits = self._spec.limits
        # In a fork bomb every look takes longer than the one before: one too many is enough.
        enough = limits.processes + self._plan.own_processes + 1
        pids = resources.descendants(self._process.pid, at_most=enough)[self._plan.own_processes :]
        if len(pids) > 2 * limits.processes and not self._stopping:
            self._recorder.add("processes", f"start more than {limits.processes} processes")
            self._stop()
        if self._stopping:
            return
        usage = resources.measure(pids, exact_above=limits.memory_mb << 20)
        self._judge.alive = len(pids)
        self._peak_memory = max(self._peak_memory, usage.memory)
        self._peak_processes = max(self._peak_processes, usage.processes)
        if usage.memory > limits.memory_mb << 20:
            self._recorder.add("memory", f"use more than {limits.memory_mb} MiB")
        if usage.processes > limits.processes:
            self._recorder.add("processes", f"start more than {limits.processes} processes")
        threads = limits.processes * resources.THREADS_PER_PROCESS
        if usage.threads > threads:
            self._recorder.add("processes", f"start more than {threads} threads")

    def _measure_output(self) -> None:
        bound = self._spec.limits.output_mb
        places = {"the output folder": self._output, "the temporary folder": self._plan.temporary}
        for words, folder in places.items():
            size, files = resources.folder_size(folder)
            if folder == self._plan.temporary:
                size += resources.deleted_size(resources.descendants(self._process.pid))
            if size > bound << 20:
                self._recorder.add("output", f"write more than {bound} MiB to {words}")
            if files > resources.MAX_OUTPUT_FILES:
                count = resources.MAX_OUTPUT_FILES
                self._recorder.add("output", f"make more than {count} files in {words}")

    def _stop(self) -> None:
        """Kills the tree; called again every turn until the first process has ended."""
        if not self._stopping:
            self._stopping = self._judge.closing = True
            self._control.close()  # the warden's word to kill
        if self._plan.level == "bubblewrap":
            for pid in resources.descendants(self._process.pid, at_most=1)[:1]:
                _kill(pid)

    def _wait_for_death(self, init: int) -> None:
        """bubblewrap ends with the command; its namespace and all in it must be gone, too."""
        if init < 0:
            return
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(init, signal.SIGKILL)
        poll = select.poll()
        poll.register(init, select.POLLIN)
        if not poll.poll(_DEATH_SECONDS * 1000):
            raise CannotLook(
                "the processes of the training run cannot be killed",
                advice="look for processes in uninterruptible sleep, and restart the machine",
            )

    def _drain(self) -> None:
        deadline = time.monotonic() + _DEATH_SECONDS
        for stream in (self._stdout, self._stderr):
            poll = select.poll()
            poll.register(stream.descriptor, select.POLLIN)
            while time.monotonic() < deadline and poll.poll(100) and stream.read():
                pass


def _kill_after(process: subprocess.Popen[bytes]) -> None:
    """Gives the launcher a moment to end by itself, so that its last words are complete."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(2)
    if process.poll() is None:
        process.kill()
