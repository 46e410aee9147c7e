"""What a run can see, and the words for what it reached for beyond that.

The walls are the mounts of bubblewrap or the rules of Landlock. This file only names attempts for
the record: that something hidden exists, and that somebody asked for it.
"""

from __future__ import annotations

# ruff: noqa: PTH115, PTH118, PTH120 - paths here are names inside the sandbox, handled as text
import os
import sys
from dataclasses import dataclass

SYSTEM_FOLDERS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
SYSTEM_FILES = (
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/timezone",
    "/etc/alternatives",
    "/etc/ssl/openssl.cnf",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/fonts",
    "/etc/os-release",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
)
# What libraries look for on their own account. Hidden all the same, but not worth an accusation:
# the C library reads the first group when a name is resolved, which the network record tells.
_QUIET = (
    *("/etc/hosts", "/etc/resolv.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/services"),
    *("/etc/ld.so.preload", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/locale.alias"),
    *("/etc/bash.bashrc", "/etc/terminfo", "/etc/inputrc", "/etc/pip.conf", "/etc/cpuinfo"),
    *("/etc/python3.11", "/etc/machine-id", "/sys", "/proc/sys", "/dev/tty", "/proc/filesystems"),
)
_MAX_HOPS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The world as a run sees it. All paths are absolute and as seen inside."""

    workdir: str
    project: str
    """What `workdir` stands for on this machine."""
    visible: tuple[str, ...]
    writable: tuple[str, ...]
    hosts: dict[str, str]
    """Path seen inside → path on this machine, where the two differ."""
    private_root: bool
    """Whether the run has a file tree of its own, so that listing `/` shows nothing of this one."""


def system_paths() -> list[str]:
    """Folders and files of the machine that every program needs, as far as they exist here."""
    prefixes = {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}
    wanted = [*SYSTEM_FOLDERS, *SYSTEM_FILES, *sorted(prefixes)]
    return [path for path in wanted if os.path.lexists(path)]


def offence(view: View, path: str, *, cwd: str, write: bool) -> str | None:
    """What opening `path` amounts to, in words, or None where it is nobody's business.

    Reading is an offence if something is there on this machine and it is not in view; writing, if
    the place is not writable.
    """
    absolute = _normal(os.path.join(cwd, path))
    for _ in range(_MAX_HOPS):
        allowed = view.writable if write else view.visible
        if not _beneath(absolute, allowed):
            return _accuse(view, absolute, path=path, cwd=cwd, write=write)
        own = _own_place(view, absolute)
        if own is None:
            return None
        if not write and not _exists(own) and _exists(absolute):
            # Hidden behind a private folder of the same name, as the machine's /tmp is.
            return f"read {_shown(view, absolute)}"
        try:
            target = os.readlink(own)
        except OSError:
            return None
        absolute = _normal(os.path.join(os.path.dirname(absolute), target))
    return f"{'write' if write else 'read'} {_shown(view, absolute)} through a ring of links"


def _accuse(view: View, absolute: str, *, path: str, cwd: str, write: bool) -> str | None:
    if write:
        quiet = "__pycache__" in absolute or absolute.startswith("/dev/")
        return None if quiet else f"write {_shown(view, absolute)}"
    if _beneath(absolute, _QUIET) or absolute in sys.path:  # the import system lists those
        return None
    ours = view.private_root or _beneath(absolute, (view.workdir,))
    if ours and any(_beneath(seen, (absolute,)) for seen in view.visible):
        return None
    places = [absolute]
    if _beneath(absolute, (view.workdir,)):
        places = [view.project + absolute[len(view.workdir) :]]
    elif not path.startswith("/") and _beneath(cwd, (view.workdir,)):
        places.append(os.path.join(view.project + cwd[len(view.workdir) :], path))
    return f"read {_shown(view, absolute)}" if any(map(_exists, places)) else None


def _shown(view: View, absolute: str) -> str:
    """Paths below the working folder as the user knows them; no path of ours is ever shown."""
    if _beneath(absolute, (os.path.dirname(view.workdir),)):
        return os.path.relpath(absolute, view.workdir)
    if _beneath(absolute, (view.project,)):
        return os.path.relpath(absolute, view.project)
    return absolute


def _normal(path: str) -> str:
    return "/" + os.path.normpath(path).lstrip("/")


def _beneath(path: str, roots: tuple[str, ...]) -> bool:
    return any(path == root or path.startswith(root.rstrip("/") + "/") for root in roots)


def _exists(path: str) -> bool:
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        return True  # there is something, even if we may not look
    return True


def _own_place(view: View, absolute: str) -> str | None:
    """Where on this machine a place in the run's own folders is; None for other places."""
    nearest = max((p for p in view.hosts if _beneath(absolute, (p,))), key=len, default=None)
    return view.hosts[nearest] + absolute[len(nearest) :] if nearest is not None else None
