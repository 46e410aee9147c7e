"""Wherever the interpreter is installed, the sandbox finds it: also below the hidden /tmp."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sealwright.sandbox.interface import Level

_RUN = """
import json, sys
from pathlib import Path
from sealwright.clock import system_clock
from sealwright.sandbox.interface import Limits, SandboxSpec
from sealwright.sandbox.supervise import run

project = Path(sys.argv[1])
outcome = run(
    SandboxSpec(
        command=("python", "train.py"),
        inputs={"train.py": project / "train.py"},
        output="model",
        output_dir=project / "out",
        project=project,
        environment={},
        limits=Limits(seconds=60, memory_mb=512, processes=16, output_mb=1),
        minimum="landlock",
    ),
    clock=system_clock,
    level=sys.argv[2],
)
print(json.dumps([outcome.exit_code, [v.detail for v in outcome.violations], outcome.stderr.tail]))
"""
_TRAIN = "import tempfile\ntempfile.mkstemp()\n"


def test_an_interpreter_below_tmp(tmp_path: Path, level: Level) -> None:
    assert Path("/tmp") in tmp_path.parents, "this test is about the temporary folder"
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    (tmp_path / "train.py").write_text(_TRAIN)
    (tmp_path / "out").mkdir()
    site = [path for path in sys.path if path.endswith("site-packages")]
    source = Path(__file__).parents[2] / "src"
    done = subprocess.run(
        [venv / "bin" / "python", "-c", _RUN, tmp_path, level],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(source), *site])},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith('[0, [], ""]'), done.stdout


@pytest.fixture(autouse=True)
def _in_tmp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMPDIR", raising=False)
