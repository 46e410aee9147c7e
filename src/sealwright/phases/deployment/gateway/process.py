"""A gateway process from its first line of settings to its end."""

from __future__ import annotations

import asyncio
import gc
import hmac
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import msgspec
import uvicorn
import uvloop

from sealwright.clock import system_clock
from sealwright.errors import InputMissing, LimitReached, MalformedError
from sealwright.phases.deployment.core.state import State, alarms, first_state, lost
from sealwright.phases.deployment.gateway.app import GatewayApp
from sealwright.phases.deployment.gateway.counters import Counters
from sealwright.phases.deployment.gateway.drain import Drain
from sealwright.phases.deployment.gateway.listener import listening_socket, tls_context
from sealwright.phases.deployment.gateway.log import DecisionLog
from sealwright.phases.deployment.gateway.protocol import GuardedProtocol
from sealwright.phases.deployment.gateway.reports import Alarms, Reports
from sealwright.phases.deployment.gateway.ring import Ring
from sealwright.phases.deployment.gateway.shadow import Shadow
from sealwright.phases.deployment.gateway.upstream import Upstreams
from sealwright.phases.deployment.gateway.watch import SnapshotFile, Watch, read_keys
from sealwright.phases.deployment.settings import GatewaySettings
from sealwright.traffic import HeadReport, Heartbeat, Restriction

MAX_SETTINGS: Final = 1024 * 1024
SWEEP_SECONDS: Final = 0.25
GRACE_SECONDS: Final = 2
"""For requests under way when the process is asked to end."""
BUSY: Final = 64
"""Requests under way above which no shadow is asked."""

GC_THRESHOLDS: Final = (20_000, 20, 20)

GAUGE_QUANTILES: Final = {"latency_p50": 0.5, "latency_p90": 0.9, "latency_p99": 0.99}


def read_settings(descriptor: int) -> GatewaySettings:
    """The first line of standard input; later lines are for processes that can change."""
    data = b""
    while b"\n" not in data:
        piece = os.read(descriptor, 64 * 1024)
        if not piece:
            raise InputMissing(
                "no settings on standard input", advice="the controller starts this process"
            )
        data += piece
        if len(data) > MAX_SETTINGS:
            raise LimitReached(f"settings of more than {MAX_SETTINGS} bytes")
    try:
        return msgspec.json.decode(data.split(b"\n", 1)[0], type=GatewaySettings)
    except msgspec.MsgspecError as error:
        raise MalformedError(f"these are no settings of a gateway: {error}") from error


def run(settings: GatewaySettings, *, standard_input: int = 0, standard_output: int = 1) -> None:
    """Serves until standard input ends or a signal asks for the end."""
    reports = Reports(standard_output)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_Gateway(settings, reports).serve(standard_input))
    finally:
        reports.close()


