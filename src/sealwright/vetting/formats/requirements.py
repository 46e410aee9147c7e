"""Where the lines of a requirements file, and of other lists for pip, take packages from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sealwright.patterns import regex

_HOSTS = r"(?:pypi\.org|files\.pythonhosted\.org|download\.pytorch\.org|pypi\.nvidia\.com)"
_ORDINARY = regex(rf"https://{_HOSTS}(?:/\S*)?")
_OPTION = regex(r"(?:^|(?<=\s))(?:-([ifrec])[\s=]*|--([a-z-]+)(?:\s+|=))([^\s=-]\S*)")
_PLACES = ("index-url", "extra-index-url", "find-links", "trusted-host", "editable")
_FILES = ("requirement", "constraint")
_SHORT = {
    "i": "index-url",
    "f": "find-links",
    "e": "editable",
    "r": "requirement",
    "c": "constraint",
}
_ADDRESS = regex(r"(?:^|@\s*)((?:(?:git|hg|svn|bzr)\+)?[a-z]+://\S+)", re.IGNORECASE)
_COMMENT = regex(r"(?:^|\s)#.*")
_SCHEME = regex(r"[a-z+]+:", re.IGNORECASE)


def unusual(lines: Iterable[str], *, local: bool = True) -> Iterator[str]:
    """Requirements from an address, a repository or a further index, but for those of well-known
    package indexes. `local`: folders of this machine count as well.
    """
    for line in _joined(lines):
        text = _COMMENT.sub("", line).strip()
        places = [found[1] for found in _ADDRESS.finditer(text)]
        places += _named(text, local=local)
        if any(not _ORDINARY.fullmatch(place) for place in places):
            yield text


def _joined(lines: Iterable[str]) -> Iterator[str]:
    """Lines as pip reads them: a backslash at the end goes on with the next one."""
    before = ""
    for line in lines:
        if line.endswith("\\") and not line.strip().startswith("#"):
            before += line[:-1]
        else:
            yield before + line
            before = ""
    if before:
        yield before


def _named(text: str, *, local: bool) -> Iterator[str]:
    """What options of a line name. pip takes any beginning of an option that is not ambiguous."""
    for found in _OPTION.finditer(text):
        name, place = _SHORT.get(found[1] or "", found[2] or ""), found[3]
        elsewhere = _SCHEME.match(place) is not None or "$" in place
        if any(known.startswith(name) for known in _FILES):
            counts = elsewhere
        elif any(known.startswith(name) for known in _PLACES):
            counts = elsewhere or local or name.startswith(("i", "ex", "t"))
        else:
            counts = False
        if counts:
            yield place
