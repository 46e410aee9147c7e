"""Polls the two files that the gateway obeys, and which runtimes are there to be asked."""

from __future__ import annotations

import asyncio
import base64
import binascii
import errno
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from sealwright.errors import CannotLook, EvidenceError, ForkError, MalformedError
from sealwright.evidence.canonical import MAX_BYTES as MAX_SNAPSHOT
from sealwright.evidence.keys import PublicKey
from sealwright.phases.deployment.core.snapshot import Opened, open_snapshot
from sealwright.phases.deployment.core.state import State
from sealwright.phases.deployment.core.stops import MAX_BYTES as MAX_STOPS
from sealwright.phases.deployment.core.stops import Stops, read_stops

POLL_SECONDS: Final = 0.05
PROBE_SECONDS: Final = 0.25

Stamp = tuple[int, int, int] | None
"""What tells that a file was replaced; None where there is none."""


class SnapshotFile:
    """The snapshot in force. A file that is not a good successor changes nothing but `problem`."""

    def __init__(self, path: Path, *, keys: Sequence[PublicKey], least: int = 0) -> None:
        self._path = path
        self._least = least
        self._keys = tuple(keys)
        self._stamp: Stamp = None
        self.opened: Opened | None = None
        self.problem = ""
        """Why the file that lies there now is not in force; empty where it is."""
        self.refused = 0
        """Files that were not taken."""

    def look(self) -> bool:
        """Whether a new snapshot is in force now."""
        try:
            stamp = _stamp(self._path)
        except OSError as error:
            self.problem = f"the snapshot cannot be looked at: {error.strerror}"
            return False
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        if stamp is None:
            self.problem = "there is no snapshot"
            return False
        try:
            opened = open_snapshot(_read(self._path, MAX_SNAPSHOT), self._keys, last=self.opened)
            if opened.snapshot.sequence < self._least:
                raise ForkError(
                    f"snapshot {opened.snapshot.sequence}, and the controller had made "
                    f"{self._least} when this gateway started: an old one was put back"
                )
        except (EvidenceError, CannotLook) as error:
            self.problem = error.message
            self.refused += 1
            return False
        except OSError as error:
            self.problem = f"the snapshot cannot be read: {error.strerror}"
            self._stamp = None  # it may be readable the next time
            return False
        self.problem = ""
        self.opened = opened
        return True


def look_for_stops(path: Path) -> Stops:
    """What the STOP file stops now; one that cannot be read stops everything."""
    try:
        return read_stops(_read(path, MAX_STOPS + 1))
    except FileNotFoundError:
        return read_stops(None)
    except OSError as error:
        return Stops(everything=f"the stop file cannot be read: {error.strerror}")


class Watch:
    """Keeps a `State` in step with the files; `state` is replaced, never changed."""

    def __init__(
        self,
        state: State,
        *,
        snapshot: SnapshotFile,
        stop_file: Path,
        conditions: Callable[[], tuple[bool, bool]],
        probe: Callable[[str], Awaitable[bool]],
        changed: Callable[[State], None],
        tell: Callable[[str], None],
    ) -> None:
        self._snapshot = snapshot
        self._stop_file = stop_file
        self._conditions = conditions
        self._probe = probe
        self._changed = changed
        self._tell = tell
        self._told = ""
        self.state = state

    def look(self) -> None:
        """Once. `conditions` says whether the log and the monitor are lost."""
        if self._snapshot.look():
            opened, before = self._snapshot.opened, self.state.snapshot
            running = self.state.running
            if opened is not None and before is not None:
                # The controller publishes what is ready: no caller waits for our own look.
                running |= opened.digests - before.digests
            self.state = replace(self.state, snapshot=opened, running=running)
            self._changed(self.state)
        if self._snapshot.problem != self._told:
            self._told = self._snapshot.problem
            if self._told:
                self._tell(f"the snapshot stays as it is: {self._told}")
        stops = look_for_stops(self._stop_file)
        log_lost, monitor_lost = self._conditions()
        state = self.state
        if (stops, log_lost, monitor_lost) != (state.stops, state.log_lost, state.monitor_lost):
            self.state = replace(state, stops=stops, log_lost=log_lost, monitor_lost=monitor_lost)

    async def run(self) -> None:
        """Again and again, until it is cancelled."""
        while True:
            self.look()
            await asyncio.sleep(POLL_SECONDS)

    async def run_probes(self) -> None:
        """Asks again and again which runtimes are there."""
        while True:
            opened = self.state.snapshot
            digests = sorted(opened.digests) if opened is not None else []
            there = await asyncio.gather(*(self._probe(digest) for digest in digests))
            found = frozenset(d for d, yes in zip(digests, there, strict=True) if yes)
            # What came into force meanwhile was not asked yet; what went is not there for anybody.
            now = self.state.snapshot
            held = now.digests if now is not None else frozenset()
            running = (found | self.state.running.difference(digests)) & held
            if running != self.state.running:
                self.state = replace(self.state, running=running)
            await asyncio.sleep(PROBE_SECONDS)


def read_keys(texts: Sequence[str]) -> tuple[PublicKey, ...]:
    """Public keys from base64 DER; MalformedError for anything else, and for none."""
    try:
        keys = tuple(PublicKey.from_der(base64.b64decode(text, validate=True)) for text in texts)
    except binascii.Error as error:
        raise MalformedError("a snapshot key is not base64") from error
    if not keys:
        raise MalformedError("without a snapshot key no snapshot can be checked")
    return keys


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _read(path: Path, most: int) -> bytes:
    """At most `most` bytes and one more, so that too many can be told."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        pieces = []
        while most >= 0 and (piece := file.read(most + 1)):
            pieces.append(piece)
            most -= len(piece)
        if piece is None:  # not a file, and nothing there to read yet
            raise BlockingIOError(errno.EAGAIN, "it is not a file")
        return b"".join(pieces)
