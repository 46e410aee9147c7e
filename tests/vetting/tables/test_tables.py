"""Arrow, Feather and Parquet."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.vetting.interface import Format, Member
from sealwright.vetting.session import Limits
from sealwright.vetting.tables import arrow, parquet
from tests.vetting.examine import examine, rules, verdict

FOLDER = Path(__file__).parents[2] / "benign" / "tables"
FILES = {
    path.relative_to(FOLDER).as_posix(): path.read_bytes()
    for path in sorted(FOLDER.rglob("*"))
    if path.is_file()
}
STREAM, FILE, TABLE = FILES["plain.arrows"], FILES["plain.arrow"], FILES["none.parquet"]


def reader(data: bytes) -> Format:
    """The one format that takes the bytes."""
    forms = (arrow.FORMAT, parquet.FORMAT)
    found = [form for form in forms if form.recognise(examine(form, data).member) == "strong"]
    assert len(found) == 1
    return found[0]


def with_footer(footer: bytes) -> bytes:
    """A Parquet file of nothing but a footer."""
    return b"PAR1" + footer + struct.pack("<I", len(footer)) + b"PAR1"


@pytest.mark.parametrize("name", FILES)
def test_every_byte_of_an_ordinary_table_is_accounted_for(name: str) -> None:
    data = FILES[name]
    work = examine(reader(data), data)
    assert verdict(work) == "pass"
    assert not work.observations
    assert work.parsed + work.numbers == len(data)


@pytest.mark.parametrize("name", FILES)
def test_a_table_that_is_cut_off_fails(name: str) -> None:
    data = FILES[name]
    assert verdict(examine(reader(data), data[: len(data) // 2])) == "fail"


@pytest.mark.parametrize("limit", [3, 30, 90])
def test_what_a_budget_ends_is_inconclusive(limit: int) -> None:
    for data in (TABLE, FILE, STREAM):
        work = examine(reader(data), data, limits=Limits(operations=limit))
        assert verdict(work) == "inconclusive"


def test_metadata_of_pandas_is_a_document() -> None:
    work = examine(parquet.FORMAT, FILES["pandas.parquet"].replace(b'{"index_c', b'{"index_"'))
    assert rules(work) == {"SW-PARQUET-001"}


def test_a_stream_may_be_padded() -> None:
    assert rules(examine(arrow.FORMAT, STREAM + bytes(56))) == {"SW-ARROW-007"}


def test_bytes_that_no_message_owns_are_told() -> None:
    assert rules(examine(arrow.FORMAT, STREAM + b"\x99" * 80)) == {"SW-ARROW-005"}
    length = int.from_bytes(FILE[-10:-6], "little")
    start = len(FILE) - 10 - length
    assert rules(examine(arrow.FORMAT, FILE[:start] + b"\x99" * 80 + FILE[start:])) == {
        "SW-ARROW-005"
    }


def test_an_encrypted_footer_is_a_gap() -> None:
    data = TABLE[:-4] + b"PARE"
    assert verdict(examine(parquet.FORMAT, data)) == "inconclusive"


@pytest.mark.parametrize(
    "footer",
    [
        b"",
        b"\x15\x04",  # no end
        b"\x15\x04\x00\x00",  # something after the end
        b"\x49\xfc\xff\xff\xff\xff\x7f\x00",  # a list of two thousand million row groups
        b"\x49\x15\x02\x00",  # row groups that are numbers
        b"\x45\x02\x00",  # row groups that are one number
        b"\x5c\x00\x0c\x0a\x00\x00",  # pairs twice
        b"\x18\xff\xff\xff\xff\x0f\x00",  # a text of four thousand million bytes
        b"\x1e\x00",  # an unknown type
        b"\x16" + b"\xff" * 11 + b"\x00",  # an endless number
    ],
)
def test_a_footer_that_is_no_struct_fails(footer: bytes) -> None:
    assert rules(examine(parquet.FORMAT, with_footer(footer))) == {"SW-PARQUET-001"}


@pytest.mark.parametrize("opens", [b"\x1c", b"\x19\x19" + b"\x19" * 60])
def test_a_footer_that_is_nested_without_end_is_inconclusive(opens: bytes) -> None:
    work = examine(parquet.FORMAT, with_footer(opens * 3000))
    assert verdict(work) == "inconclusive"


def test_a_footer_of_nothing_is_a_table_without_columns() -> None:
    assert verdict(examine(parquet.FORMAT, with_footer(b"\x00"))) == "pass"


@settings(max_examples=150)
@given(st.sampled_from([data for data in FILES.values() if len(data) < 6000]), st.data())
def test_mutated_tables_raise_nothing_but_what_is_declared(
    data: bytes, chance: st.DataObject
) -> None:
    form = reader(data)
    changed = bytearray(data)
    for _ in range(chance.draw(st.integers(1, 4))):
        at = chance.draw(st.integers(0, len(changed) - 1))
        changed[at : at + chance.draw(st.integers(0, 8))] = chance.draw(st.binary(max_size=8))
        changed = changed or bytearray(1)
    work = examine(form, bytes(changed))
    form.recognise(work.member)
    assert work.numbers >= 0


@given(st.binary(max_size=300))
def test_random_bytes_raise_nothing_but_what_is_declared(data: bytes) -> None:
    for form, made in (
        (parquet.FORMAT, with_footer(data)),
        (arrow.FORMAT, b"\xff\xff\xff\xff" + struct.pack("<I", len(data)) + data),
        (arrow.FORMAT, b"ARROW1\0\0" + data + struct.pack("<I", len(data)) + b"ARROW1"),
    ):
        work = examine(form, made)
        assert form.recognise(work.member) in ("no", "strong")


def test_words_are_no_table() -> None:
    text = b"PARENT_DIRECTORY\n----------------\n"
    assert parquet.recognise(Member(path="a.rst", data=text)) == "no"
    assert parquet.recognise(Member(path="a", data=b"PARE" + bytes(8) + b"PARE")) == "strong"
