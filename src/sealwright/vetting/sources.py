"""Files and folders on disk as members of a scan: each opened once, hashed while it is mapped, and
held to be the same file until its examination ends."""

from __future__ import annotations

import fnmatch
import hashlib
import mmap
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from sealwright.errors import InputMissing
from sealwright.vetting.interface import (
    Buffer,
    DirectoryCheck,
    Examining,
    Listing,
    Member,
    Rule,
    conclude,
)
from sealwright.vetting.outcome import MemberReport
from sealwright.vetting.scan import guarded
from sealwright.vetting.session import Session

MAP_FROM = 1 << 20
"""Bytes from which a file is mapped, not read: a checkpoint need not fit into memory."""
_WINDOW = 16 * 1024 * 1024
"""Bytes hashed at a time; a mapped window is given back before the next one is touched."""
MAX_FILES = 1_000_000
MAX_DEPTH = 64
_READ_WHOLE = 64 * 1024 * 1024
"""Largest file that a check of a folder is given."""

UNREADABLE = Rule(
    id="SW-SRC-001",
    effect="inconclusive",
    severity="medium",
    title="A file could not be read",
    remediation="check its permissions, and scan again",
    why="What cannot be read cannot be examined; whoever loads the model may have other rights.",
    example="model/weights.bin with mode 000",
)
SPECIAL = Rule(
    id="SW-SRC-002",
    effect="inconclusive",
    severity="high",
    title="A device, pipe or socket lies among the files",
    remediation="remove it: a model consists of files",
    why="A loader that opens it blocks, or reads what another program writes at that moment.",
    example="a named pipe called model.pkl",
    cwe=(67,),
)
LINK = Rule(
    id="SW-SRC-003",
    effect="warn",
    severity="low",
    title="A symbolic link leads out of the folder",
    remediation="replace it with a copy of what it points to",
    why="What the link points to was examined now; it can be another file when the model is "
    "loaded.",
    example="weights.bin -> ../../blobs/4f0c",
    cwe=(59,),
)
DANGLING = Rule(
    id="SW-SRC-004",
    effect="inconclusive",
    severity="medium",
    title="A symbolic link leads to no file that can be examined",
    remediation="remove the link, or put the file in its place",
    why="The file may appear after the scan. Links to folders are not followed.",
    example="model.bin -> /nowhere",
    cwe=(59,),
)
CHANGED = Rule(
    id="SW-SRC-005",
    effect="fail",
    severity="high",
    title="The file changed while it was examined",
    remediation="stop whoever writes it, and scan again",
    why="What was examined is not what is there now.",
    example="a download that is still running",
    cwe=(367,),
)
TOO_MANY = Rule(
    id="SW-SRC-006",
    effect="inconclusive",
    severity="medium",
    title="The folder holds more files or levels than are examined",
    remediation="scan its parts one by one",
    why="The files beyond the limit were not examined.",
    example="a folder of two million files",
)
EXCLUDED = Rule(
    id="SW-SRC-007",
    effect="note",
    severity="info",
    title="Files were left out because the caller said so",
    remediation="scan without --exclude before you rely on the verdict",
    why="The verdict does not cover them.",
    example="sealwright scan model --exclude '*.md'",
)
RULES = (UNREADABLE, SPECIAL, LINK, DANGLING, CHANGED, TOO_MANY, EXCLUDED)

Progress = Callable[[str, int, int], None]


