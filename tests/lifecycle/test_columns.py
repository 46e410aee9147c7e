"""The first look at a CSV file suggests types, stays bounded, and refuses what is no CSV."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sealwright.errors import CannotLook, InputMissing, Unsupported
from sealwright.lifecycle.columns import MAX_COLUMNS, MAX_LINE, MAX_LINES, guess_columns


def guess(tmp_path: Path, text: str) -> dict[str, tuple[str, int]]:
    path = tmp_path / "data.csv"
    path.write_text(text, encoding="utf-8")
    return {each.name: (each.type, each.missing) for each in guess_columns(path)}


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "-2", "+3"], ("integer", 0)),
        (["1", "2.5", "1e-3", ".5"], ("number", 0)),
        (["1", "", "NaN"], ("integer", 2)),
        (["1e999"], ("string", 0)),
        (["inf"], ("string", 0)),
        (["1_000"], ("string", 0)),
        (["٣"], ("string", 0)),
        (["9" * 16], ("number", 0)),
        (["true", "FALSE"], ("boolean", 0)),
        (["2026-11-22", "1999-01-01"], ("date", 0)),
        (["2026-11-22T20:00:00Z", "2026-11-22 20:00"], ("timestamp", 0)),
        (["2026-11-22", "x"], ("string", 0)),
        (["", ""], ("string", 2)),
    ],
)
def test_the_narrowest_type_of_all_values(
    tmp_path: Path, cells: list[str], expected: tuple[str, int]
) -> None:
    text = "id,c\n" + "".join(f"x,{cell}\n" for cell in cells)
    assert guess(tmp_path, text)["c"] == expected


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters_quotes_and_byte_order_marks(tmp_path: Path, delimiter: str) -> None:
    text = '\ufeff"a b"{d}c\r\n"x\ny"{d}1\r\n'.replace("{d}", delimiter)
    assert guess(tmp_path, text) == {"a b": ("string", 0), "c": ("integer", 0)}


def test_short_rows_count_as_missing(tmp_path: Path) -> None:
    assert guess(tmp_path, "a,b\n1\n2,3\n")["b"] == ("integer", 1)


def test_few_values_are_offered_and_many_or_long_ones_are_not(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    rows = "".join(f"{'MF'[index % 2]},p{index},{'z' * 50}\n" for index in range(20))
    path.write_text("sex,id,note\n" + rows, encoding="utf-8")
    assert [each.values for each in guess_columns(path)] == [("F", "M"), (), ()]


def test_a_long_file_is_read_at_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a\n" + "1\n" * MAX_LINES + "x\n", encoding="utf-8")
    (column,) = guess_columns(path)
    assert (column.type, column.rows) == ("integer", MAX_LINES - 1)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"\n", "0 columns"),
        (b"a,a\n1,2\n", "repeated"),
        (b"a,\n1,2\n", "empty or repeated"),
        (b"\xff\xfe", "not UTF-8"),
        (b"a\n" + b"1" * (MAX_LINE + 1), "a line of more than"),
        (b"a\n" + b"1" * 200_000, "not CSV"),
        (b"a" + b",b" * MAX_COLUMNS, "5001 columns"),
    ],
)
def test_what_is_no_csv_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(data)
    with pytest.raises(Unsupported, match=message):
        guess_columns(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputMissing, match=r"data\.csv: cannot be read"):
        guess_columns(tmp_path / "data.csv")


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=80))
def test_no_bytes_give_anything_but_columns_or_cannot_look(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(data)
    try:
        columns = guess_columns(path)
    except CannotLook:
        return
    assert columns
    assert all(each.name for each in columns)
