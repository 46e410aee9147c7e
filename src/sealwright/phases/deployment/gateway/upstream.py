"""Asks a model's runtime over its Unix socket, and believes nothing of what comes back unchecked.

Written on asyncio and httptools because the libraries do not reach the goal of 150 us CPU for a
whole request: in one interleaved run of the same relay, aiohttp cost 250 us more per request than
this, and pyreqwest cannot connect to a Unix socket. Small on purpose: answers with Content-Length
only, no redirects; one retry, where an idle connection turns out to have been closed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Collection
from typing import Final, Literal, NoReturn, cast

import httptools

from sealwright.errors import CannotLook
from sealwright.evidence.predicates.serving import ServedModel
from sealwright.phases.deployment.settings import runtime_socket

CONNECT_SECONDS: Final = 1.0
ANSWER_SECONDS: Final = 10.0
REACH_SECONDS: Final = 1.0
MAX_ANSWER: Final = 4 * 1024 * 1024
MAX_ANSWER_HEAD: Final = 8 * 1024
MAX_CONNECTIONS: Final = 64

_PLAIN: Final = re.compile(
    rb"HTTP/1\.1 200 OK\r\n(?:content-type: application/json\r\n)?content-length: ([0-9]{1,7})"
    rb"\r\n\r\n"
)
"""The head that our runtime writes, which nobody can read in two ways. Others go to the parser."""

Failure = Literal["lost", "slow", "answer"]
"""lost: it cannot be reached, or hung up; slow: no answer in time; answer: not a usable one."""


class UpstreamError(CannotLook):
    """The runtime gave no usable answer. Nothing of what it said is in here."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"the runtime failed: {failure}")
        self.failure: Failure = failure


class Upstreams:
    """The runtimes of all versions, by digest. One that is served no more is let go."""

    def __init__(self, folder: str, *, seconds: float = ANSWER_SECONDS) -> None:
        self._folder = folder
        self._seconds = seconds
        self._of: dict[str, Upstream] = {}

    def infer(self, model: ServedModel, body: bytes) -> Awaitable[bytes]:
        """A runtime's answer to an inference request; UpstreamError where there is none."""
        upstream = self._of.get(model.digest) or self._upstream(model.digest)
        return upstream.post(f"/v2/models/{model.contract.name}/infer", body)

    async def reach(self, digest: str) -> bool:
        """Whether a runtime can be connected to."""
        return await self._upstream(digest).reach()

    def keep(self, digests: Collection[str]) -> None:
        """Lets go of all others."""
        for digest in [known for known in self._of if known not in digests]:
            self._of.pop(digest).close()

    def _upstream(self, digest: str) -> Upstream:
        found = self._of.get(digest)
        if found is None:
            found = Upstream(runtime_socket(self._folder, digest), seconds=self._seconds)
            self._of[digest] = found
        return found


