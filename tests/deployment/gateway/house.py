"""A real gateway process, a real upstream on a Unix socket, and everything that they rest on."""

from __future__ import annotations

import base64
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import msgspec

from sealwright.clock import format_time
from sealwright.evidence.dsse import encode_envelope, sign_statement
from sealwright.evidence.keys import SigningKey
from sealwright.evidence.manifest import system_digest
from sealwright.evidence.predicates.serving import (
    Contract,
    GrantedKey,
    Losses,
    RefusedModel,
    ServedModel,
    Snapshot,
)
from sealwright.evidence.statement import Statement, subject
from sealwright.files import write_atomically
from sealwright.phases.deployment.core.api_keys import mac_of, mint_key
from sealwright.phases.deployment.core.records import Chain, Entry, read_lines, verify_lines
from sealwright.phases.deployment.settings import GatewaySettings, runtime_socket
from sealwright.traffic import (
    AlertReport,
    Batch,
    FrameReader,
    HeadReport,
    Heartbeat,
    Observation,
    Report,
    Restriction,
    decode_report,
    frame,
)

SYSTEM, NAME = "credit", "scorer"
DIGEST = "ab" * 32
SHADOW = "cd" * 32
FEATURES = ("age", "income", "debt")
WAIT = 20.0
"""Seconds after which a test gives up waiting."""


def contract(**changes: Any) -> Contract:
    values: dict[str, Any] = {
        "name": NAME,
        "model_file": "model.onnx",
        "features": FEATURES,
        "positive": 1,
        "at": "2026-11-22T20:00:00.000000Z",
    }
    return Contract(**(values | changes))


def served(digest: str = DIGEST, *, role: Any = "champion", **changes: Any) -> ServedModel:
    return ServedModel(
        name=NAME, version=digest[:12], digest=digest, role=role, contract=contract(**changes)
    )


def refused(digest: str = DIGEST, *, reason: str = "revoked: poisoned") -> RefusedModel:
    return RefusedModel(name=NAME, version=digest[:12], digest=digest, reason=reason)


def infer_body(*rows: tuple[float, ...], **more: Any) -> bytes:
    cases = rows or ((0.75, 1.0, 2.0),)
    data = [value for row in cases for value in row]
    tensor = {"name": "features", "shape": [len(cases), 3], "datatype": "FP64", "data": data}
    return json.dumps({"inputs": [tensor], **more}).encode()


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def decision(self) -> str:
        return self.headers["x-decision-id"]

    def output(self, name: str) -> Any:
        return next(o["data"] for o in self.json["outputs"] if o["name"] == name)


