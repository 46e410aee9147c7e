"""Tar archives: no reader of tar finds a member that we did not visit."""

from __future__ import annotations

import io
import random
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.vetting.formats import tar
from sealwright.vetting.interface import Member
from sealwright.vetting.session import Limits
from tests.attacks.containers.case import Case
from tests.attacks.containers.tar_cases import CASES, END, blocks, header, member, pax
from tests.attacks.containers.zip_builder import PAYLOAD
from tests.vetting.archives.visits import visits

FORM = tar.FORMAT
CONTAINERS = Path(__file__).parents[2] / "benign" / "containers"


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_what_tarfile_writes_gives_no_finding(form: int) -> None:
    out = io.BytesIO()
    long = "folder/" * 20 + "weights.bin"
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, content in (("./a.txt", b"words"), (long, bytes(700)), ("größe.txt", b"")):
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), 1_700_000_000
            archive.addfile(info, io.BytesIO(content))
        folder = tarfile.TarInfo("folder")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(folder)
    seen = visits(FORM, out.getvalue())
    assert seen.rules == set()
    assert seen.members == [("./a.txt", b"words"), (long, bytes(700)), ("größe.txt", b"")]


def test_a_large_member_takes_its_size_from_the_extended_header() -> None:
    wide = 0o77777777777 + 1
    data = pax(size=str(wide)) + header("weights.bin", 0) + bytes(1024)
    seen = visits(FORM, data)
    assert "SW-TAR-009" not in seen.rules
    assert "SW-TAR-001" in seen.rules, "the member is cut off"


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.delivers], ids=lambda case: case.name
)
def test_what_a_real_reader_delivers_is_visited(case: Case) -> None:
    assert visits(FORM, case.build()).holds(PAYLOAD)


EXPECTED = {
    "size-smuggled": "SW-TAR-009",
    "folder-with-data": "SW-TAR-009",
    "after-the-end": "SW-TAR-008",
    "behind-a-broken-header": "SW-TAR-001",
    "path-climbs": "SW-TAR-002",
    "path-is-absolute": "SW-TAR-002",
    "pax-path-climbs": "SW-TAR-002",
    "link-outside": "SW-TAR-004",
    "hard-link-outside": "SW-TAR-004",
    "device": "SW-TAR-005",
    "pipe": "SW-TAR-005",
    "set-user-id": "SW-TAR-006",
    "twice": "SW-TAR-007",
    "sparse": "SW-TAR-011",
    "unknown-type": "SW-TAR-012",
}


@pytest.mark.parametrize("name", EXPECTED)
def test_the_attack_is_told_by_its_rule(name: str) -> None:
    (case,) = [case for case in CASES if case.name == name]
    assert EXPECTED[name] in visits(FORM, case.build()).rules


def test_a_global_header_that_names_members_is_told() -> None:
    raw = b"18 path=model.pkl\n"
    data = header("g", len(raw), kind=b"g") + blocks(raw) + member() + END
    assert "SW-TAR-010" in visits(FORM, data).rules
    harmless = b"13 comment=x\n"
    data = header("g", len(harmless), kind=b"g") + blocks(harmless) + member() + END
    assert visits(FORM, data).rules == set()


def test_a_link_within_the_archive_is_only_warned_of() -> None:
    data = member("a/b", b"x\n") + header("a/c", kind=b"2", link="../a/b") + END
    assert visits(FORM, data).rules == {"SW-TAR-003"}


def test_a_sparse_member_of_terabytes_costs_nothing() -> None:
    data = header("huge", 0, kind=b"S") + END
    claim = bytearray(data)
    claim[483:495] = b"\x80" + (1 << 44).to_bytes(11, "big")
    claim[148:156] = b" " * 8
    claim[148:156] = f"{sum(claim[:512]):06o}".encode() + b"\0 "
    seen = visits(FORM, bytes(claim))
    assert seen.rules == {"SW-TAR-011"}


def test_too_many_members_end_the_walk() -> None:
    data = b"".join(member(str(n), b"x") for n in range(60)) + END
    assert "more than 50" in visits(FORM, data, limits=Limits(members=50)).spent


def test_other_bytes_are_no_archive() -> None:
    for data in (b"", bytes(512), bytes(2048), b"ustar" * 200, b"text " * 300):
        assert tar.recognise(Member(path="x", data=data)) == "no"
    torn = bytearray(member())
    torn[0] ^= 1
    assert tar.recognise(Member(path="x", data=bytes(torn))) == "weak"


def _delivered(data: bytes) -> list[bytes]:
    """The content of every member that tarfile reads."""
    given = []
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as opened:
            for info in opened:
                taken = opened.extractfile(info) if info.isreg() else None
                given.append(taken.read() if taken else b"")
    except (tarfile.TarError, OSError, ValueError, EOFError, OverflowError, RecursionError):
        return given
    return given


SEEDS = [
    *(path.read_bytes()[:6144] for path in sorted(CONTAINERS.glob("*.tar"))),
    *(case.build() for case in CASES),
    pax(path="other", size=str(len(PAYLOAD))) + member() + END,
]


def mutated(seed: int) -> bytes:
    """An archive with bytes of its headers changed (checksums put right), or blocks moved."""
    chance = random.Random(seed)
    data = bytearray(chance.choice(SEEDS))
    for _ in range(chance.randint(1, 4)):
        at = 512 * chance.randint(0, max(len(data) // 512 - 1, 0))
        way = chance.randint(0, 4)
        if way <= 2:
            spot = at + chance.choice((chance.randint(0, 511), chance.randint(100, 158), 156))
            if spot < len(data):
                data[spot] = chance.choice(b"\x00\x20\x30\x31\x35\x37\x67\x78\x4c\x53\x80\xff")
            if len(data) >= at + 512 and chance.random() < 0.9:
                data[at + 148 : at + 156] = b" " * 8
                data[at + 148 : at + 156] = f"{sum(data[at : at + 512]):06o}".encode() + b"\0 "
        elif way == 3:
            del data[at : at + 512]
        else:
            other = 512 * chance.randint(0, max(len(data) // 512 - 1, 0))
            data[at:at] = data[other : other + 512 * chance.randint(1, 3)]
    return bytes(data)


@given(st.integers(0, 1 << 40))
@settings(max_examples=300, deadline=None)
def test_whatever_tarfile_delivers_is_visited_or_refused(seed: int) -> None:
    compare_with_tarfile(mutated(seed))


def compare_with_tarfile(data: bytes) -> None:
    seen = visits(FORM, data)
    fit = tar.recognise(Member(path="x", data=data))
    for content in _delivered(data):
        if PAYLOAD in content:
            assert fit != "no" or data[:512] == bytes(512)
            assert seen.holds(PAYLOAD) or seen.rules & {"SW-TAR-001", "SW-TAR-009"}


@given(st.binary(max_size=600) | st.binary(max_size=300).map(lambda tail: member() + tail))
@settings(max_examples=200, deadline=None)
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    tar.recognise(Member(path="x", data=data))
    visits(FORM, data)
