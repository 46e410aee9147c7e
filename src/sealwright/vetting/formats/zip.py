"""Zip archives: every view of every entry is examined, whatever reader it is that would see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sealwright.vetting.archives import zip_rules
from sealwright.vetting.archives.layouts import ZIP_LAYOUTS
from sealwright.vetting.archives.zip_enclosed import enclosed
from sealwright.vetting.archives.zip_ends import end_records, is_archive
from sealwright.vetting.archives.zip_records import END, LOCAL
from sealwright.vetting.interface import Examining, Fit, Format, Member
from sealwright.vetting.session import Spent

if TYPE_CHECKING:
    from sealwright.vetting.archives.zip_walk import Archive, Entry

_SPLIT = (b"PK\x07\x08", b"PK00")
"""A first part of several, or of one after all; the local header follows."""
_SHARED = 4
"""How many times its own size an archive with overlapping entries is looked at. It fails anyway."""


def recognise(member: Member) -> Fit:
    """By the first header, or by an end record whose directory is where some reader looks for it.

    Weak where the archive is a value within another file, or lies in the middle of what looks like
    a pickle: the reader of that will come upon the bytes by itself.
    """
    data = member.data
    head = bytes(data[:4])
    if head == LOCAL or (head == END and len(data) >= 22):
        return "strong"
    if head in _SPLIT and bytes(data[4:8]) == LOCAL:
        return "strong"
    if not is_archive(data):
        return "no"
    if enclosed(data):
        return "weak"
    inside = head[:1] == b"\x80" and bytes(data[-1:]) == b"."
    ends = next((end.after for end in end_records(data)), 0)
    return "weak" if inside and ends < len(data) else "strong"


def examine(work: Examining) -> None:
    """Lets a layout take what it knows, visits the rest, and tells what is wrong with it all."""
    from sealwright.vetting.archives.zip_walk import walk

    inner = None if bytes(work.data[:4]) == LOCAL else enclosed(work.data)
    if inner is not None:
        start, end = inner
        work.session.visit("archive", memoryview(work.data)[start:end], within=work.member)
        return
    archive = walk(work.data, work.session)
    work.parsed += archive.structure
    try:
        taken: set[Entry] = set()
        for layout in ZIP_LAYOUTS:
            if layout.recognise(archive):
                taken |= set(layout.examine(archive, work))
        _visit_all(archive, [entry for entry in archive.entries if entry not in taken], work)
    finally:
        for problem in archive.problems:
            work.find(problem.rule, problem.message, offset=problem.offset)


def _visit_all(archive: Archive, entries: list[Entry], work: Examining) -> None:
    """Visits entries; where they share bytes, only until those have been shown a few times over."""
    shared = archive.noted.counts[zip_rules.OVERLAP.id] > 0
    seen: set[tuple[int, int, int]] = set()
    shown = 0
    for entry in entries:
        place = entry.start, entry.end, entry.method
        if shared:
            shown += entry.end - entry.start
            if place in seen or shown > _SHARED * len(work.data):
                continue
            seen.add(place)
        try:
            _visit(archive, entry, work)
        except Spent as error:
            # After a bomb the small entries are still worth a look, for a while.
            if not work.session.bomb:
                raise
            work.session.in_time()
            if error.message not in work.gaps:
                work.gap(error.message)


def _visit(archive: Archive, entry: Entry, work: Examining) -> None:
    content = archive.read(entry)
    if content is not None and not (entry.is_folder and not len(content)):
        work.session.visit(entry.name, content, within=work.member)


FORMAT = Format(
    id="zip",
    title="Zip archive",
    examines=(
        "End records, zip64 records, the directory and every local header, compared with each "
        "other; names, links, checksums and sizes; bytes that no entry owns. Every entry's "
        "content, stored or compressed by deflate, bzip2, LZMA, xz or Zstandard. Not: "
        "encrypted entries, other methods."
    ),
    extensions=(
        *(".zip", ".npz", ".keras", ".pt", ".pth", ".pt2", ".ptl", ".ckpt", ".bin", ".skops"),
        *(".mar", ".whl", ".jar", ".egg", ".nemo"),
    ),
    hides=True,
    recognise=recognise,
    examine=examine,
    malformed=zip_rules.MALFORMED,
    rules=(*zip_rules.RULES, *(rule for layout in ZIP_LAYOUTS for rule in layout.rules)),
)
