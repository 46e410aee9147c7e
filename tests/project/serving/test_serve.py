"""A whole installation, started as a user does: it answers, it stops, it leaves nothing behind."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

from tests.cli.console import PROGRAM, Console
from tests.serving_house import MODEL, key
from tests.serving_running import (
    all_gone,
    decision_ids,
    finish,
    is_alive,
    serving,
    start,
    until,
    verified_decisions,
)


def test_it_answers_and_stops_and_puts_its_log_on_record(house: Path) -> None:
    clara = key(house)
    with serving(house) as running:
        assert running.started["missing"] == []
        assert [each.split()[0] for each in running.started["models"]] == [MODEL]
        status, headers, said = running.ask(clara, [[1.0, 2.0], [-2.0, -2.5]])
        assert status == 200, said
        decisions = next(each for each in said["outputs"] if each["name"] == "decision")
        assert decisions["data"] == ["positive", "negative"]
        assert running.ask("", [[1.0, 2.0]])[0] == 401
        known = running.children
        assert len(known) >= 3
        assert running.stop() == 0
        assert all_gone(known)
    assert headers["x-decision-id"] in decision_ids(house)
    heads = [each["predicate"] for each in Console(house).entries("decision-log")]
    assert heads
    assert heads[-1]["seq"] >= 1
    assert verified_decisions(house) >= 2
    refused = Console(house).json("decisions", "show", "--outcome", "refused")
    assert [(each["status"], each["client"]) for each in refused] == [(401, "")]
    Console(house)("ledger", "verify")


def test_an_installation_is_served_once(house: Path) -> None:
    with serving(house):
        second = subprocess.run(
            [PROGRAM, "serve"], cwd=house, capture_output=True, text=True, timeout=60
        )
        assert second.returncode == 1
        assert "being served already" in second.stderr


def test_a_killed_controller_leaves_nothing_running(house: Path) -> None:
    running = start(house)
    try:
        known = running.children
        running.popen.send_signal(signal.SIGKILL)
        running.popen.wait()
        until(lambda: all_gone(known))
    finally:
        finish(running)
    with serving(house) as again:  # and whatever it left is in nobody's way
        assert again.started["missing"] == []
        assert is_alive(again.pid)


def test_what_is_released_while_it_runs_is_served(house: Path) -> None:
    console = Console(house)
    clara = key(house)
    with serving(house) as running:
        assert running.ask(clara, [[1.0, 2.0]])[0] == 200
        console("stop", MODEL, "--reason", "to see it stop", "--as", "olga")
        until(lambda: running.ask(clara, [[1.0, 2.0]])[0] == 403)
        console("stop", MODEL, "--resume", "--reason", "seen", "--as", "olga")
        until(lambda: running.ask(clara, [[1.0, 2.0]])[0] == 200)
        # A key that is granted while it runs opens the door, and one that is revoked closes it.
        dora = key(house, "dora")
        until(lambda: running.ask(dora, [[1.0, 2.0]])[0] == 200)
        console("access", "revoke", dora.split("_")[1], "--reason", "left", "--as", "olga")
        until(lambda: running.ask(dora, [[1.0, 2.0]])[0] == 401)
