"""Runs a request's coroutine at once, and then whenever what it waits for is there.

A task for each request is created, registered, scheduled and forgotten again; most of a request's
way is walked in one go, so its connection takes the first steps itself. `asyncio.current_task` is
None in here: whatever needs one (`asyncio.timeout`) makes a task of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Driven:
    """A coroutine that was started. Belongs to the running loop; `cancel` as a task's."""

    __slots__ = ("_coroutine", "_done", "_loop", "_waiting", "ended")

    def __init__(
        self,
        coroutine: Coroutine[Any, Any, None],
        *,
        loop: asyncio.AbstractEventLoop,
        done: Callable[[Driven], object],
    ) -> None:
        self._coroutine = coroutine
        self._loop = loop
        self._done = done
        self._waiting: asyncio.Future[Any] | None = None
        self.ended = False
        """Whether there is nothing more to do; `done` was called then."""

    def start(self) -> None:
        """The first steps, now; the others follow by themselves."""
        self._step(self._coroutine.send, None)

    def cancel(self, msg: Any = None) -> None:
        """Ends it where it waits; a task of asyncio has the same."""
        del msg
        if not self.ended:
            self._waiting = None
            self._step(self._coroutine.throw, asyncio.CancelledError())

    def _wake(self, waited: asyncio.Future[Any]) -> None:
        if waited is self._waiting:  # else it was cancelled meanwhile
            self._waiting = None
            self._step(self._coroutine.send, None)

    def _go_on(self) -> None:
        if not self.ended and self._waiting is None:
            self._step(self._coroutine.send, None)

    def _step(self, resume: Callable[[Any], Any], value: object) -> None:
        try:
            waited = resume(value)
        except (StopIteration, asyncio.CancelledError):
            self.ended = True
            self._done(self)
            return
        except BaseException:
            self.ended = True
            self._done(self)
            raise
        if waited is None:  # asyncio.sleep(0)
            self._loop.call_soon(self._go_on)
            return
        # What a task does: the future knows that it is being waited for.
        waited._asyncio_future_blocking = False
        self._waiting = waited
        waited.add_done_callback(self._wake)
