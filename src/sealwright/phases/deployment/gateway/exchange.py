"""One request and its answer, between a connection and the ASGI app."""

from __future__ import annotations

import asyncio
import http
import sys
import traceback
from collections.abc import Awaitable, Callable
from typing import Any, Final

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

HIGH_WATER: Final = 64 * 1024
"""Bytes of a body that wait here before the connection stops reading."""

SLOW: Final = "sealwright.slow"
"""Key of an `http.disconnect` message: the client is still there, but took too long."""

_STATUS: Final = {
    status.value: b"HTTP/1.1 %d %b\r\n" % (status.value, status.phrase.encode())
    for status in http.HTTPStatus
}


class Exchange:
    """What an ASGI app is called with. The body is read only when the app asks for it."""

    __slots__ = (
        "_body",
        "_done",
        "_event",
        "_gone",
        "_head",
        "_more",
        "_resume",
        "_scope",
        "_slow",
        "_stays",
        "_transport",
        "complete",
        "keep_alive",
    )

    def __init__(
        self,
        *,
        scope: Scope,
        transport: asyncio.Transport,
        has_body: bool,
        keep_alive: bool,
        stays: Callable[[], bool],
        resume: Callable[[], None],
        done: Callable[[Exchange], None],
    ) -> None:
        self._scope = scope
        self._transport = transport
        self._body: list[bytes] = []
        self._more = has_body
        self._event: asyncio.Event | None = None
        self._gone = False
        self._slow = False
        self._head: list[bytes] | None = None
        self._stays = stays
        self._resume = resume
        self._done = done
        self.keep_alive = keep_alive
        """Whether the connection lives on after the answer."""
        self.complete = False
        """Whether the whole answer is written."""

    @property
    def is_full(self) -> bool:
        """Whether more of the body waits than should."""
        return sum(map(len, self._body)) > HIGH_WATER

    def feed(self, data: bytes, *, more: bool) -> None:
        """A piece of the body came."""
        self._body.append(data)
        self._more = more
        self._wake()

    def lost(self) -> None:
        """Nobody is there any more."""
        self._gone = True
        self._wake()

    def late(self) -> None:
        """The body takes too long: an app that waits for it hears so, and may still answer."""
        self._slow = True
        self._wake()

    async def run(self, app: App) -> None:
        """Calls the app. One that fails gives no answer: its connection is cut."""
        try:
            await app(self._scope, self._receive, self._send)
        except Exception:  # noqa: BLE001 - a defect of ours must not end the process
            traceback.print_exc(file=sys.stderr)
        if not self.complete:
            self.complete = True
            self._transport.abort()

    async def _receive(self) -> Message:
        while not self._body and self._more and not self._gone and not self._slow:
            self._resume()
            self._event = asyncio.Event()
            await self._event.wait()
        if self._gone or self.complete:
            return {"type": "http.disconnect"}
        if self._slow and self._more:
            return {"type": "http.disconnect", SLOW: True}
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._body = []
        return {"type": "http.request", "body": body, "more_body": self._more}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            head = [_STATUS[message["status"]]]
            for name, value in message["headers"]:
                if name == b"connection":  # there is only one thing that it can say
                    self.keep_alive = False
                else:
                    head += (name, b": ", value, b"\r\n")
            self._head = head
            return
        if self.complete or self._head is None or message.get("more_body", False):
            raise RuntimeError("an answer is one start and one body")
        self.keep_alive = self.keep_alive and self._stays()
        if not self.keep_alive:
            self._head.append(b"connection: close\r\n")
        self._head += (b"\r\n", message["body"])
        self.complete = True
        if not self._gone:
            self._transport.write(b"".join(self._head))
        self._done(self)

    def _wake(self) -> None:
        if self._event is not None:
            self._event.set()
