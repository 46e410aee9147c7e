"""What lies between the entries of a zip file: nothing, in an ordinary one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from operator import attrgetter

from sealwright.patterns import regex
from sealwright.vetting.archives import zip_rules
from sealwright.vetting.archives.zip_archive import Archive, Entry
from sealwright.vetting.archives.zip_ends import Directory
from sealwright.vetting.archives.zip_records import (
    FLAG_DESCRIPTOR,
    LOCAL,
    descriptor_sizes,
    local_at,
)
from sealwright.vetting.interface import Buffer, quoted

MAX_HIDDEN = 64
_MARK_COST = 100
_LOCAL_MARK = regex(re.escape(LOCAL))
_STEP = 1 << 20


def look_between(archive: Archive, places: Sequence[Directory]) -> list[tuple[int, int]]:
    """Notes overlaps, gaps and what the gaps hold. Gives the gaps, to be searched for entries."""
    spans = sorted(_spans(archive), key=attrgetter("header"))
    edge = min((place.at for place in places), default=len(archive.data))
    gaps: list[tuple[int, int]] = []
    position, before = 0, ""
    for entry in spans:
        end = _end_of(archive, entry)
        if entry.header < position:
            message = f"{quoted(entry.name)} begins inside {quoted(before)}"
            archive.problem(zip_rules.OVERLAP, message, entry.header)
        elif entry.header > position:
            gaps.append((position, entry.header))
        if end > position:
            position, before = end, entry.name
    if position > edge and spans:
        archive.problem(zip_rules.OVERLAP, f"{quoted(before)} runs into the directory", edge)
    elif position < edge:
        gaps.append((position, edge))
    return gaps


def _spans(archive: Archive) -> Iterator[Entry]:
    """One view of every entry, the one that takes more room."""
    return (entry for entry in archive.entries if entry.view in ("both", "directory"))


def _end_of(archive: Archive, entry: Entry) -> int:
    """Where the entry's data and its descriptor end."""
    end = entry.end
    if not _described(archive, entry):
        return end
    found = descriptor_sizes(
        archive.data, end, crc=entry.crc, compressed=entry.compressed, size=entry.size
    )
    return end + (found or 0)


def _described(archive: Archive, entry: Entry) -> bool:
    if entry.flags & FLAG_DESCRIPTOR:
        return True
    local = local_at(archive.data, entry.header)
    return local is not None and bool(local.flags & FLAG_DESCRIPTOR)


def judge_gaps(archive: Archive, gaps: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """(offset of a local header, end of its room) of entries that no directory lists."""
    seen = 0
    for start, end in gaps:
        headers = list(_headers(archive, start, end))
        for at, following in pairwise((*headers, end)):
            seen += 1
            if seen > MAX_HIDDEN:
                return
            archive.problem(zip_rules.HIDDEN, "a local header that no directory lists", at)
            yield at, following
        if headers:
            continue
        size = end - start
        if _zeros(archive.data, start, end):
            archive.problem(zip_rules.ZEROS, f"{size} zero bytes", start)
            continue
        if start == 0 and bytes(archive.data[4:8]) == b"TFL3":
            # TensorFlow Lite attaches label files this way; its reader examines these bytes.
            continue
        where = "before the first entry" if start == 0 else "between the entries"
        archive.problem(zip_rules.OUTSIDE, f"{size} bytes stand {where}", start)


def _headers(archive: Archive, start: int, end: int) -> Iterator[int]:
    with memoryview(archive.data) as data, data[start:end] as gap:
        for found in _LOCAL_MARK.finditer(gap):
            archive.session.spend(_MARK_COST)
            at = start + found.start()
            local = local_at(archive.data, at)
            if local is not None and local.start <= end and local.method < 100:
                yield at


def _zeros(data: Buffer, start: int, end: int) -> bool:
    for at in range(start, end, _STEP):
        piece = bytes(data[at : min(at + _STEP, end)])
        if piece.count(0) != len(piece):
            return False
    return True
