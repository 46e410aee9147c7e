"""`sealwright ledger`: what was recorded stays, and whoever doubts it can check."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.console import PROGRAM, Answer, Console


@pytest.fixture
def export(admitted: Console, tmp_path: Path) -> Console:
    """An auditor's folder: the export, and the trust file that was kept since the start."""
    auditor = Console(tmp_path / "auditor")
    auditor.folder.mkdir()
    admitted("gate", "model", "--for", "release")
    admitted("ledger", "export", str(auditor.folder / "ledger"))
    shutil.copyfile(admitted.folder / ".sealwright/trust.json", auditor.folder / "trust.json")
    return auditor


def verify(auditor: Console, *, expect: int) -> Answer:
    return auditor("ledger", "verify", "ledger", "--trust", "trust.json", expect=expect)


def test_an_export_is_verified_with_nothing_but_a_trust_file(export: Console) -> None:
    answer = verify(export, expect=0)
    assert answer.out.endswith("VERIFIED\n")
    assert "3 decisions of the gate, computed again" in answer.out


@pytest.mark.parametrize("kind", ["envelopes", "tile/0", "tile/entries", "checkpoint"])
def test_one_flipped_bit_anywhere_is_found_and_its_file_named(export: Console, kind: str) -> None:
    place = export.folder / "ledger" / kind
    file = place if place.is_file() else min(p for p in place.rglob("*") if p.is_file())
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    answer = verify(export, expect=4)
    assert "NOT VERIFIED" in answer.out
    assert "Traceback" not in answer.err
    named = str(file.relative_to(export.folder / "ledger"))
    assert named in answer.out or file.stem in answer.out, answer.out


def test_a_missing_envelope_is_found(export: Console) -> None:
    next((export.folder / "ledger/envelopes").rglob("*.json")).unlink()
    verify(export, expect=4)


def test_a_trust_file_of_somebody_else_does_not_verify(
    export: Console, houses: Path, tmp_path: Path
) -> None:
    stranger = Console(tmp_path / "stranger")
    stranger.folder.mkdir()
    shutil.copyfile(houses / "fresh/sealwright.toml", stranger.folder / "sealwright.toml")
    stranger("init", "--owner", "mallory")
    shutil.copyfile(stranger.folder / ".sealwright/trust.json", export.folder / "trust.json")
    verify(export, expect=4)


def test_the_exported_trust_file_is_not_taken_for_ones_own(export: Console) -> None:
    answer = export("ledger", "verify", "ledger", expect=2)
    assert "--trust" in answer.err


def test_a_folder_that_is_no_export_could_not_be_looked_at(export: Console, tmp_path: Path) -> None:
    (tmp_path / "void").mkdir()
    answer = export(
        "ledger", "verify", str(tmp_path / "void"), "--trust", "trust.json", expect=None
    )
    assert answer.code in (3, 4)
    assert "VERIFIED" not in answer.out.replace("NOT VERIFIED", "")


def test_the_projects_own_ledger_is_verified(admitted: Console) -> None:
    assert admitted.json("ledger", "verify")["verified"]


def test_an_entry_is_proved(admitted: Console, tmp_path: Path) -> None:
    out = tmp_path / "entry.tlog-proof"
    admitted("ledger", "prove", "5", "--out", str(out))
    text = out.read_text()
    assert text.startswith("c2sp.org/tlog-proof@v1\n")
    assert "index 5\n" in text
    size = len(admitted.json("ledger", "show"))
    grown = admitted.json("ledger", "prove", "5", "--since", "6")
    assert grown["size"] == size
    assert grown["consistency"]


def test_entries_are_listed_by_kind_and_shown_whole(admitted: Console) -> None:
    listed = admitted.json("ledger", "show", "--kind", "approval")
    assert [entry["signer"] for entry in listed] == ["sam", "dana", "lea", "ines"]
    whole = admitted.json("ledger", "show", str(listed[0]["index"]))
    assert whole["predicate"]["reason"] == "read and understood"
    assert whole["envelope"] == listed[0]["envelope"]


def test_two_processes_write_one_history(trained: Console) -> None:
    before = len(trained.json("ledger", "show"))
    commands = [
        [PROGRAM, "approve", "model", "--as", person, "--reason", f"number {number}"]
        for person in ("sam", "dana")
        for number in range(2)
    ]
    running = [
        subprocess.Popen(
            command, cwd=trained.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for command in commands
    ]
    for process in running:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    entries = trained.entries("approval")
    assert len(trained.json("ledger", "show")) == before + 4
    assert {(e["signer"], e["predicate"]["reason"]) for e in entries} == {
        (person, f"number {number}") for person in ("sam", "dana") for number in range(2)
    }
    assert trained.json("ledger", "verify")["verified"]


def test_the_ledger_of_another_project_is_not_taken_for_ones_own(
    trained: Console, tmp_path: Path
) -> None:
    stranger = Console(tmp_path / "stranger")
    stranger.folder.mkdir()
    shutil.copyfile(trained.folder / "sealwright.toml", stranger.folder / "sealwright.toml")
    stranger("init", "--owner", "mina")
    for name in ("ledger.db", "ledger.db.pin"):
        source = stranger.folder / ".sealwright" / name
        if source.exists():
            shutil.copyfile(source, trained.folder / ".sealwright" / name)
    answer = trained("ledger", "show", expect=4)
    assert "Traceback" not in answer.err
