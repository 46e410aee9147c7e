"""Answers the calls that the kernel puts to the supervisor, and records what they reached for."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from sealwright.sandbox import limits as resources
from sealwright.sandbox import notify, syscalls
from sealwright.sandbox.interface import Level, Limits
from sealwright.sandbox.network import DeadEnds
from sealwright.sandbox.notify import Call
from sealwright.sandbox.recorder import Recorder
from sealwright.sandbox.view import View, offence

_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_AT_FDCWD = 0xFFFFFF9C
# call → (argument with the folder or None, argument with the path, writes). Twice for two paths;
# `link` reads what it links to, and only the place of a symbolic link matters.
_PATHS: dict[str, tuple[tuple[int | None, int, bool], ...]] = {
    "creat": ((None, 0, True),),
    "link": ((None, 0, False), (None, 1, True)),
    "linkat": ((0, 1, False), (2, 3, True)),
    "rename": ((None, 0, True), (None, 1, True)),
    "renameat": ((0, 1, True), (2, 3, True)),
    "renameat2": ((0, 1, True), (2, 3, True)),
    "rmdir": ((None, 0, True),),
    "symlink": ((None, 1, True),),
    "symlinkat": ((1, 2, True),),
    "truncate": ((None, 0, True),),
    "unlink": ((None, 0, True),),
    "unlinkat": ((0, 1, True),),
}
_OPENS = {"open": (None, 0, 1), "openat": (0, 1, 2), "openat2": (0, 1, 2)}
_FORKS = ("clone", "fork", "vfork")
_SIZES = {"mmap": 1, "mremap": 2, "ftruncate": 1, "fallocate": 3}


class Judge:
    """One run's supervisor behind the seccomp listener. Its process counts are enforcement, too."""

    def __init__(
        self,
        *,
        level: Level,
        limits: Limits,
        view: View,
        recorder: Recorder,
        root: int,
        own_processes: int,
    ) -> None:
        self._names = syscalls.names(on=syscalls.machine())
        self._limits = limits
        self._view = view
        self._recorder = recorder
        self._root = root
        self._own = own_processes
        self.network = DeadEnds(level, recorder)
        self.alive = 1
        """Processes of the run: as counted last, and one more for each that was let start since."""
        self.closing = False
        """Nothing may start any more."""
        self._told_unreadable = False

    def handle(self, listener: int) -> None:
        """Receives and answers one call."""
        call = notify.receive(listener)
        if call is None:
            return
        name = self._names.get(call.number, "")
        if name in _FORKS:
            self._fork(listener, call)
        elif name == "socket":
            self.network.open(listener, call)
        elif name in ("connect", "bind", "sendto"):
            self.network.address(listener, call, name)
        elif name in _SIZES:
            self._size(listener, call, name)
        elif name in ("kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"):
            self._signal(listener, call)
        else:
            self._files(listener, call, name)

    def _fork(self, listener: int, call: Call) -> None:
        if self.alive >= self._limits.processes and not self.closing:
            enough = self._limits.processes + self._own
            self.alive = len(resources.descendants(self._root, at_most=enough)) - self._own
        if self.closing or self.alive >= self._limits.processes:
            notify.refuse(listener, call, errno.EAGAIN)
            if not self.closing:
                self._recorder.add(
                    "processes", f"start more than {self._limits.processes} processes"
                )
            return
        self.alive += 1
        notify.let_pass(listener, call)

    def _size(self, listener: int, call: Call, name: str) -> None:
        size = call.arguments[_SIZES[name]]
        if name in ("mmap", "mremap"):
            self._recorder.add("memory", f"reserve {_mebibytes(size)} at once")
            notify.refuse(listener, call, errno.ENOMEM)
        else:
            self._recorder.add("output", f"make a file of {_mebibytes(size)}")
            notify.refuse(listener, call, errno.EFBIG)

    def _signal(self, listener: int, call: Call) -> None:
        target = call.arguments[0] & 0xFFFFFFFF
        target = target - (1 << 32) if target & 0x80000000 else target
        if target != 0 and target != call.thread:  # 0 is its own group, which holds nobody else
            allowed = _process_of(call.thread), *resources.descendants(self._root)
            # A negative target is a group; those below are led by processes of the run.
            if target == -1 or _process_of(abs(target)) not in allowed:
                if call.arguments[1] & 0xFFFFFFFF:  # signal 0 only asks whether somebody is there
                    self._recorder.add("processes", "signal a process outside")
                notify.refuse(listener, call, errno.EPERM)
                return
        notify.let_pass(listener, call)

    def _files(self, listener: int, call: Call, name: str) -> None:
        if name == "truncate" and call.arguments[1] > self._limits.output_mb << 20:
            self._size_of_file(listener, call)
            return
        tries: tuple[tuple[int | None, int, bool], ...]
        if name in _OPENS:
            folder, path, flags = _OPENS[name]
            value = call.arguments[flags]
            if name == "openat2":
                how = notify.read_memory(call.thread, value, 8)
                value = int.from_bytes(how, "little") if how else 0
            tries = ((folder, path, bool(value & _WRITE_FLAGS)),)
        else:
            tries = _PATHS.get(name, ())
        found = [self._attempt(listener, call, *one) for one in tries]
        notify.let_pass(listener, call)  # the walls decide; this was for the record
        for words in filter(None, found):
            self._recorder.add("file", words)

    def _size_of_file(self, listener: int, call: Call) -> None:
        self._recorder.add("output", f"make a file of {_mebibytes(call.arguments[1])}")
        notify.refuse(listener, call, errno.EFBIG)

    def _attempt(
        self, listener: int, call: Call, folder: int | None, path: int, write: bool
    ) -> str | None:
        name = notify.read_path(call.thread, call.arguments[path])
        if name is None:
            readable = call.arguments[path] == 0 or not notify.still_waits(listener, call)
            if readable or self._told_unreadable or _stays_readable(call.thread):
                return None
            self._told_unreadable = True
            return "hide its memory, so that what it opens cannot be seen"
        if not name:
            return None  # works on the folder's own descriptor, which was looked at when opened
        return offence(self._view, name, cwd=_folder(call, folder), write=write)


def _folder(call: Call, folder: int | None) -> str:
    number = None if folder is None else call.arguments[folder] & 0xFFFFFFFF
    link = "cwd" if number in (None, _AT_FDCWD) else f"fd/{number}"
    try:
        return str(Path(f"/proc/{call.thread}/{link}").readlink())
    except OSError:
        return "/"


def _stays_readable(thread: int) -> bool:
    """Whether its memory can be read at all: then the address was wrong, which hides nothing."""
    try:
        with open(f"/proc/{thread}/mem", "rb"):
            return True
    except OSError:
        return False


def _process_of(thread: int) -> int:
    try:
        text = Path(f"/proc/{thread}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return -1
    return int(text.partition("Tgid:")[2].split()[0])


def _mebibytes(size: int) -> str:
    return f"{size >> 20} MiB"
