"""The gateway's app and protocol in this process, over a transport that only remembers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sealwright.clock import system_clock
from sealwright.phases.deployment.core.snapshot import open_snapshot
from sealwright.phases.deployment.core.state import State, first_state
from sealwright.phases.deployment.gateway.app import GatewayApp
from sealwright.phases.deployment.gateway.counters import Counters
from sealwright.phases.deployment.gateway.log import DecisionLog
from sealwright.phases.deployment.gateway.protocol import GuardedProtocol
from sealwright.phases.deployment.gateway.ring import Ring
from sealwright.phases.deployment.gateway.shadow import Shadow
from tests.deployment.gateway.house import DIGEST, House, house
from tests.deployment.gateway.upstream_app import scores_for


class Runtime:
    """Answers what the gateway asks, in this process."""

    async def infer(self, model: Any, body: bytes) -> bytes:
        del model
        tensor = json.loads(body)["inputs"][0]
        rows, width = tensor["shape"]
        scores = scores_for([tensor["data"][i * width : (i + 1) * width] for i in range(rows)])
        output = {"name": "score", "datatype": "FP64", "shape": [rows], "data": scores}
        return json.dumps({"model_name": "m", "outputs": [output]}).encode()


class Transport:
    """Remembers what is written."""

    def __init__(self) -> None:
        self.written = b""
        self.closed = False
        self.paused = False

    def get_extra_info(self, name: str) -> Any:
        return ("127.0.0.1", 5000) if name == "peername" else None

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.written += data

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.closed = True

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


class Inside:
    """An app with all that it needs, and a way to connect to it."""

    def __init__(self, around: House, state: State, *, reviews: Path) -> None:
        self.house = around
        self.state = state
        self.loop = asyncio.new_event_loop()
        self.counters, self.ring = Counters(), Ring()
        self.connections: set[Any] = set()
        self.loop.run_until_complete(self._make(reviews))

    async def _make(self, reviews: Path) -> None:
        upstreams: Any = Runtime()
        self.log = DecisionLog(
            self.house.root / "log",
            gateway="inside",
            clock=system_clock,
            on_head=lambda _: None,
            dropped=lambda: 0,
        )
        self.app = GatewayApp(
            state=lambda: self.state,
            log=self.log,
            upstreams=upstreams,
            shadow=Shadow(
                self.ring, upstreams=upstreams, counters=self.counters, busy=lambda: False
            ),
            reviews=reviews,
            counters=self.counters,
            patience=10.0,
        )

    def connect(self) -> tuple[GuardedProtocol, Transport]:
        config: Any = SimpleNamespace(loaded_app=self.app)
        server: Any = SimpleNamespace(connections=self.connections, tasks=set())
        protocol = GuardedProtocol(config, server, {}, self.loop)
        transport: Any = Transport()
        protocol.connection_made(transport)
        return protocol, transport

    def turn(self, *, times: int) -> None:
        """Runs the loop a few times, and a little longer where a file is being written."""

        async def wait() -> None:
            for _ in range(times):
                await asyncio.sleep(0.005 if self.app.in_flight else 0)

        self.loop.run_until_complete(wait())

    def call(self, scope: dict[str, Any], pieces: list[bytes]) -> tuple[list[Any], int]:
        """One ASGI call: the messages that were sent, and how often the body was asked for."""
        sent: list[Any] = []
        waiting = [
            {"type": "http.request", "body": piece, "more_body": n + 1 < len(pieces)}
            for n, piece in enumerate(pieces)
        ]
        asked = 0

        async def receive() -> Any:
            nonlocal asked
            asked += 1
            return waiting.pop(0) if waiting else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        async def call() -> None:
            async with asyncio.timeout(20):
                await self.app(scope, receive, send)

        self.loop.run_until_complete(call())
        return sent, asked

    def close(self) -> None:
        self.log.stop()
        self.loop.run_until_complete(self.log.run())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()


@contextmanager
def inside(**contract: Any) -> Iterator[Inside]:
    from tests.deployment.gateway.house import served

    with house() as around:
        around.publish(served(**contract))
        opened = open_snapshot((around.root / "snapshot").read_bytes(), [around.key.public])
        state = replace(
            first_state(pepper=around.pepper), snapshot=opened, running=frozenset({DIGEST})
        )
        made = Inside(around, state, reviews=around.root / "reviews")
        try:
            yield made
        finally:
            made.close()
