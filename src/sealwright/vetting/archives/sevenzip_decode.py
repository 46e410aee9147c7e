"""Decodes a folder of a 7z archive: one compressor, then any filters, each in pieces."""

from __future__ import annotations

import lzma
from collections.abc import Iterator

from sealwright.vetting.archives import inflate
from sealwright.vetting.archives.inflate import Stream
from sealwright.vetting.archives.sevenzip_records import Coder, Folder
from sealwright.vetting.interface import Buffer

COPY = b"\x00"
AES = b"\x06\xf1\x07\x01"
_LZMA, _LZMA2, _DEFLATE = b"\x03\x01\x01", b"\x21", b"\x04\x01\x08"
_BZIP2, _ZSTD = b"\x04\x02\x02", b"\x04\xf7\x11\x01"
_DELTA = b"\x03"
_BRANCH = {
    b"\x03\x03\x01\x03": lzma.FILTER_X86,
    b"\x04": lzma.FILTER_X86,
    b"\x03\x03\x02\x05": lzma.FILTER_POWERPC,
    b"\x05": lzma.FILTER_POWERPC,
    b"\x03\x03\x04\x01": lzma.FILTER_IA64,
    b"\x06": lzma.FILTER_IA64,
    b"\x03\x03\x05\x01": lzma.FILTER_ARM,
    b"\x07": lzma.FILTER_ARM,
    b"\x03\x03\x07\x01": lzma.FILTER_ARMTHUMB,
    b"\x08": lzma.FILTER_ARMTHUMB,
    b"\x03\x03\x08\x05": lzma.FILTER_SPARC,
    b"\x09": lzma.FILTER_SPARC,
}
_NAMES = {
    AES: "AES-256",
    b"\x03\x04\x01": "PPMd",
    b"\x03\x03\x01\x1b": "BCJ2",
    b"\x04\x01\x09": "deflate64",
    b"\x04\xf7\x11\x02": "brotli",
    b"\x04\xf7\x11\x04": "LZ4",
    b"\x0a": "ARM64",
    b"\x0b": "RISC-V",
}
_CHUNK = 1 << 16


def unreadable(folder: Folder) -> str:
    """The coder for which the folder cannot be decoded here, or nothing."""
    for coder in folder.coders:
        if coder.id in _NAMES:
            return _NAMES[coder.id]
    order = chain(folder)
    if order is None:
        return "coders with several streams"
    for place, coder in enumerate(order):
        known = _is_compressor(coder) if place == 0 else _filter(coder) is not None
        if not known and not (place and coder.id == COPY):
            return f"coder {coder.id.hex()}"
    return ""


def chain(folder: Folder) -> list[Coder] | None:
    """The coders in the order of decoding, where each has one input and one output."""
    coders = folder.coders
    if any(coder.inputs != 1 or coder.outputs != 1 for coder in coders):
        return None
    if len(folder.packed) != 1:
        return None
    following = {output: into for into, output in folder.pairs}
    order: list[Coder] = []
    at: int | None = folder.packed[0]
    while at is not None:
        if not 0 <= at < len(coders) or len(order) >= len(coders):
            return None
        order.append(coders[at])
        at = following.get(at)
    return order if len(order) == len(coders) else None


def decode(folder: Folder, packed: Buffer, stream: Stream) -> Iterator[bytes]:
    """The pieces that the folder gives. Call it only where `unreadable` finds nothing."""
    order = chain(folder) or []
    first, rest = order[0], order[1:]
    # The size of the compressor's own output: filters do not change it.
    pieces = _compressor(first, packed, stream, folder.size)
    for coder in rest:
        filters = _filter(coder)
        if filters is not None:
            pieces = _filtered(pieces, filters, stream)
    return pieces


def _is_compressor(coder: Coder) -> bool:
    return coder.id in (COPY, _LZMA, _LZMA2, _DEFLATE, _BZIP2, _ZSTD)


def _compressor(coder: Coder, packed: Buffer, stream: Stream, size: int) -> Iterator[bytes]:
    stream.data = packed
    if coder.id == COPY:
        return _copied(packed, stream)
    if coder.id == _DEFLATE:
        return inflate.deflate(stream)
    if coder.id == _BZIP2:
        return inflate.bzip2(stream)
    if coder.id == _ZSTD:
        return inflate.zstandard(stream)
    filters, problem = _lzma_filter(coder)
    if problem and not filters:
        stream.broken = problem
        return iter(())
    if problem:
        stream.costly = problem
        return iter(())
    return inflate.raw_lzma(stream, [filters], size=size)


def _lzma_filter(coder: Coder) -> tuple[dict[str, int], str]:
    if coder.id == _LZMA:
        if len(coder.properties) != 5:
            return {}, "impossible LZMA properties"
        return inflate.lzma1_filter(coder.properties)
    if len(coder.properties) != 1 or coder.properties[0] > 40:
        return {}, "impossible LZMA2 properties"
    bits = coder.properties[0]
    size = 0xFFFFFFFF if bits == 40 else (2 | bits & 1) << bits // 2 + 11
    filters = {"id": lzma.FILTER_LZMA2, "dict_size": size}
    return filters, f"its dictionary takes {size} bytes" if size > inflate.MEMORY else ""


def _filter(coder: Coder) -> dict[str, int] | None:
    if coder.id == _DELTA and len(coder.properties) == 1:
        return {"id": lzma.FILTER_DELTA, "dist": coder.properties[0] + 1}
    kind = _BRANCH.get(coder.id)
    return None if kind is None or coder.properties else {"id": kind}


def _copied(packed: Buffer, stream: Stream) -> Iterator[bytes]:
    for at in range(0, len(packed), inflate.PIECE):
        piece = bytes(packed[at : at + inflate.PIECE])
        stream.given += len(piece)
        yield piece
    stream.finished = True


def _filtered(pieces: Iterator[bytes], filters: dict[str, int], stream: Stream) -> Iterator[bytes]:
    """Runs a filter over plain bytes: liblzma filters only what LZMA2 gives, so the bytes are
    framed as uncompressed LZMA2 chunks (control byte, size - 1, bytes)."""
    decoder = lzma.LZMADecompressor(
        lzma.FORMAT_RAW, filters=[filters, {"id": lzma.FILTER_LZMA2, "dict_size": _CHUNK}]
    )
    control = b"\x01"
    try:
        for piece in pieces:
            framed = bytearray()
            for at in range(0, len(piece), _CHUNK):
                chunk = piece[at : at + _CHUNK]
                framed += control + (len(chunk) - 1).to_bytes(2, "big") + chunk
                control = b"\x02"
            given = decoder.decompress(bytes(framed))
            if given:
                yield given
        yield decoder.decompress(b"\x00")
    except (lzma.LZMAError, EOFError) as error:
        stream.broken = stream.broken or str(error)
