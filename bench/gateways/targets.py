"""What `bench/gateway.py` measures: the runtime, and what can stand in front of it."""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec

from sealwright.clock import format_time, system_clock
from sealwright.evidence.dsse import encode_envelope, sign_statement
from sealwright.evidence.keys import SigningKey
from sealwright.evidence.manifest import system_digest
from sealwright.evidence.predicates.serving import (
    Contract,
    GrantedKey,
    Losses,
    ServedModel,
    Snapshot,
)
from sealwright.evidence.statement import Statement, subject
from sealwright.evidence.tree import identify
from sealwright.phases.deployment.core.api_keys import mac_of, mint_key
from sealwright.phases.deployment.settings import (
    GatewaySettings,
    RuntimeSettings,
    runtime_socket,
)

NAME, WIDTH = "small", 8
PATH = f"/v2/models/{NAME}/infer"
PATIENCE = 180.0
"""Seconds for a process to come up, and for its first answer."""

_NGINX = """
worker_processes 1; daemon off; pid {root}/nginx.pid; error_log {root}/nginx.log;
events {{ worker_connections 512; }}
http {{
  access_log off; client_body_temp_path {root}/b; proxy_temp_path {root}/p;
  fastcgi_temp_path {root}/f; uwsgi_temp_path {root}/u; scgi_temp_path {root}/s;
  upstream runtime {{ server unix:{socket}; keepalive 64; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://runtime; proxy_http_version 1.1;
                  proxy_set_header Connection ""; }}
  }}
}}
"""


@dataclass(frozen=True)
class Target:
    """Something that wrk asks. `pid`: the root of its process tree."""

    name: str
    url: str
    pid: int
    header: str = ""


def model_bytes() -> bytes:
    """A scaled logistic regression, as ONNX."""
    import numpy as np
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows = np.random.default_rng(0).normal(size=(500, WIDTH)).astype(np.float32)
    fitted = make_pipeline(StandardScaler(), LogisticRegression())
    fitted.fit(rows, (rows[:, 0] + rows[:, 1] > 0).astype(int))
    options = {"zipmap": False}
    converted: bytes = to_onnx(fitted, rows[:1], options=options).SerializeToString()
    return converted


def runtime_settings(root: Path) -> RuntimeSettings:
    """The model in a folder, and what a controller would tell its runtime."""
    folder = root / "model"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(model_bytes())
    (root / "sockets").mkdir()
    artifact = identify(folder)
    return RuntimeSettings(
        digest=artifact.digest,
        folder=str(folder),
        files=artifact.files,
        contract=Contract(
            name=NAME,
            model_file="model.onnx",
            features=tuple(f"x{number}" for number in range(WIDTH)),
            positive=1,
            at=format_time(system_clock()),
        ),
        socket=runtime_socket(str(root / "sockets"), artifact.digest),
    )


