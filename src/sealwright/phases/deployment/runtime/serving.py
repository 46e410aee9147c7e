"""Serves the model until its standard input ends, and says twice a second that it lives."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import socket
import threading
import time
from contextlib import suppress
from typing import Final

import uvicorn
import uvloop

from sealwright.phases.deployment.runtime.app import VERSION_DIGITS, RuntimeApp
from sealwright.phases.deployment.runtime.joined import JoinedProtocol
from sealwright.phases.deployment.settings import RuntimeSettings
from sealwright.sandbox.interface import Level
from sealwright.traffic import Heartbeat, encode_report

GRACE_SECONDS: Final = 2.0
"""For requests that are being answered when the end comes."""
KEEP_ALIVE_SECONDS: Final = 75
MAX_CONNECTIONS: Final = 512
_FIRST_LOOK: Final = 0.01
_STRENGTH: Final[dict[Level, float]] = {"none": 0.0, "landlock": 1.0, "bubblewrap": 2.0}


def serve(
    app: RuntimeApp, listener: socket.socket, *, settings: RuntimeSettings, level: Level
) -> None:
    """Answers on `listener` until standard input ends; then requests in hand are finished."""
    server = uvicorn.Server(configuration(app))
    threading.Thread(target=_wait_for_end, args=(server,), daemon=True).start()
    gc.collect()
    gc.freeze()  # model and libraries are no garbage to search for

    async def run() -> None:
        beats = asyncio.create_task(_beat(app, server, settings=settings, level=level))
        try:
            await server.serve(sockets=[listener])
        finally:
            beats.cancel()

    uvloop.run(run())


def configuration(app: RuntimeApp) -> uvicorn.Config:
    """How uvicorn serves the model: nothing but HTTP/1.1 requests and answers."""
    return uvicorn.Config(
        app,
        loop="none",
        http=JoinedProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=int(GRACE_SECONDS),
        limit_concurrency=MAX_CONNECTIONS,
    )


def _wait_for_end(server: uvicorn.Server) -> None:
    """Nobody serves without a controller. A thread, so that a busy loop cannot miss it."""
    with suppress(OSError):
        while os.read(0, 1 << 16):
            pass  # later settings are for other children
    server.should_exit = True
    time.sleep(GRACE_SECONDS + 1)
    os._exit(0)


async def _beat(
    app: RuntimeApp, server: uvicorn.Server, *, settings: RuntimeSettings, level: Level
) -> None:
    while not server.started:
        await asyncio.sleep(_FIRST_LOOK)
    with suppress(OSError):
        os.set_blocking(1, False)
    name = f"runtime:{settings.digest[:VERSION_DIGITS]}"
    while True:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        beat = Heartbeat(
            process=name,
            at=time.time(),
            ready=True,
            counters={**app.counters, "cpu_seconds": usage.ru_utime + usage.ru_stime},
            gauges={"isolation": _STRENGTH[level], "memory_bytes": usage.ru_maxrss * 1024.0},
        )
        with suppress(OSError):  # nobody reads, or reads too slowly: the next one says the same
            os.write(1, encode_report(beat))
        await asyncio.sleep(settings.heartbeat_seconds)
