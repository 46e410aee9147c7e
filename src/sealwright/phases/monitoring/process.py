"""The monitor as a process: settings from standard input, observations from a socket, reports out.

One thread, one loop. A gateway that sends too fast is read more slowly; its own ring then drops and
counts. A connection that carries something else than our frames is closed, and nothing else is.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from sealwright.clock import Clock, system_clock
from sealwright.errors import CannotLook, InputMissing, MalformedError
from sealwright.phases.monitoring.monitor import Monitor, Said
from sealwright.phases.monitoring.pieces import pieces
from sealwright.phases.monitoring.settings import MonitorSettings
from sealwright.traffic import Batch, FrameReader, Report, Restriction, encode_report, frame

MAX_LINE: Final = 256 * 1024 * 1024
"""Settings hold the profiles of all models."""
PIECE: Final = 256 * 1024
MAX_WAITING: Final = 16 * 1024 * 1024
"""Reports that the controller has not read yet; more are lost, and that is counted."""
MAX_GATEWAYS: Final = 16
SLOW_GATEWAY: Final = 4 * 1024 * 1024
"""Bytes of restrictions that a gateway has not read yet; then its connection is closed."""
_settings: Final = msgspec.json.Decoder(MonitorSettings)


def read_settings(line: bytes) -> MonitorSettings:
    """The controller's line; MalformedError for anything else."""
    try:
        settings = _settings.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedError(f"not the settings of a monitor: {error}"[:300]) from error
    try:
        secret = bytes.fromhex(settings.secret)
    except ValueError as error:
        raise MalformedError("the secret in the settings is not hexadecimal") from error
    if len(secret) < 16 or "\0" in settings.socket + settings.state:
        raise MalformedError("a setting of the monitor is out of its bounds")
    return settings


class Process:
    """One monitor and what it is connected to."""

    def __init__(self, *, clock: Clock, write: Callable[[Report], None]) -> None:
        self._clock = clock
        self._write = write
        self._gateways: dict[int, asyncio.StreamWriter] = {}
        self._number = 0
        self._monitor: Monitor | None = None
        self._server: asyncio.Server | None = None
        self._reading: set[asyncio.Task[None]] = set()

    async def run(self, lines: asyncio.StreamReader) -> None:
        """Until the settings' stream ends. InputMissing if it ends before the first line."""
        first = await _line(lines)
        if first is None:
            raise InputMissing("no settings came on standard input")
        settings = read_settings(first)
        self._monitor = Monitor(settings, now=self._now())
        self._server = await self._listen(settings.socket)
        self._out(self._monitor.start)
        beat = asyncio.create_task(self._beat(self._monitor))
        try:
            await self._follow(self._monitor, lines, beat)
        finally:
            beat.cancel()
            await self._close()
            self._monitor.save(now=self._now())

    async def _follow(
        self, monitor: Monitor, lines: asyncio.StreamReader, beat: asyncio.Task[None]
    ) -> None:
        """Takes later settings; ends with standard input, or with an error of the heartbeat."""
        while True:
            reading = asyncio.ensure_future(_line(lines))
            await asyncio.wait({reading, beat}, return_when=asyncio.FIRST_COMPLETED)
            if beat.done():
                reading.cancel()
                beat.result()
                return
            line = reading.result()
            if line is None:
                return
            self._out(monitor.configure(read_settings(line), now=self._now()))

    async def _listen(self, path: str) -> asyncio.Server:
        place = Path(path)
        with contextlib.suppress(FileNotFoundError):
            if place.is_socket():
                place.unlink()  # of a process that was killed
        mask = os.umask(0o177)
        try:
            return await asyncio.start_unix_server(self._serve, path=path, limit=PIECE)
        except OSError as error:
            raise CannotLook(f"{path}: cannot be listened on: {error.strerror or error}") from error
        finally:
            os.umask(mask)

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in self._gateways.values():
            writer.close()
        for task in self._reading:
            task.cancel()
        await asyncio.gather(*self._reading, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        monitor, task = self._monitor, asyncio.current_task()
        assert monitor is not None
        assert task is not None
        if len(self._gateways) >= MAX_GATEWAYS:
            writer.close()
            return
        self._number += 1
        number = self._number
        self._reading.add(task)
        self._gateways[number] = writer
        self._send(monitor.connected(number, now=self._now()), only=number)
        try:
            await self._read(monitor, number, reader)
        except MalformedError as error:
            monitor.malformed()
            sys.stderr.write(f"monitor: a connection was closed: {error.message[:200]}\n")
        except OSError:
            pass  # the gateway is gone: `silent` tells, unless it comes back
        finally:
            self._gateways.pop(number, None)
            self._reading.discard(task)
            monitor.gone(number, now=self._now())
            writer.close()

    async def _read(self, monitor: Monitor, number: int, reader: asyncio.StreamReader) -> None:
        frames = FrameReader()
        while data := await reader.read(PIECE):
            for message in frames.feed(data):
                if not isinstance(message, Batch):
                    raise MalformedError("a gateway sends batches and nothing else")
                for piece in pieces(message):
                    self._out(monitor.take(piece, gateway=number, now=self._now()))
                    await asyncio.sleep(0)  # heartbeat and settings get their turn

    async def _beat(self, monitor: Monitor) -> None:
        while True:
            self._out(monitor.tick(self._now()))
            self._write(monitor.heartbeat(now=self._now()))
            pause = monitor.settings.monitoring.heartbeat_seconds / 2
            await asyncio.sleep(min(pause, 5.0))

    def _out(self, said: Said) -> None:
        self._send(said.restrictions)  # the caller is slowed down first, and reported then
        for report in said.reports:
            self._write(report)

    def _send(self, restrictions: list[Restriction], *, only: int | None = None) -> None:
        if not restrictions:
            return
        data = b"".join(frame(restriction) for restriction in restrictions)
        for number, writer in list(self._gateways.items()):
            if only is not None and number != only:
                continue
            if writer.transport.get_write_buffer_size() > SLOW_GATEWAY:
                writer.transport.abort()
            else:
                writer.write(data)

    def _now(self) -> float:
        return self._clock().timestamp()


async def _line(lines: asyncio.StreamReader) -> bytes | None:
    """The next line; None at the end. A last line without an end was not meant for us."""
    try:
        return await lines.readuntil(b"\n")
    except asyncio.IncompleteReadError:
        return None
    except asyncio.LimitOverrunError as error:
        raise MalformedError(f"the settings are longer than {MAX_LINE} bytes") from error


async def serve(*, clock: Clock = system_clock) -> None:
    """The monitor on this process's standard input and output."""
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=MAX_LINE)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin.buffer)
    transport, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, sys.stdout.buffer)

    def write(report: Report) -> None:
        if transport.is_closing():
            raise InputMissing("nobody reads the monitor's reports")
        if transport.get_write_buffer_size() < MAX_WAITING:
            transport.write(encode_report(report))

    await Process(clock=clock, write=write).run(lines)
    transport.close()
