"""Bombs end within their budgets: never passed, little memory, little disk."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.attacks.containers.bombs import BOMBS

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_bounded_and_never_passes(name: str, tmp_path: Path) -> None:
    file = tmp_path / "bomb"
    file.write_bytes(BOMBS[name]())
    ran = subprocess.run(
        [sys.executable, "-m", "tests.attacks.containers.scan_once", str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(ran.stdout)
    assert told["verdict"] in ("fail", "inconclusive")
    assert told["peak"] < 300 * 1024
    assert told["inflated"] < 2 << 30
