"""Whether an archive found from the end of some bytes is one value within another file: the member
of a tar, or a byte string of a pickle. Those who wrote it put a file into a file, no more."""

from __future__ import annotations

from sealwright.vetting.archives.tar_records import BLOCK, FILE_TYPES, header_at
from sealwright.vetting.archives.zip_ends import directories
from sealwright.vetting.archives.zip_records import LOCAL
from sealwright.vetting.interface import Buffer

_LENGTHS = ((b"C", 1), (b"B", 4), (b"\x8e", 8), (b"\x96", 8))
"""Opcodes of pickle that a byte string follows, with the bytes of its length (little-endian)."""
_PROTOCOL = b"\x80"


def enclosed(data: Buffer) -> tuple[int, int] | None:
    """Where such an archive begins and ends; None where it is none, or more than one value.

    What is enclosed is examined by itself; that a reader of zip files would find it in the outer
    file as well shows it nothing else.
    """
    found = directories(data)
    if len(found.places) != 1:
        return None
    start, end = found.places[0].shift, found.places[0].end
    if start <= 0 or bytes(data[start : start + 4]) != LOCAL:
        return None
    return (start, end) if _in_tar(data, start, end) or _in_pickle(data, start, end) else None


def _in_tar(data: Buffer, start: int, end: int) -> bool:
    if start % BLOCK or isinstance(header_at(data, 0), str):
        return False
    header = header_at(data, start - BLOCK)
    return not isinstance(header, str) and header.type in FILE_TYPES and header.size == end - start


def _in_pickle(data: Buffer, start: int, end: int) -> bool:
    if bytes(data[:1]) != _PROTOCOL:
        return False
    for opcode, width in _LENGTHS:
        prefix = bytes(data[max(0, start - width - 1) : start])
        if prefix == opcode + (end - start).to_bytes(8, "little")[:width]:
            return end - start < 1 << 8 * width
    return False
