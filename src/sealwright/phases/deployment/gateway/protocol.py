"""HTTP/1.1 as we accept it: uvicorn's parser takes more than we want to answer for.

A head is taken whole, looked at as raw bytes, and only then parsed (llhttp, strict, a fresh parser
each time). A body is exactly Content-Length bytes; there is no chunked decoding that could
disagree with anybody's. One request at a time: whoever sends the next one before the answer gets
this answer and a closed connection.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final, cast

import httptools
from uvicorn.config import Config
from uvicorn.server import ServerState

from sealwright.phases.deployment.core.request import MAX_HEADERS
from sealwright.phases.deployment.gateway.driven import Driven
from sealwright.phases.deployment.gateway.exchange import Exchange, Scope

MAX_HEAD: Final = 16 * 1024
"""Bytes of request line and headers."""
MAX_DIGITS: Final = 15
"""Of a Content-Length."""
MAX_CONNECTIONS: Final = 1024
IDLE_SECONDS: Final = 30.0
LINGER_SECONDS: Final = 1.0
LINGER_BYTES: Final = 1024 * 1024
UNREAD_BYTES: Final = 64 * 1024
"""Rest of a body that is read over, rather than closing, where it was answered unread."""

REFUSAL: Final = "sealwright.refusal"
"""Key of `scope["extensions"]`: the reason why bytes were refused before they were a request."""

_BLANKS: Final = 2
"""In a request line."""
_END: Final = b"\r\n\r\n"
_STRAY: Final = bytes(set(range(32)) - {9, 10, 13}) + b"\x7f"


class GuardedProtocol(asyncio.Protocol):
    """One connection, for an app with `patience`. Made by uvicorn; wants `sweep` now and then."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        del app_state  # there is no lifespan that could have put anything into it
        self._app = config.loaded_app
        self._patience: float = self._app.patience
        self._loop = _loop or asyncio.get_running_loop()
        self._connections = cast("set[Any]", server_state.connections)
        self._tasks = cast("set[Any]", server_state.tasks)
        self._transport: asyncio.Transport
        self._tls = False
        self._peer: tuple[str, int] | None = None
        self._head = b""
        self._unread = 0
        """Bytes of the body that have not come."""
        self._exchange: Exchange | None = None
        self._closing = False
        """Nothing more is taken in; what comes is thrown away."""
        self._thrown = 0
        self._deadline = 0.0
        self._reading = True
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes the connection, or closes it at once where there are too many."""
        self._transport = cast(asyncio.Transport, transport)
        self._tls = transport.get_extra_info("sslcontext") is not None
        peer = transport.get_extra_info("peername")
        self._peer = (str(peer[0]), int(peer[1])) if peer else None
        if len(self._connections) >= MAX_CONNECTIONS:
            self._transport.abort()
            return
        self._connections.add(self)
        self._deadline = self._loop.time() + self._patience

    def connection_lost(self, exc: Exception | None) -> None:
        """Tells whoever is still at work on its request."""
        del exc
        self._connections.discard(self)
        self._closing = True
        if self._exchange is not None:
            self._exchange.lost()

    def eof_received(self) -> bool:
        """A half-closed connection still gets its answer."""
        exchange = self._exchange
        if exchange is None or exchange.complete or self._tls:
            return False
        if self._unread:
            exchange.lost()
        exchange.keep_alive = False
        return not self._unread

    def pause_writing(self) -> None:
        """Answers are not being read: no more requests until they are, or the sweep ends it."""
        self._pause()

    def resume_writing(self) -> None:
        """They are."""
        self._resume()

    def data_received(self, data: bytes) -> None:
        """Feeds a head or a body."""
        if self._closing:
            self._throw_away(len(data))
        elif self._unread:
            self._take_body(data)
        elif self._exchange is not None and not self._exchange.complete:
            self._exchange.keep_alive = False
            self._closing = True
        else:
            self._take_head(data)

    # What uvicorn and the process call

    def shutdown(self) -> None:
        """Ends after the answer that is being given."""
        if self._exchange is None or self._exchange.complete:
            self._transport.close()
        else:
            self._exchange.keep_alive = False

    def sweep(self, now: float) -> None:
        """Ends what takes too long; `now` is the loop's time."""
        if now < self._deadline:
            return
        if self._exchange is not None and not self._exchange.complete:
            if self._unread:
                self._exchange.late()
        elif self._closing or self._transport.is_closing():
            self._transport.abort()
        elif self._head:
            self._refuse("head-slow")
        else:
            self._close(now)

    # Heads

    def _take_head(self, data: bytes) -> None:
        if not self._head:
            self._deadline = self._loop.time() + self._patience
        head = self._head + data if self._head else data
        end = head.find(_END)
        if _is_odd(head[: end + len(_END)] if end >= 0 else head[:MAX_HEAD]):
            self._refuse("request-malformed")
        elif end > MAX_HEAD - len(_END) or (end < 0 and len(head) > MAX_HEAD):
            self._refuse("head-too-large")
        elif end < 0:
            self._head = head
        else:
            self._head = b""
            self._parse(head[: end + len(_END)], head[end + len(_END) :])

    def on_url(self, target: bytes) -> None:
        """From the parser."""
        self._target += target

    def on_header(self, name: bytes, value: bytes) -> None:
        """From the parser."""
        self._headers.append((name.lower(), value))

    def _parse(self, head: bytes, rest: bytes) -> None:
        self._target, self._headers = b"", []
        parser = httptools.HttpRequestParser(self)
        try:
            parser.feed_data(head)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._refuse("request-malformed")
            return
        length = _body_length(self._headers)
        if isinstance(length, str):
            self._refuse(length)
        elif parser.get_http_version() != "1.1" or not self._target.startswith(b"/"):
            self._refuse("request-malformed")
        else:
            self._unread = length
            self._deadline = self._loop.time() + self._patience
            path, _, query = self._target.partition(b"?")
            self._begin(
                self._scope(parser.get_method().decode("ascii"), path, query, self._headers),
                keep_alive=parser.should_keep_alive(),
                rest=rest,
            )

    def _scope(
        self, method: str, path: bytes, query: bytes, headers: list[tuple[bytes, bytes]]
    ) -> Scope:
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path.decode("latin-1"),
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": headers,
            "server": None,
            "client": self._peer,
        }

    # Requests and their end

    def _begin(self, scope: Scope, *, keep_alive: bool, rest: bytes = b"") -> None:
        exchange = Exchange(
            scope=scope,
            transport=self._transport,
            has_body=self._unread > 0,
            keep_alive=keep_alive,
            stays=self._stays,
            resume=self._resume,
            done=self._done,
        )
        self._exchange = exchange
        if rest:  # what came with the head is there before anybody asks for it
            self.data_received(rest)
        driven = Driven(exchange.run(self._app), loop=self._loop, done=self._tasks.discard)
        self._tasks.add(driven)
        driven.start()

    def _refuse(self, reason: str) -> None:
        """Lets the app answer and record what never became a request; the connection ends."""
        self._closing = True
        self._head = b""
        self._unread = 0
        scope = self._scope("", b"", b"", [])
        scope["extensions"] = {REFUSAL: reason}
        self._begin(scope, keep_alive=False)

    def _take_body(self, data: bytes) -> None:
        taken = data[: self._unread]
        self._unread -= len(taken)
        exchange = cast(Exchange, self._exchange)
        if not exchange.complete:
            exchange.feed(taken, more=self._unread > 0)
            if exchange.is_full:
                self._pause()
        if len(data) > len(taken):
            self.data_received(data[len(taken) :])

    def _pause(self) -> None:
        if self._reading and not self._transport.is_closing():
            self._reading = False
            self._transport.pause_reading()

    def _resume(self) -> None:
        if not self._reading and not self._transport.is_closing():
            self._reading = True
            self._transport.resume_reading()

    def _stays(self) -> bool:
        """Whether the connection can live on after the answer that is about to be written."""
        return not self._closing and self._unread <= UNREAD_BYTES

    def _done(self, exchange: Exchange) -> None:
        """The answer is written."""
        now = self._loop.time()
        self._resume()
        if self._transport.is_closing():
            return
        if exchange.keep_alive:
            self._deadline = now + IDLE_SECONDS
        elif (self._closing or self._unread) and self._transport.can_write_eof():
            # Closing over unread bytes would take the answer back: our half goes first.
            self._closing = True
            self._deadline = now + LINGER_SECONDS
            self._transport.write_eof()
        else:
            self._close(now)

    def _close(self, now: float) -> None:
        self._deadline = now + LINGER_SECONDS
        self._transport.close()

    def _throw_away(self, count: int) -> None:
        self._thrown += count
        if self._thrown > LINGER_BYTES:
            self._transport.abort()