class Monitor:
    """The other end of the monitor's socket: keeps what comes, sends what it is told to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._peers: list[socket.socket] = []
        self.frames: list[Batch] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def observations(self) -> list[Observation]:
        return [item for batch in list(self.frames) for item in batch.observations]

    def send(self, restriction: Restriction) -> None:
        wait_for(lambda: bool(self._peers))
        self._peers[-1].sendall(frame(restriction))

    def close(self) -> None:
        self._path.unlink(missing_ok=True)
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for peer in self._peers:
            peer.close()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self._peers.append(peer)
            threading.Thread(target=self._read, args=(peer,), daemon=True).start()

    def _read(self, peer: socket.socket) -> None:
        reader = FrameReader()
        while True:
            try:
                data = peer.recv(65536)
            except OSError:
                return
            if not data:
                return
            self.frames += [item for item in reader.feed(data) if isinstance(item, Batch)]


@dataclass
class House:
    """A gateway and its surroundings, below one short path."""

    root: Path
    key: SigningKey = field(default_factory=SigningKey.generate)
    pepper: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    sequence: int = 0
    reports: list[Report] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None
    settings: GatewaySettings | None = None
    monitor: Monitor | None = None
    runtimes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.token, identity = mint_key()
        self.granted = [self.grant(self.token, identity)]
        for folder in ("sockets", "log", "reviews"):
            (self.root / folder).mkdir()

    def grant(self, token: str, identity: str, **changes: Any) -> GrantedKey:
        values: dict[str, Any] = {
            "id": identity,
            "client": "bank",
            "mac": mac_of(token, self.pepper),
            "actions": ("infer", "metadata"),
            "models": ("*",),
            "requests_per_minute": 1_000_000,
            "not_after": format_time(datetime.now(UTC) + timedelta(days=1)),
        }
        return GrantedKey(**(values | changes))

    def add_key(self, client: str, **changes: Any) -> str:
        token, identity = mint_key()
        self.granted.append(self.grant(token, identity, client=client, **changes))
        return token

    # What the controller does

    def snapshot(self, *models: ServedModel, **changes: Any) -> Snapshot:
        now = datetime.now(UTC)
        values: dict[str, Any] = {
            "system": SYSTEM,
            "tier": "minimal",
            "sequence": self.sequence,
            "ledger_size": 1,
            "models": models or (served(),),
            "keys": tuple(self.granted),
            "losses": Losses(ledger="warn", log="stop", monitor="warn"),
            "at": format_time(now),
            "expires": format_time(now + timedelta(hours=1)),
        }
        return Snapshot(**(values | changes))

    def publish(
        self, *models: ServedModel, key: SigningKey | None = None, **changes: Any
    ) -> Snapshot:
        self.sequence += 1
        made = self.snapshot(*models, **changes)
        statement = Statement((subject(SYSTEM, system_digest(SYSTEM)),), made)
        data = encode_envelope(sign_statement(statement, key or self.key))
        write_atomically(self.root / "snapshot", data, durable=False)
        return made

    def stop(self, line: str) -> None:
        (self.root / "STOP").write_text(line, encoding="utf-8")

    def start(self, *, ready: bool = True, **changes: Any) -> None:
        values: dict[str, Any] = {
            "gateway": secrets.token_hex(8),
            "host": "127.0.0.1",
            "port": 0,
            "snapshot": str(self.root / "snapshot"),
            "snapshot_keys": (base64.b64encode(self.key.public.der).decode(),),
            "stop_file": str(self.root / "STOP"),
            "sockets": str(self.root / "sockets"),
            "monitor_socket": str(self.root / "monitor.sock"),
            "log_folder": str(self.root / "log"),
            "reviews": str(self.root / "reviews"),
            "pepper": self.pepper.hex(),
            "heartbeat_seconds": 0.2,
        }
        self.settings = GatewaySettings(**(values | changes))
        with (self.root / "stderr").open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sealwright.phases.deployment.gateway"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        assert self.process.stdin is not None
        self.process.stdin.write(msgspec.json.encode(self.settings) + b"\n")
        self.process.stdin.flush()
        self.reports = []
        threading.Thread(
            target=self._listen, args=(self.process, self.reports), daemon=True
        ).start()
        self.wait(lambda: bool(self.heartbeats))
        if ready:
            self.wait(lambda: self.ask("GET", "/v2/health/ready").status == 200)

    def start_runtime(self, digest: str = DIGEST) -> None:
        path = runtime_socket(str(self.root / "sockets"), digest)
        script = Path(__file__).with_name("upstream_app.py")
        self.runtimes[digest] = subprocess.Popen([sys.executable, str(script), path])
        self.wait(lambda: _connects(path))

    def stop_runtime(self, digest: str = DIGEST) -> None:
        process = self.runtimes.pop(digest)
        process.kill()
        process.wait()
        Path(runtime_socket(str(self.root / "sockets"), digest)).unlink(missing_ok=True)

    def end(self) -> int:
        """Asks the gateway to end as the controller does; its exit code."""
        assert self.process is not None
        if self.process.stdin is not None and not self.process.stdin.closed:
            self.process.stdin.close()
        code = self.process.wait(WAIT)
        if self.process.stdout is not None:
            self.wait(lambda: self.process is not None and self.process.stdout.closed)  # type: ignore[union-attr]
        self.process = None
        assert code in (0, -9), (self.root / "stderr").read_text()
        return code

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.end()
        for digest in list(self.runtimes):
            self.stop_runtime(digest)
        if self.monitor is not None:
            self.monitor.close()

    def _listen(self, process: subprocess.Popen[bytes], reports: list[Report]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            reports += (decode_report(line) for line in lines)

    # What callers do

    @property
    def port(self) -> int:
        return int(self.heartbeats[0].gauges["port"])

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=WAIT)
        try:
            sent = {"authorization": f"Bearer {token or self.token}"}
            if body is not None:
                sent["content-type"] = "application/json"
            connection.request(method, path, body, sent | dict(headers or {}))
            answer = connection.getresponse()
            fields = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, fields, answer.read())
        finally:
            connection.close()

    def infer(self, *rows: tuple[float, ...], **more: Any) -> Answer:
        return self.ask("POST", f"/v2/models/{NAME}/infer", infer_body(*rows), **more)

    def raw(self, data: bytes, *, close: bool = True, seconds: float = WAIT) -> bytes:
        """Sends bytes as they are; everything that comes back until the other side closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as peer:
            try:
                peer.sendall(data)
                if close:
                    peer.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it has heard enough
            return read_all(peer)

    # What there is to see

    @property
    def heartbeats(self) -> list[Heartbeat]:
        return [item for item in list(self.reports) if isinstance(item, Heartbeat)]

    @property
    def alerts(self) -> list[str]:
        return [item.alert.detector for item in list(self.reports) if isinstance(item, AlertReport)]

    @property
    def heads(self) -> list[HeadReport]:
        return [item for item in list(self.reports) if isinstance(item, HeadReport)]

    def gauge(self, name: str) -> float:
        return self.heartbeats[-1].gauges[name]

    def counter(self, name: str) -> float:
        return self.heartbeats[-1].counters.get(name, 0.0)

    def segments(self, gateway: str | None = None) -> list[Path]:
        assert self.settings is not None
        found = (self.root / "log").glob(f"{gateway or self.settings.gateway}-*.jsonl")
        return sorted(found, key=lambda path: int(path.stem.rsplit("-", 1)[1]))

    def lines(self, gateway: str | None = None) -> list[bytes]:
        data = b"".join(path.read_bytes() for path in self.segments(gateway))
        return data.splitlines(keepends=True)

    def entries(self, gateway: str | None = None) -> list[Entry]:
        return list(read_lines(self.lines(gateway)))

    def verified(self, gateway: str | None = None) -> Chain:
        return verify_lines(self.lines(gateway))

    def wait(self, condition: Callable[[], bool]) -> None:
        wait_for(condition, alive=self.process)


def wait_for(
    condition: Callable[[], bool], *, alive: subprocess.Popen[bytes] | None = None
) -> None:
    end = time.monotonic() + WAIT
    while not condition():
        assert alive is None or alive.poll() in (None, 0, -9), "the gateway has died"
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def read_all(peer: socket.socket) -> bytes:
    data = b""
    while True:
        try:
            piece = peer.recv(65536)
        except ConnectionResetError:
            return data
        if not piece:
            return data
        data += piece


def _connects(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as peer:
        try:
            peer.connect(path)
        except OSError:
            return False
    return True


@contextmanager
def house() -> Iterator[House]:
    """Below /tmp, since the path of a Unix socket must be short."""
    with tempfile.TemporaryDirectory(prefix="gw-") as folder:
        made = House(Path(folder))
        try:
            yield made
        finally:
            made.close()


def memory_kib(process: subprocess.Popen[bytes]) -> int:
    """Resident memory."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


__all__ = ["House", "Monitor", "house", "os"]
