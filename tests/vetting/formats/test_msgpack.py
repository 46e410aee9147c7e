from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.vetting.formats import msgpack
from sealwright.vetting.formats.msgpack_values import MAX_DEPTH
from sealwright.vetting.formats.npy import FORMAT as NPY
from sealwright.vetting.interface import Member
from tests.attacks.tensors.msgpack import mapping, objects, raw, text
from tests.vetting.benign_files import BENIGN
from tests.vetting.examine import examine, rules, verdict

FILES = sorted((BENIGN / "other_formats").glob("*.msgpack"))
TRUE, NIL = b"\xc3", b"\xc0"


def extension(code: int, content: bytes) -> bytes:
    return b"\xc7" + bytes([len(content), code & 0xFF]) + content


def flax(shape: tuple[int, ...], name: str, data: bytes) -> bytes:
    inner = b"\x93" + bytes([0x90 | len(shape), *shape]) + text(name) + raw(data)
    return extension(1, inner)


EVERY_KIND = [
    *(b"\x00", b"\x7f", b"\xff", b"\xcc\x80", b"\xcd\x01\x00", b"\xce" + bytes(4)),
    *(b"\xcf" + bytes(8), b"\xd0\x80", b"\xd1\x80\x00", b"\xd2" + bytes(4), b"\xd3" + bytes(8)),
    *(b"\xca" + struct.pack(">f", 1.5), b"\xcb" + struct.pack(">d", 1.5), NIL, TRUE, b"\xc2"),
    *(text("a"), b"\xd9\x01a", b"\xda\x00\x01a", b"\xdb\x00\x00\x00\x01a"),
    *(b"\xc4\x01a", b"\xc5\x00\x01a", b"\xc6\x00\x00\x00\x01a"),
    *(b"\x91\x01", b"\xdc\x00\x01\x01", b"\xdd\x00\x00\x00\x01\x01", b"\x90"),
    *(b"\x81\x01\x02", b"\xde\x00\x01\x01\x02", b"\xdf\x00\x00\x00\x01\x01\x02", b"\x80"),
    *(b"\xd6\xff" + bytes(4), b"\xd7\xff" + bytes(8), b"\xc7\x0c\xff" + bytes(12)),
]


@pytest.mark.parametrize("value", EVERY_KIND, ids=bytes.hex)
def test_every_kind_of_value_is_read_to_its_end(value: bytes) -> None:
    data = mapping(a=value, b=value)
    assert msgpack.recognise(Member(path="x", data=data)) == "strong"
    work = examine(msgpack.FORMAT, data)
    assert verdict(work) == "pass"
    assert work.parsed + work.numbers == len(data)
    for cut in range(1, len(data)):
        assert rules(examine(msgpack.FORMAT, data[:cut])) == {"SW-MSG-001"}
    assert rules(examine(msgpack.FORMAT, data + b"\0")) == {"SW-MSG-001"}


def test_arrays_of_flax_are_numbers() -> None:
    data = mapping(
        kernel=flax((2, 3), "float32", bytes(24)),
        bias=flax((), "bfloat16", bytes(2)),
        scale=extension(3, b"\x93\x90" + text("int8") + raw(b"\1")),
        pole=extension(2, b"\x92\xcb" + bytes(8) + b"\xcb" + bytes(8)),
    )
    work = examine(msgpack.FORMAT, data)
    assert verdict(work) == "pass"
    assert work.numbers == 27


@pytest.mark.parametrize(
    "value",
    [
        flax((2, 3), "float32", bytes(23)),
        flax((2,), "object", bytes(16)),
        flax((2,), "O", bytes(2)),
        extension(1, b""),
        extension(2, b"\x91\xca" + bytes(4)),
        extension(1, b"\x93" * 60),
        extension(42, b"anything"),
        extension(-1, b"123"),
    ],
)
def test_what_a_program_alone_knows_is_inconclusive(value: bytes) -> None:
    work = examine(msgpack.FORMAT, mapping(a=value))
    assert verdict(work) == "inconclusive"
    assert len(work.gaps) == 1


def test_arrays_of_objects_fail_and_others_do_not() -> None:
    pickle = b"cbuiltins\nset\n."
    for in_bytes in (True, False):
        work = examine(msgpack.FORMAT, objects(raw(pickle), in_bytes=in_bytes))
        assert rules(work) == {"SW-MSG-002"}
        assert [report.formats for report in work.session.reports] == [("pickle",)]
    headed = examine(msgpack.FORMAT, objects(raw(b"\x80\x02" + pickle)))
    assert rules(headed) == {"SW-MSG-002"}
    assert len(headed.session.reports) == 1
    plain = mapping(nd=TRUE, kind=text("O"), rest=NIL)
    assert verdict(examine(msgpack.FORMAT, plain)) == "pass"


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\x81", b"{}", b"words and more words", b"\x80\x04\x95", b"\x93\x01\x02", b"\xc0"),
        *(b"\x81\xa1a", b"\xc1", b"\x91\xc1", b"\x91" * 10_000, b"\xdf\xff\xff\xff\xff"),
    ],
)
def test_other_bytes_are_not_messagepack(data: bytes) -> None:
    assert msgpack.recognise(Member(path="x.msgpack", data=data)) == "no"


def test_large_files_are_recognised_by_their_beginning() -> None:
    values = b"".join(text(f"k{number}") + b"\x01" for number in range(30_000))
    data = b"\xdf" + (30_000).to_bytes(4, "big") + values
    assert msgpack.recognise(Member(path="x", data=data)) == "strong"
    numbers = b"\xdd" + (60_000).to_bytes(4, "big") + bytes(60_000)
    assert msgpack.recognise(Member(path="x", data=numbers)) == "no"
    assert rules(examine(msgpack.FORMAT, data[:-1])) == {"SW-MSG-001"}


def test_depth_is_bounded() -> None:
    work = examine(msgpack.FORMAT, b"\x91" * (MAX_DEPTH + 5) + NIL)
    assert rules(work) == {"SW-MSG-001"}


def test_an_array_of_numpy_begins_like_a_map_and_is_none() -> None:
    data = next((BENIGN / "npy").rglob("*.npy")).read_bytes()
    assert NPY.recognise(Member(path="x", data=data)) == "strong"
    assert msgpack.recognise(Member(path="x", data=data)) == "no"


@settings(max_examples=300)
@given(st.sampled_from(FILES), st.data())
def test_mutated_files_raise_nothing_else(path: Path, drawn: st.DataObject) -> None:
    data = bytearray(path.read_bytes())
    for _ in range(drawn.draw(st.integers(1, 4))):
        data[drawn.draw(st.integers(0, len(data) - 1))] = drawn.draw(st.integers(0, 255))
    examine(msgpack.FORMAT, bytes(data))


@given(st.binary(max_size=200))
def test_random_bytes_raise_nothing_else(data: bytes) -> None:
    msgpack.recognise(Member(path="x", data=data))
    examine(msgpack.FORMAT, data)
