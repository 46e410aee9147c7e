"""Work beside the event loop that keeps no process from ending: it may wait for a lock for ever."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

T = TypeVar("T")


async def aside(work: Callable[[], T]) -> T:
    """What `work` returns or raises, from a thread of its own.

    Where the waiting is cancelled the work goes on, until it is done or the process ends: threads
    of `asyncio.to_thread` are waited for at the end, and this one is not. What is recorded is
    recorded whole or not at all, so it may be cut off anywhere.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(how: Callable[[], None]) -> None:
        if not answer.done():  # else nobody waits any more
            how()

    def run() -> None:
        how: Callable[[], None]
        try:
            how = partial(answer.set_result, work())
        except BaseException as error:  # noqa: BLE001 - a thread's edge: the caller raises it
            how = partial(answer.set_exception, error)
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(settle, how)

    threading.Thread(target=run, name="aside", daemon=True).start()
    return await answer
