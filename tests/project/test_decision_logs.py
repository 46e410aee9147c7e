"""Decision logs against the ledger: what an auditor is told of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from sealwright.errors import InputMissing, TamperError
from sealwright.project.decision_logs import LogReport, decisions_in, verify_logs
from tests.deployment.core.test_records import log

GATEWAY = "ab12"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One log of six lines in two segments, and a file that is none."""
    lines, _ = log(6)
    write(tmp_path, 0, lines[:4])
    write(tmp_path, 1, lines[4:])
    (tmp_path / "notes.txt").write_text("not a log\n")
    return tmp_path


def write(folder: Path, number: int, lines: list[bytes], gateway: str = GATEWAY) -> Path:
    place = folder / f"{gateway}-{number}.jsonl"
    place.write_bytes(b"".join(lines))
    return place


def heads(*numbers: int) -> dict[str, dict[int, str]]:
    _, chains = log(6)
    return {GATEWAY: {number: chains[number].head for number in numbers}}


def problem(folder: Path, *numbers: int) -> str:
    (report,) = verify_logs(folder, heads(*numbers))
    assert bool(report.problem) != bool(report.records)
    return report.problem


def test_a_whole_log_is_held_to_every_head(folder: Path) -> None:
    (report,) = verify_logs(folder, heads(1, 5))
    assert report == LogReport(gateway=GATEWAY, segments=2, records=6, heads=2)
    assert [record.id for record in decisions_in(folder)] == [f"id-{n}" for n in range(6)]
    assert verify_logs(folder, {})[0].heads == 0


def test_a_line_that_nobody_was_told_of_is_left_out(folder: Path) -> None:
    place = folder / f"{GATEWAY}-1.jsonl"
    place.write_bytes(place.read_bytes()[:-5])
    assert verify_logs(folder, heads(4))[0].records == 5
    assert "line 5 is on record" in problem(folder, 5)
    assert len(list(decisions_in(folder))) == 5


def test_what_was_changed_is_told(folder: Path) -> None:
    place = folder / f"{GATEWAY}-0.jsonl"
    lines = place.read_bytes().splitlines(keepends=True)
    place.write_bytes(b"".join([*lines[:2], lines[2].replace(b"id-2", b"id-X"), lines[3]]))
    assert "does not follow" in problem(folder)
    with pytest.raises(TamperError, match="does not follow"):
        list(decisions_in(folder))
    place.write_bytes(b"".join([lines[0], *lines[2:]]))
    assert "says that it is number 2" in problem(folder)
    place.write_bytes(b"".join(lines)[:-5])
    assert "has no end" in problem(folder)
    place.unlink()
    assert "segment 0" in problem(folder)


def test_a_chain_that_was_made_anew_is_not_the_one_on_record(tmp_path: Path) -> None:
    lines, _ = log(3)
    write(tmp_path, 0, lines)
    other = {GATEWAY: {2: "0" * 64}}
    assert "not the one on record" in verify_logs(tmp_path, other)[0].problem


def test_a_log_that_only_the_ledger_knows_is_missing(folder: Path) -> None:
    reports = verify_logs(folder, heads(5) | {"cd34": {0: "0" * 64}})
    assert [(each.gateway, bool(each.problem)) for each in reports] == [
        (GATEWAY, False),
        ("cd34", True),
    ]


def test_no_log_at_all_is_no_pass(tmp_path: Path) -> None:
    with pytest.raises(InputMissing, match="no decision log"):
        verify_logs(tmp_path / "gone", {})
    with pytest.raises(InputMissing, match="no decision log"):
        verify_logs(tmp_path, {})
