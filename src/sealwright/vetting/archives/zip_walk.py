"""Walks a zip file as no single reader does: end records, directory and every local header
compared, and every entry that any reader could find is listed."""

from __future__ import annotations

import stat
import zlib
from collections.abc import Iterator

from sealwright.vetting.archives import zip_rules
from sealwright.vetting.archives.names import (
    leads_outside,
    link_leads_outside,
    repeated,
    unprintable,
)
from sealwright.vetting.archives.zip_archive import Archive, Entry, View
from sealwright.vetting.archives.zip_between import judge_gaps, look_between
from sealwright.vetting.archives.zip_ends import Directory, directories
from sealwright.vetting.archives.zip_read import STORED
from sealwright.vetting.archives.zip_records import (
    CENTRAL_SIZE,
    FLAG_DESCRIPTOR,
    FLAG_ENCRYPTED,
    FLAG_MASKED,
    FLAG_PATCHED,
    FLAG_STRONG,
    FLAG_UTF8,
    MAX32,
    Central,
    Local,
    central_at,
    descriptor_sizes,
    local_at,
)
from sealwright.vetting.interface import Buffer, quoted
from sealwright.vetting.session import Session, Spent

__all__ = ["Archive", "Entry", "View", "walk"]
_UNIX, _MAC = 3, 19
_LINK_TARGET = 4096


def walk(data: Buffer, session: Session) -> Archive:
    """Finds every entry and every contradiction. Raises Spent on too many entries; all else, even
    an archive without any directory, is a problem in the answer."""
    archive = Archive(data, session)
    found = directories(data)
    for problem in found.problems:
        archive.problem(problem.rule, problem.message, problem.offset)
    for directory in found.places:
        _list_entries(archive, directory)
    if not found.places:
        archive.problem(zip_rules.MALFORMED, "there is no end record with a directory")
    for at, end in judge_gaps(archive, look_between(archive, found.places)):
        local = local_at(data, at)
        if local is not None:
            archive.entries.append(_local_entry(archive, local, None, limit=end))
    archive.structure = sum(entry.start - entry.header for entry in archive.entries) + sum(
        place.end - place.at for place in found.places
    )
    for nested in found.others:
        inside = any(entry.start <= nested.offset < entry.end for entry in archive.entries)
        if not inside:
            archive.problem(
                zip_rules.ENDS, "another archive ends here, outside all entries", nested.offset
            )
            _list_other(archive, nested.place)
    _check_names(archive)
    _check_sums(archive)
    return archive


def _check_sums(archive: Archive) -> None:
    """Whether the writer left all checksums out; an empty entry's checksum is 0 anyway."""
    filled = [entry for entry in archive.entries if entry.size]
    archive.unchecked = len(filled) > 1 and not any(entry.crc for entry in filled)
    if archive.unchecked:
        archive.problem(zip_rules.UNCHECKED, f"{len(filled)} entries have the checksum 0")


def _list_other(archive: Archive, place: Directory) -> None:
    known = {(entry.header, entry.raw) for entry in archive.entries}
    before = len(archive.entries)
    _list_entries(archive, place)
    archive.entries[before:] = [
        entry for entry in archive.entries[before:] if (entry.header, entry.raw) not in known
    ]


def _list_entries(archive: Archive, place: Directory) -> None:
    """Lists the directory's records with the local headers that they point to."""
    session = archive.session
    most = session.limits.members
    if place.entries > most and place.size >= place.entries * CENTRAL_SIZE:
        raise Spent(f"an archive of {place.entries} entries, more than {most}")
    at, count = place.at, 0
    while (record := central_at(archive.data, at, limit=place.limit)) is not None:
        session.spend(4)
        count += 1
        if len(archive.entries) >= most:
            raise Spent(f"an archive of more than {most} entries")
        _add(archive, record, place.shift)
        at = record.end
    if count != place.entries:
        # Without zip64 the count has 16 bits; some writers let it wrap.
        wraps = not place.zip64 and count & 0xFFFF == place.entries
        if not wraps:
            message = f"the end record counts {place.entries} entries, the directory has {count}"
            archive.problem(zip_rules.ENDS, message, place.at)
    if at != place.limit:
        message = f"the directory ends at {at}, its end record stands at {place.limit}"
        archive.problem(zip_rules.ENDS, message, at)
    elif at - place.at != place.size:
        message = f"the end record says {place.size} bytes of directory, there are {at - place.at}"
        archive.problem(zip_rules.ENDS, message, place.at)


def _add(archive: Archive, record: Central, shift: int) -> None:
    """Lists one entry, or both views of it where directory and local header differ."""
    header = record.header + shift
    local = local_at(archive.data, header)
    name = _name(archive, record.raw, record.flags, record.extras.unicode, record.at)
    if record.extras.broken:
        archive.problem(zip_rules.DISAGREE, f"{quoted(name)}: {record.extras.broken}", record.at)
    if record.disk:
        archive.problem(zip_rules.DISKS, f"{quoted(name)} starts on disk {record.disk}", record.at)
    if local is None:
        message = f"{quoted(name)}: no local header stands at {header}"
        archive.problem(zip_rules.DISAGREE, message, record.at)
        return
    unix = record.made_by >> 8 in (_UNIX, _MAC)
    size = len(archive.data)
    length = record.compressed
    if record.method == STORED and not record.flags & FLAG_ENCRYPTED:
        if record.compressed != record.size:
            message = f"{quoted(name)} is stored, with {record.compressed} and {record.size} bytes"
            archive.problem(zip_rules.DISAGREE, message, record.at)
        length = max(record.compressed, record.size)
    if local.start + length > size:
        archive.problem(zip_rules.DISAGREE, f"{quoted(name)} runs past the end", record.at)
    entry = Entry(
        name,
        record.raw,
        record.method,
        record.flags,
        record.crc,
        record.compressed,
        record.size,
        header,
        local.start,
        min(local.start + length, size),
        "both",
        record.attributes >> 16 if unix else 0,
    )
    differ = list(_differences(archive, record, local))
    if not differ:
        archive.entries.append(entry)
        return
    message = f"{quoted(name)}: {'; '.join(differ)}"
    archive.problem(zip_rules.DISAGREE, message, header)
    archive.entries.append(_seen_as(entry, "directory"))
    archive.entries.append(_local_entry(archive, local, record, limit=size))


