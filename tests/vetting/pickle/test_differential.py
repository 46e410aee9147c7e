"""Whatever real unpicklers look up and call, ours says so: the same generated streams each time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("seed", [4, 2026])
def test_nothing_that_a_real_unpickler_reaches_is_missed(seed: int) -> None:
    done = subprocess.run(
        [sys.executable, "tools/fuzz-pickle", "--streams", "2000", "--seed", str(seed)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"seed {seed}: 2000 streams" in done.stdout
    assert "0 differences" in done.stdout
