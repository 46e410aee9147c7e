"""Where `scan --out` may write: never over what is scanned."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from sealwright.errors import UsageError
from sealwright.filekind import FILE, kind_at
from sealwright.patterns import regex

_HEAD = 256
_REPORT = regex(
    rb"(?:PASS|REVIEW|FAIL|INCONCLUSIVE): [0-9,]+ files?\b"
    rb"|## [^\n]{1,12} Model scan: "
    rb'|\{\s*"schema": 1,\s*"scanner": '
    rb'|\{\s*"\$schema": "[^"\n]*/sarif-2\.1\.0\.json"',
)
"""How our own reports begin, in each format."""


def check_out(out: Path, paths: Sequence[Path]) -> None:
    """UsageError if a report at `out` would replace one of the files that are to be scanned, or go
    where a link or pipe among them leads.

    A report of an earlier scan may lie in a folder that is scanned again.
    """
    places = {out.parent.resolve() / out.name, out.resolve()}
    there = [place for place in places if os.path.lexists(place) and not _replaceable(place)]
    for path in paths:
        if path.is_dir():
            taken = any(place.is_relative_to(path.resolve()) for place in there)
        else:
            taken = out.exists() and path.exists() and out.samefile(path)
        if taken:
            raise UsageError(
                f"--out {out}: this belongs to what is scanned ({path}), and is no earlier report",
                advice="give --out a name that is not taken; nothing was scanned",
            )


def _replaceable(place: Path) -> bool:
    """Whether it is a file, and empty or a report."""
    try:
        if kind_at(place, follow=False) != FILE:
            return False
        with place.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return False
    return not head or _REPORT.match(head) is not None
