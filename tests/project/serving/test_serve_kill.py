"""Kill -9 of any process of a serving installation, under load, at random moments: what was
acknowledged is on record, chains verify, and the restart is clean.

SEALWRIGHT_KILL_TRIALS sets how many processes are killed (default: 2), SEALWRIGHT_KILL_SEED when.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from sealwright.drill.processes import Process, kill
from tests.cli.console import Console
from tests.serving_house import key
from tests.serving_running import (
    Load,
    Running,
    all_gone,
    command_line,
    decision_ids,
    finish,
    serving,
    start,
    until,
    verified_decisions,
)

TRIALS = int(os.environ.get("SEALWRIGHT_KILL_TRIALS", "2"))
SEED = int(os.environ.get("SEALWRIGHT_KILL_SEED", "20261122"))
CHILDREN = (
    "sealwright.phases.deployment.gateway",
    "sealwright.phases.deployment.runtime",
    "sealwright.phases.monitoring",
)


def check(house: Path, acknowledged: set[str]) -> None:
    """Every acknowledged decision is on record, and the record is whole."""
    found = decision_ids(house)
    assert acknowledged <= found, f"{len(acknowledged - found)} acknowledged decisions are lost"
    assert verified_decisions(house) >= len(acknowledged)
    Console(house)("ledger", "verify")


def acknowledged(load: Load) -> set[str]:
    """Ids of the decisions that callers were given."""
    return {decision for _, status, decision, _ in load.answers if status == 200}


@pytest.mark.parametrize("module", CHILDREN)
def test_a_killed_child_loses_nothing_and_comes_back(house: Path, module: str) -> None:
    clara = key(house)
    chance = random.Random(f"{SEED} {module}")
    with serving(house) as running:
        with Load(running, clara) as load:
            for _ in range(TRIALS):
                until(_more(load))
                time.sleep(chance.uniform(0, 0.3))
                victim = _victim(running, module)
                os.kill(victim.pid, signal.SIGKILL)
                assert kill(victim)
                until(_more(load))
        until(lambda: running.operate("/readyz")[2]["ready"])
        restarts = running.operate("/metrics")[2]
        assert "process_restarts_total" in restarts
        assert running.stop() == 0
    # 429: the monitor may find that these callers ask in odd series, which they do.
    assert {status for _, status, *_ in load.answers} <= {200, 429, 503}
    check(house, acknowledged(load))
    print(f"{len(load.answers)} answers, {load.broken} broken connections")  # noqa: T201


def test_a_killed_controller_loses_nothing_and_starts_again(house: Path) -> None:
    clara = key(house)
    chance = random.Random(SEED)
    told: set[str] = set()
    for _ in range(TRIALS):
        running = start(house)
        try:
            with Load(running, clara) as load:
                until(_more(load))
                time.sleep(chance.uniform(0, 0.5))
                known = running.children
                running.popen.send_signal(signal.SIGKILL)
                running.popen.wait()
                until(partial(all_gone, known))
        finally:
            finish(running)
        told |= acknowledged(load)
        check(house, told)
    with serving(house) as running:
        assert running.started["missing"] == []
        assert running.ask(clara, [[1.0, 2.0]])[0] == 200
        assert running.stop() == 0
    check(house, told)


def _victim(running: Running, module: str) -> Process:
    until(lambda: any(module in text for text in _lines(running)))
    return running.child(module)


def _more(load: Load) -> Callable[[], bool]:
    """Whether more is answered than by now."""
    known = load.count(200)
    return lambda: load.count(200) > known + 5


def _lines(running: Running) -> list[str]:
    return [command_line(each.pid) for each in running.children]