def _is_odd(head: bytes) -> bool:
    """Whether raw head bytes hold what two parsers could read in two ways.

    An empty line in front, a request line not of three words, a line feed or carriage return
    alone, a folded line, a control character. A carriage return at the very end may still get its
    line feed.
    """
    ends = head.count(b"\r\n")
    return (
        head.count(b"\n") != ends
        or head.count(b"\r") - head.endswith(b"\r") != ends
        or head.startswith(b"\r")
        or (ends > 0 and head.count(b" ", 0, head.index(b"\r\n")) != _BLANKS)
        or b"\n " in head
        or b"\n\t" in head
        or head.translate(None, _STRAY) != head
    )


def _body_length(headers: list[tuple[bytes, bytes]]) -> int | str:
    """How long the body is, or the reason for which its end cannot be known."""
    if len(headers) > MAX_HEADERS:
        return "head-too-large"
    lengths, coded = [], False
    for name, value in headers:
        if name == b"content-length":
            lengths.append(value)
        elif name == b"transfer-encoding":
            coded = True
    if coded:
        return "framing-ambiguous" if lengths else "length-needed"
    if not lengths:
        return 0
    if len(lengths) > 1:
        return "framing-ambiguous"
    if not lengths[0].isdigit() or len(lengths[0]) > MAX_DIGITS:
        return "length-malformed"
    return int(lengths[0])
