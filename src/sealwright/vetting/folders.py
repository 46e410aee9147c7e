"""What a folder holds: its files, in order, and how they belong together."""

from __future__ import annotations

import os
import stat
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from sealwright.errors import InputMissing
from sealwright.filekind import kind
from sealwright.vetting.exclusion import Exclusion
from sealwright.vetting.interface import DirectoryCheck, Examining, Listing, Member
from sealwright.vetting.scan import guarded
from sealwright.vetting.source_rules import (
    DANGLING,
    EXCLUDED,
    LINK,
    SPECIAL,
    TOO_MANY,
    UNREADABLE,
)
from sealwright.vetting.sources import opened

MAX_FILES = 1_000_000
MAX_DEPTH = 64
_READ_WHOLE = 64 * 1024 * 1024
"""Largest file that a check of a folder is given."""
_AFTER_SLASH = chr(ord("/") + 1)


def walk(root: Path, work: Examining, exclusion: Exclusion) -> Iterator[str]:
    """Relative paths of all files, in order. Links to files are followed, links to folders are
    not."""
    pending: list[tuple[str, int]] = [("", 0)]
    count = left_out = 0
    while pending:
        prefix, depth = pending.pop()
        work.session.in_time()
        try:
            items = sorted(os.scandir(root / prefix), key=lambda item: item.name)
        except OSError as error:
            work.find(UNREADABLE, f"{error.strerror}", location=str(root / prefix))
            continue
        folders = []
        for item in items:
            name = prefix + item.name
            folder = item.is_dir(follow_symlinks=False)
            if exclusion.leaves_out(name, folder=folder):
                left_out += 1
            elif folder:
                folders.append((name + "/", depth + 1))
            elif _is_file(item, root, name, work):
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


def _is_file(item: os.DirEntry[str], root: Path, name: str, work: Examining) -> bool:
    """Whether there is a regular file to examine; says so where there is not."""
    place = str(root / name)
    try:
        mode = item.stat().st_mode
    except OSError:
        mode = 0
    regular = stat.S_ISREG(mode)
    if item.is_symlink():
        if not regular:
            work.find(DANGLING, "not a file", location=place)
            return False
        if not Path(item.path).resolve().is_relative_to(root.resolve()) and not _cached(item.path):
            work.find(LINK, "the link leads out of the folder", location=place)
    elif not regular:
        work.find(SPECIAL, f"{kind(mode)}, not a regular file", location=place)
    return regular


def _cached(path: str) -> bool:
    """Whether a link is one of the Hugging Face cache: snapshots/<revision>/… → blobs/<digest>."""
    link, target = Path(path), Path(path).resolve()
    if "snapshots" not in link.parts:
        return False
    place = len(link.parts) - 1 - link.parts[::-1].index("snapshots")
    repository = Path(*link.parts[:place]).resolve()
    return target.parent == repository / "blobs"


def check_folders(root: Path, files: Sequence[str], work: Examining) -> None:
    """Lets the checks of whole folders look at the folder and at each one below it.

    A folder is shown with all below it: sorted once, that is one slice, which costs what it holds.
    """
    from sealwright.vetting.checks import DIRECTORY_CHECKS

    every = sorted(files)
    for folder in sorted({""} | {name.rpartition("/")[0] for name in every}):
        prefix = f"{folder}/" if folder else ""
        start = bisect_left(every, prefix)
        end = bisect_left(every, folder + _AFTER_SLASH) if folder else len(every)
        work.session.spend(1 + end - start)
        listing = Listing(
            root=str(root / folder),
            members={
                name.removeprefix(prefix): partial(_member, root / name)
                for name in every[start:end]
            },
        )
        for check in DIRECTORY_CHECKS:
            guarded(partial(_check_folder, check, listing, work), work, title=check.title)


def _check_folder(check: DirectoryCheck, listing: Listing, work: Examining) -> None:
    if check.applies(listing):
        check.examine(listing, work)


def _member(path: Path) -> Member:
    """A file for a check of its folder. InputMissing if it is gone; at most 64 MiB of it."""
    try:
        with opened(path) as (data, _):
            return Member(path=str(path), data=bytes(data[:_READ_WHOLE]))
    except OSError as error:
        raise InputMissing(f"{path}: {error.strerror}") from error
