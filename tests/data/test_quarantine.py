import csv
import stat
from pathlib import Path
from typing import Any

import pytest

from sealwright.errors import CannotLook
from sealwright.evidence.digest import sha256_hex
from sealwright.lifecycle.model import ColumnRule
from sealwright.phases.data.constraints import Examined, examine_constraints
from sealwright.phases.data.engine import Limits
from tests.data.support import opened, source, write_csv

RULES = {
    "id": ColumnRule(type="integer", unique=True),
    "age": ColumnRule(type="integer", min=0, max=130),
    "note": ColumnRule(type="string", required=False),
}
ROWS: list[list[Any]] = [
    [1, 40, "fine"],
    [2, 400, 'said "no",\nthen left'],
    [2, "forty", "é"],
    [4, "", ""],
]


def examine(folder: Path, *, rows: list[list[Any]], target: Path | None, limit: int) -> Examined:
    path = write_csv(folder / "data.csv", list(RULES), rows)
    limits = Limits(quarantine_rows=limit)
    with opened(limits, data=source(path, columns=RULES)) as tables:
        return examine_constraints("data", opened=tables, quarantine=target)


def test_failing_rows_are_put_aside_as_they_were_read(tmp_path: Path) -> None:
    target = tmp_path / "aside" / "failing.csv"
    kept = examine(tmp_path, rows=ROWS, target=target, limit=100).quarantine
    assert kept is not None
    assert (kept.name, kept.rows) == ("failing.csv", 3)
    assert kept.sha256 == sha256_hex(target.read_bytes())
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with target.open(newline="", encoding="utf-8") as file:
        found = list(csv.reader(file, strict=True))
    assert found == [
        ["__row__", "__checks__", "__failing_rows_in_all__", "id", "age", "note"],
        ["2", "age.range", "3", "2", "400", 'said "no",\nthen left'],
        ["3", "id.unique age.type age.not-null age.range", "3", "2", "forty", "é"],
        ["4", "age.not-null age.range", "3", "4", "", ""],
    ]
    assert [item.name for item in target.parent.iterdir()] == ["failing.csv"]


def test_no_more_rows_are_kept_than_allowed_and_the_total_is_said(tmp_path: Path) -> None:
    rows = [[number, 500, "x"] for number in range(20)]
    target = tmp_path / "failing.csv"
    examined = examine(tmp_path, rows=rows, target=target, limit=5)
    assert examined.quarantine is not None
    assert examined.quarantine.rows == 5
    with target.open(newline="", encoding="utf-8") as file:
        found = list(csv.reader(file))[1:]
    assert [row[0] for row in found] == ["1", "2", "3", "4", "5"]
    assert {row[2] for row in found} == {"20"}
    (finding,) = examined.findings
    assert finding.message.startswith("20 of 20 rows in column 'age'")
    assert finding.location == "column age, rows 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, …"


def test_nothing_is_written_where_nothing_fails(tmp_path: Path) -> None:
    target = tmp_path / "failing.csv"
    assert examine(tmp_path, rows=ROWS[:1], target=target, limit=5).quarantine is None
    assert not target.exists()


def test_a_quarantine_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    target = tmp_path / "failing.csv"
    target.mkdir()
    with pytest.raises(CannotLook, match="cannot be written"):
        examine(tmp_path, rows=ROWS, target=target, limit=5)
    assert sorted(item.name for item in tmp_path.iterdir()) == ["data.csv", "failing.csv"]
