"""What the caller leaves out of folders: patterns as in `.gitignore`, each of which is held to have
matched something."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

import msgspec


class _Pattern(msgspec.Struct, frozen=True, kw_only=True):
    given: str
    glob: str
    whole: bool
    """Matched against the path below the folder that is scanned, not against each name in it."""
    anywhere: bool
    """The path may also end like this (`**/` before it)."""
    folders: bool
    """Only folders (`/` after it)."""

    def matches(self, path: str, *, folder: bool) -> bool:
        if self.folders and not folder:
            return False
        if not self.whole:
            return fnmatchcase(path.rpartition("/")[2], self.glob)
        return fnmatchcase(path, self.glob) or (
            self.anywhere and fnmatchcase(path, f"*/{self.glob}")
        )


class Exclusion:
    """Patterns of what is left out below folders, and which of them have matched.

    Without a slash a pattern stands for a name at any level, with one for a path below the folder
    that is scanned, where `*` goes on over slashes. One that ends in a slash stands for folders
    alone.
    """

    def __init__(self, patterns: Sequence[str] = ()) -> None:
        self._patterns = tuple(_read(pattern) for pattern in patterns)
        self._used: set[str] = set()

    def leaves_out(self, path: str, *, folder: bool) -> bool:
        """Whether a pattern stands for a relative POSIX path."""
        hits = [each.given for each in self._patterns if each.matches(path, folder=folder)]
        self._used.update(hits)
        return bool(hits)

    @property
    def unused(self) -> tuple[str, ...]:
        """Patterns that nothing has matched so far, as they were given."""
        given = dict.fromkeys(each.given for each in self._patterns)
        return tuple(pattern for pattern in given if pattern not in self._used)


def _read(pattern: str) -> _Pattern:
    glob = pattern.rstrip("/")
    if glob.startswith("./"):
        glob = glob[1:]
    anywhere = glob.startswith("**/")
    glob = glob.removeprefix("**/")
    return _Pattern(
        given=pattern,
        glob=glob.lstrip("/"),
        whole="/" in glob,
        anywhere=anywhere,
        folders=pattern.endswith("/"),
    )
