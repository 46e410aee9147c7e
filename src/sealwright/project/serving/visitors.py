"""Connections to the admin listener: so many and no more, and an idle one gives way to a new one.

Anybody on this machine may connect, and an operator must still get through.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

MOST: Final = 64


class Visitor(H11Protocol):
    """One connection. uvicorn's own bound counts requests only, and waits for ever for a head."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.since = asyncio.get_running_loop().time()

    @property
    def idle(self) -> bool:
        """Whether no request of it is being answered."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Takes it, and lets the one go that has been idle here for longest."""
        super().connection_made(transport)
        if len(self.connections) <= MOST:
            return
        others = [each for each in self.connections if isinstance(each, Visitor) and each.idle]
        oldest = min(others, key=lambda each: each.since)  # it is one of them itself
        oldest.transport.abort()
        self.connections.discard(oldest)
