"""Resource bombs: some kilobytes that ask for gigabytes, millions of entries or endless depth."""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable

from tests.attacks.containers.tar_cases import END, header
from tests.attacks.containers.zip_builder import (
    Record,
    archive,
    central_record,
    end_record,
    local_record,
)

_BLOCK = 16 << 20


def deflated_zeros(blocks: int) -> bytes:
    """A raw deflate stream of `blocks` times 16 MiB of zeros, without deflating them all."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    one = squeeze.compress(bytes(_BLOCK)) + squeeze.flush(zlib.Z_FULL_FLUSH)
    return one * blocks + b"\x03\x00"


def gzip_of_gigabytes() -> bytes:
    return b"\x1f\x8b\x08" + bytes(7) + deflated_zeros(192) + bytes(8)


def zip_of_gigabytes() -> bytes:
    packed = deflated_zeros(192)
    return archive(Record(name=b"w.bin", content=b"", packed=packed, method=8, size=192 * _BLOCK))


def zips_in_zips() -> bytes:
    """Sixteen archives in each of five levels, four gigabytes in each of the lowest."""
    packed = deflated_zeros(255)
    data = archive(Record(name=b"0.bin", content=b"", packed=packed, method=8, size=255 * _BLOCK))
    for _ in range(5):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as opened:
            for index in range(16):
                opened.writestr(f"lib{index:x}.zip", data)
        data = out.getvalue()
    return data


def overlapping_entries() -> bytes:
    """Two thousand directory records, each with the same compressed data of 64 MiB of zeros."""
    kernel = Record(
        name=b"000000", content=b"", packed=deflated_zeros(4), method=8, size=4 * _BLOCK
    )
    body = local_record(kernel)
    listed = b""
    for index in range(2000):
        kernel.name = b"%06d" % index
        listed += central_record(kernel, 0)
    return body + listed + end_record(entries=2000, size=len(listed), start=len(body))


def many_entries() -> bytes:
    """More entries than a scan lists, with one local header."""
    record = Record(name=b"a", content=b"")
    count = 300_000
    listed = central_record(record, 0) * count
    body = local_record(record)
    at = len(body)
    body += listed
    wide = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, len(listed), at)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, len(body), 1)
    return body + wide + locator + end_record(entries=0xFFFF, size=0xFFFFFFFF, start=0xFFFFFFFF)


def deep() -> bytes:
    """Forty archives, each in the next."""
    data = b"words"
    for _ in range(40):
        data = archive(Record(name=b"a.zip", content=data))
    return data


def compressed_again_and_again() -> bytes:
    data = b"words"
    for index in range(30):
        data = lzma.compress(data) if index % 2 else b"\x1f\x8b\x08" + bytes(7) + _gzip_rest(data)
    return data


def _gzip_rest(data: bytes) -> bytes:
    squeeze = zlib.compressobj(1, zlib.DEFLATED, -15)
    body = squeeze.compress(data) + squeeze.flush()
    return body + struct.pack("<II", zlib.crc32(data), len(data))


def xz_dictionary() -> bytes:
    """An lzma stream that asks for a dictionary of 3 GiB."""
    data = bytearray(lzma.compress(b"words" * 100, lzma.FORMAT_ALONE))
    data[1:5] = (3 << 30).to_bytes(4, "little")
    return bytes(data)


def sparse_tar() -> bytes:
    claim = bytearray(header("huge", 0, kind=b"S"))
    claim[483:495] = b"\x80" + (1 << 44).to_bytes(11, "big")
    claim[148:156] = b" " * 8
    claim[148:156] = f"{sum(claim):06o}".encode() + b"\0 "
    return bytes(claim) + END


def tar_of_a_terabyte() -> bytes:
    """A member that claims a terabyte, in base 256."""
    claim = bytearray(header("huge", 0))
    claim[124:136] = b"\x80" + (1 << 40).to_bytes(11, "big")
    claim[148:156] = b" " * 8
    claim[148:156] = f"{sum(claim):06o}".encode() + b"\0 "
    return bytes(claim) + END


BOMBS: dict[str, Callable[[], bytes]] = {
    "gzip-of-gigabytes": gzip_of_gigabytes,
    "zip-of-gigabytes": zip_of_gigabytes,
    "zips-in-zips": zips_in_zips,
    "overlapping-entries": overlapping_entries,
    "many-entries": many_entries,
    "deep": deep,
    "compressed-again-and-again": compressed_again_and_again,
    "dictionary": xz_dictionary,
    "sparse-tar": sparse_tar,
    "tar-of-a-terabyte": tar_of_a_terabyte,
}
