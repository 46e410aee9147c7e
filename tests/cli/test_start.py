"""Starting the command loads next to nothing, and pipes get nothing but the answer."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.console import PROGRAM, Console

HEAVY = {
    "bandit",
    "cryptography",
    "cyclonedx",
    "duckdb",
    "ibis",
    "msgspec",
    "numpy",
    "onnx",
    "onnxruntime",
    "packaging",
    "pandas",
    "rich",
    "scipy",
    "sklearn",
    "sqlite3",
}


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["rnu"], ["gate", "--help"]])
def test_help_and_mistakes_load_no_heavy_library(words: list[str]) -> None:
    probe = (
        "import sys, json\n"
        "from sealwright.cli import execute\n"
        f"execute({words!r})\n"
        "sys.stderr.write('\\n' + json.dumps(sorted({n.partition('.')[0] for n in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, timeout=60)
    loaded = set(json.loads(done.stderr.splitlines()[-1]))
    allowed = {"msgspec"} if words[0] == "gate" else set()
    assert "click" in loaded
    assert loaded & HEAVY <= allowed


def test_a_question_to_the_ledger_loads_no_learning_library(trained: Console) -> None:
    probe = (
        "import sys, json\n"
        "from sealwright.cli import execute\n"
        "execute(['gate', 'model', '--for', 'release', '--no-record'])\n"
        "sys.stderr.write('\\n' + json.dumps(sorted({n.partition('.')[0] for n in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe],
        cwd=trained.folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "DENIED" in done.stdout
    loaded = set(json.loads(done.stderr.splitlines()[-1]))
    assert not loaded & (HEAVY - {"msgspec", "cryptography", "sqlite3"})


def test_the_installed_command_answers_in_a_pipe_with_the_answer_alone(trained: Console) -> None:
    answer = trained.spawn("gate", "model", "--for", "release", "--no-record")
    assert answer.code == 1
    assert answer.err == ""
    assert "\x1b" not in answer.out
    assert answer.out.startswith("model (")


def on_a_terminal(sealwright: Console, *words: str, **environment: str) -> str:
    """What the command prints where output and errors are a terminal."""
    leader, follower = pty.openpty()
    try:
        with subprocess.Popen(
            [PROGRAM, *words],
            cwd=sealwright.folder,
            env={**os.environ, "TERM": "xterm", **environment},
            stdin=subprocess.DEVNULL,
            stdout=follower,
            stderr=follower,
        ) as process:
            os.close(follower)
            seen = b""
            while True:
                try:
                    part = os.read(leader, 65536)
                except OSError:
                    break
                if not part:
                    break
                seen += part
            process.wait(timeout=60)
    finally:
        os.close(leader)
    return seen.decode()


COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def test_a_terminal_gets_colours(trained: Console) -> None:
    shown = on_a_terminal(trained, "gate", "model", "--for", "release", "--no-record")
    assert COLOUR.search(shown)


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_that_wants_no_colours_gets_none(
    trained: Console, environment: dict[str, str]
) -> None:
    shown = on_a_terminal(
        trained, "gate", "model", "--for", "release", "--no-record", **environment
    )
    assert "DENIED" in shown
    assert not COLOUR.search(shown)


def test_a_reader_that_goes_away_leaves_no_complaint(trained: Console) -> None:
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {PROGRAM} ledger show --format json | head -n 1"],
        cwd=trained.folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.strip() == "["
    assert "Traceback" not in done.stderr
    assert "Broken pipe" not in done.stderr


def test_nothing_is_written_outside_the_project(fresh: Console, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    answer = fresh.spawn("data", "check", "train", HOME=str(home), XDG_CACHE_HOME=str(home))
    assert answer.code == 0, answer
    assert list(home.iterdir()) == []
