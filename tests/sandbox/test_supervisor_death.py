"""A supervisor that is killed takes the run with it, and no model appears."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.sandbox.conftest import LEVELS

SUPERVISOR = """
import sys
from pathlib import Path
from sealwright.clock import system_clock
from sealwright.lifecycle.model import Training
from sealwright.phases.model.train import train
declared = Training(command=["python", "train.py", sys.argv[3]], code=["train.py"], inputs=[],
                    output="model", isolation="landlock")
train(declared, root=Path(sys.argv[1]), system="s", inputs=[], clock=system_clock,
      level=sys.argv[2])
"""
SCRIPT = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
open("model/half", "w").write("x")
while True: time.sleep(0.01)
"""


@pytest.mark.parametrize("level", LEVELS)
def test_killing_the_supervisor_kills_the_run_and_leaves_no_model(
    tmp_path: Path, level: str
) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)
    mark = f"a-mark-to-find-the-orphans-of-{level}-by"
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(tmp_path), level, mark],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _until(lambda: len(_running(mark)) >= 3)
    finally:
        supervisor.kill()
        supervisor.wait()
    _until(lambda: not _running(mark))
    assert not (tmp_path / "model").exists()


def _until(condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _running(mark: str) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if mark.encode() in words:
            found.append(folder.name)
    return found