class Upstream:
    """Connections to one runtime, kept alive. Belongs to the event loop that uses it."""

    def __init__(self, socket: str, *, seconds: float = ANSWER_SECONDS) -> None:
        self._socket = socket
        self._seconds = seconds
        self._idle: list[_Connection] = []
        self._open = 0

    def post(self, path: str, body: bytes) -> Awaitable[bytes]:
        """The body of the answer to a POST; UpstreamError where there is none with status 200."""
        head = (
            f"POST {path} HTTP/1.1\r\nhost: runtime\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        ).encode("ascii")
        return self._ask(head + body, self._seconds)

    async def reach(self) -> bool:
        """Whether the runtime says that it is ready."""
        request = b"GET /v2/health/ready HTTP/1.1\r\nhost: runtime\r\n\r\n"
        try:
            await self._ask(request, REACH_SECONDS)
        except UpstreamError as error:
            return error.failure == "slow"  # it is at work: whether it answers is for it to show
        return True

    async def _ask(self, request: bytes, seconds: float) -> bytes:
        connection = self._reused()
        if connection is not None:
            try:
                return await self._exchange(connection, request, seconds)
            except UpstreamError:
                if not connection.was_stale:
                    raise
        return await self._exchange(await self._connected(), request, seconds)

    def close(self) -> None:
        """Closes what is idle; what is in use closes when it is done."""
        for connection in self._idle:
            connection.close()
        self._idle.clear()

    def _reused(self) -> _Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.alive:
                return connection
            self._open -= 1
        return None

    async def _connected(self) -> _Connection:
        if self._open >= MAX_CONNECTIONS:
            raise UpstreamError("slow")
        self._open += 1
        try:
            # A task of its own: whoever asks may be none, and a time limit needs one.
            connection = await asyncio.create_task(_connect(self._socket))
        except BaseException as error:
            self._open -= 1
            if isinstance(error, TimeoutError | BlockingIOError):
                raise UpstreamError("slow") from error  # its queue is full, or we are held up
            if isinstance(error, OSError):
                raise UpstreamError("lost") from error
            raise
        return connection

    async def _exchange(self, connection: _Connection, request: bytes, seconds: float) -> bytes:
        try:
            return await connection.ask(request, seconds)
        except BaseException:
            connection.close()
            raise
        finally:
            connection.rest()
            if connection.alive:
                self._idle.append(connection)
            else:
                connection.close()
                self._open -= 1


async def _connect(socket: str) -> _Connection:
    async with asyncio.timeout(CONNECT_SECONDS):
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_unix_connection(_Connection, socket)
    return connection


class _Connection(asyncio.Protocol):
    """One connection: a request, then its answer, then perhaps the next."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._answer: asyncio.Future[bytes] | None = None
        self._deadline = self._due_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._body: list[bytes] = []
        self._length = -1
        self._size = 0
        self._failure: Failure | None = None
        self.alive = False

    @property
    def was_stale(self) -> bool:
        """Whether it had been closed before the request could reach anybody."""
        return self._failure == "lost" and self._size == 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The runtime is there."""
        self._transport = cast(asyncio.Transport, transport)
        self.alive = True

    def connection_lost(self, exc: Exception | None) -> None:
        """The runtime is gone."""
        del exc
        self._fail("lost")

    def ask(self, request: bytes, seconds: float) -> asyncio.Future[bytes]:
        """Sends a request; its answer comes within `seconds`, or UpstreamError. Then `rest`."""
        assert self._transport is not None
        self._answer = answer = self._loop.create_future()
        self._parser, self._size = None, 0
        self._deadline = self._loop.time() + seconds
        # One timer for many requests: it finds a later deadline when it is due, and waits on.
        if self._timer is None or self._due_at > self._deadline:
            self._wait_until(self._deadline)
        self._transport.write(request)
        return answer

    def rest(self) -> None:
        """The answer is taken: what comes now was not asked for."""
        self._answer = None

    def close(self) -> None:
        """Not to be used again."""
        self.alive = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """A piece of the answer; anything that is not one ends the connection."""
        if self._answer is None or self._answer.done():
            self._fail("answer")
            return
        plain = _PLAIN.match(data) if self._size == 0 else None
        if plain is not None and len(data) == plain.end() + int(plain[1]) <= MAX_ANSWER:
            self._size = len(data)
            self._answer.set_result(data[plain.end() :])
        else:
            self._parse(data)

    def _parse(self, data: bytes) -> None:
        if self._parser is None:
            self._parser = httptools.HttpResponseParser(self)
            self._body, self._length = [], -1
        self._size += len(data)
        if self._size > MAX_ANSWER + MAX_ANSWER_HEAD:
            self._fail("answer")
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail("answer")

    def _wait_until(self, deadline: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due_at = deadline
        self._timer = self._loop.call_at(deadline, self._due)

    def _due(self) -> None:
        self._timer = None
        if self._answer is None or self._answer.done():
            return  # it is idle; the next request sets a new one
        if self._loop.time() < self._deadline:
            self._wait_until(self._deadline)
        else:
            self._fail("slow")

    # From the parser; an exception here ends the connection.

    def on_header(self, name: bytes, value: bytes) -> None:
        """Notes the length."""
        if name.lower() == b"content-length" and value.isdigit() and len(value) < 9:
            self._length = int(value)

    def on_headers_complete(self) -> None:
        """Takes only plain answers with a stated length."""
        known = 0 <= self._length <= MAX_ANSWER and self._size <= MAX_ANSWER + MAX_ANSWER_HEAD
        if self._parser is None or self._parser.get_status_code() != 200 or not known:
            _stop()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """The answer is whole."""
        if self._answer is not None and not self._answer.done():
            if self._parser is None or not self._parser.should_keep_alive():
                self.alive = False
            self._answer.set_result(b"".join(self._body))

    def _fail(self, failure: Failure) -> None:
        self.close()
        self._failure = self._failure or failure
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(UpstreamError(failure))


def _stop() -> NoReturn:
    raise ValueError("not an answer that is taken")
