"""Scanning models: ours beside picklescan, modelscan, fickling and modelaudit, in one run.

    PYTHONPATH=. python bench/scan.py [--peers .venv-scan-peers] [--install] [--rounds 3]
                                      [--mib 1024] [--torch PYTHON] [--only speed|detection]

Speed: a torch checkpoint and a safetensors file of 1 GiB each, 500 small pickles, and starting up.
CPU is user and system time of the process with its children, memory the peak of its resident pages
(those of mapped files count); medians over rounds in which the tools take turns. What the digest
alone costs is measured beside them. Telemetry and caches of the peers are off.

Detection: everything in `tests/attacks` and `tests/benign`. `no verdict` is an error, a time-out, a
file that the tool skips, and for ours inconclusive: none of them is a pass.

The peers live in a virtual environment of their own; --install makes it. With --torch, a Python
that has torch writes the checkpoint. Exit code 1 if a goal is missed.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.scans import detection, files
from bench.scans.tools import Spent, Tool, install, ours, peers, spend

PATIENCE = 120.0
"""Seconds after which a tool is ended."""
START, PICKLES, BEYOND, MEMORY = 0.15, 1.0, 0.2, 60.0
"""Goals: CPU seconds to start, for 500 pickles, for a checkpoint beyond its digest; MiB."""
_DIGEST = """
import hashlib, mmap, sys
digest, window = hashlib.sha256(), 1 << 24
with open(sys.argv[1], "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
    with memoryview(data) as view:
        for start in range(0, len(view), window):
            digest.update(view[start : start + window])
            data.madvise(mmap.MADV_DONTNEED, start, min(window, len(data) - start))
"""
"""The cheapest way that we know, and the scan's own."""
_Cells = dict[str, dict[str, list[Spent]]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, default=Path(".venv-scan-peers"))
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--torch", type=Path)
    parser.add_argument("--only", choices=["speed", "detection"])
    asked = parser.parse_args()
    folder = asked.peers.absolute()
    if asked.install and not folder.exists():
        install(folder)
    tools = [ours(), *peers(folder)]
    missed = False
    with tempfile.TemporaryDirectory(prefix="bench-scan-") as place:
        if asked.only != "detection":
            missed |= speed(Path(place), tools, asked)
        if asked.only != "speed":
            missed |= detection.compare(Path(place), tools)
    return int(missed)


def speed(place: Path, tools: Sequence[Tool], asked: argparse.Namespace) -> bool:
    """Measures, prints the table and the goals; True if one is missed."""
    size = asked.mib * files.MIB
    files.torch_checkpoint(place / "checkpoint.pt", size=size, torch=asked.torch)
    files.safetensors(place / "model.safetensors", size=size)
    _apart("pickles", place / "pickles", 500)
    cells = measure(place, tools, rounds=asked.rounds)
    print(f"{'CPU s / peak MiB':14}" + "".join(f"{name:>22}" for name in cells))
    for tool in ("digest alone", *(tool.name for tool in tools)):
        shown = [_shown(tool, row, reference=row.get("sealwright")) for row in cells.values()]
        print(f"{tool:14}" + "".join(f"{text:>22}" for text in shown))
    return goals(cells)


def _apart(name: str, path: Path, count: int) -> None:
    """Calls a function of `bench.scans.files` in a process of its own: numpy would make this one
    large, and a process begins with the peak of its parent."""
    script = f"import sys; from bench.scans import {name}; {name}.write(*sys.argv[1:])"
    subprocess.run([sys.executable, "-c", script, path, str(count)], check=True)


def measure(place: Path, tools: Sequence[Tool], *, rounds: int) -> _Cells:
    """Case → tool → what each round cost. A tool that ran out of time is not asked again."""
    checkpoint, weights = place / "checkpoint.pt", place / "model.safetensors"
    one, many = place / "pickles/model0000.pkl", place / "pickles"
    cells: _Cells = {
        name: {} for name in ("checkpoint", "safetensors", "500 pickles", "one", "help")
    }
    for _ in range(rounds):
        for name, path in (("checkpoint", checkpoint), ("safetensors", weights)):
            digest: list[str | Path] = [sys.executable, "-c", _DIGEST, path]
            _once(cells[name], "digest alone", digest, place)
            for tool in tools:
                _once(cells[name], tool.name, [*tool.file, path], place)
        for tool in tools:
            _once(cells["500 pickles"], tool.name, [*tool.folder, many], place)
            _once(cells["one"], tool.name, [*tool.file, one], place)
            _once(cells["help"], tool.name, tool.help, place)
    return cells


def _once(row: dict[str, list[Spent]], name: str, command: Sequence[str | Path], at: Path) -> None:
    before = row.setdefault(name, [])
    if not any(spent.code is None for spent in before):
        before.append(spend(command, cwd=at, patience=PATIENCE))


def _shown(tool: str, row: dict[str, list[Spent]], *, reference: list[Spent] | None) -> str:
    if tool not in row:
        return "-"
    if any(spent.code is None for spent in row[tool]):
        return f"> {PATIENCE:.0f} s, ended"
    cpu = _cpu(row[tool])
    ratio = f" {cpu / _cpu(reference):5.1f}x" if reference else ""
    code = row[tool][0].code
    mark = f" ={code}" if code else "   "
    return f"{cpu:.2f} /{_rss(row[tool]):5.0f}{ratio}{mark}"


def _cpu(rounds: Sequence[Spent]) -> float:
    return statistics.median(spent.cpu for spent in rounds)


def _rss(rounds: Sequence[Spent]) -> float:
    return statistics.median(spent.rss_mib for spent in rounds)


def goals(cells: _Cells) -> bool:
    """Prints each goal with what was measured; True if one is missed."""
    mine = {name: row["sealwright"] for name, row in cells.items()}
    beyond = {
        name: _cpu(mine[name]) - _cpu(cells[name]["digest alone"])
        for name in ("checkpoint", "safetensors")
    }
    asked = [
        ("start (--help), CPU s", _cpu(mine["help"]), START),
        ("500 pickles, CPU s", _cpu(mine["500 pickles"]), PICKLES),
        ("checkpoint beyond its digest, CPU s", beyond["checkpoint"], BEYOND),
        ("safetensors beyond its digest, CPU s", beyond["safetensors"], BEYOND),
        ("most memory of all, MiB", max(map(_rss, mine.values())), MEMORY),
    ]
    for name, value, most in asked:
        print(f"{name:38} {value:7.2f}  goal {most:g}: {'reached' if value <= most else 'MISSED'}")
    verdicts = {name: {spent.code for spent in rounds} for name, rounds in mine.items()}
    wrong = [name for name, codes in verdicts.items() if codes != {0}]
    for name in wrong:
        print(f"{name}: ours did not pass it (exit codes {verdicts[name]})")
    return bool(wrong) or any(value > most for _, value, most in asked)


if __name__ == "__main__":
    sys.exit(main())
