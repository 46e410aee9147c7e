"""What it costs to start the command: CPU time of child processes, best and median of the runs.

    python bench/startup.py [--runs 20]

Beside ours: the bare interpreter, and the interpreter with click alone, which is the floor that the
command cannot go below. Exit code 1 if `sealwright --help` takes more than the budget.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

BUDGET = 0.150
"""CPU seconds that `sealwright --help` may take, best of the runs."""

FILE = str(Path(__file__).parents[1] / "tests/benign/npy/floats.npy")
"""A small model file."""
PROGRAM = str(Path(sys.executable).with_name("sealwright"))
COMMANDS = {
    "python -c pass": (sys.executable, "-c", "pass"),
    "python -c 'import click'": (sys.executable, "-c", "import click"),
    "sealwright --help": (PROGRAM, "--help"),
    "sealwright gate --help": (PROGRAM, "gate", "--help"),
    "sealwright scan --help": (PROGRAM, "scan", "--help"),
    "sealwright scan FILE": (PROGRAM, "scan", FILE),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    runs = parser.parse_args().runs
    best = {}
    for name, command in COMMANDS.items():
        spent = sorted(cpu_seconds(command) for _ in range(runs))
        best[name] = spent[0]
        middle = statistics.median(spent)
        print(f"{name:26} best {spent[0] * 1000:5.0f} ms   median {middle * 1000:5.0f} ms CPU")
    ours = best["sealwright --help"]
    print(f"budget {BUDGET * 1000:.0f} ms: {'kept' if ours <= BUDGET else 'exceeded'}")
    return int(ours > BUDGET)


def cpu_seconds(command: Sequence[str]) -> float:
    """User and system time of one run of a process, in clock ticks of 10 ms."""
    before = os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return (
        after.children_user - before.children_user + after.children_system - before.children_system
    )


if __name__ == "__main__":
    sys.exit(main())
