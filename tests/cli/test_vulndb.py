"""`sealwright vulndb`, what a project makes of it, and the bill of materials with a model card."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.cli.console import Console
from tests.vetting.dependencies.advisories import record, write_zip

TODAY = datetime.now(UTC).strftime("%Y-%m-%dT00:00:00Z")


@pytest.fixture
def console(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Console:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (tmp_path / "work").mkdir()
    return Console(tmp_path / "work")


def test_an_import_says_what_is_in_it_and_info_how_old_it_is(console: Console) -> None:
    write_zip(console.folder / "all.zip", record("MAL-2026-1", modified=TODAY))
    told = console.json("vulndb", "import", "all.zip")
    assert (told["advisories"], told["malicious"], told["unread"]) == (1, 1, 0)
    assert told["database"].endswith("data/sealwright/vulndb.sqlite")
    known = console.json("vulndb", "info")
    assert (known["problem"], known["source"]) == ("", "all.zip")
    assert "1 advisories about 1 packages" in console("vulndb", "info").out


def test_old_data_and_no_data_end_with_three(console: Console) -> None:
    assert "vulndb import" in console("vulndb", "info", expect=3).err
    write_zip(console.folder / "all.zip", record("A-1", modified="2024-01-01T00:00:00Z"))
    console("vulndb", "import", "all.zip", "--to", "old.sqlite")
    assert "at most 30" in console("vulndb", "info", "old.sqlite", expect=3).out
    console("vulndb", "info", "old.sqlite", "--max-age-days", "3650")


def test_what_is_no_export_is_refused_with_advice(console: Console) -> None:
    assert "PyPI/all.zip" in console("vulndb", "import", "gone.zip", expect=3).err
    (console.folder / "text.zip").write_text("hello")
    told = console("vulndb", "import", "text.zip", expect=3).err  # a wrong argument, no forgery
    assert "not a zip file" in told
    assert "ID.json" in told
    (console.folder / "empty").mkdir()
    told = console("vulndb", "import", "empty", expect=3).err
    assert "PyPI" in told
    assert "vulns/PACKAGE/ID.yaml" in told


def test_an_export_that_is_a_pipe_is_called_one(console: Console) -> None:
    os.mkfifo(console.folder / "pipe.zip")
    told = console("vulndb", "import", "pipe.zip", expect=3).err
    assert "pipe.zip: a pipe, neither a file nor a folder" in told
    (console.folder / "loop").symlink_to("loop")
    assert "loop: Too many levels" in console("vulndb", "import", "loop", expect=3).err


def test_the_bill_with_a_model_card_is_strictly_valid(trained: Console) -> None:
    answer = trained.json("model", "bom", "--out", "model.cdx.json", "--record")
    assert answer["index"] is not None
    text = (trained.folder / "model.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    model = bill["metadata"]["component"]
    assert model["type"] == "machine-learning-model"
    references = {each["ref"] for each in model["modelCard"]["modelParameters"]["datasets"]}
    assert references == {each["bom-ref"] for each in model["components"]}
    assert all(each["hashes"][0]["alg"] == "SHA-256" for each in model["components"])
    assert model["modelCard"]["considerations"]["useCases"]
    again = trained.json("model", "bom", "--out", "again.json")
    assert (
        json.loads((trained.folder / "again.json").read_text())["components"] == bill["components"]
    )
    assert again["index"] is None


def test_a_known_vulnerability_fails_the_dependency_scan(trained: Console) -> None:
    severe = {"severity": "CRITICAL"}
    write_zip(
        trained.folder / "all.zip",
        record("GHSA-test", "cryptography", modified=TODAY, database_specific=severe),
    )
    trained("vulndb", "import", "all.zip")
    assert (trained.folder / ".sealwright/vulndb.sqlite").is_file()
    run = trained("train", expect=None)
    assert run.code == 1, run
    shown = trained("why", "model", expect=None).out + run.out
    assert "GHSA-test" in shown or "SW-VULN-002" in shown
