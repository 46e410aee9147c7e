"""7z archives: what py7zr wrote is unpacked to the byte; broken archives are told."""

from __future__ import annotations

import random
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.vetting.formats import sevenzip
from sealwright.vetting.interface import Member
from sealwright.vetting.session import Limits
from tests.attacks.containers.zip_builder import PAYLOAD
from tests.vetting.archives.visits import visits

FORM = sevenzip.FORMAT
ROOM = Path(__file__).parents[2] / "benign" / "containers"
SAMPLES = {path.name: path.read_bytes() for path in sorted(ROOM.glob("*.7z"))}
COPIED = SAMPLES["copy.7z"]


def sealed(header: bytes, packed: bytes = b"", *, after: bytes = b"") -> bytes:
    """A file with right checksums around a plain header."""
    start = len(packed).to_bytes(8, "little") + len(header).to_bytes(8, "little")
    start += zlib.crc32(header).to_bytes(4, "little")
    crc = zlib.crc32(start).to_bytes(4, "little")
    return b"7z\xbc\xaf\x27\x1c\x00\x04" + crc + start + packed + header + after


def one_file(
    name: str = "model.pkl", content: bytes = PAYLOAD, *, coder: bytes = b"\x01\x00", crc: int = -1
) -> bytes:
    """An archive of one file, by copy unless another coder is given (flags, id)."""
    size = bytes((len(content),))
    streams = b"\x06\x00\x01\x09" + size + b"\x00"
    folder = b"\x07\x0b\x01\x00" + b"\x01" + coder + b"\x0c" + size
    told = zlib.crc32(content) if crc < 0 else crc
    folder += b"\x0a\x01" + told.to_bytes(4, "little") + b"\x00"
    names = b"\x00" + name.encode("utf-16-le") + b"\x00\x00"
    files = b"\x05\x01\x11" + bytes((len(names),)) + names + b"\x00"
    return sealed(b"\x01\x04" + streams + folder + b"\x00" + files + b"\x00", content)


def test_one_file_is_visited() -> None:
    seen = visits(FORM, one_file())
    assert seen.members == [("model.pkl", PAYLOAD)]
    assert seen.rules == set()


def test_a_wrong_checksum_is_told_and_the_content_visited() -> None:
    seen = visits(FORM, one_file(crc=5))
    assert seen.rules == {"SW-7Z-002"}
    assert seen.holds(PAYLOAD)


@pytest.mark.parametrize("name", ["../x", "/etc/x", "C:\\x", "a\\..\\..\\x", "a\nb"])
def test_a_name_that_leads_outside_is_told(name: str) -> None:
    assert visits(FORM, one_file(name, b"x")).rules == {"SW-7Z-003"}


@pytest.mark.parametrize(
    ("coder", "rule"),
    [
        (b"\x04\x06\xf1\x07\x01", "SW-7Z-004"),
        (b"\x03\x03\x04\x01", "SW-7Z-005"),
        (b"\x04\x04\xf7\x11\x02", "SW-7Z-005"),
        (b"\x02\x77\x77", "SW-7Z-005"),
    ],
)
def test_a_coder_that_is_not_read_is_inconclusive(coder: bytes, rule: str) -> None:
    seen = visits(FORM, one_file(coder=coder))
    assert seen.rules == {rule}
    assert seen.members == []


def test_bytes_after_the_archive_are_told() -> None:
    assert visits(FORM, COPIED + b"more").rules == {"SW-7Z-006"}


def test_an_archive_without_anything_is_one() -> None:
    assert visits(FORM, sealed(b"")).rules == set()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_cut_archive_is_malformed(name: str) -> None:
    assert visits(FORM, SAMPLES[name][:-7]).rules == {"SW-7Z-001"}


def test_a_start_header_with_a_wrong_checksum_is_malformed() -> None:
    data = bytearray(COPIED)
    data[20] ^= 1
    assert visits(FORM, bytes(data)).rules == {"SW-7Z-001"}


def test_announced_counts_take_no_memory() -> None:
    many = b"\xff" + (1 << 60).to_bytes(8, "little")
    for header in (
        b"\x01\x05" + many,
        b"\x01\x04\x06\x00" + many,
        b"\x01\x04\x07\x0b" + many,
        b"\x01\x04\x06\x00\x01\x09\x01\x00\x07\x0b\x01\x00\x01\x01\x00\x0c\x01\x00\x08\x0d" + many,
    ):
        seen = visits(FORM, sealed(header))
        assert seen.rules == {"SW-7Z-001"} or seen.spent


def test_a_header_packed_for_ever_ends() -> None:
    seen = visits(
        FORM,
        sealed(
            b"\x17\x06\x00\x01\x09\x01\x00\x07\x0b\x01\x00\x01\x01\x00\x0c\x01\x00\x00", b"\x17"
        ),
    )
    assert seen.rules == {"SW-7Z-001"}


def test_a_bomb_ends_by_its_budget() -> None:
    seen = visits(FORM, SAMPLES["lzma2.7z"], limits=Limits(member=200))
    assert "more than 200" in seen.spent


def test_other_bytes_are_no_archive() -> None:
    assert sevenzip.recognise(Member(path="x", data=b"7z")) == "no"
    assert sevenzip.recognise(Member(path="x", data=COPIED)) == "strong"


@given(st.sampled_from(sorted(SAMPLES)), st.integers(0, 1 << 32))
@settings(max_examples=400, deadline=None)
def test_mutated_headers_raise_nothing_else(name: str, seed: int) -> None:
    """Bytes of the plain or packed header are changed and the checksums put right."""
    chance = random.Random(seed)
    data = SAMPLES[name]
    size = int.from_bytes(data[20:28], "little")
    header, packed = bytearray(data[-size:]), bytearray(data[32:-size])
    for _ in range(chance.randint(1, 4)):
        target = header if chance.random() < 0.8 else packed
        at = chance.randrange(len(target))
        way = chance.random()
        if way < 0.7:
            target[at] = chance.choice((0, 1, 0xFF, 0x80, chance.randrange(256)))
        elif way < 0.85 and len(target) > 20:
            del target[at : at + chance.randint(1, 5)]
        else:
            target[at:at] = target[: chance.randint(1, 20)]
    visits(FORM, sealed(bytes(header), bytes(packed)), limits=Limits(member=64 << 20))


@given(st.binary(max_size=120))
@settings(max_examples=300, deadline=None)
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    visits(FORM, data)
    visits(FORM, sealed(b"\x01" + data))
    visits(FORM, sealed(b"\x01\x04\x06\x00\x01\x09\x05\x00\x07\x0b\x01\x00" + data, bytes(9)))
