"""Arguments are read as one of the real unpicklers reads them."""

from __future__ import annotations

import io
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.vetting.pickle import decode
from sealwright.vetting.pickle.decode import Refused
from tests.vetting.pickle.recording import PYTHON


def c(data: bytes) -> Any:
    return pickle.Unpickler(io.BytesIO(data), encoding="bytes").load()


@pytest.mark.parametrize(
    "text",
    [
        b"0x1F",
        b"017",
        b"-017",
        b" 5",
        b"7\0junk",
        b"\0junk",
        b"1_000",
        b"+2",
        b"00",
        b"01",
        b"9" * 40,
    ],
)
def test_int_is_read_as_c_reads_it(text: bytes) -> None:
    assert decode.integer(text) == c(b"I" + text + b"\n.")


@pytest.mark.parametrize("text", [b"12", b"12L", b"0x1fL", b"-1_0L", b" 4 ", b"5\0L"])
def test_long_is_read_as_c_reads_it(text: bytes) -> None:
    assert decode.long_integer(text) == c(b"L" + text + b"\n.")


@pytest.mark.parametrize("text", [b"", b"x", b"089", b"1.5", b"--1"])
def test_what_no_unpickler_takes_for_a_number_is_refused(text: bytes) -> None:
    with pytest.raises(Refused):
        decode.integer(text)
    with pytest.raises(Refused):
        decode.long_integer(text)


def test_numbers_of_thousands_of_digits_are_not_converted() -> None:
    assert decode.integer(b"9" * 5000) is None
    assert decode.long_integer(b"9" * 5_000_000 + b"L") is None
    assert decode.memo_index(b"0" * 9999 + b"7") == 7
    with pytest.raises(Refused):
        decode.memo_index(b"9" * 5000)


@pytest.mark.parametrize("text", [b"7", b" 7 ", b"+7", b"7\0x", b"0_7"])
def test_a_memo_index_is_read_as_c_reads_it(text: bytes) -> None:
    assert decode.memo_index(text) == 7
    assert c(b"Np" + text + b"\n0g7\n.") is None


@given(st.binary(max_size=30).filter(lambda raw: b"\n" not in raw and b"\\" not in raw))
def test_plain_strings_keep_their_bytes(raw: bytes) -> None:
    assert decode.quoted_string(b"'" + raw + b"'") == raw


@pytest.mark.parametrize(
    "escaped",
    [rb"a\n\t\\", rb"\x41\101\1", rb"\q\'", rb"\777", rb"\0", rb"\a\b\f\v\r", rb"\8"],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_escapes_are_undone_as_c_undoes_them(escaped: bytes) -> None:
    line = b"'" + escaped + b"'"
    assert decode.quoted_string(line) == c(b"S" + line + b"\n.")


@pytest.mark.parametrize("line", [b"abc", b"'abc", b"'abc\"", b"'", b"", rb"'\x4'", b"'a\\'"])
def test_strings_that_are_not_quoted_or_do_not_end_are_refused(line: bytes) -> None:
    with pytest.raises(Refused):
        decode.quoted_string(line)
    for loader in (pickle.Unpickler, PYTHON):
        with pytest.raises((pickle.UnpicklingError, ValueError)):
            loader(io.BytesIO(b"S" + line + b"\n.")).load()


def test_text_may_hold_lone_surrogates_and_no_other_errors() -> None:
    assert decode.text(b"\xed\xa0\x80") == "\ud800"
    with pytest.raises(Refused):
        decode.text(b"\xff")
    assert decode.escaped_text(rb"\u0041\x42") == "A\\x42"
    with pytest.raises(Refused):
        decode.escaped_text(rb"\u00")


@given(st.binary(max_size=3000), st.integers(0, 3000))
def test_lines_are_found_alike_in_every_kind_of_buffer(data: bytes, position: int) -> None:
    expected = data.find(b"\n", position)
    assert decode.line_finder(data)(position) == expected
    assert decode.line_finder(memoryview(data))(position) == expected


@given(st.binary(max_size=60))
def test_any_bytes_end_in_a_value_or_a_refusal(raw: bytes) -> None:
    for read in (
        decode.integer,
        decode.long_integer,
        decode.memo_index,
        decode.real,
        decode.quoted_string,
        decode.escaped_text,
        decode.text,
    ):
        try:
            read(raw)
        except Refused:
            continue
