"""What a gateway costs: CPU per request and added latency, ours beside plain proxies.

    python bench/gateway.py [--seconds 3] [--rounds 3] [--connections 16] [--litellm PROGRAM]

One model, one row of 8 features per request, all on this machine in one run, rounds interleaved:

    direct    wrk -> the runtime's program listening on TCP
    nginx     wrk -> nginx, a plain proxy with kept connections -> the runtime's Unix socket
    ours      wrk -> the gateway with every check on -> the same runtime
    LiteLLM   wrk -> a pass-through endpoint of its proxy, without authentication -> direct

The runtime is the real one, isolated as in service. Ours does all that it does in service: API key,
limit, schema, the body written anew, rounding, a record in the hash-chained log on disk before the
answer leaves, and an observation for the monitor, whose socket is drained here.

CPU is that of the program's whole process tree (user and system), divided by the requests that wrk
counted; the runtime's own is told beside it. `added p50` is against `direct`, one connection at a
time. Needs nginx, wrk and bubblewrap. LiteLLM is measured where its program is found.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

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
from sealwright.phases.deployment.runtime import isolate
from sealwright.phases.deployment.settings import (
    GatewaySettings,
    RuntimeSettings,
    runtime_socket,
)

NAME, WIDTH = "small", 8
PATH = f"/v2/models/{NAME}/infer"
ROW = [0.123, 1.2345, -2.34, 3.4, 4.5, 5.6, -6.7, 7.8]
GOAL_US, GOAL_RATIO = 150, 6
_TICK = os.sysconf("SC_CLK_TCK")
_WAIT = 180.0
_LITELLM = Path(__file__).parents[1] / ".venv-peers" / "bin" / "litellm"

_LUA = """
wrk.method = "POST"
wrk.body = %s
wrk.headers["content-type"] = "application/json"
%s
done = function(summary, latency, requests)
  local errors = summary.errors
  local bad = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format("\\n@%%d %%d %%d %%d\\n",
    summary.requests, summary.duration, latency:percentile(50), bad))
end
"""

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


@dataclass(frozen=True)
class Round:
    """One measurement of one target."""

    cpu_us: float
    runtime_us: float
    rate: float
    p50_us: float
    alone_p50_us: float


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
    deadline = time.monotonic() + _WAIT
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
    command = [sys.executable, __file__, "--serve-directly", str(port)]
    process = stack.enter_context(running(command, line=msgspec.json.encode(settings) + b"\n"))
    wait_for(port, process)
    return Target("direct", f"http://127.0.0.1:{port}{PATH}", process.pid)


def serve_directly(port: int) -> None:
    """What `start_direct` starts."""
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


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    found, pending = [pid], [pid]
    while pending:
        for task in Path("/proc", str(pending.pop()), "task").iterdir():
            children = [int(word) for word in (task / "children").read_text().split()]
            found += children
            pending += children
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of a process tree, of children that ended, too."""
    ticks = 0
    for each in tree(pid):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(int(word) for word in fields[11:15])
    return ticks / _TICK


def rss_mb(pid: int) -> float:
    """Resident memory of a process tree, pages counted once per process."""
    return sum(
        int(line.split()[1]) / 1024
        for each in tree(pid)
        for line in Path(f"/proc/{each}/status").read_text().splitlines()
        if line.startswith("VmRSS")
    )


def first_answer(target: Target) -> None:
    """One request, before anything is measured: it must be answered, however long that takes."""
    headers = {"content-type": "application/json"}
    if target.header:
        headers["authorization"] = target.header
    asked = urllib.request.Request(target.url, json.dumps(_request()).encode(), headers)
    try:
        with urllib.request.urlopen(asked, timeout=_WAIT) as answer:
            answer.read()
    except OSError as error:
        sys.exit(f"{target.name}: {error}")


def load(
    target: Target, script: Path, *, connections: int, seconds: float
) -> tuple[int, float, float]:
    """Requests, seconds that wrk took, and the median latency in microseconds."""
    command = [
        "wrk",
        "-t1",
        "--timeout",
        "30s",
        f"-c{connections}",
        f"-d{max(1, round(seconds))}s",
        "-s",
        str(script),
    ]
    done = subprocess.run([*command, target.url], capture_output=True, text=True, check=True)
    requests, took, p50, bad = (int(x) for x in done.stdout.rpartition("@")[2].split())
    if bad or not requests:
        sys.exit(f"{target.name}: {bad} of {requests} requests were not answered well")
    return requests, took / 1e6, p50


def measure(
    target: Target, script: Path, *, runtime: int, connections: int, seconds: float
) -> Round:
    """One connection for the latency, then many for the cost."""
    _, _, alone = load(target, script, connections=1, seconds=seconds / 2)
    before = cpu_seconds(target.pid), cpu_seconds(runtime)
    requests, took, p50 = load(target, script, connections=connections, seconds=seconds)
    after = cpu_seconds(target.pid), cpu_seconds(runtime)
    return Round(
        cpu_us=(after[0] - before[0]) / requests * 1e6,
        runtime_us=(after[1] - before[1]) / requests * 1e6,
        rate=requests / took,
        p50_us=p50,
        alone_p50_us=alone,
    )


