from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.vetting.images import bmp, gif, jpeg, png, webp
from sealwright.vetting.interface import Format
from tests.vetting.examine import examine, rules, verdict

FOLDER = Path(__file__).parents[2] / "benign" / "images"
FORMATS: dict[str, Format] = {
    form.id: form
    for form in (
        png.FORMAT,
        jpeg.FORMAT,
        gif.FORMAT,
        webp.FORMAT,
        bmp.FORMAT,
    )
}
FILES = {path.name: path.read_bytes() for path in sorted(FOLDER.iterdir())}
SMALL = [data for data in FILES.values() if len(data) < 4096]


def reader(data: bytes) -> Format:
    """The one format that takes the bytes."""
    work = [form for form in FORMATS.values() if form.recognise(examine(form, data).member) != "no"]
    assert len(work) == 1
    return work[0]


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG image."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def drawn(*chunks: bytes, kind: bytes = b"\x08\x00\x00\x00\x01") -> bytes:
    """A PNG image of one pixel, interlaced, with chunks between header and pixels."""
    header = chunk(b"IHDR", struct.pack(">II", 1, 1) + kind)
    pixels = chunk(b"IDAT", zlib.compress(b"\0\0"))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + pixels + chunk(b"IEND", b"")


@pytest.mark.parametrize("name", FILES)
def test_every_byte_of_an_ordinary_image_is_accounted_for(name: str) -> None:
    data = FILES[name]
    work = examine(reader(data), data)
    assert verdict(work) == "pass"
    assert not work.observations
    assert work.numbers
    assert work.parsed + work.numbers == len(data)


@pytest.mark.parametrize("name", FILES)
def test_an_image_that_is_cut_off_does_not_pass(name: str) -> None:
    data = FILES[name]
    form = reader(data)
    for end in {len(data) // 2, len(data) - 3}:
        assert verdict(examine(form, data[:end])) == "review"


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("padding", [bytes(512), b"\n", b"\0\0\r\n"])
def test_padding_is_only_noted(name: str, padding: bytes) -> None:
    data = FILES[name] + padding
    work = examine(reader(data), data)
    assert rules(work) == {"SW-IMG-004"}
    assert verdict(work) == "pass"
    assert work.parsed + work.numbers == len(data)


def test_text_after_the_end_is_for_a_person_to_look_at() -> None:
    work = examine(png.FORMAT, FILES["rgb.png"] + b"\nordinary words\n")
    assert rules(work) == {"SW-IMG-002"}
    assert verdict(work) == "review"


def test_another_image_after_the_end_is_no_polyglot() -> None:
    work = examine(png.FORMAT, FILES["rgb.png"] + FILES["still.gif"])
    assert rules(work) == {"SW-IMG-002"}


def test_a_pickle_in_a_text_is_only_a_text() -> None:
    text = b"Comment\0" + b"cos\nsystem\n(S'echo hidden'\ntR."
    work = examine(png.FORMAT, drawn(chunk(b"tEXt", text)))
    assert verdict(work) == "pass"
    assert not work.session.reports


@pytest.mark.parametrize(
    "data",
    [
        drawn(chunk(b"CgBI", b"\0\0\0\0")),
        drawn(chunk(b"IHDR", bytes(13))),
        drawn(chunk(b"te\0t", b"")),
        drawn(kind=b"\x08\x05\x00\x00\x00"),
        drawn(kind=b"\x03\x02\x00\x00\x00"),
        drawn().replace(b"IDAT", b"prIv"),
        drawn(chunk(b"tEXt", b"a\0b").replace(b"a\0b", b"a\0c")),
        FILES["baseline.jpg"].replace(b"\xff\xda", b"\xff\xfe"),
        FILES["still.gif"][:-1] + b"\x99",
        FILES["lossy.webp"].replace(b"\x9d\x01\x2a", b"\x00\x01\x2a"),
        FILES["animated.webp"].replace(b"VP8X", b"VP8Y"),
        FILES["rgb.bmp"].replace(struct.pack("<ii", 48, 32), struct.pack("<ii", 48, 33)),
    ],
)
def test_an_image_that_breaks_the_rules_is_for_a_person_to_look_at(data: bytes) -> None:
    assert rules(examine(reader(data), data)) == {"SW-IMG-001"}


def test_a_gif_may_lack_its_trailer() -> None:
    assert verdict(examine(gif.FORMAT, FILES["still.gif"][:-1])) == "pass"


def test_letters_that_begin_a_text_are_no_bitmap() -> None:
    work = examine(bmp.FORMAT, b"BM is short for bitmap, " * 20)
    assert bmp.FORMAT.recognise(work.member) == "no"


@settings(max_examples=200)
@given(st.sampled_from(SMALL), st.data())
def test_mutated_images_raise_nothing_but_what_is_declared(
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
    assert 0 <= work.numbers <= len(changed)


@given(st.sampled_from(sorted(FORMATS)), st.binary(max_size=200))
def test_random_bytes_raise_nothing_but_what_is_declared(name: str, data: bytes) -> None:
    starts = {"png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff", "gif": b"GIF89a"}
    starts |= {"webp": b"RIFF\x40\0\0\0WEBP", "bmp": b"BM"}
    work = examine(FORMATS[name], starts[name] + data)
    assert work.parsed >= 0