def scan_source(
    path: Path,
    session: Session,
    *,
    progress: Progress | None = None,
    exclude: Sequence[str] = (),
) -> None:
    """Examines a file, or a folder with everything below it and the checks of whole folders.

    InputMissing if nothing is there. Reports go to `session.reports`.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise InputMissing(f"{path}: {error.strerror}", advice="check the path") from error
    if not stat.S_ISDIR(mode):
        _scan_file(path, str(path), session, progress or _quiet)
        return
    place = len(session.reports)
    work = Examining(Member(path=str(path), data=b""), session)
    files = list(_walk(path, work, exclude))
    for relative in files:
        _scan_file(path / relative, str(path / relative), session, progress or _quiet)
    session.next_file()
    guarded(partial(_check_folders, path, files, work), work, title="checks of folders")
    session.reports.insert(place, _folder_report(work))


def _quiet(path: str, done: int, total: int) -> None:
    """Nobody watches."""


def _folder_report(work: Examining) -> MemberReport:
    return MemberReport(
        path=work.member.path,
        size=0,
        formats=("folder",),
        verdict=conclude(work.observations, complete=not work.gaps),
        gaps=tuple(work.gaps),
        observations=tuple(work.observations),
    )


def _walk(root: Path, work: Examining, exclude: Sequence[str]) -> Iterator[str]:
    """Relative paths of all files, in order. Links to files are followed, links to folders are
    not."""
    pending: list[tuple[str, int]] = [("", 0)]
    count = left_out = 0
    while pending:
        prefix, depth = pending.pop()
        try:
            items = sorted(os.scandir(root / prefix), key=lambda item: item.name)
        except OSError as error:
            work.find(UNREADABLE, f"{error.strerror}", location=str(root / prefix))
            continue
        folders = []
        for item in items:
            name = prefix + item.name
            if any(fnmatch.fnmatch(name, pattern) for pattern in exclude):
                left_out += 1
            elif item.is_dir(follow_symlinks=False):
                folders.append((name + "/", depth + 1))
            elif _is_file(item, root, work):
                count += 1
                yield name
        if depth >= MAX_DEPTH and folders:
            work.find(TOO_MANY, f"folders nested deeper than {MAX_DEPTH}")
            folders = []
        if count > MAX_FILES:
            work.find(TOO_MANY, f"more than {MAX_FILES} files")
            return
        pending.extend(reversed(folders))
    if left_out:
        work.find(EXCLUDED, f"{left_out} left out: files, and folders with all in them")


def _is_file(item: os.DirEntry[str], root: Path, work: Examining) -> bool:
    """Whether there is a regular file to examine; says so where there is not."""
    try:
        regular = stat.S_ISREG(item.stat().st_mode)
    except OSError:
        regular = False
    if item.is_symlink():
        if not regular:
            work.find(DANGLING, "not a file", location=item.path)
            return False
        if not Path(item.path).resolve().is_relative_to(root.resolve()) and not _cached(item.path):
            work.find(LINK, "the link leads out of the folder", location=item.path)
    elif not regular:
        work.find(SPECIAL, "not a regular file", location=item.path)
    return regular


def _cached(path: str) -> bool:
    """Whether a link is one of the Hugging Face cache: snapshots/<revision>/… → blobs/<digest>."""
    link, target = Path(path), Path(path).resolve()
    if "snapshots" not in link.parts:
        return False
    place = len(link.parts) - 1 - link.parts[::-1].index("snapshots")
    repository = Path(*link.parts[:place]).resolve()
    return target.parent == repository / "blobs"


def _scan_file(path: Path, shown: str, session: Session, progress: Progress) -> None:
    """One file: hashed, examined, and still the same afterwards."""
    place = len(session.reports)
    session.next_file()
    try:
        with opened(path) as (data, descriptor):
            before = os.fstat(descriptor)
            total = before.st_size
            progress(shown, 0, total)
            digest = _hash(data, lambda done: progress(shown, done, total))
            held = session.known.load(shown, digest) if session.known else None
            if held:
                session.reports.extend(held)
                report = held[0]
            else:
                report = session.inspect(Member(path=shown, data=data), session)
            report = replace(report, sha256=digest)
            after = os.fstat(descriptor)
            if _identity(before) != _identity(after):
                report = _with(report, CHANGED, "its size or time changed meanwhile", session)
    except OSError as error:
        blank = MemberReport(path=shown, size=0, formats=(), verdict="inconclusive")
        report = _with(blank, UNREADABLE, error.strerror or "cannot be opened", session)
        session.reports.insert(place, report)
        return
    session.reports[place] = report
    if session.known and not held:
        session.known.store(shown, digest, tuple(session.reports[place:]))


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
    """The bytes of a file (mapped if large) and its descriptor. OSError if it can't be read."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, "not a regular file")
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


def _hash(data: Buffer, progress: Callable[[int], None]) -> str:
    """Hex sha256. Pages of a map are given back as it goes, so that they do not pile up."""
    digest = hashlib.sha256()
    with memoryview(data) as view:
        for start in range(0, len(view), _WINDOW):
            digest.update(view[start : start + _WINDOW])
            if isinstance(data, mmap.mmap):
                length = min(_WINDOW, len(data) - start)
                data.madvise(mmap.MADV_DONTNEED, start, length)
                progress(start + length)
    return digest.hexdigest()


def _check_folders(root: Path, files: Sequence[str], work: Examining) -> None:
    """Lets the checks of whole folders look at the folder and at each one below it."""
    from sealwright.vetting.checks import DIRECTORY_CHECKS

    folders = {""} | {name.rpartition("/")[0] for name in files}
    for folder in sorted(folders):
        prefix = f"{folder}/" if folder else ""
        inside = [name for name in files if name.startswith(prefix)]
        work.session.spend(len(files))
        listing = Listing(
            root=str(root / folder),
            members={name.removeprefix(prefix): partial(_member, root / name) for name in inside},
        )
        for check in DIRECTORY_CHECKS:
            guarded(partial(_check_folder, check, listing, work), work, title=check.title)


def _check_folder(check: DirectoryCheck, listing: Listing, work: Examining) -> None:
    if check.applies(listing):
        check.examine(listing, work)


def _member(path: Path) -> Member:
    """A file for a check of its folder. InputMissing if it is gone; at most 64 MiB of it."""
    try:
        with path.open("rb") as file:
            return Member(path=str(path), data=file.read(_READ_WHOLE))
    except OSError as error:
        raise InputMissing(f"{path}: {error.strerror}") from error
