"""What a runtime may send, and what it is taken for."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.phases.deployment.gateway.upstream import (
    MAX_ANSWER,
    MAX_CONNECTIONS,
    Upstream,
    UpstreamError,
)

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def good(body: bytes = b"{}") -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


def asked(
    serve: Serve, questions: Callable[[Upstream], Awaitable[object]], *, seconds: float = 5.0
) -> object:
    """Runs a server on a Unix socket and puts questions to it."""

    writers: list[asyncio.StreamWriter] = []

    async def remember(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await serve(reader, writer)

    async def main(path: str) -> object:
        server = await asyncio.start_unix_server(remember, path)
        upstream = Upstream(path, seconds=seconds)
        try:
            async with asyncio.timeout(20):
                return await questions(upstream)
        finally:
            upstream.close()
            server.close()
            for writer in writers:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()

    with tempfile.TemporaryDirectory(prefix="up-") as folder:
        return asyncio.run(main(str(Path(folder) / "s")))


def says(answer: bytes, *, close: bool = True) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(2)
        writer.write(answer)
        if close:
            writer.close()

    return serve


async def once(upstream: Upstream) -> bytes | str:
    try:
        return await upstream.post("/x", b"{}")
    except UpstreamError as error:
        return error.failure


def test_a_plain_answer_is_taken() -> None:
    assert asked(says(good(b"[1]")), once) == b"[1]"


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (b"", "lost"),
        (good()[:-1], "lost"),
        (good().replace(b"200 OK", b"500 Oh"), "answer"),
        (good().replace(b"200 OK", b"302 Found"), "answer"),
        (good().replace(b"200 OK", b"100 Continue"), "answer"),
        (b"HTTP/1.1 200 OK\r\n\r\n{}", "answer"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", "answer"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (MAX_ANSWER + 1), "answer"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * (MAX_ANSWER + 10_000), "answer"),
        (b"HTTP/1.1 200 OK\ncontent-length: 2\n\n{}", "answer"),
        (b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", "answer"),
        (b"\x16\x03\x01 no HTTP at all", "answer"),
    ],
)
def test_anything_else_is_not(answer: bytes, failure: str) -> None:
    assert asked(says(answer), once) == failure


def test_one_that_says_nothing_is_slow() -> None:
    assert asked(says(b"", close=False), once, seconds=0.2) == "slow"


def test_one_that_is_not_there_is_lost() -> None:
    async def nobody(upstream: Upstream) -> object:
        return await once(Upstream("/nowhere/at/all"))

    assert asked(says(b""), nobody) == "lost"


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.binary(max_size=60).map(lambda noise: b"HTTP/1.1 200 OK\r\n" + noise),
        st.binary(max_size=60).map(lambda noise: good(noise) + noise),
        st.tuples(st.integers(0, 40), st.binary(min_size=1, max_size=3)).map(
            lambda cut: good(b'{"a": 1}')[: cut[0]] + cut[1] + good(b'{"a": 1}')[cut[0] :]
        ),
    )
)
def test_no_bytes_do_more_than_fail(answer: bytes) -> None:
    found = asked(says(answer), once, seconds=2.0)
    assert found in ("lost", "answer", "slow") or isinstance(found, bytes)


def test_connections_are_used_again_and_a_closed_one_is_replaced() -> None:
    made = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal made
        made += 1
        for _ in range(3):  # then it closes without a word
            await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(2)
            writer.write(good())
        writer.close()

    async def ten(upstream: Upstream) -> object:
        return [await once(upstream) for _ in range(10)]

    assert asked(serve, ten) == [b"{}"] * 10
    assert made == 4


def test_a_second_answer_that_nobody_asked_for_is_not_kept_for_the_next() -> None:
    async def twice(upstream: Upstream) -> object:
        first = await once(upstream)
        await asyncio.sleep(0.05)
        return first, await once(upstream)

    found = asked(says(good(b"[1]") + good(b"[2]"), close=False), twice)
    assert isinstance(found, tuple)
    assert found[0] in (b"[1]", "answer")
    assert found[1] != b"[2]"


def test_there_is_a_bound_on_connections() -> None:
    async def many(upstream: Upstream) -> object:
        waiting = [asyncio.ensure_future(once(upstream)) for _ in range(MAX_CONNECTIONS + 5)]
        return [await item for item in waiting]

    found = asked(says(b"", close=False), many, seconds=0.3)
    assert found == ["slow"] * (MAX_CONNECTIONS + 5)


@pytest.mark.parametrize("kind", [b"", b"content-type: application/json\r\n"])
@pytest.mark.parametrize("cut", [0, 1, 17, 40])
def test_the_runtimes_own_head_is_read_whole_or_in_pieces(kind: bytes, cut: int) -> None:
    answer = b"HTTP/1.1 200 OK\r\n" + kind + b"content-length: 3\r\n\r\n[1]"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(2)
            writer.write(answer[:cut])
            await asyncio.sleep(0.01)
            writer.write(answer[cut:])

    async def twice(upstream: Upstream) -> object:
        return [await once(upstream) for _ in range(2)]

    assert asked(serve, twice) == [b"[1]", b"[1]"]


@pytest.mark.parametrize("length", [b"2", b"4", b"+3", b"3, 3", b"03 ", b"99999999"])
def test_a_length_that_does_not_fit_is_not_believed(length: bytes) -> None:
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: " + length + b"\r\n\r\n[1]"
    assert asked(says(answer), once) != b"[1]"


def test_the_time_of_each_request_counts_from_its_own_beginning() -> None:
    waits = iter((0.25, 0.25, 5.0))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(2)
            await asyncio.sleep(next(waits))
            writer.write(good())

    async def three(upstream: Upstream) -> object:
        return [await once(upstream) for _ in range(3)]

    assert asked(serve, three, seconds=0.4) == [b"{}", b"{}", "slow"]
