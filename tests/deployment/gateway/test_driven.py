"""A coroutine that its caller drives ends as a task would: once, whatever it meets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from sealwright.phases.deployment.gateway.driven import Driven

Steps = list[str]


def driven(body: Callable[[Steps], Any], then: Callable[[Driven], Awaitable[None]]) -> Steps:
    """What happened, in order; `then` is called once the coroutine was started."""

    async def main() -> Steps:
        steps: Steps = []
        loop = asyncio.get_running_loop()
        made = Driven(body(steps), loop=loop, done=lambda _: steps.append("done"))
        made.start()
        steps.append("started")
        async with asyncio.timeout(10):
            await then(made)
        assert made.ended
        return steps

    return asyncio.run(main())


async def until_ended(made: Driven) -> None:
    while not made.ended:
        await asyncio.sleep(0.001)


def test_what_need_not_wait_is_done_at_once() -> None:
    async def body(steps: Steps) -> None:
        steps.append("ran")

    assert driven(body, until_ended) == ["ran", "done", "started"]


def test_it_waits_for_futures_turns_threads_and_tasks() -> None:
    async def body(steps: Steps) -> None:
        await asyncio.sleep(0.001)
        await asyncio.sleep(0)
        steps.append(await asyncio.to_thread(lambda: "thread"))
        steps.append(await asyncio.create_task(asyncio.sleep(0.001, "task")))

    assert driven(body, until_ended) == ["started", "thread", "task", "done"]


def test_what_it_waits_for_may_fail() -> None:
    async def body(steps: Steps) -> None:
        future = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(future.set_exception, ValueError("no"))
        with pytest.raises(ValueError, match="no"):
            await future
        steps.append("caught")

    assert driven(body, until_ended) == ["started", "caught", "done"]


def test_a_cancelled_one_cleans_up_and_is_not_woken_again() -> None:
    future: asyncio.Future[None]

    async def body(steps: Steps) -> None:
        nonlocal future
        future = asyncio.get_running_loop().create_future()
        try:
            await future
            steps.append("went on")
        finally:
            steps.append("cleaned")

    async def cancel(made: Driven) -> None:
        made.cancel(msg="time is up")
        made.cancel()
        future.set_result(None)
        await asyncio.sleep(0.01)

    assert driven(body, cancel) == ["started", "cleaned", "done"]


def test_one_that_is_cancelled_between_turns_ends() -> None:
    async def body(steps: Steps) -> None:
        await asyncio.sleep(0)
        steps.append("went on")

    async def cancel(made: Driven) -> None:
        made.cancel()
        await asyncio.sleep(0.01)

    assert driven(body, cancel) == ["started", "done"]