def _differences(archive: Archive, record: Central, local: Local) -> Iterator[str]:
    """What the directory and the local header say differently."""
    if record.raw != local.raw:
        yield f"the local header calls it {quoted(local.raw.decode('latin-1'))}"
    if local.extras.broken:
        yield f"in the local header {local.extras.broken}"
    if record.method != local.method:
        yield f"method {record.method} in the directory, {local.method} in the local header"
    watched = FLAG_ENCRYPTED | FLAG_PATCHED | FLAG_STRONG | FLAG_MASKED
    if not (record.raw.isascii() and local.raw.isascii()):
        watched |= FLAG_UTF8
    if (record.flags ^ local.flags) & watched:
        yield f"flags {record.flags:#06x} in the directory, {local.flags:#06x} in the local header"
    told = (local.crc, local.compressed, local.size)
    meant = (record.crc, record.compressed, record.size)
    if not local.flags & FLAG_DESCRIPTOR:
        if told != meant:
            yield f"crc and sizes {meant} in the directory, {told} in the local header"
        return
    # The local header leaves these open, or gives them already.
    for value, right, what in zip(told, meant, ("crc", "compressed size", "size"), strict=True):
        if value not in (0, right) and not (value == MAX32 and what != "crc"):
            yield f"{what} {right} in the directory, {value} in the local header"
    crc, compressed, size = meant
    at = local.start + compressed
    found = descriptor_sizes(archive.data, at, crc=crc, compressed=compressed, size=size)
    if found is None and told != meant:
        yield f"the data descriptor at {at} says something else"


def _local_entry(archive: Archive, local: Local, record: Central | None, *, limit: int) -> Entry:
    """The entry as a reader sees it that goes by the local header."""
    compressed, size, crc = local.compressed, local.size, local.crc
    if local.flags & FLAG_DESCRIPTOR and not compressed:
        # Only the descriptor tells; a streaming reader goes on until the data end themselves.
        compressed = limit - local.start
        size = record.size if record else 0
        crc = record.crc if record else 0
    name = _name(archive, local.raw, local.flags, local.extras.unicode, local.at)
    end = min(local.start + compressed, limit)
    view: View = "local" if record else "unlisted"
    return Entry(
        *(name, local.raw, local.method, local.flags, crc, compressed, size),
        *(local.at, local.start, end, view, 0),
    )


def _seen_as(entry: Entry, view: View) -> Entry:
    return Entry(
        *(entry.name, entry.raw, entry.method, entry.flags, entry.crc, entry.compressed),
        *(entry.size, entry.header, entry.start, entry.end, view, entry.mode),
    )


def _name(
    archive: Archive, raw: bytes, flags: int, unicode: tuple[int, bytes] | None, at: int
) -> str:
    """The name as zipfile decodes it; another name in the extra field is a problem."""
    try:
        name = raw.decode("utf-8" if flags & FLAG_UTF8 else "cp437")
    except UnicodeDecodeError:
        name = raw.decode("utf-8", "backslashreplace")
        archive.problem(zip_rules.PATH, f"the name {quoted(name)} is not UTF-8", at)
    if unicode is not None and unicode[0] == zlib.crc32(raw):
        other = unicode[1].decode("utf-8", "backslashreplace")
        if other != name and raw.isascii():
            message = f"{quoted(name)} is called {quoted(other)} in its extra field"
            archive.problem(zip_rules.DISAGREE, message, at)
        return other if not raw.isascii() else name
    return name


def _check_names(archive: Archive) -> None:
    """Paths that lead outside, links, and names that stand for one file."""
    listed = [entry for entry in archive.entries if entry.view in ("both", "directory")]
    for entry in listed:
        why = leads_outside(entry.name) or unprintable(entry.name)
        if why:
            message = f"the name {quoted(entry.name)} is not safe: {why}"
            archive.problem(zip_rules.PATH, message, entry.header)
        if stat.S_ISLNK(entry.mode):
            _check_link(archive, entry)
    for name, earlier, entry, by_case in repeated((entry.name, entry) for entry in listed):
        rule = zip_rules.CASE if by_case else zip_rules.DUPLICATE
        archive.problem(rule, f"{quoted(earlier)} and {quoted(name)}", entry.header)


def _check_link(archive: Archive, entry: Entry) -> None:
    target = archive.peek(entry, _LINK_TARGET).decode("utf-8", "backslashreplace")
    outside = link_leads_outside(entry.name, target)
    rule = zip_rules.LINK_OUTSIDE if outside else zip_rules.LINK
    archive.problem(rule, f"{quoted(entry.name)} -> {quoted(target)}", entry.header)
