"""Each stream executes with a real loader, and the scan never passes it, under any name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sealwright.vetting.scan import scan_paths
from tests.attacks.pickle_stream import CASES, LOADERS


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_scan_does_not_pass_it(tmp_path: Path, name: str) -> None:
    data = CASES[name]()
    for file in ("model.pkl", "notes.txt", "weights.bin"):
        path = tmp_path / file
        path.write_bytes(data)
        outcome = scan_paths([path], strict=True)
        assert outcome.verdict == "fail", (file, [each.finding for each in outcome.observations])
    assert not (tmp_path / "executed").exists()


def test_a_real_loader_executes_each(tmp_path: Path) -> None:
    script = tmp_path / "execute.py"
    lines = ["import io, os, pickle, sys", "import joblib", "missed = []"]
    for name in sorted(LOADERS):
        path = tmp_path / f"{name}.pkl"
        path.write_bytes(CASES[name]())
        lines += [
            f"path = {str(path)!r}",
            "try:",
            f"    {LOADERS[name]}",
            "except Exception:",
            "    pass",
            "for _ in range(200):",
            "    if os.path.isdir('executed'): break",
            "    __import__('time').sleep(0.01)",
            f"missed += [] if os.path.isdir('executed') else [{name!r}]",
            "if os.path.isdir('executed'): os.rmdir('executed')",
        ]
    script.write_text("\n".join([*lines, "sys.exit(' '.join(missed) or 0)"]))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(script)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.stderr == ""
    assert done.returncode == 0
