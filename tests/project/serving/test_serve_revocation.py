"""Revocation reaches a gateway under load; and the STOP file does with the ledger moved away."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from sealwright.project.core import Project
from sealwright.project.serving.withdraw import named, revoke
from tests.cli.console import Console
from tests.serving_house import MODEL, OPERATOR, key
from tests.serving_running import Load, serving, until


def test_a_revoked_data_set_takes_its_models_down(
    house: Path, record_property: Callable[[str, object], None]
) -> None:
    clara = key(house)
    with serving(house) as running, Load(running, clara) as load:
        until(lambda: load.count(200) >= 20)
        with Project.open(house) as project:
            done = revoke(
                project, named(project, "train"), reason="consent withdrawn", signer=OPERATOR
            )
        revoked = time.monotonic()
        assert [each.route.name for each in done.fallen] == [MODEL]
        until(lambda: load.count(403) >= 20)
        last = max(at for at, status, *_ in load.answers if status == 200)
        refusals = {error for _, status, _, error in load.answers if status == 403}
        assert [each for each in load.answers if each[0] > last and each[1] == 200] == []
    record_property("seconds_until_the_last_answer", max(0.0, last - revoked))
    print(f"last answer {last - revoked:.2f} s after the revocation")  # noqa: T201 - seen with -s
    assert {status for _, status, *_ in load.answers} <= {200, 403, 429}
    (reason,) = refusals
    assert "revoked" in reason
    assert "consent withdrawn" in reason
    assert "train" in reason


def test_the_stop_file_works_with_the_ledger_moved_away(house: Path) -> None:
    clara = key(house)
    state = house / ".sealwright"
    with serving(house) as running:
        assert running.ask(clara, [[1.0, 2.0]])[0] == 200
        for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.pin"):
            if (state / name).exists():
                (state / name).rename(house.parent / name)
        until(lambda: not running.operate("/readyz")[2]["checks"]["ledger"])
        Console(house)("stop", MODEL, "--reason", "odd answers")
        until(lambda: running.ask(clara, [[1.0, 2.0]])[0] == 403)
        status, _, said = running.ask(clara, [[1.0, 2.0]])
        assert (status, "odd answers" in said["error"]) == (403, True)
        for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.pin"):
            if (house.parent / name).exists():
                (house.parent / name).rename(state / name)
        until(lambda: running.operate("/readyz")[2]["checks"]["ledger"])
        assert running.ask(clara, [[1.0, 2.0]])[0] == 403
    # What was seen while the ledger was away is on record once it is back.
    alerts = [each["predicate"]["title"] for each in Console(house).entries("alert")]
    assert "the ledger cannot be followed" in alerts
    Console(house)("ledger", "verify")