def middle(rounds: Sequence[Round], take: Callable[[Round], float]) -> float:
    """The median of one figure over the rounds."""
    return statistics.median(take(each) for each in rounds)


def print_table(targets: Sequence[Target], found: dict[str, list[Round]]) -> None:
    """One line per target; medians over the rounds."""
    columns = ["target ", "CPU us", "runtime us", "req/s", "p50 us", "p50 alone", "added p50"]
    print(" | ".join([*columns, "RSS MB", "CPU / nginx", "(rounds)"]))
    direct, nginx = found["direct"], found["nginx"]
    for target in targets:
        rounds = found[target.name]
        proxy = target.name != "direct"
        alone = middle(rounds, lambda r: r.alone_p50_us)
        ratios = [ours.cpu_us / plain.cpu_us for ours, plain in zip(rounds, nginx, strict=True)]
        values = [
            middle(rounds, lambda r: r.cpu_us),
            middle(rounds, lambda r: r.runtime_us),
            middle(rounds, lambda r: r.rate),
            middle(rounds, lambda r: r.p50_us),
            alone,
            alone - middle(direct, lambda r: r.alone_p50_us) if proxy else 0.0,
            rss_mb(target.pid),
        ]
        cells = [f"{target.name:7}"]
        widths = [len(name) for name in [*columns[1:], "RSS MB"]]
        cells += [f"{value:{width},.0f}" for value, width in zip(values, widths, strict=True)]
        ratio = f"{statistics.median(ratios):11.1f}" if proxy else " " * 11
        each = " ".join(f"{r:.1f}" for r in ratios) if proxy else ""
        print(" | ".join([*cells, ratio, f"({each})"]), flush=True)


def versions(litellm: Path | None) -> str:
    """What was measured with what."""
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "nginx"
    words = [
        subprocess.run([nginx, "-v"], capture_output=True, text=True).stderr.strip(),
        subprocess.run(["wrk", "-v"], capture_output=True, text=True).stdout.split(" [")[0],
        f"Python {sys.version.split()[0]}",
        f"{os.cpu_count()} CPUs",
        "LiteLLM" if litellm is not None else "LiteLLM: not installed",
    ]
    return "; ".join(words)


def bench(options: argparse.Namespace) -> None:
    """All targets, in turns."""
    litellm: Path | None = options.litellm if options.litellm.exists() else None
    with tempfile.TemporaryDirectory(prefix="gw-bench-") as name, ExitStack() as stack:
        root = Path(name)
        settings = runtime_settings(root)
        argv, env, level = isolate.command(settings)
        told = msgspec.json.encode(settings) + b"\n"
        runtime = stack.enter_context(running(argv, line=told, env=env))
        drained(runtime)
        targets = [
            start_direct(stack, settings),
            start_nginx(stack, root, settings),
            start_ours(stack, root, settings),
        ]
        if litellm is not None:
            targets.append(start_litellm(stack, root, litellm, targets[0]))
        for target in targets:
            first_answer(target)
        print(f"{versions(litellm)}; runtime isolated by {level}")
        print(f"wrk -t1 -c{options.connections}, {options.rounds} rounds of {options.seconds:g} s")
        body = json.dumps(json.dumps(_request()))
        found: dict[str, list[Round]] = {target.name: [] for target in targets}
        for number in range(options.rounds + 1):
            for target in targets:
                script = root / f"{target.name}.lua"
                header = f'wrk.headers["authorization"] = "{target.header}"' * bool(target.header)
                script.write_text(_LUA % (body, header), encoding="utf-8")
                figures = measure(
                    target,
                    script,
                    runtime=targets[0].pid if target.name == "LiteLLM" else runtime.pid,
                    connections=options.connections,
                    seconds=options.seconds if number else 1.0,
                )
                if number:  # the first round warms everything up
                    found[target.name].append(figures)
        print_table(targets, found)
        _print_goals(found)


def _print_goals(found: dict[str, list[Round]]) -> None:
    cpu = middle(found["ours"], lambda r: r.cpu_us)
    ratio = statistics.median(
        ours.cpu_us / plain.cpu_us
        for ours, plain in zip(found["ours"], found["nginx"], strict=True)
    )
    for value, goal, unit in ((cpu, GOAL_US, "us CPU"), (ratio, GOAL_RATIO, "x nginx")):
        reached = "reached" if value <= goal else "MISSED"
        print(f"goal: at most {goal} {unit} per request: {value:.1f}, {reached}")


def _request() -> dict[str, Any]:
    tensor = {"name": "features", "shape": [1, WIDTH], "datatype": "FP64", "data": ROW}
    return {"inputs": [tensor]}


def main() -> None:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--litellm", type=Path, default=_LITELLM, help="its program, to compare")
    parser.add_argument("--serve-directly", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve_directly is not None:
        serve_directly(options.serve_directly)
    else:
        bench(options)


if __name__ == "__main__":
    main()
