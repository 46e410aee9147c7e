"""Carries observations to the monitor and restrictions back, beside the request path."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from sealwright.errors import MalformedError
from sealwright.phases.deployment.gateway.ring import Ring
from sealwright.traffic import Batch, FrameReader, Observation, Restriction, frame

PAUSE: Final = 0.05
"""Seconds between two looks at the ring."""
MOST: Final = 512
MOST_BYTES: Final = 4 * 1024 * 1024
"""Of observations in one frame."""
BACKOFF: Final = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds between attempts to connect; the last one again and again."""
SILENT_HEARTBEATS: Final = 2.0


class Drain:
    """The gateway's side of the monitor's socket."""

    def __init__(
        self,
        ring: Ring,
        *,
        socket: str,
        heartbeat: float,
        restrict: Callable[[Restriction], None],
        monotonic: Callable[[], float],
    ) -> None:
        self._ring = ring
        self._socket = socket
        self._heartbeat = heartbeat
        self._restrict = restrict
        self._monotonic = monotonic
        self._accepted = monotonic()
        self._stopping = False
        self.frames = 0
        """Frames that the monitor's socket took."""
        self.connections = 0
        """Times that it was reached."""

    @property
    def lost(self) -> bool:
        """Whether no frame was taken for two heartbeats."""
        return self._monotonic() - self._accepted > SILENT_HEARTBEATS * self._heartbeat

    def stop(self) -> None:
        """What is in the ring still goes out; then `run` returns."""
        self._stopping = True

    async def run(self) -> None:
        """Connects, sends, receives; again and again until it is stopped."""
        failures = 0
        while not self._stopping:
            try:
                async with asyncio.timeout(self._heartbeat):
                    reader, writer = await asyncio.open_unix_connection(self._socket)
            except (OSError, TimeoutError):
                await asyncio.sleep(BACKOFF[min(failures, len(BACKOFF) - 1)])
                failures += 1
                continue
            failures = 0
            self.connections += 1
            receiving = asyncio.ensure_future(self._receive(reader))
            try:
                await self._send(writer, receiving)
            finally:
                receiving.cancel()
                writer.transport.abort()
                with suppress(asyncio.CancelledError, OSError, MalformedError):
                    await receiving
            if not self._stopping:
                await asyncio.sleep(BACKOFF[0])

    async def _send(self, writer: asyncio.StreamWriter, receiving: asyncio.Future[None]) -> None:
        # Without a buffer of its own, `drain` returns when the kernel has taken everything.
        writer.transport.set_write_buffer_limits(high=0)
        last = float("-inf")
        while not receiving.done():
            stopping = self._stopping
            batch = self._ring.take(MOST, most_bytes=MOST_BYTES)
            if batch or stopping or self._monotonic() - last >= self._heartbeat:
                if not await self._sent(writer, batch):
                    return
                last = self._monotonic()
            if stopping and not len(self._ring):
                return
            if len(batch) < MOST:
                await asyncio.sleep(PAUSE)

    async def _sent(self, writer: asyncio.StreamWriter, batch: tuple[Observation, ...]) -> bool:
        try:
            async with asyncio.timeout(SILENT_HEARTBEATS * self._heartbeat):
                writer.write(frame(Batch(observations=batch, dropped=self._ring.dropped)))
                await writer.drain()
        except (OSError, TimeoutError):
            self._ring.lose(len(batch))
            return False
        self._accepted = self._monotonic()
        self.frames += 1
        return True

    async def _receive(self, reader: asyncio.StreamReader) -> None:
        frames = FrameReader()
        with suppress(OSError, MalformedError):
            while data := await reader.read(64 * 1024):
                for message in frames.feed(data):
                    if not isinstance(message, Restriction):
                        return
                    self._restrict(message)
