"""7z archives: headers are read within bounds, files are unpacked within budgets and examined."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from sealwright.vetting.archives import inflate, sevenzip_rules
from sealwright.vetting.archives.inflate import Stream
from sealwright.vetting.archives.names import leads_outside, repeated, unprintable
from sealwright.vetting.archives.sevenzip_records import (
    ADDITIONAL,
    ENCODED,
    END,
    FILES,
    HEADER,
    MAGIC,
    MAIN,
    PROPERTIES,
    START,
    Cursor,
    File,
    Folder,
    Streams,
    broken,
    files_info,
    start_header,
    streams_info,
)
from sealwright.vetting.interface import Buffer, Examining, Fit, Format, Member, quoted
from sealwright.vetting.session import Spent

MAX_HEADER = 64 * 1024 * 1024
_MAX_ENCODED = 4
_UNIX = 0x8000
_LINK = 0o120000


def recognise(member: Member) -> Fit:
    """By the six bytes at the start."""
    return "strong" if bytes(member.data[:6]) == MAGIC else "no"


def examine(work: Examining) -> None:
    """Reads the header, unpacks every folder that can be, and visits its files."""
    offset, size, crc = start_header(bytes(work.data[:START]))
    if size > MAX_HEADER:
        raise Spent(f"a header of more than {MAX_HEADER} bytes")
    raw = bytes(work.data[offset : offset + size])
    if len(raw) < size:
        broken("it is cut off")
    if zlib.crc32(raw) != crc:
        broken("its checksum is wrong")
    left = len(work.data) - max(offset + size, START)
    if left:
        message = f"{left} bytes follow the end of the archive"
        work.find(sevenzip_rules.OUTSIDE, message, offset=offset + size)
    work.parsed += START + size
    plain = _plain_header(work, raw) if size else None
    if plain is None:
        return
    streams, files = _header(work, plain)
    _check_files(work, files)
    _visit(work, streams, files)


def _plain_header(work: Examining, raw: bytes) -> bytes | None:
    """The header itself, which may be packed like a file; None where it cannot be unpacked."""
    for _ in range(_MAX_ENCODED):
        cursor = Cursor(raw, most=work.session.limits.members)
        kind = cursor.byte()
        if kind == HEADER:
            return raw
        if kind != ENCODED:
            broken(f"it begins with property {kind}")
        inner = _packed_header(work, streams_info(cursor))
        if inner is None:
            return None
        raw = inner
    return broken(f"it is packed more than {_MAX_ENCODED} times")


def _packed_header(work: Examining, streams: Streams) -> bytes | None:
    if len(streams.folders) != 1:
        broken("it is packed in several folders")
    folder = streams.folders[0]
    if folder.size > MAX_HEADER:
        raise Spent(f"a header of more than {MAX_HEADER} bytes")
    content = _unpack(work, folder, *_place(streams, 0, START + streams.position))
    if content is None:
        return None
    raw = bytes(content[: folder.size])
    if len(raw) < folder.size or (folder.crc is not None and zlib.crc32(raw) != folder.crc):
        broken("the packed header does not have its size and checksum")
    return raw


def _header(work: Examining, raw: bytes) -> tuple[Streams, list[File]]:
    work.session.spend(len(raw))
    cursor = Cursor(raw, most=work.session.limits.members)
    cursor.expect(HEADER)
    streams, files = Streams(), list[File]()
    while (kind := cursor.byte()) != END:
        if kind == PROPERTIES:
            while cursor.byte() != END:
                cursor.take(cursor.number())
        elif kind == ADDITIONAL:
            streams_info(cursor)
        elif kind == MAIN:
            streams = streams_info(cursor)
        elif kind == FILES:
            files = files_info(cursor)
        else:
            broken(f"unknown property {kind}")
    return streams, files


def _check_files(work: Examining, files: list[File]) -> None:
    for file in files:
        why = leads_outside(file.name) or unprintable(file.name)
        if why:
            message = f"the name {quoted(file.name)} is not safe: {why}"
            work.find(sevenzip_rules.PATH, message)
        if file.attributes & _UNIX and file.attributes >> 16 & 0o170000 == _LINK:
            work.find(sevenzip_rules.LINK, f"{quoted(file.name)} is a link")
    named = ((file.name, file) for file in files if not file.is_folder)
    for name, earlier, _, by_case in repeated(named):
        if not by_case:
            work.find(sevenzip_rules.DUPLICATE, f"{quoted(earlier)} and {quoted(name)}")


def _visit(work: Examining, streams: Streams, files: list[File]) -> None:
    """Every file with data takes the next part of the folders, in order."""
    filled: Iterator[File] = (file for file in files if file.has_data)
    first, position = 0, START + streams.position
    for folder, parts in zip(streams.folders, streams.parts, strict=True):
        mine = [next(filled, None) for _ in parts]
        content = _unpack(work, folder, *_place(streams, first, position))
        position += sum(streams.packed[first : first + len(folder.packed)])
        first += len(folder.packed)
        if content is None:
            continue
        at = 0
        for file, (size, crc) in zip(mine, parts, strict=True):
            part = memoryview(content)[at : at + size]
            at += size
            name = file.name if file else "unnamed"
            if len(part) < size:
                work.find(sevenzip_rules.CONTENT, f"{quoted(name)} is cut off")
            elif crc is not None and zlib.crc32(part) != crc:
                message = f"{quoted(name)} does not have the checksum {crc:#010x}"
                work.find(sevenzip_rules.CONTENT, message)
            work.session.visit(name, part, within=work.member)
    if next(filled, None) is not None:
        broken("files without a folder that holds them")


def _place(streams: Streams, index: int, position: int) -> tuple[int, int]:
    """(offset, size) of a packed stream; a size of -1 where there is none."""
    return position, streams.packed[index] if index < len(streams.packed) else -1


def _unpack(work: Examining, folder: Folder, start: int, size: int) -> Buffer | None:
    """What a folder gives; None where it cannot be decoded here, which is noted."""
    from sealwright.vetting.archives.sevenzip_decode import AES, decode, unreadable

    why = unreadable(folder)
    if why:
        encrypted = any(coder.id == AES for coder in folder.coders)
        rule = sevenzip_rules.ENCRYPTED if encrypted else sevenzip_rules.METHOD
        work.find(rule, f"{folder.size} bytes are packed with {why}")
        return None
    if size < 0 or start + size > len(work.data):
        broken("packed streams lie beyond the end")
    packed = memoryview(work.data)[start : start + size]
    stream = Stream(packed)
    room = inflate.FACTORS["zstd"] * max(size, 1)
    content = work.session.spool(decode(folder, packed, stream), compressed=room)
    if stream.costly:
        work.find(sevenzip_rules.METHOD, stream.costly, offset=start)
        return None
    if stream.broken or len(content) != folder.size:
        why = stream.broken or f"{len(content)} bytes instead of {folder.size}"
        work.find(sevenzip_rules.CONTENT, f"the packed data are wrong: {why}", offset=start)
    return content


FORMAT = Format(
    id="7z",
    title="7z archive",
    examines=(
        "Start header, packed and plain headers, names, links, checksums; the content of every "
        "file packed by copy, LZMA, LZMA2, deflate, bzip2 or Zstandard, with delta and branch "
        "filters. Not: encryption, PPMd, BCJ2 and other coders."
    ),
    extensions=(".7z",),
    recognise=recognise,
    examine=examine,
    malformed=sevenzip_rules.MALFORMED,
    rules=sevenzip_rules.RULES,
)
