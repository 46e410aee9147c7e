"""Zip archives: ordinary ones give no finding, and no reader finds what we did not visit."""

from __future__ import annotations

import io
import lzma
import random
import struct
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.vetting.formats import zip as zip_format
from sealwright.vetting.interface import Member
from sealwright.vetting.session import Limits
from tests.attacks.containers.zip_builder import HARMLESS, PAYLOAD, Record, archive
from tests.attacks.containers.zip_cases import CASES
from tests.vetting.archives.visits import visits

CONTAINERS = Path(__file__).parents[2] / "benign" / "containers"
FORM = zip_format.FORMAT


class Unseekable(io.RawIOBase):
    """A pipe: zipfile writes data descriptors into it."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.data += bytes(data)  # type: ignore[call-overload]
        return len(bytes(data))  # type: ignore[call-overload]


def written(method: int = 8, *, stream: bool = False, wide: bool = False) -> bytes:
    out: io.RawIOBase | io.BytesIO = Unseekable() if stream else io.BytesIO()
    with zipfile.ZipFile(out, "w", compression=method) as opened:
        opened.writestr("folder/", b"")
        opened.writestr("a.txt", b"words " * 100)
        opened.writestr("größe.txt", b"more words")
        with opened.open("b.bin", "w", force_zip64=wide) as entry:
            entry.write(bytes(range(256)) * 9)
        opened.comment = b"an ordinary comment"
    return bytes(out.data) if isinstance(out, Unseekable) else out.getvalue()  # type: ignore[union-attr]


@pytest.mark.parametrize("method", [0, 8, 12, 14])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("wide", [False, True])
def test_what_zipfile_writes_gives_no_finding(method: int, stream: bool, wide: bool) -> None:
    seen = visits(FORM, written(method, stream=stream, wide=wide))
    assert seen.rules == set()
    assert [name for name, _ in seen.members] == ["a.txt", "größe.txt", "b.bin"]
    assert seen.holds(bytes(range(256)) * 9)


def test_what_zipfile_appends_to_gives_no_finding() -> None:
    out = io.BytesIO(written())
    with zipfile.ZipFile(out, "a") as opened:
        opened.writestr("late.txt", b"late")
    seen = visits(FORM, out.getvalue())
    assert seen.rules == set()
    assert seen.holds(b"late")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_saves_gives_no_finding(save: object) -> None:
    out = io.BytesIO()
    save(out, weights=np.zeros((40, 50)), bias=np.arange(9))  # type: ignore[operator]
    assert visits(FORM, out.getvalue()).rules == set()


def test_an_empty_archive_is_one() -> None:
    empty = b"PK\x05\x06" + bytes(18)
    assert zip_format.recognise(Member(path="x", data=empty)) == "strong"
    assert visits(FORM, empty).rules == set()


def test_arrays_that_differ_by_case_are_only_noted() -> None:
    out = io.BytesIO()
    np.savez(out, W=np.zeros(3), w=np.ones(3))
    assert visits(FORM, out.getvalue()).rules == {"SW-ZIP-005"}


def test_an_archive_without_checksums_is_warned_of() -> None:
    data = archive(Record(crc=0, content=b"a"), Record(name=b"b", crc=0, content=b"b"))
    assert visits(FORM, data).rules == {"SW-ZIP-018"}
    one = archive(Record(crc=0, content=b"a"), Record(name=b"b", content=b"b"))
    assert visits(FORM, one).rules == {"SW-ZIP-014"}


def test_stored_content_is_not_copied() -> None:
    data = archive(Record(content=bytes(5000)))
    kept: list[object] = []

    def inspect(member: Member, session: object) -> object:
        kept.append(member.data)
        return None

    from sealwright.vetting.interface import Examining
    from sealwright.vetting.pickle.policy import Policy
    from sealwright.vetting.session import Session

    session = Session(policy=Policy(), inspect=inspect)  # type: ignore[arg-type]
    zip_format.examine(Examining(Member(path="x", data=data), session))
    (view,) = kept
    assert isinstance(view, memoryview)
    assert view.obj is data


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.delivers], ids=lambda case: case.name
)
def test_what_a_real_reader_delivers_is_visited(case: object) -> None:
    data = case.build()  # type: ignore[attr-defined]
    seen = visits(FORM, data)
    assert seen.holds(PAYLOAD)


EXPECTED = {
    "wrong-checksum": "SW-ZIP-014",
    "name-differs-in-local-header": "SW-ZIP-002",
    "method-differs-in-local-header": "SW-ZIP-002",
    "unlisted-entry": "SW-ZIP-003",
    "same-name-twice": "SW-ZIP-004",
    "same-name-by-backslash": "SW-ZIP-004",
    "same-name-by-case": "SW-ZIP-005",
    "prefix-of-a-script": "SW-ZIP-006",
    "prefix-of-a-pickle": "SW-ZIP-006",
    "bytes-after-the-end": "SW-ZIP-006",
    "gap-with-a-pickle": "SW-ZIP-006",
    "shared-data": "SW-ZIP-007",
    "header-inside-data": "SW-ZIP-007",
    "two-directories": "SW-ZIP-008",
    "archive-in-comment": "SW-ZIP-008",
    "zip64-names-another-directory": "SW-ZIP-008",
    "directory-count-lies": "SW-ZIP-008",
    "encrypted-flag-and-wrong-checksum": "SW-ZIP-009",
    "unknown-method": "SW-ZIP-010",
    "path-climbs": "SW-ZIP-011",
    "path-is-absolute": "SW-ZIP-011",
    "path-names-a-drive": "SW-ZIP-011",
    "name-cut-at-nul": "SW-ZIP-011",
    "link-outside": "SW-ZIP-013",
    "inflates-to-more-than-it-says": "SW-ZIP-014",
    "after-the-deflate-stream": "SW-ZIP-014",
    "encrypted-by-flag-only": "SW-ZIP-015",
    "no-end-record": "SW-ZIP-001",
    "name-in-unicode-field": "SW-ZIP-002",
}


@pytest.mark.parametrize("name", EXPECTED)
def test_the_attack_is_told_by_its_rule(name: str) -> None:
    (case,) = [case for case in CASES if case.name == name]
    assert EXPECTED[name] in visits(FORM, case.build()).rules


def test_a_member_of_a_split_archive_is_inconclusive() -> None:
    data = bytearray(archive(Record(content=b"x\n")))
    struct.pack_into("<HH", data, len(data) - 18, 1, 0)
    assert "SW-ZIP-017" in visits(FORM, bytes(data)).rules


def test_zeros_between_entries_are_only_noted() -> None:
    data = archive(Record(content=b"x"), Record(name=b"b", content=b"y", before=bytes(7)))
    assert visits(FORM, data).rules == {"SW-ZIP-016"}


def test_an_archive_in_a_pickle_is_left_to_the_pickle() -> None:
    inside = b"\x80\x04B" + struct.pack("<I", len(archive(Record()))) + archive(Record()) + b"."
    assert zip_format.recognise(Member(path="x", data=inside)) == "weak"
    behind = HARMLESS + archive(Record())
    assert zip_format.recognise(Member(path="x", data=behind)) == "strong"


def test_other_bytes_are_no_archive() -> None:
    for data in (b"", b"PK", b"PK\x05\x06", b"text with PK\x05\x06 in it" + bytes(30), bytes(999)):
        assert zip_format.recognise(Member(path="x", data=data)) == "no"


def test_too_many_entries_end_the_walk() -> None:
    records = [Record(name=b"%d" % n, content=b"x") for n in range(60)]
    seen = visits(FORM, archive(*records), limits=Limits(members=50))
    assert "more than 50" in seen.spent
    assert seen.members == []


BROKEN = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError),
    *(RuntimeError, NotImplementedError, struct.error),
)
"""What zipfile raises on broken archives."""


def _delivered(data: bytes) -> list[bytes]:
    """The content of every entry that zipfile reads, by name and one after the other."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            opened = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return []
    given = []
    with opened:
        for info in opened.infolist():
            held = b""
            try:
                with opened.open(info) as entry:
                    while piece := entry.read(16):
                        held += piece
            except BROKEN:
                pass
            given.append(held)
    return given


