"""Files and folders on disk as members of a scan: each opened once, hashed while it is mapped, and
held to be the same file until its examination ends."""

from __future__ import annotations

import hashlib
import mmap
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from sealwright.filekind import kind
from sealwright.vetting.exclusion import Exclusion
from sealwright.vetting.interface import Buffer, Examining, Member, Rule, conclude
from sealwright.vetting.outcome import Found, MemberReport
from sealwright.vetting.scan import GAP, guarded
from sealwright.vetting.session import Session
from sealwright.vetting.source_rules import CHANGED, SPECIAL, UNREADABLE

MAP_FROM = 1 << 20
"""Bytes from which a file is mapped, not read: a checkpoint need not fit into memory."""
_WINDOW = 16 * 1024 * 1024
"""Bytes hashed at a time; a mapped window is given back before the next one is touched."""

Progress = Callable[[str, int, int], None]


class NoFile(OSError):
    """A device, a pipe, a socket or a folder is there, where a file was to be read."""

    def __init__(self, what: str) -> None:
        super().__init__(0, f"{what}, not a regular file")


def scan_source(
    path: Path,
    session: Session,
    *,
    progress: Progress | None = None,
    exclusion: Exclusion | None = None,
) -> None:
    """Examines a file, or a folder with everything below it and the checks of whole folders.

    Reports go to `session.reports`, also of what is not there or cannot be read.
    """
    told = progress or _quiet
    session.in_time()
    if not _is_folder(path):
        _scan_file(path, str(path), session, told)
        return
    from sealwright.vetting.folders import check_folders, walk

    place = len(session.reports)
    work = Examining(Member(path=str(path), data=b""), session)
    files = list(walk(path, work, exclusion or Exclusion()))
    for relative in files:
        _scan_file(path / relative, str(path / relative), session, told)
    session.next_file()
    guarded(partial(check_folders, path, files, work), work, title="checks of folders")
    session.reports.insert(place, _folder_report(work))


def _is_folder(path: Path) -> bool:
    """Whether a folder is there; what nobody may look at is told with the files."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _quiet(path: str, done: int, total: int) -> None:
    """Nobody watches."""


def _folder_report(work: Examining) -> MemberReport:
    for reason in work.gaps:
        work.find(GAP, reason)
    return MemberReport(
        path=work.member.path,
        size=0,
        formats=("folder",),
        verdict=conclude(work.observations, complete=not work.gaps),
        gaps=tuple(work.gaps),
        observations=tuple(work.observations),
    )


def _scan_file(path: Path, shown: str, session: Session, progress: Progress) -> None:
    """One file: hashed, examined, and still the same afterwards."""
    place, inflated = len(session.reports), session.inflated
    session.next_file()
    session.in_time()

    def hashed(done: int) -> None:
        session.in_time()
        progress(shown, done, total)

    try:
        with opened(path) as (data, descriptor):
            before = os.fstat(descriptor)
            total = before.st_size
            progress(shown, 0, total)
            digest = sha256_of(data, hashed)
            held = session.known.load(shown, digest) if session.known else None
            if held:
                session.reports.extend(held.reports)
                session.inflated += held.inflated
                report = held.reports[0]
            else:
                report = session.inspect(Member(path=shown, data=data), session)
            report = replace(report, sha256=digest)
            after = os.fstat(descriptor)
            if _identity(before) != _identity(after):
                report = _with(report, CHANGED, "its size or time changed meanwhile", session)
    except OSError as error:
        blank = MemberReport(path=shown, size=0, formats=(), verdict="inconclusive")
        rule = SPECIAL if isinstance(error, NoFile) else UNREADABLE
        report = _with(blank, rule, error.strerror or "cannot be opened", session)
        session.reports.insert(place, report)
        return
    session.reports[place] = report
    if session.known and not held:
        found = Found(tuple(session.reports[place:]), session.inflated - inflated)
        session.known.store(shown, digest, found)


def _with(report: MemberReport, rule: Rule, message: str, session: Session) -> MemberReport:
    work = Examining(Member(path=report.path, data=b""), session, list(report.observations))
    work.find(rule, message)
    return replace(
        report,
        observations=tuple(work.observations),
        verdict=conclude(work.observations, complete=not report.gaps),
    )


def _identity(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


@contextmanager
def opened(path: Path) -> Iterator[tuple[Buffer, int]]:
    """The bytes of a file (mapped if large) and its descriptor. OSError if it can't be read, NoFile
    where something else is there, which is not opened."""
    _must_be_a_file(path.stat())
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        _must_be_a_file(status)
        if status.st_size < MAP_FROM:
            yield file.read(MAP_FROM), descriptor
            return
        mapped = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
        try:
            yield mapped, descriptor
        finally:
            # A report may still hold a view; the map goes when that goes.
            with suppress(BufferError):
                mapped.close()


def _must_be_a_file(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise NoFile(kind(status.st_mode))


def sha256_of(data: Buffer, progress: Callable[[int], None] | None = None) -> str:
    """Hex sha256. Pages of a map are given back as it goes, so that they do not pile up; then
    `progress` is told how far it is."""
    digest = hashlib.sha256()
    with memoryview(data) as view:
        for start in range(0, len(view), _WINDOW):
            digest.update(view[start : start + _WINDOW])
            if isinstance(data, mmap.mmap):
                length = min(_WINDOW, len(data) - start)
                data.madvise(mmap.MADV_DONTNEED, start, length)
                if progress is not None:
                    progress(start + length)
    return digest.hexdigest()
