import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.errors import CannotLook, LimitReached, SealwrightError
from sealwright.phases.data.csv_structure import Structure, examine


def scan(data: bytes, *, chunk: int = 1 << 20, max_record: int = 1 << 16) -> Structure:
    chunks = (data[start : start + chunk] for start in range(0, len(data), chunk))
    return examine(chunks, name="d.csv", max_columns=50, max_record=max_record)


@pytest.mark.parametrize(
    ("data", "header", "rows"),
    [
        (b"a,b\n1,2\n", ("a", "b"), 1),
        (b"a,b\n1,2", ("a", "b"), 1),
        (b"a,b\r\n1,2\r\n", ("a", "b"), 1),
        (b"\xef\xbb\xbfa\n1\n", ("a",), 1),
        (b"a", ("a",), 0),
        (b"a\n", ("a",), 0),
        (b'a\n""\n', ("a",), 1),
        (b'a,b\n"x\ny","say ""yes"""\n', ("a", "b"), 1),
        (b'a,b\n"","x,y"\n', ("a", "b"), 1),
        (b'"a,1",b\n1,2\n', ("a,1", "b"), 1),
    ],
)
def test_well_formed_files_have_one_reading(
    data: bytes, header: tuple[str, ...], rows: int
) -> None:
    for chunk in (1, 2, 3, 5, 1 << 20):
        assert scan(data, chunk=chunk) == Structure(header=header, rows=rows)


@pytest.mark.parametrize(
    ("data", "line", "problem"),
    [
        (b"", 1, "no header"),
        (b"a,b\n1\n", 2, "1 fields, but the header names 2"),
        (b"a,b\n1,2\n1,2,3\n", 3, "3 fields"),
        (b'a,b\n"x\ny",2\n1\n', 4, "1 fields"),
        (b"a\n1\n\n2\n", 3, "blank line"),
        (b"a,b\n1,2\n\n", 3, "blank line"),
        (b"a\r\n1\r\n\r\n", 3, "blank line"),
        (b'a\nx"y\n', 2, "never closes"),
        (b'a\nx"y"\n', 2, "quote inside"),
        (b'a\n"x"y\n', 2, "quote inside"),
        (b'a\n1\n"x\n', 3, "never closes"),
        (b"a\n1\r\n", 2, "mixed"),
        (b"a\r\n1\n", 2, "mixed"),
        (b"a\n1\r2\n", 2, "carriage return"),
        (b"a\n1\r", 2, "carriage return"),
        (b"a\r", 1, "carriage return"),
        (b"a\n1\n\x00\n", 3, "NUL"),
        (b"a\n1\n\xff\n", 3, "UTF-8"),
        (b"a\n1\n\xc3", 3, "UTF-8"),
        (b"a,a\n1,2\n", 1, "one name"),
        (b"a,A\n1,2\n", 1, "one name"),
        (b"a,\n1,2\n", 1, "usable column name"),
        (b"a, b\n1,2\n", 1, "usable column name"),
        (b"__row__\n1\n", 1, "reserved"),
    ],
)
def test_a_malformed_file_is_an_error_with_its_line(data: bytes, line: int, problem: str) -> None:
    for chunk in (1, 4, 1 << 20):
        with pytest.raises(CannotLook, match=problem) as caught:
            scan(data, chunk=chunk)
        assert caught.value.message.startswith(f"d.csv:{line}: ")


def test_limits_are_errors() -> None:
    with pytest.raises(LimitReached, match="51 columns"):
        scan(",".join(f"c{i}" for i in range(51)).encode())
    for data in (b"a\n" + b"x" * 200, b"a\n" + b"x" * 200 + b"\n", b'a\n"' + b"x\n" * 100):
        with pytest.raises(LimitReached, match="longer than 100"):
            scan(data, max_record=100)


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)


@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), max_size=6)
    ),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(1, 40),
)
def test_what_a_csv_writer_writes_is_counted_right(
    rows: list[list[str]], newline: str, chunk: int
) -> None:
    width = len(rows[0]) if rows else 2
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=newline, quoting=csv.QUOTE_ALL)
    writer.writerow([f"c{index}" for index in range(width)])
    writer.writerows(rows)
    found = scan(text.getvalue().encode(), chunk=chunk)
    assert found.rows == len(rows)
    assert len(found.header) == width


@given(st.lists(st.sampled_from([b"a", b",", b'"', b"\n", b"\r\n", b"\r", b"1", b"\xc3\xa9"])))
def test_what_is_accepted_reads_the_same_in_another_strict_parser(pieces: list[bytes]) -> None:
    data = b"x,y\n" + b"".join(pieces)
    try:
        found = scan(data, chunk=3)
    except SealwrightError:
        return
    rows = list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))
    assert len(rows) - 1 == found.rows
    assert {len(row) for row in rows} == {2}
