"""The protobuf reader against the encoding's rules and against Google's own reader."""

from __future__ import annotations

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from onnx import AttributeProto, TensorProto

from sealwright.errors import LimitReached, MalformedError
from sealwright.vetting.formats.onnx_tables import SCHEMA
from sealwright.vetting.protobuf import (
    Budget,
    Message,
    count_fixed,
    count_varints,
    read_message,
    signed,
    varints,
)
from tests.vetting.onnx_files import embedded


def read(data: bytes, *, kind: str = "TensorProto", budget: Budget | None = None) -> Message:
    return read_message(data, kind=kind, schema=SCHEMA, budget=budget or Budget())


@given(st.lists(st.integers(-(2**63), 2**63 - 1)), st.lists(st.floats(width=32), max_size=20))
def test_packed_and_unpacked_numbers_are_read_alike(ints: list[int], values: list[float]) -> None:
    unpacked = AttributeProto(name="a", ints=ints, floats=values).SerializeToString()
    message = read(unpacked, kind="AttributeProto")
    spans = message.spans.get("ints", [])
    assert [signed(n) for span in spans for n in varints(unpacked, span)] == ints
    assert sum(count_varints(unpacked, span) for span in spans) == len(ints)
    floats = message.spans.get("floats", [])
    assert sum(count_fixed(span, width=4) for span in floats) == len(values)
    packed = TensorProto(int64_data=ints, float_data=values).SerializeToString()
    message = read(packed)
    spans = message.spans.get("int64_data", [])
    assert [signed(n) for span in spans for n in varints(packed, span)] == ints
    assert sum(count_varints(packed, span) for span in spans) == len(ints)
    floats = message.spans.get("float_data", [])
    assert sum(count_fixed(span, width=4) for span in floats) == len(values)


@given(st.binary(max_size=200))
def test_what_googles_reader_refuses_is_refused(data: bytes) -> None:
    try:
        message = read(data)
    except (MalformedError, LimitReached):
        return
    try:
        TensorProto.FromString(data)
    except DecodeError:
        assert message.strange


@pytest.mark.parametrize(
    "data",
    [
        b"\x08",
        b"\x08\x80",
        b"\x10" + b"\x80" * 10 + b"\x01",
        b"\x10" + b"\xff" * 9 + b"\x02",
        b"\x10\x80\x00",
        b"\x90\x00\x01",
        b"\x00\x01",
        b"\x0b\x0c",
        b"\x42\x05abc",
        b"\x42\x01\xff",
        b"\x4a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\x22\x03abc",
        b"\x3a\x01\x80",
        b"\x25\x00\x00",
    ],
)
def test_what_no_plain_writer_writes_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedError):
        read(data)


def test_second_values_unknown_fields_and_wrong_types_are_strange() -> None:
    assert read(b"\x10\x01").strange == []
    assert len(read(b"\x10\x01\x10\x01").strange) == 1
    assert len(read(b"\xf8\x07\x01").strange) == 1
    assert len(read(b"\x15\x00\x00\x00\x00").strange) == 1


def test_budgets_end_the_reading() -> None:
    fields = b"\x4a\x00" * 50
    with pytest.raises(LimitReached):
        read(fields, budget=Budget(fields=10))
    entries = b"\x6a\x00" * 50
    with pytest.raises(LimitReached):
        read(entries, budget=Budget(messages=10))
    with pytest.raises(LimitReached):
        read(b"\x42\x03abc", budget=Budget(text=2))
    nested = b""
    for _ in range(5):
        nested = embedded(4, embedded(1, nested))
    assert read(nested, kind="TypeProto", budget=Budget(depth=10)).strange == []
    with pytest.raises(LimitReached):
        read(nested, kind="TypeProto", budget=Budget(depth=9))


def test_a_long_run_of_numbers_costs_one_field() -> None:
    run = b"\x40\x01" * 100_000
    message = read(run, kind="AttributeProto", budget=Budget(fields=2))
    assert sum(count_varints(run, span) for span in message.spans["ints"]) == 100_000
