"""The decision log of one gateway process: what was decided is on disk before anybody hears of it.

Records are gathered for one turn of the event loop and written together; the answers wait for
that write, so a killed process loses nothing that it acknowledged. The disk is synced at most
`SYNC_SECONDS` later, or before the answers where the policy wants that. A write that fails takes
nothing with it: the chain goes on from the last line that is whole.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from sealwright.clock import Clock, format_time
from sealwright.errors import CannotLook, InputMissing, SealwrightError, UsageError
from sealwright.evidence.predicates.serving import DecisionLogHead
from sealwright.files import sync_folder
from sealwright.phases.deployment.core.decision import DecisionRecord
from sealwright.phases.deployment.core.records import Chain, record_line

SYNC_SECONDS: Final = 0.1
HEAD_SECONDS: Final = 2.0
RETRY_SECONDS: Final = 0.5
SEGMENT_BYTES: Final = 64 * 1024 * 1024
_PROBE_BYTES: Final = 64 * 1024
MAX_WAITING: Final = 10_000
"""Records that wait for one write."""


class LogLost(CannotLook):
    """A decision cannot be put on record."""


def segment_name(gateway: str, number: int) -> str:
    """File name of a gateway's segment; the first is number 0."""
    return f"{gateway}-{number}.jsonl"


