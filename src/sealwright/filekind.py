"""What lies at a path, in words and without opening it: opening a pipe waits, and opening a device
can do something."""

from __future__ import annotations

import stat
from pathlib import Path

FILE = "a file"
FOLDER = "a folder"
LINK = "a symbolic link"
SOCKET = "a socket"
_KINDS = {
    stat.S_IFREG: FILE,
    stat.S_IFDIR: FOLDER,
    stat.S_IFLNK: LINK,
    stat.S_IFSOCK: SOCKET,
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def kind(mode: int) -> str:
    """What an `st_mode` stands for."""
    return _KINDS.get(stat.S_IFMT(mode), "something unknown")


def kind_at(path: Path, *, follow: bool = True) -> str:
    """What lies at a path; empty where nothing does. OSError where the system does not tell."""
    try:
        return kind(path.stat(follow_symlinks=follow).st_mode)
    except FileNotFoundError:
        return ""
