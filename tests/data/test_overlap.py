from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.lifecycle.model import ColumnRule
from sealwright.phases.data.constraints import Examined
from sealwright.phases.data.folding import fold
from sealwright.phases.data.overlap import examine_overlap
from tests.data.support import opened, result, source, write_csv

RULES = {
    "id": ColumnRule(type="integer", unique=True),
    "n": ColumnRule(type="number", required=False),
    "s": ColumnRule(type="string", required=False),
    "y": ColumnRule(type="integer"),
}


def examine(
    folder: Path, train: Sequence[Sequence[Any]], test: Sequence[Sequence[Any]]
) -> Examined:
    sources = {}
    for name, rows in (("train", train), ("test", test)):
        path = write_csv(
            folder / f"{name}.csv", list(RULES), [[i, *row] for i, row in enumerate(rows)]
        )
        sources[name] = source(path, columns=RULES)
    with opened(**sources) as tables:
        return examine_overlap("test", against="train", opened=tables)


TRAIN = [[i + 0.5, f"word {i}", i % 2] for i in range(20)]


@pytest.mark.parametrize(
    ("row", "exact", "normalised"),
    [
        (["100.5", "word 100", 0], 0, 0),
        (["1.5", "word 1", 1], 1, 1),
        (["1.50", "word 1", 1], 1, 1),
        (["1.5", "word 1", 0], 0, 0),  # another label is another row
        (["1.5", "  WORD\t 1", 1], 0, 1),
        (["1.5", "ｗｏｒｄ １", 1], 0, 1),
        (["1.5000000001", "word 1", 1], 0, 1),
        (["1.5001", "word 1", 1], 0, 0),
        (["", "word 1", 1], 0, 0),
    ],
)
def test_overlap(tmp_path: Path, row: list[Any], exact: int, normalised: int) -> None:
    examined = examine(tmp_path, TRAIN, [row, [77.5, "other", 1]])
    for check, count in (("exact", exact), ("normalised", normalised)):
        found = result(examined, f"overlap.{check}")
        assert (found.n, found.violations) == (2, count)
        assert found.result == ("failed" if count else "passed")
        assert ("rows 1 of test" in found.detail) == bool(count)
    assert len(examined.findings) == exact + normalised


def test_missing_values_equal_each_other_and_cells_keep_their_borders(tmp_path: Path) -> None:
    train = [["", "", 0], ["", "1:a", 0]]
    found = result(examine(tmp_path, train, [["", "", 0]]), "overlap.exact")
    assert (found.violations, found.result) == (1, "failed")
    found = result(examine(tmp_path, [["1", "1:", 0]], [["11", ":", 0]]), "overlap.exact")
    assert (found.violations, found.result) == (0, "passed")


def test_zero_and_minus_zero_are_one_number(tmp_path: Path) -> None:
    found = result(examine(tmp_path, [["0.0", "a", 0]], [["-0.0", "a", 0]]), "overlap.exact")
    assert found.violations == 1


def test_a_small_domain_is_said_and_still_fails(tmp_path: Path) -> None:
    train = [[i % 3, "a", 0] for i in range(30)]
    examined = examine(tmp_path, train, [[1, "a", 0]])
    assert result(examined, "overlap.exact").result == "failed"
    assert "may be chance" in examined.findings[0].message
    assert examined.findings[0].severity == "medium"
    examined = examine(tmp_path, TRAIN, [TRAIN[0]])
    assert "may be chance" not in examined.findings[0].message
    assert examined.findings[0].severity == "high"


def test_nothing_to_compare_never_passes(tmp_path: Path) -> None:
    for train, test in (([], TRAIN), (TRAIN, []), ([], [])):
        examined = examine(tmp_path, train, test)
        assert {item.result for item in examined.checks} == {"inconclusive"}
    first = write_csv(tmp_path / "a.csv", ["x"], [["1"]])
    second = write_csv(tmp_path / "b.csv", ["y"], [["1"]])
    with opened(a=source(first), b=source(second)) as tables:
        examined = examine_overlap("a", against="b", opened=tables)
    assert {item.result for item in examined.checks} == {"inconclusive"}


def test_row_numbers_are_bounded(tmp_path: Path) -> None:
    rows = [[i, "a", 0] for i in range(50)]
    found = result(examine(tmp_path, rows, rows), "overlap.exact")
    assert found.violations == 50
    assert "50 of 50 rows (100.00%)" in found.detail
    assert "18, 19, 20, … of test" in found.detail


@given(st.text())
def test_folding_is_stable(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold(f"  {text}\n") == fold(text)
