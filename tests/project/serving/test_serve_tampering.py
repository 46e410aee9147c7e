"""A weight file changed on disk while it is served: stopped, alarmed, on record, and back only
through a person who is not the one that saw it."""

from __future__ import annotations

import json
from pathlib import Path

from sealwright.evidence.tree import identify
from tests.cli.console import Console
from tests.serving_house import MODEL, key
from tests.serving_running import serving, until


def test_a_changed_weight_file_stops_the_model(house: Path) -> None:
    clara = key(house)
    console = Console(house)
    (kept,) = (house / ".sealwright/models").iterdir()
    weights = kept / "model.onnx"
    whole = weights.read_bytes()
    with serving(house) as running:
        assert running.ask(clara, [[1.0, 2.0]])[0] == 200
        runtime = running.child("sealwright.phases.deployment.runtime")
        _write(weights, whole[:-1] + bytes([whole[-1] ^ 1]))
        until(lambda: running.ask(clara, [[1.0, 2.0]])[0] == 403)
        until(lambda: runtime not in running.children)
        assert running.ask(clara, [[1.0, 2.0]])[0] == 403
        stops = (house / ".sealwright/serving/STOP").read_text().splitlines()
        assert [json.loads(line)["model"] for line in stops] == [MODEL]
        until(lambda: console.entries("incident"))
        (incident,) = [each["predicate"] for each in console.entries("incident")]
        assert (incident["status"], incident["severity"]) == ("open", "critical")
        assert "model.onnx was changed" in incident["detail"]
        until(lambda: "AML.T0076" in (house / ".sealwright/serving/alerts.jsonl").read_text())

        # The file is restored: nobody serves it for that.
        _write(weights, whole)
        assert identify(kept).digest == kept.name
        console("stop", MODEL, "--resume", "--reason", "restored", "--as", "olga", expect=1)
        # The incident is closed by somebody else: now it may.
        console("incident", "close", incident["id"], "--reason", "restored", "--as", "sam")
        console("stop", MODEL, "--resume", "--reason", "restored", "--as", "olga")
        until(lambda: running.ask(clara, [[1.0, 2.0]])[0] == 200)

        # And it is watched as before.
        kept.chmod(0o755)
        (kept / "extra.onnx").touch()
        until(lambda: running.ask(clara, [[1.0, 2.0]])[0] == 403)
        until(lambda: len(console.entries("incident")) == 3)
    console("ledger", "verify")


def test_files_that_were_changed_before_are_never_served(house: Path) -> None:
    clara = key(house)
    (kept,) = (house / ".sealwright/models").iterdir()
    weights = kept / "model.onnx"
    _write(weights, weights.read_bytes() + b"\0")
    with serving(house) as running:
        until(lambda: running.ask(clara, [[1.0, 2.0]])[0] == 403)
        assert not running.operate("/readyz")[2]["ready"]
    assert Console(house).entries("incident")


def _write(place: Path, data: bytes) -> None:
    mode = place.stat().st_mode
    place.chmod(0o644)
    place.write_bytes(data)
    place.chmod(mode)
