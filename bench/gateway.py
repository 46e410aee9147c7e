"""What a gateway costs: CPU per request and added latency, ours beside plain proxies.

    PYTHONPATH=. python bench/gateway.py [--seconds 3] [--rounds 3] [--connections 16]
                                         [--litellm PROGRAM]

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
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from bench.gateways.targets import (
    PATIENCE,
    WIDTH,
    Target,
    drained,
    running,
    runtime_settings,
    start_direct,
    start_litellm,
    start_nginx,
    start_ours,
)

from sealwright.phases.deployment.runtime import isolate

ROW = [0.123, 1.2345, -2.34, 3.4, 4.5, 5.6, -6.7, 7.8]
GOAL_US, GOAL_RATIO = 150, 6
_TICK = os.sysconf("SC_CLK_TCK")
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


@dataclass(frozen=True)
class Round:
    """One measurement of one target."""

    cpu_us: float
    runtime_us: float
    rate: float
    p50_us: float
    alone_p50_us: float


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
        with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
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
    bench(parser.parse_args())


if __name__ == "__main__":
    main()
