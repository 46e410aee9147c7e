"""Compressed streams that deliver a payload before, after or in spite of an error."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import zlib

from backports import zstd

from tests.attacks.containers.case import Case
from tests.attacks.containers.zip_builder import HARMLESS, PAYLOAD, archive

# What a loader unpickles, and enough behind it that the end of the stream is not reached.
LONG = PAYLOAD + bytes(range(256)) * 40


def _gzip(content: bytes = PAYLOAD, *, flags: int = 0, crc: int | None = None) -> bytes:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = squeeze.compress(content) + squeeze.flush()
    head = b"\x1f\x8b\x08" + bytes((flags,)) + bytes(6)
    return (
        head + body + struct.pack("<II", zlib.crc32(content) if crc is None else crc, len(content))
    )


def by_gzip(data: bytes) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as opened:
        return opened.read(len(PAYLOAD))


def by_zlib(data: bytes) -> bytes:
    return zlib.decompressobj().decompress(data)


def by_lzma(data: bytes) -> bytes:
    with lzma.open(io.BytesIO(data)) as opened:
        return opened.read(len(PAYLOAD))


def lz4_frame(content: bytes) -> bytes:
    """One frame of one uncompressed block."""
    return (
        b"\x04\x22\x4d\x18\x60\x40\x82"
        + struct.pack("<I", len(content) | 1 << 31)
        + content
        + bytes(4)
    )


def lz4_matches(content: bytes) -> bytes:
    """One frame whose block repeats eight zero bytes by a match before the content."""
    block = b"\x14" + b"\0" + b"\x01\0" + bytes((0xF0, len(content) - 15)) + content
    return b"\x04\x22\x4d\x18\x60\x40\x82" + struct.pack("<I", len(block)) + block + bytes(4)


def _alone(content: bytes) -> bytes:
    return lzma.compress(content, lzma.FORMAT_ALONE)


def _with_name() -> bytes:
    """Name, comment, extra field and header checksum before the stream."""
    plain = gzip.compress(PAYLOAD)
    extra = b"\x04\0abcd" + b"name.pkl\0" + b"comment\0" + b"\0\0"
    return plain[:3] + bytes((2 | 4 | 8 | 16,)) + plain[4:10] + extra + plain[10:]


CASES: tuple[Case, ...] = tuple(
    Case(name=name, build=build, path=path, delivers=delivers)
    for name, build, path, delivers in (
        ("gzip", lambda: gzip.compress(PAYLOAD), "model.pkl.gz", by_gzip),
        ("gzip-named-otherwise", lambda: gzip.compress(PAYLOAD), "model.joblib", by_gzip),
        ("gzip-cut-off", lambda: gzip.compress(LONG)[:-30], "model.pkl.gz", by_gzip),
        ("gzip-wrong-checksum", lambda: _gzip(LONG, crc=1), "model.pkl.gz", by_gzip),
        ("gzip-reserved-flags", lambda: _gzip(flags=0x80), "model.pkl.gz", by_gzip),
        ("gzip-with-header-checksum", _with_name, "model.pkl.gz", by_gzip),
        (
            "gzip-second-member",
            lambda: gzip.compress(PAYLOAD[:9]) + gzip.compress(PAYLOAD[9:]),
            "model.pkl.gz",
            by_gzip,
        ),
        (
            "gzip-then-more",
            lambda: gzip.compress(PAYLOAD) + b"more",
            "model.pkl.gz",
            by_gzip,
        ),
        (
            "zip-behind-gzip",
            lambda: gzip.compress(HARMLESS) + archive(),
            "model.pkl.gz",
            None,
        ),
        ("bzip2", lambda: bz2.compress(PAYLOAD), "model.pkl.bz2", bz2.decompress),
        ("bzip2-then-more", lambda: bz2.compress(PAYLOAD) + b"x", "model.pkl.bz2", bz2.decompress),
        ("xz", lambda: lzma.compress(PAYLOAD), "model.pkl.xz", by_lzma),
        ("xz-then-more", lambda: lzma.compress(PAYLOAD) + b"more", "model.pkl.xz", by_lzma),
        ("lzma", lambda: _alone(PAYLOAD), "model.joblib", by_lzma),
        ("zlib", lambda: zlib.compress(PAYLOAD), "model.joblib", by_zlib),
        ("zlib-fast", lambda: zlib.compress(PAYLOAD, 1), "model.joblib", by_zlib),
        ("zlib-cut-off", lambda: zlib.compress(LONG)[:-20], "model.joblib", by_zlib),
        (
            "zlib-old-joblib",
            lambda: b"ZF" + hex(len(PAYLOAD)).encode().ljust(19) + zlib.compress(PAYLOAD),
            "model.joblib",
            None,
        ),
        ("zstd", lambda: zstd.compress(PAYLOAD), "model.pkl.zst", zstd.decompress),
        (
            "zstd-behind-a-skippable-frame",
            lambda: b"\x5a\x2a\x4d\x18\x04\0\0\0abcd" + zstd.compress(PAYLOAD),
            "model.pkl.zst",
            zstd.decompress,
        ),
        ("lz4", lambda: lz4_frame(PAYLOAD), "model.joblib", None),
        ("gzip-in-xz", lambda: lzma.compress(gzip.compress(PAYLOAD)), "model.pkl", None),
    )
)