class _Server(uvicorn.Server):
    """uvicorn without its signals: the end is ours to order."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Gateway:
    """The parts of a gateway, put together."""

    def __init__(self, settings: GatewaySettings, reports: Reports) -> None:
        self._settings = settings
        self._reports = reports
        self._alarms = Alarms(reports, clock=system_clock)
        self._counters = Counters()
        self._socket = listening_socket(settings)
        self._port = int(self._socket.getsockname()[1])
        tls = tls_context(settings)
        self._ring = Ring()
        self._snapshot = SnapshotFile(
            Path(settings.snapshot),
            keys=read_keys(settings.snapshot_keys),
            least=settings.sequence,
        )
        self._log = DecisionLog(
            Path(settings.log_folder),
            gateway=settings.gateway,
            clock=system_clock,
            on_head=lambda head: reports.send(HeadReport(head=head)),
            dropped=lambda: self._ring.dropped,
            on_tampered=self._log_tampered,
        )
        self._drain = Drain(
            self._ring,
            socket=settings.monitor_socket,
            heartbeat=settings.heartbeat_seconds,
            restrict=self._restrict,
            monotonic=time.monotonic,
        )
        self._upstreams = Upstreams(settings.sockets)
        self._watch = Watch(
            _first_state(settings),
            snapshot=self._snapshot,
            stop_file=Path(settings.stop_file),
            conditions=lambda: (self._log.lost, self._drain.lost),
            probe=self._upstreams.reach,
            changed=self._changed,
            tell=_tell,
        )
        self._shadow = Shadow(
            self._ring,
            upstreams=self._upstreams,
            counters=self._counters,
            busy=lambda: self._app.in_flight > BUSY,
        )
        self._app = GatewayApp(
            state=lambda: self._watch.state,
            log=self._log,
            upstreams=self._upstreams,
            shadow=self._shadow,
            reviews=Path(settings.reviews),
            counters=self._counters,
            patience=settings.patience_seconds,
        )
        self._server = _Server(_config(self._app, tls))

    async def serve(self, standard_input: int) -> None:
        """Until it is asked to end; an exception in any part ends all of them."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)
        _on_end_of_input(standard_input, lambda: loop.call_soon_threadsafe(self._end))
        self._watch.look()
        gc.collect()
        gc.freeze()  # what is here now stays: the collector need not walk it with every request
        gc.set_threshold(*GC_THRESHOLDS)
        async with asyncio.TaskGroup() as group:
            log = group.create_task(self._log.run())
            drain = group.create_task(self._drain.run())
            others = [
                group.create_task(part)
                for part in (
                    self._watch.run(),
                    self._watch.run_probes(),
                    self._shadow.run(),
                    self._sweep(),
                    self._beat(),
                )
            ]
            await self._server.serve(sockets=[self._socket])
            for other in others:
                other.cancel()
            self._drain.stop()
            await asyncio.wait({drain}, timeout=GRACE_SECONDS)
            drain.cancel()
            self._log.stop()
            await log

    def _end(self) -> None:
        self._server.should_exit = True

    def _restrict(self, restriction: Restriction) -> None:
        self._counters.add("restrictions")
        self._watch.state.restrictions.put(restriction, now=time.time())

    def _log_tampered(self, what: str) -> None:
        self._alarms.set("log", what, severity="critical", stops=False)

    def _changed(self, state: State) -> None:
        opened = state.snapshot
        if opened is not None:
            self._counters.add("snapshots")
            self._upstreams.keep(opened.digests)
            snapshot = opened.snapshot
            self._log.sync_first = snapshot.tier == "critical" and snapshot.losses.log == "stop"

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = loop.time()
            for connection in list(self._server.server_state.connections):
                if isinstance(connection, GuardedProtocol):
                    connection.sweep(now)

    async def _beat(self) -> None:
        # The first one tells the port, and an answer to it must not come too early.
        while not self._server.started:
            await asyncio.sleep(0.01)
        while True:
            self._warn()
            self._reports.send(self._heartbeat())
            await asyncio.sleep(self._settings.heartbeat_seconds)

    def _heartbeat(self) -> Heartbeat:
        state, counters = self._watch.state, self._counters.all()
        counters["dropped_observations"] = float(self._ring.dropped)
        counters["log_records"] = float(self._log.records)
        counters["log_losses"] = float(self._log.losses)
        counters["snapshots_refused"] = float(self._snapshot.refused)
        counters["monitor_frames"] = float(self._drain.frames)
        counters["dropped_reports"] = float(self._reports.dropped)
        now = time.time()
        opened = state.snapshot
        gauges = {
            "port": float(self._port),
            "snapshot_sequence": float(opened.snapshot.sequence if opened else 0),
            "snapshot_seconds_left": opened.expires - now if opened else 0.0,
            "snapshot_problem": float(bool(self._snapshot.problem)),
            "log_lost": float(self._log.lost),
            "monitor_lost": float(self._drain.lost),
            "connections": float(len(self._server.server_state.connections)),
            "in_flight": float(self._app.in_flight),
            "waiting_observations": float(len(self._ring)),
            "restricted_callers": float(len(state.restrictions)),
            "runtimes": float(len(state.running)),
        }
        for name, share in GAUGE_QUANTILES.items():
            gauges[name] = self._counters.latencies.quantile(share)
        ready = opened is not None and lost(state, now=now) is None
        return Heartbeat(process="gateway", at=now, ready=ready, counters=counters, gauges=gauges)

    def _warn(self) -> None:
        """Alerts about what serving rests on."""
        found = dict(alarms(self._watch.state, now=time.time()))
        for reason, cause, title in _CONDITIONS:
            if reason in found and found[reason] != "warn":
                stops = found[reason] == "stop"
                self._alarms.set(cause, title, severity="critical", stops=stops)
            elif reason not in found:
                self._alarms.clear(cause)
        if self._snapshot.problem and self._snapshot.opened is not None:
            title = f"a snapshot was not taken: {self._snapshot.problem}"
            self._alarms.set("integrity", title, severity="high", stops=False)
        else:
            self._alarms.clear("integrity")


_CONDITIONS: Final[tuple[tuple[str, Any, str], ...]] = (
    ("ledger-lost", "health", "the gateway's snapshot has expired and no newer one came"),
    ("log-lost", "log", "decisions cannot be put on record"),
    ("monitor-lost", "silent", "the monitor takes no observations"),
)


def _first_state(settings: GatewaySettings) -> State:
    try:
        pepper = bytes.fromhex(settings.pepper)
    except ValueError as error:
        raise MalformedError("the pepper is not hex") from error
    if len(pepper) < hmac.new(b"", b"", "sha256").digest_size:
        raise MalformedError("the pepper has less than 256 bits")
    return first_state(
        pepper=pepper,
        max_rows=settings.max_rows,
        max_body=settings.max_body,
        server_version=version("sealwright"),
    )


def _config(app: GatewayApp, tls: Any) -> uvicorn.Config:
    config = uvicorn.Config(
        app,
        http=GuardedProtocol,
        ws="none",
        loop="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    config.load()
    config.ssl = tls
    return config


def _on_end_of_input(descriptor: int, then: Callable[[], object]) -> None:
    """Calls `then`, from a thread of its own, when nobody can write to us any more."""

    def wait() -> None:
        with suppress(OSError):
            while os.read(descriptor, 64 * 1024):
                pass
        with suppress(RuntimeError):  # the loop has ended by itself
            then()

    threading.Thread(target=wait, name="standard input", daemon=True).start()


def _tell(text: str) -> None:
    sys.stderr.write(f"gateway: {text}\n")
    sys.stderr.flush()
