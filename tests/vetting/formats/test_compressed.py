"""Compressed streams: whatever a lenient reader delivers is visited, and bombs end in time."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import zlib

import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.vetting.formats import compressed
from sealwright.vetting.interface import Fit, Format, Member
from sealwright.vetting.session import Limits
from tests.attacks.containers.case import Case
from tests.attacks.containers.stream_cases import CASES, LONG, lz4_frame, lz4_matches
from tests.attacks.containers.zip_builder import PAYLOAD
from tests.vetting.archives.visits import visits

TEXT = b"These are ordinary words.\n" * 500
ORDINARY = {
    "gzip": gzip.compress(TEXT),
    "bzip2": bz2.compress(TEXT),
    "xz": lzma.compress(TEXT),
    "lzma": lzma.compress(TEXT, lzma.FORMAT_ALONE),
    "zstd": zstd.compress(TEXT),
    "lz4": lz4_frame(TEXT),
    "zlib": zlib.compress(TEXT),
}
BY_ID = {form.id: form for form in compressed.FORMATS}


def fits(data: bytes) -> dict[str, Fit]:
    member = Member(path="x", data=data)
    found = {form.id: form.recognise(member) for form in compressed.FORMATS}
    return {name: fit for name, fit in found.items() if fit != "no"}


def form_of(data: bytes) -> Format:
    (name,) = fits(data)
    return BY_ID[name]


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_stream_gives_no_finding(name: str) -> None:
    data = ORDINARY[name]
    assert fits(data) == {name: "strong"}
    seen = visits(BY_ID[name], data, path="model.pkl")
    assert seen.rules == set()
    assert seen.members == [("model.pkl", TEXT)]


@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz", "zstd", "lz4"])
def test_streams_that_follow_each_other_are_joined(name: str) -> None:
    data = ORDINARY[name] * 3
    seen = visits(BY_ID[name], data)
    assert seen.rules == set()
    assert seen.members[0][1] == TEXT * 3


@pytest.mark.parametrize("name", ORDINARY)
def test_zero_padding_is_nothing(name: str) -> None:
    assert visits(BY_ID[name], ORDINARY[name] + bytes(512)).rules == set()


@pytest.mark.parametrize("name", ORDINARY)
def test_bytes_after_the_stream_are_told(name: str) -> None:
    seen = visits(BY_ID[name], ORDINARY[name] + b"more")
    assert seen.rules == {"SW-CMP-002"}
    assert seen.holds(TEXT)


@pytest.mark.parametrize("name", ORDINARY)
def test_a_stream_that_is_cut_off_is_visited_as_far_as_it_goes(name: str) -> None:
    chance = random.Random(4)
    content = PAYLOAD + bytes(chance.randrange(256) for _ in range(9000))
    whole = {
        "gzip": gzip.compress(content),
        "bzip2": bz2.compress(content),
        "xz": lzma.compress(content),
        "lzma": lzma.compress(content, lzma.FORMAT_ALONE),
        "zstd": zstd.compress(content),
        "lz4": lz4_frame(content[:5000])[:-4] + lz4_frame(content[5000:])[7:],
        "zlib": zlib.compress(content),
    }[name]
    seen = visits(BY_ID[name], whole[: -len(whole) // 3])
    assert seen.rules == {"SW-CMP-001"}
    # A bzip2 or zstd block is delivered whole or not at all.
    assert seen.holds(PAYLOAD) or name in ("bzip2", "zstd")


@pytest.mark.parametrize(
    ("path", "inner"),
    [
        ("model.pkl.gz", "model.pkl"),
        ("archive.tgz", "archive.tar"),
        ("model.joblib", "model.joblib"),
        ("model", "model"),
    ],
)
def test_the_content_has_the_name_without_the_codec(path: str, inner: str) -> None:
    seen = visits(compressed.GZIP_FORMAT, ORDINARY["gzip"], path=path)
    assert [name for name, _ in seen.members] == [inner]


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.delivers], ids=lambda case: case.name
)
def test_what_a_real_reader_delivers_is_visited(case: Case) -> None:
    data = case.build()
    assert visits(form_of(data), data).holds(PAYLOAD)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("gzip-cut-off", "SW-CMP-001"),
        ("gzip-wrong-checksum", "SW-CMP-003"),
        ("gzip-reserved-flags", "SW-CMP-003"),
        ("gzip-then-more", "SW-CMP-002"),
        ("xz-then-more", "SW-CMP-002"),
    ],
)
def test_the_attack_is_told_by_its_rule(name: str, rule: str) -> None:
    (case,) = [case for case in CASES if case.name == name]
    data = case.build()
    assert rule in visits(form_of(data), data).rules


def test_lz4_matches_are_copied() -> None:
    seen = visits(compressed.LZ4_FORMAT, lz4_matches(PAYLOAD))
    assert seen.rules == set()
    assert seen.members[0][1] == bytes(9) + PAYLOAD


def test_the_old_joblib_form_is_read_with_and_without_a_space() -> None:
    for gap in (b"", b" "):
        data = b"ZF" + hex(len(TEXT)).encode().ljust(19) + gap + zlib.compress(TEXT)
        assert visits(form_of(data), data).members[0][1] == TEXT


def test_a_huge_dictionary_is_inconclusive() -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}]
    data = bytearray(lzma.compress(TEXT, lzma.FORMAT_ALONE))
    data[1:5] = (1 << 30).to_bytes(4, "little")
    assert visits(form_of(bytes(data)), bytes(data)).rules == {"SW-CMP-004"}
    xz = _xz_with_dictionary(38)
    assert filters
    assert visits(form_of(xz), xz).rules == {"SW-CMP-004"}
    wide = zstd.compress(bytes(1 << 16), options={zstd.CompressionParameter.window_log: 28})
    raw = bytearray(wide)
    assert visits(form_of(bytes(raw)), bytes(raw)).rules <= {"SW-CMP-004"}


def _xz_with_dictionary(bits: int) -> bytes:
    """An xz file whose block header asks for a dictionary of (2 | bits & 1) << (bits // 2 + 11)."""
    data = bytearray(lzma.compress(TEXT))
    size = (data[12] + 1) * 4
    block = data[12 : 12 + size]
    at = block.index(b"\x21\x01") + 2
    block[at] = bits
    block[-4:] = zlib.crc32(bytes(block[:-4])).to_bytes(4, "little")
    data[12 : 12 + size] = block
    return bytes(data)


@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz", "lzma", "zstd", "zlib"])
def test_a_bomb_ends_by_its_budget(name: str) -> None:
    zeros = bytes(24 << 20)
    bomb = {
        "gzip": lambda: gzip.compress(zeros, 1),
        "bzip2": lambda: bz2.compress(zeros),
        "xz": lambda: lzma.compress(zeros, preset=0),
        "lzma": lambda: lzma.compress(zeros, lzma.FORMAT_ALONE, preset=0),
        "zstd": lambda: zstd.compress(zeros),
        "zlib": lambda: zlib.compress(zeros, 1),
    }[name]()
    seen = visits(BY_ID[name], bomb, limits=Limits(member=20 << 20))
    assert "more than" in seen.spent
    assert seen.members == []


def test_a_great_many_streams_end_by_their_budget() -> None:
    seen = visits(
        compressed.GZIP_FORMAT, gzip.compress(b"") * 9000, limits=Limits(operations=100_000)
    )
    assert "operations" in seen.spent


def test_texts_are_no_streams() -> None:
    for data in (b"x^2 + y^2 = z^2, and so on and on", b"hC is a text", b"]\0", b"", b"x\x9c"):
        assert fits(data) == {}


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    fits(data)
    for form in compressed.FORMATS:
        visits(form, data)


@given(st.sampled_from(sorted(ORDINARY)), st.integers(0, 1 << 32))
@settings(max_examples=300, deadline=None)
def test_mutated_streams_raise_nothing_else(name: str, seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(ORDINARY[name])
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(min(len(data), 60))
        if chance.random() < 0.7:
            data[at] = chance.randrange(256)
        else:
            del data[at : at + chance.randint(1, 9)]
    fits(bytes(data))
    visits(BY_ID[name], bytes(data), limits=Limits(member=64 << 20))


@given(st.lists(st.binary(max_size=60), max_size=4), st.integers(0, 200))
@settings(max_examples=150, deadline=None)
def test_what_gzip_delivers_is_visited(parts: list[bytes], cut: int) -> None:
    data = b"".join(gzip.compress(PAYLOAD + part + LONG) for part in parts)
    data = data[: max(len(data) - cut, 0)]
    held = b""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as opened:
            while piece := opened.read1(50):
                held += piece
    except (EOFError, OSError, zlib.error):
        pass
    if held:
        seen = visits(compressed.GZIP_FORMAT, data)
        assert seen.members[0][1].startswith(held)
