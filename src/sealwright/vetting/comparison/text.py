"""A comparison as a reviewer reads it: what has to be looked at first, then what else differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Literal

import msgspec

from sealwright.patterns import regex
from sealwright.vetting.comparison.records import Change, Comparison, Difference, Kind
from sealwright.vetting.reports.interface import count

Tone = Literal["plain", "look", "unknown", "good", "added", "removed"]
MAX_LISTED = 40
"""Of one kind; the JSON has all of them."""
MAX_LINES = 120
"""Of one program text."""
_TITLES: dict[Kind, str] = {
    "finding": "findings",
    "global": "names that loading reaches",
    "operator": "operators",
    "code": "code",
    "template": "templates",
    "dependency": "dependencies",
    "layer": "layer classes",
    "format": "formats",
    "setting": "settings",
    "file": "files",
    "member": "members of containers",
    "tensor": "tensors",
}
_DIGEST = regex(r"sha256 ([0-9a-f]{12})[0-9a-f]{52}")
_MARKS: dict[Change, str] = {"new": "+", "changed": "~", "gone": "-", "renamed": ">"}


class Line(msgspec.Struct, frozen=True):
    """One line and how it is shown."""

    text: str
    tone: Tone = "plain"
    head: bool = False


def render(compared: Comparison) -> Iterator[Line]:
    """The lines, without colour; names in them are as they were found."""
    look = compared.look
    yield Line(_summary(compared, len(look)), _tone(compared, look), head=True)
    for side, name in ((compared.old, "old"), (compared.new, "new")):
        size = f"{count(side.files, 'file')}, {side.bytes:,} bytes"
        yield Line(f"{name} {side.label}: {size}, scan {side.verdict}")
    yield from _groups(look, "look at ")
    yield from _groups([one for one in compared.differences if not one.look], "")
    if compared.unknown:
        yield Line("not compared", "unknown", head=True)
        yield from (Line(f"  ? {text}") for text in compared.unknown[:MAX_LISTED])
        yield from _more(len(compared.unknown))
    for text in compared.partly[:MAX_LISTED]:
        yield Line(f"told in part: {text}; the bytes were compared")


def _summary(compared: Comparison, look: int) -> str:
    if compared.identical and not compared.differences:
        return "the same files"
    number = count(len(compared.differences), "difference")
    if look:
        return f"{number}, {look:,} to look at"
    if compared.unknown:
        return f"{number}; not everything could be compared"
    return f"{number}, none that reaches code, names, operators or findings"


def _tone(compared: Comparison, look: Sequence[Difference]) -> Tone:
    return "look" if look else "unknown" if compared.unknown else "good"


def _groups(differences: Sequence[Difference], prefix: str) -> Iterator[Line]:
    for kind, group in groupby(differences, key=lambda one: one.kind):
        listed = list(group)
        yield Line(f"{prefix}{_TITLES[kind]}", "look" if prefix else "plain", head=True)
        for one in listed[:MAX_LISTED]:
            yield from _told(one)
        yield from _more(len(listed))


def _more(number: int) -> Iterator[Line]:
    if number > MAX_LISTED:
        yield Line(f"    and {number - MAX_LISTED:,} more; --format json has all")


def _told(one: Difference) -> Iterator[Line]:
    place = f"  ({one.where})" if one.where and one.where != one.name else ""
    before, after = (_DIGEST.sub(r"sha256 \1", text) for text in (one.before, one.after))
    value = ""
    if one.change == "changed" and (before or after):
        value = f": {before} -> {after}"
    elif one.change == "renamed":
        value = f" (was {before})"
    elif before or after:
        value = f": {after or before}"
    yield Line(f"  {_MARKS[one.change]} {one.name}{value}{place}", _side(one.change))
    for line in one.lines[:MAX_LINES]:
        added, removed = line.startswith("+"), line.startswith("-")
        yield Line(f"      {line}", "added" if added else "removed" if removed else "plain")
    if len(one.lines) > MAX_LINES:
        yield Line(f"      … {len(one.lines) - MAX_LINES} more lines")


def _side(change: Change) -> Tone:
    return "added" if change == "new" else "removed" if change == "gone" else "plain"