class DecisionLog:
    """Belongs to one event loop. `run` must be running for anything to be synced."""

    def __init__(
        self,
        folder: Path,
        *,
        gateway: str,
        clock: Clock,
        on_head: Callable[[DecisionLogHead], None],
        dropped: Callable[[], int],
        on_tampered: Callable[[str], None] | None = None,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        self._folder = folder
        self._gateway = gateway
        self._clock = clock
        self._on_head = on_head
        self._dropped = dropped
        self._on_tampered = on_tampered
        self._segment_bytes = segment_bytes
        self._chain = self._synced = Chain()
        self._number = 0
        self._descriptor = -1
        self._size = 0
        self._pending: list[DecisionRecord] = []
        self._written: asyncio.Future[None] | None = None
        self._unsynced: list[asyncio.Future[None]] = []
        self._dirty = False
        self._wanted = asyncio.Event()
        self._stopping = False
        self._retry_at = 0.0
        self._headed = -1
        self.lost = False
        """Whether the last attempt to write or sync failed."""
        self.records = 0
        """Lines written."""
        self.losses = 0
        """Records that could not be written."""
        self.sync_first = False
        """Whether answers wait until their records are synced."""
        self._open_segment()

    async def append(self, record: DecisionRecord) -> None:
        """Returns when the record is on disk; LogLost if it cannot be put there."""
        loop = asyncio.get_running_loop()
        if self.lost or len(self._pending) >= MAX_WAITING:
            self.losses += 1
            raise LogLost("the decision log cannot be written", advice="is the disk full?")
        if self._written is None:
            self._written = loop.create_future()
            loop.call_soon(self._write)
        self._pending.append(record)
        await self._written

    async def run(self) -> None:
        """Syncs, rotates and reports heads until `stop`; then once more."""
        loop = asyncio.get_running_loop()
        headed_at = loop.time() - HEAD_SECONDS
        while not self._stopping:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), SYNC_SECONDS)
            self._wanted.clear()
            await self._sync()
            if self._size >= self._segment_bytes and not self.lost:
                self._rotate()
            if self.lost and loop.time() >= self._retry_at:
                await self._try_again()
            if loop.time() - headed_at >= HEAD_SECONDS and self._report():
                headed_at = loop.time()
        if self._written is not None:
            self._write()
        await self._sync()
        self._report()
        os.close(self._descriptor)
        self._descriptor = -1

    def stop(self) -> None:
        """Lets `run` finish."""
        self._stopping = True
        self._wanted.set()

    def _write(self) -> None:
        """One write for all that was decided in this turn of the loop."""
        pending, written = self._pending, self._written
        if written is None:
            return
        self._pending, self._written = [], None
        chain, lines = self._chain, []
        for record in pending:
            line, chain = record_line(record, chain)
            lines.append(line)
        data = b"".join(lines)
        try:
            _write_whole(self._descriptor, data, self._size)
        except OSError:
            self._fail(written, len(pending))
            return
        self._chain = chain
        self._size += len(data)
        self.records += len(lines)
        self._dirty = True
        if self.sync_first:
            self._unsynced.append(written)
            self._wanted.set()
        else:
            _finish(written)

    async def _sync(self) -> None:
        """Syncs what is written by now, off the loop."""
        if not self._dirty or self._descriptor < 0:
            return
        if not self._in_place():
            self._leave()
            return
        waiting, self._unsynced, self._dirty = self._unsynced, [], False
        chain = self._chain
        try:
            await asyncio.to_thread(os.fdatasync, self._descriptor)
        except OSError:
            # What the disk holds now is unknown: this segment gets nothing more.
            self._dirty = True
            for written in waiting:
                self._fail(written, 0)
            self._rotate()
            return
        self._synced = chain
        for written in waiting:
            _finish(written)

    def _in_place(self) -> bool:
        """Whether the segment is still the file of its name, as long as we made it."""
        path = self._folder / segment_name(self._gateway, self._number)
        try:
            ours, named = os.fstat(self._descriptor), path.stat(follow_symlinks=False)
        except OSError:
            return False
        return os.path.samestat(ours, named) and ours.st_size == self._size

    def _leave(self) -> None:
        """Somebody took the segment away or changed it: what is in it is theirs, and the chain goes
        on in a new one. The heads on record show what is missing."""
        name = segment_name(self._gateway, self._number)
        waiting, self._unsynced = self._unsynced, []
        for written in waiting:
            self._fail(written, 1)
        if self._on_tampered is not None:
            self._on_tampered(f"segment {name} of the decision log was removed or changed")
        self._rotate()
        self._dirty = False

    async def _try_again(self) -> None:
        """The log is back when the folder takes a file of some size again."""
        self._retry_at = asyncio.get_running_loop().time() + RETRY_SECONDS
        with suppress(OSError):
            await asyncio.to_thread(_probe, self._folder / f".{self._gateway}.probe")
            self.lost = False

    def _report(self) -> bool:
        """Tells how far the log is durable, if that is further than what was told."""
        newest = self._synced.seq - 1
        if newest <= self._headed:
            return False
        self._headed = newest
        self._on_head(
            DecisionLogHead(
                gateway=self._gateway,
                segment=segment_name(self._gateway, self._number),
                seq=newest,
                head=self._synced.head,
                dropped=self._dropped(),
                at=format_time(self._clock()),
            )
        )
        return True

    def _rotate(self) -> None:
        """Goes on in the next segment; without one the log is lost until the next attempt."""
        self._report()
        before, number = self._descriptor, self._number
        self._number = number + 1
        try:
            self._open_segment()
        except (OSError, SealwrightError):
            self._number, self._descriptor = number, before
            self.lost = True
        else:
            os.close(before)

    def _open_segment(self) -> None:
        path = self._folder / segment_name(self._gateway, self._number)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        try:
            self._descriptor = os.open(path, flags, 0o600)
        except FileNotFoundError as error:
            raise InputMissing("the folder of the decision log is not there") from error
        except FileExistsError as error:
            raise UsageError(
                f"{path.name} is there already",
                advice="a gateway process writes a log of its own: give it an id of its own",
            ) from error
        self._size = 0
        sync_folder(self._folder)

    def _fail(self, written: asyncio.Future[None], records: int) -> None:
        self.lost = True
        self.losses += records
        self._retry_at = asyncio.get_running_loop().time() + RETRY_SECONDS
        if not written.done():
            written.set_exception(
                LogLost("the decision log cannot be written", advice="is the disk full?")
            )
            written.exception()  # it may be that nobody waits any more


def _write_whole(descriptor: int, data: bytes, size: int) -> None:
    """All of the data, or none: what was written of it is cut off again."""
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(descriptor, view) :]
    except OSError:
        os.ftruncate(descriptor, size)
        raise


def _probe(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, bytes(_PROBE_BYTES))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
        path.unlink()


def _finish(written: asyncio.Future[None]) -> None:
    if not written.done():
        written.set_result(None)
