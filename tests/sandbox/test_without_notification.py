"""Kernels and containers that lend no seccomp listener: walls without a full record, or nothing."""

from __future__ import annotations

import pytest
from tests.sandbox.conftest import Run

from sealwright.errors import Unsupported
from sealwright.sandbox.interface import Level

HOSTILE = """
import socket
for act in (lambda: open("/etc/passwd"), lambda: socket.socket(), lambda: open("x", "w")):
    try: act(); print("open")
    except OSError: print("shut")
"""


@pytest.mark.parametrize("level", ["bubblewrap"])
def test_the_walls_of_bubblewrap_hold_though_the_record_is_poorer(
    attempt: Run, level: Level
) -> None:
    seen = attempt(HOSTILE, notify=False)
    assert seen.outcome.stdout.tail == "shut\nshut\nshut\n"
    assert "seccomp" in seen.outcome.mechanisms
    assert "seccomp-notify" not in seen.outcome.mechanisms


@pytest.mark.parametrize("level", ["bubblewrap"])
def test_too_many_processes_are_still_stopped(attempt: Run, level: Level) -> None:
    seen = attempt(
        "import os, time\nfor _ in range(40):\n    if os.fork() == 0: time.sleep(60)\n"
        "time.sleep(60)",
        notify=False,
    )
    assert seen.kinds == {"processes"}
    assert seen.outcome.signal == 9


@pytest.mark.parametrize("level", ["landlock"])
def test_landlock_is_refused_without_it(attempt: Run, level: Level) -> None:
    with pytest.raises(Unsupported, match="seccomp listener"):
        attempt("print('never')", notify=False)
