"""Group commit: one thread makes whatever waits durable at once, since a sync is what costs.

A batch takes at most 1,024 entries. It starts at once if as many clients wait as did lately, and
after 5 ms at the latest: waiting longer would only add delay, starting sooner would split the
clients in two halves that pay for a sync each.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Generic, TypeVar

from sealwright.errors import CannotLook, UsageError
from sealwright.ledger.checkpoint import SignedCheckpoint

MAX_BATCH = 1024
MAX_WAIT_SECONDS = 0.005
_PATIENCE_SECONDS = 0.5

E = TypeVar("E")
"""What is appended: a `Draft`, in the ledger."""


class _Request(Generic[E]):
    """Entries of one caller, and the lock that holds the caller until they are durable."""

    __slots__ = ("after", "done", "entries", "error", "result")

    def __init__(self, entries: Sequence[E]) -> None:
        self.entries = entries
        self.done = threading.Lock()
        self.done.acquire()
        self.result: tuple[int, SignedCheckpoint] | None = None
        self.error: BaseException | None = None
        self.after: _Request[E] | None = None
        """Whom the caller wakes in turn: a hundred threads woken at once would only fight for
        the interpreter lock (measured: twice the processor time per append)."""

    @property
    def answered(self) -> bool:
        """Whether it is settled, well or badly."""
        return self.result is not None or self.error is not None


class Committer(Generic[E]):
    """Collects requests of any number of threads and hands them to `append` in batches."""

    def __init__(self, append: Callable[[Sequence[E]], SignedCheckpoint]) -> None:
        self._append = append
        self._queue: deque[_Request[E]] = deque()
        self._lock = threading.Lock()
        self._wake = threading.Lock()
        self._wake.acquire()
        self._wanted = 1
        """How many waiting requests wake the thread; 0 while it is awake."""
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="ledger-commit", daemon=True)
        self._thread.start()

    def submit(self, entries: Sequence[E]) -> tuple[int, SignedCheckpoint]:
        """Appends up to 1,024 entries, all or none; returns once they are durable and published:
        the index of the first, and the checkpoint that covers them."""
        if not 1 <= len(entries) <= MAX_BATCH:
            raise UsageError(f"1 to {MAX_BATCH} entries at a time, not {len(entries)}")
        request = _Request(entries)
        with self._lock:
            if self._closed:
                raise UsageError("the ledger is closed")
            self._queue.append(request)
            if self._wanted and len(self._queue) >= self._wanted:
                self._wanted = 0
                self._wake.release()
        # The timeout only matters if a caller before us was killed before he could wake us.
        while not request.done.acquire(timeout=_PATIENCE_SECONDS) and not request.answered:
            if not self._thread.is_alive():
                raise CannotLook(
                    "nobody is there to commit: was the process forked after opening the ledger?",
                    advice="open the ledger in the process that appends to it",
                )
        if request.after is not None:
            request.after.done.release()
        if request.result is None:
            raise request.error or RuntimeError("a request was answered with nothing")
        return request.result

    def close(self) -> None:
        """Makes everything that waits durable, then stops."""
        with self._lock:
            self._closed = True
            if self._wanted:
                self._wanted = 0
                self._wake.release()
        self._thread.join()

    def _run(self) -> None:
        expected = 1
        while self._await(1, None) or self._queue:
            if len(self._queue) < expected:
                self._await(expected, MAX_WAIT_SECONDS)
            batch = self._take()
            self._commit(batch)
            # Those who were just answered come back, and those who wait by now are there already.
            expected = len(batch) + len(self._queue)
            for request, after in pairwise(batch):
                request.after = after
            if batch:
                batch[0].done.release()

    def _await(self, wanted: int, seconds: float | None) -> bool:
        """Waits until `wanted` requests are there, for `seconds` at most; False once closed."""
        with self._lock:
            if len(self._queue) >= wanted or self._closed:
                return not self._closed
            self._wanted = wanted
        woken = self._wake.acquire(timeout=-1 if seconds is None else seconds)
        with self._lock:
            if not woken and not self._wanted:
                self._wake.acquire()  # the call came just after our patience ended
            self._wanted = 0
            return not self._closed

    def _take(self) -> list[_Request[E]]:
        batch: list[_Request[E]] = []
        room = MAX_BATCH
        with self._lock:
            while self._queue and len(self._queue[0].entries) <= room:
                request = self._queue.popleft()
                room -= len(request.entries)
                batch.append(request)
        return batch

    def _commit(self, batch: Sequence[_Request[E]]) -> None:
        entries = [entry for request in batch for entry in request.entries]
        try:
            checkpoint = self._append(entries)
        except BaseException as error:  # noqa: BLE001 - a thread's edge: the callers raise it
            for request in batch:
                request.error = error
            return
        index = checkpoint.size - len(entries)
        for request in batch:
            request.result = (index, checkpoint)
            index += len(request.entries)