SEEDS = [
    *(path.read_bytes() for path in sorted(CONTAINERS.glob("*.zip"))),
    *(case.build() for case in CASES if case.name != "shared-data"),
    written(8, stream=True),
    written(0, wide=True),
]
_MARKS = [b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x07\x08"]


def mutated(seed: int) -> bytes:
    """An archive with bytes of its records changed, cut out, doubled or moved."""
    chance = random.Random(seed)
    data = bytearray(chance.choice(SEEDS))
    for _ in range(chance.randint(1, 4)):
        spots = [at for mark in _MARKS for at in _all(data, mark)] or [0]
        at = chance.choice(spots) + chance.randint(0, 46)
        way = chance.randint(0, 5)
        if way <= 2 and at < len(data):
            data[at] = chance.choice((0, 1, 8, 0xFF, data[at] ^ 1 << chance.randint(0, 7)))
        elif way == 3:
            del data[at : at + chance.randint(1, 30)]
        elif way == 4:
            other = chance.choice(spots)
            data[at:at] = data[other : other + chance.randint(1, 120)]
        elif at + 4 <= len(data):
            struct.pack_into("<I", data, at, chance.choice((*spots, len(data), 0xFFFFFFFF)))
    return bytes(data)


def _all(data: bytearray, mark: bytes) -> list[int]:
    found, at = [], data.find(mark)
    while at >= 0:
        found.append(at)
        at = data.find(mark, at + 1)
    return found


@given(st.integers(0, 1 << 40))
@settings(max_examples=400, deadline=None)
def test_whatever_zipfile_delivers_is_visited_or_refused(seed: int) -> None:
    compare_with_zipfile(mutated(seed))


def compare_with_zipfile(data: bytes) -> None:
    seen = visits(FORM, data)
    fit = zip_format.recognise(Member(path="x", data=data))
    for content in _delivered(data):
        if PAYLOAD in content:
            assert fit != "no"
            assert seen.holds(PAYLOAD) or seen.spent


@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda tail: written() + tail))
@settings(max_examples=200, deadline=None)
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    zip_format.recognise(Member(path="x", data=data))
    visits(FORM, data)


def test_the_checksums_of_the_builder_are_right() -> None:
    assert zlib.crc32(PAYLOAD) == zipfile.ZipFile(io.BytesIO(archive(Record()))).infolist()[0].CRC