@contextmanager
def running(
    command: Sequence[str], *, line: bytes = b"", env: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process until the end of the block; its reports are read and thrown away."""
    with subprocess.Popen(
        command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdin is not None
        process.stdin.write(line)
        process.stdin.flush()
        try:
            yield process
        finally:
            process.terminate()


def drained(process: subprocess.Popen[bytes], *, first: bool = True) -> bytes:
    """The first line that a process says; what follows is read beside us."""
    assert process.stdout is not None
    line = process.stdout.readline() if first else b""
    threading.Thread(target=process.stdout.read, daemon=True).start()
    return line


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until somebody listens there."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            sys.exit(f"{process.args!r} ended with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit(f"{process.args!r} does not listen")


def start_direct(stack: ExitStack, settings: RuntimeSettings) -> Target:
    """The runtime's app on TCP, in a process of its own."""
    port = free_port()
    command = [sys.executable, "-m", __name__, str(port)]
    process = stack.enter_context(running(command, line=msgspec.json.encode(settings) + b"\n"))
    wait_for(port, process)
    return Target("direct", f"http://127.0.0.1:{port}{PATH}", process.pid)


def serve_directly(port: int) -> None:
    """What `start_direct` starts: this file as a program."""
    import uvicorn
    import uvloop

    from sealwright.phases.deployment.runtime.app import RuntimeApp
    from sealwright.phases.deployment.runtime.loading import load
    from sealwright.phases.deployment.runtime.serving import configuration

    settings = msgspec.json.decode(sys.stdin.buffer.readline(), type=RuntimeSettings)
    config = configuration(RuntimeApp(settings, load(settings)))
    config.host, config.port = "127.0.0.1", port
    uvloop.run(uvicorn.Server(config).serve())


def start_nginx(stack: ExitStack, root: Path, settings: RuntimeSettings) -> Target:
    """nginx in front of the runtime's socket."""
    port = free_port()
    place = root / "nginx.conf"
    place.write_text(_NGINX.format(root=root, socket=settings.socket, port=port), encoding="utf-8")
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "nginx"
    user = ["-g", "user root;"] if os.geteuid() == 0 else []
    process = stack.enter_context(running([program, "-c", str(place), "-p", str(root), *user]))
    wait_for(port, process)
    return Target("nginx", f"http://127.0.0.1:{port}{PATH}", process.pid)


def start_ours(stack: ExitStack, root: Path, settings: RuntimeSettings) -> Target:
    """The gateway, with a snapshot that serves the model to one key."""
    key, pepper, (token, identity) = SigningKey.generate(), secrets.token_bytes(32), mint_key()
    now = system_clock()
    snapshot = Snapshot(
        system="bench",
        tier="high",
        sequence=1,
        ledger_size=1,
        models=(
            ServedModel(
                name=NAME,
                version=settings.digest[:12],
                digest=settings.digest,
                contract=settings.contract,
            ),
        ),
        keys=(
            GrantedKey(
                id=identity,
                client="bench",
                mac=mac_of(token, pepper),
                actions=("infer",),
                models=(NAME,),
                requests_per_minute=10_000_000,
                not_after=format_time(now + timedelta(days=1)),
            ),
        ),
        losses=Losses(),
        at=format_time(now),
        expires=format_time(now + timedelta(hours=2)),
    )
    about = (subject("bench", system_digest("bench")),)
    (root / "snapshot").write_bytes(
        encode_envelope(sign_statement(Statement(about, snapshot), key))
    )
    for name in ("log", "reviews"):
        (root / name).mkdir()
    told = GatewaySettings(
        gateway=secrets.token_hex(8),
        host="127.0.0.1",
        port=0,
        snapshot=str(root / "snapshot"),
        snapshot_keys=(base64.b64encode(key.public.der).decode(),),
        stop_file=str(root / "STOP"),
        sockets=str(Path(settings.socket).parent),
        monitor_socket=str(root / "monitor.sock"),
        log_folder=str(root / "log"),
        reviews=str(root / "reviews"),
        pepper=pepper.hex(),
    )
    stack.enter_context(sink(root / "monitor.sock"))
    command = [sys.executable, "-I", "-m", "sealwright.phases.deployment.gateway"]
    process = stack.enter_context(running(command, line=msgspec.json.encode(told) + b"\n"))
    port = int(json.loads(drained(process))["gauges"]["port"])
    wait_for(port, process)
    url = f"http://127.0.0.1:{port}{PATH}"
    return Target("ours", url, process.pid, f"Bearer {token}")


@contextmanager
def sink(place: Path) -> Iterator[None]:
    """A monitor that reads everything and says nothing."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()

        def read() -> None:
            peer, _ = listener.accept()
            with peer:
                while peer.recv(1 << 20):
                    pass

        threading.Thread(target=read, daemon=True).start()
        yield


def start_litellm(stack: ExitStack, root: Path, program: Path, direct: Target) -> Target:
    """LiteLLM's proxy with one pass-through endpoint to the direct runtime."""
    port = free_port()
    place = root / "litellm.yaml"
    endpoint = {"path": PATH, "target": direct.url, "headers": {"content-type": "application/json"}}
    settings = {"general_settings": {"pass_through_endpoints": [endpoint]}, "model_list": []}
    place.write_text(json.dumps(settings), encoding="utf-8")  # JSON is YAML
    command = [str(program), "--config", str(place), "--host", "127.0.0.1", "--port", str(port)]
    secret = f"sk-{secrets.token_hex(32)}"
    told = {"LITELLM_MASTER_KEY": secret, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    process = stack.enter_context(running(command, env=os.environ | told))
    drained(process, first=False)
    wait_for(port, process)
    return Target("LiteLLM", f"http://127.0.0.1:{port}{PATH}", process.pid, f"Bearer {secret}")


if __name__ == "__main__":
    serve_directly(int(sys.argv[1]))
