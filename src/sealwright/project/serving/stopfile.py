"""The file that stops serving with the ledger out of reach: one JSON object a line.

    {"model": "small", "reason": "odd answers", "at": "2026-11-22T20:00:00.000000Z"}

`*` names everything. An odd line, an empty file or one that cannot be read stops everything: in
doubt nothing is served.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Final

import msgspec

from sealwright.clock import format_time
from sealwright.errors import CannotLook, UsageError
from sealwright.files import sync_folder, write_atomically
from sealwright.phases.deployment.core.stops import MAX_BYTES, Stops
from sealwright.phases.deployment.core.stops import read_stops as stops_in
from sealwright.project.layout import Layout

EVERYTHING: Final = "*"
PATIENCE: Final = 1.0
"""Seconds that a stop waits for somebody who is lifting another one; then it goes ahead."""
_MAX_REASON: Final = 500
_REPEATED: Final = MAX_BYTES // 4
"""Bytes of the file beyond which a stop that stands is not said again."""


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """One line."""

    model: str
    reason: str = ""
    at: str = ""


_decoder = msgspec.json.Decoder(Stop)


def read_stops(layout: Layout) -> Stops:
    """The stops that stand now. Never raises: what cannot be read stops everything."""
    try:
        return stops_in(_bytes(layout))
    except OSError as error:
        return Stops(everything=f"the stop file cannot be read: {error.strerror}")


def _bytes(layout: Layout) -> bytes | None:
    try:
        descriptor = os.open(layout.stop_file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # a pipe would keep us waiting
            raise OSError(errno.EINVAL, "it is not a file")
        return file.read(MAX_BYTES + 1)


def stop(layout: Layout, name: str, *, reason: str, at: datetime) -> Stop:
    """Stops `name` (`*`: everything) for every gateway that polls the file; durable on return.

    Needs neither ledger nor key. CannotLook only where the file cannot be written.
    """
    if not name or len(name) > 200 or not name.isprintable():
        raise UsageError(f"{name!r:.80} names nothing", advice="name a model, or * for everything")
    said = Stop(model=name, reason=one_line(reason), at=format_time(at))
    path = layout.stop_file
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _held(layout, PATIENCE):
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                size = os.fstat(descriptor).st_size
                if size > _REPEATED and read_stops(layout).reason(name) is not None:
                    return said  # it stands; a file that grows too large would stop all others
                whole = size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"
                os.write(descriptor, (b"" if whole else b"\n") + msgspec.json.encode(said) + b"\n")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        sync_folder(path.parent)
    except OSError as error:
        raise CannotLook(
            f"{path}: cannot be written: {error.strerror}",
            advice="end the process `sealwright serve`: nothing is served without it",
        ) from error
    return said


def lift(layout: Layout, name: str) -> int:
    """Takes the lines of `name` out and returns how many; `*` takes odd lines out as well.

    The unsafe direction: whoever calls this has asked the gate. UsageError where a line that cannot
    be read stops everything anyway.
    """
    path = layout.stop_file
    if not path.exists():
        return 0
    try:
        with _held(layout, None):
            data = _bytes(layout)
            if data is None:
                return 0  # somebody else lifted the last one meanwhile
            lines = data.split(b"\n")
            named = [(line, _named(line)) for line in lines if line.strip()]
            if name != EVERYTHING and any(other is None for _, other in named):
                raise UsageError(
                    "the stop file has a line that cannot be read, which stops everything",
                    advice=f"look at {path}, then lift the stop of everything: `{EVERYTHING}`",
                )
            left = [line for line, other in named if other not in (None, name)]
            if left:
                write_atomically(path, b"".join(line + b"\n" for line in left))
            else:
                path.unlink()
                sync_folder(path.parent)
    except OSError as error:
        raise CannotLook(f"{path}: cannot be changed: {error.strerror}") from error
    return len(named) - len(left)


def _named(line: bytes) -> str | None:
    """What a line stops; None for one that cannot be read."""
    try:
        return _decoder.decode(line).model or None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


@contextmanager
def _held(layout: Layout, patience: float | None) -> Iterator[None]:
    """One writer at a time. With `patience` (seconds) it goes ahead without the lock after that, or
    where there are no locks: a stop is never kept waiting."""
    lock = layout.stop_file.with_name(".STOP.lock")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        if patience is None:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        else:
            end = time.monotonic() + patience
            with suppress(OSError):
                while not _locked(descriptor) and time.monotonic() < end:
                    time.sleep(0.01)
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def one_line(text: str) -> str:
    """A reason as it fits into the file and the ledger."""
    shown = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(shown.split())[:_MAX_REASON] or "stopped"
