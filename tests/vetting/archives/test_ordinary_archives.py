"""What common tools write is unpacked in full and gives no finding at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sealwright.vetting.formats import compressed, sevenzip, tar
from sealwright.vetting.formats import zip as zip_format
from sealwright.vetting.interface import Format, Member
from tests.vetting.archives.visits import visits

ROOM = Path(__file__).parents[2] / "benign" / "containers"
TEXT = b"These are ordinary words in an ordinary file.\n" * 8
FORMATS = (zip_format.FORMAT, tar.FORMAT, sevenzip.FORMAT, *compressed.FORMATS)
CLOSED = {
    "ppmd.7z": "SW-7Z-005",
    "encrypted.7z": "SW-7Z-004",
    "encrypted_header.7z": "SW-7Z-004",
    "infozip_link.zip": "SW-ZIP-012",
    "here.tar": "SW-TAR-003",
}
"""Ordinary too, and with something to be said about them."""
FILES = sorted(path.name for path in ROOM.iterdir())


def format_of(data: bytes) -> Format:
    found = [form for form in FORMATS if form.recognise(Member(path="x", data=data)) == "strong"]
    assert len(found) == 1, [form.id for form in found]
    return found[0]


@pytest.mark.parametrize("name", FILES)
def test_an_ordinary_archive_gives_no_finding(name: str) -> None:
    data = (ROOM / name).read_bytes()
    seen = visits(format_of(data), data, path=name)
    assert seen.rules == ({CLOSED[name]} if name in CLOSED else set())
    assert not seen.spent
    if name.endswith(".7z") and name not in CLOSED:
        assert seen.members == [
            ("words.txt", TEXT),
            ("empty.txt", b""),
            ("folder/more.txt", TEXT * 3),
        ]
    elif name.endswith((".zip", ".jar", ".tar")):
        assert seen.holds(TEXT)


def test_the_writers_of_the_archives_are_known() -> None:
    notes = json.loads((ROOM.parent / "write_containers.versions.json").read_text())
    assert {"py7zr", "joblib", "zip", "tar", "jar", "go"} <= set(notes)


@pytest.mark.parametrize("codec", ["zlib", "gzip", "bz2", "lzma", "xz", "lz4"])
def test_what_joblib_compresses_is_inflated(codec: str) -> None:
    data = (ROOM / f"{codec}.joblib").read_bytes()
    seen = visits(format_of(data), data, path=f"{codec}.joblib")
    ((name, content),) = seen.members
    assert name == f"{codec}.joblib"
    plain = (ROOM / "zlib.joblib").read_bytes()
    ((_, expected),) = visits(compressed.ZLIB_FORMAT, plain).members
    assert content == expected
    assert content[:2] == b"\x80\x04"
