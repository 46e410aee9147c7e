"""Walks a tar archive block by block, and notes where readers of tar part ways."""

from __future__ import annotations

import stat

import msgspec

from sealwright.vetting.archives import tar_rules
from sealwright.vetting.archives.interface import Problem, Problems
from sealwright.vetting.archives.names import (
    leads_outside,
    link_leads_outside,
    same_file,
    unprintable,
)
from sealwright.vetting.archives.tar_records import (
    BLOCK,
    DEVICES,
    DUMP,
    FILE_TYPES,
    FOLDER,
    HARD,
    LONG_LINK,
    LONG_NAME,
    PAX,
    PAX_GLOBAL,
    PAX_OLD,
    SPARSE,
    SYMBOLIC,
    Header,
    extended,
    header_at,
    looks_like_header,
    padded,
    pax_records,
)
from sealwright.vetting.interface import Buffer, Rule, quoted
from sealwright.vetting.session import Session, Spent

_STEP = 1 << 20
_LARGE = 0o77777777777
"""The largest size that a plain header can hold; only above it a pax size is needed."""
_SEARCH = 65_536
"""Blocks after a break in which further headers are looked for."""


class TarMember(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """A member with data."""

    name: str
    header: int
    start: int
    end: int


class TarArchive(msgspec.Struct):
    """A tar archive after the walk."""

    data: Buffer
    session: Session
    members: list[TarMember] = msgspec.field(default_factory=list)
    noted: Problems = msgspec.field(default_factory=Problems)
    structure: int = 0
    """Bytes of headers."""

    def problem(self, rule: Rule, message: str, offset: int | None = None) -> None:
        """Notes a problem."""
        self.noted.add(rule, message, offset)

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with the archive."""
        return self.noted.noted

    def view(self, member: TarMember) -> memoryview:
        """The member's bytes, without a copy."""
        return memoryview(self.data)[member.start : member.end]


class _Pending(msgspec.Struct):
    """What headers before a member say about it."""

    name: str = ""
    link: str = ""
    records: dict[str, str] = msgspec.field(default_factory=dict)


def walk(data: Buffer, session: Session) -> TarArchive:
    """Lists the members with data. All that is wrong is a problem in the answer; raises Spent."""
    archive = TarArchive(data, session)
    pending = _Pending()
    seen: dict[str, str] = {}
    at = 0
    while at < len(data):
        session.spend(16)
        if bytes(data[at : at + BLOCK]).count(0) == BLOCK:
            _after_end(archive, at)
            break
        header = header_at(data, at)
        if isinstance(header, str):
            archive.problem(tar_rules.MALFORMED, f"the header at {at} is broken: {header}", at)
            _resume(archive, at)
            break
        archive.structure += BLOCK
        if header.type in (LONG_NAME, LONG_LINK, PAX, PAX_OLD, PAX_GLOBAL):
            _extend(archive, header, pending)
            at = header.data + padded(header.size)
            continue
        at = _add(archive, header, pending, seen)
        pending = _Pending()
    else:
        if len(data) % BLOCK:
            archive.problem(tar_rules.MALFORMED, "the last block is cut off", at)
    return archive


def _extend(archive: TarArchive, header: Header, pending: _Pending) -> None:
    """Takes in a header that says something of the next one."""
    raw = extended(archive.data, header)
    if raw is None:
        message = f"an extended header of {header.size} bytes is cut off or too large"
        archive.problem(tar_rules.MALFORMED, message, header.at)
        return
    archive.structure += len(raw)
    text = raw.partition(b"\0")[0].decode("utf-8", "surrogateescape")
    if header.type == LONG_NAME:
        pending.name = text
    elif header.type == LONG_LINK:
        pending.link = text
    else:
        records = pax_records(raw)
        if records is None:
            message = "the records of a pax header are malformed"
            archive.problem(tar_rules.MALFORMED, message, header.at)
        elif header.type == PAX_GLOBAL:
            fixed = sorted({"path", "linkpath", "size"} & set(records))
            if fixed:
                message = f"a global header sets {', '.join(fixed)}"
                archive.problem(tar_rules.GLOBAL, message, header.at)
        else:
            pending.records.update(records)


def _add(archive: TarArchive, header: Header, pending: _Pending, seen: dict[str, str]) -> int:
    """Lists one member; gives the offset of the next header."""
    name = pending.records.get("path", pending.name or header.name)
    link = pending.records.get("linkpath", pending.link or header.link)
    _check_name(archive, header, name, seen)
    if header.mode & (stat.S_ISUID | stat.S_ISGID):
        message = f"{quoted(name)} has the mode {header.mode & 0o7777:o}"
        archive.problem(tar_rules.PRIVILEGED, message, header.at)
    size = _size(archive, header, pending, name)
    if header.type in DEVICES:
        message = f"{quoted(name)} is {DEVICES[header.type]}"
        archive.problem(tar_rules.DEVICE, message, header.at)
    elif header.type in (SYMBOLIC, HARD):
        outside = (
            link_leads_outside(name, link) if header.type == SYMBOLIC else bool(leads_outside(link))
        )
        rule = tar_rules.LINK_OUTSIDE if outside else tar_rules.LINK
        archive.problem(rule, f"{quoted(name)} -> {quoted(link)}", header.at)
    sparse = header.type == SPARSE or any(key.startswith("GNU.sparse") for key in pending.records)
    if sparse:
        archive.problem(tar_rules.SPARSE, f"{quoted(name)} is sparse", header.at)
    elif header.type not in (*FILE_TYPES, *DEVICES, SYMBOLIC, HARD, FOLDER, DUMP):
        kind = quoted(header.type.decode("latin-1"))
        archive.problem(tar_rules.UNKNOWN, f"{quoted(name)} has the type {kind}", header.at)
    start = header.data
    if start + size > len(archive.data):
        message = f"{quoted(name)} runs past the end of the archive"
        archive.problem(tar_rules.MALFORMED, message, header.at)
    if size and start < len(archive.data):
        if len(archive.members) >= archive.session.limits.members:
            raise Spent(f"an archive of more than {archive.session.limits.members} members")
        end = min(start + size, len(archive.data))
        archive.members.append(TarMember(name=name, header=header.at, start=start, end=end))
    elif header.type in FILE_TYPES and not name.endswith("/"):
        archive.members.append(TarMember(name=name, header=header.at, start=start, end=start))
    return start + padded(size)


def _size(archive: TarArchive, header: Header, pending: _Pending, name: str) -> int:
    """The size by which readers of the extended header go; where others see another, a problem."""
    size = header.size
    told = pending.records.get("size")
    if told is not None:
        if not (told.isascii() and told.isdigit() and len(told) < 20):
            archive.problem(tar_rules.SIZE, f"{quoted(name)}: pax size {quoted(told)}", header.at)
        else:
            wide = int(told)
            if wide != size and not (wide > _LARGE and size in (0, _LARGE)):
                message = f"{quoted(name)}: {size} bytes in its header, {wide} in the pax header"
                archive.problem(tar_rules.SIZE, message, header.at)
            size = wide
    if size and header.type in (SYMBOLIC, HARD, FOLDER, *DEVICES):
        message = f"{quoted(name)} is no file and has {size} bytes of data"
        archive.problem(tar_rules.SIZE, message, header.at)
    return size


def _check_name(archive: TarArchive, header: Header, name: str, seen: dict[str, str]) -> None:
    why = leads_outside(name) or unprintable(name)
    if why:
        message = f"the name {quoted(name)} is not safe: {why}"
        archive.problem(tar_rules.PATH, message, header.at)
    if header.type == FOLDER:
        return
    key = same_file(name)
    if key in seen:
        message = f"{quoted(seen[key])} and {quoted(name)}"
        archive.problem(tar_rules.DUPLICATE, message, header.at)
    seen.setdefault(key, name)


def _after_end(archive: TarArchive, at: int) -> None:
    """A zero block ends the archive for most readers: only zeros may follow."""
    place = at
    while place < len(archive.data):
        archive.session.spend(1)
        piece = bytes(archive.data[place : place + _STEP])
        left = piece.lstrip(b"\0")
        if left:
            place += len(piece) - len(left)
            message = f"{len(archive.data) - place} bytes follow the end of the archive"
            archive.problem(tar_rules.TRAILING, message, place)
            _resume(archive, place - place % BLOCK)
            return
        place += len(piece)


def _resume(archive: TarArchive, at: int) -> None:
    """Lists members behind a break, as readers do that look for the next header."""
    data = archive.data
    for _ in range(_SEARCH):
        if at >= len(data):
            return
        archive.session.spend(16)
        header = header_at(data, at) if looks_like_header(data, at) else ""
        if isinstance(header, str):
            at += BLOCK
            continue
        end = min(header.data + header.size, len(data))
        if header.type not in (LONG_NAME, LONG_LINK, PAX, PAX_OLD, PAX_GLOBAL) and header.size:
            member = TarMember(name=header.name, header=header.at, start=header.data, end=end)
            archive.members.append(member)
        at = header.data + padded(header.size)
