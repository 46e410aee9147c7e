"""Head and body of an answer in one write: uvicorn makes two, and each wakes the other side."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class JoinedProtocol(HttpToolsProtocol):
    """uvicorn's protocol over a transport that joins what is written in one turn of the loop."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes the connection."""
        super().connection_made(cast(asyncio.Transport, _Joined(transport, self.loop)))


class _Joined:
    """A transport; all but writing and closing is the real one's."""

    __slots__ = ("_loop", "_pending", "_transport")

    def __init__(self, transport: asyncio.BaseTransport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._loop = loop
        self._pending: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Soon."""
        if not self._pending:
            self._loop.call_soon(self._flush)
        self._pending.append(data)

    def close(self) -> None:
        """After what is still to be written."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._pending:
            data = b"".join(self._pending)
            self._pending.clear()
            self._transport.write(data)
