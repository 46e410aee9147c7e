"""Finds every end record in the tail of a zip file, and every place where its directory may be."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from sealwright.vetting.archives import zip_rules
from sealwright.vetting.archives.interface import Problem
from sealwright.vetting.archives.zip_records import (
    CENTRAL,
    END,
    END_SIZE,
    MAX16,
    End,
    end_at,
)
from sealwright.vetting.interface import Buffer, Rule

TAIL = END_SIZE + MAX16
"""A comment has at most 65,535 bytes, so the end record stands within the last 65,557."""
MAX_ENDS = 16
_MARKS = 4096


class Directory(msgspec.Struct, frozen=True, kw_only=True):
    """A place where some reader finds the central directory."""

    at: int
    limit: int
    """Where its end record stands."""
    end: int
    """Behind the end record's comment."""
    entries: int
    size: int
    shift: int
    """What the reader adds to every offset: the length of the prefix that it makes out."""
    zip64: bool


class Other(msgspec.Struct, frozen=True):
    """An end record before the last one, with its directory."""

    offset: int
    place: Directory


class Ends(msgspec.Struct):
    """What the tail of the file gave."""

    places: list[Directory] = msgspec.field(default_factory=list)
    """Of the end record that readers take; more than one where readers disagree."""
    others: list[Other] = msgspec.field(default_factory=list)
    problems: list[Problem] = msgspec.field(default_factory=list)


def end_records(data: Buffer) -> Iterator[End]:
    """Every end record in the tail, last first. At most `_MARKS` marks are looked at."""
    offset = max(0, len(data) - TAIL)
    tail = bytes(data[offset:])
    mark = tail.rfind(END)
    for _ in range(_MARKS):
        if mark < 0:
            return
        end = end_at(data, offset + mark)
        if end is not None:
            yield end
        mark = tail.rfind(END, 0, mark)


def places(data: Buffer, end: End) -> list[Directory]:
    """Where a directory for this end record really begins: counted back from it (zipfile), and at
    its offset (miniz, Java). The same place is given once."""
    found: list[Directory] = []
    before = end.limit - end.size
    for at, shift in ((before, before - end.start), (end.start, 0)):
        if not 0 <= at <= end.limit:
            continue
        empty = at == end.limit and end.entries == 0 and end.size == 0
        if not empty and bytes(data[at : at + 4]) != CENTRAL:
            continue
        if any(known.at == at for known in found):
            continue
        found.append(
            Directory(
                at=at,
                limit=end.limit,
                end=min(end.after, len(data)),
                entries=end.entries,
                size=end.size,
                shift=shift if at == before else 0,
                zip64=end.zip64,
            )
        )
    return found


def is_archive(data: Buffer) -> bool:
    """Whether some reader would find a directory from the end of these bytes."""
    return any(_holds(data, end) for end in end_records(data))


def _holds(data: Buffer, end: End) -> bool:
    if end.entries == 0 and end.size == 0:
        # 22 bytes of an empty archive anywhere would make every such file an archive.
        return end.offset == 0
    return bool(places(data, end))


def directories(data: Buffer) -> Ends:
    """The directories of the end record that readers take, and all other end records."""
    answer = Ends()
    taken: End | None = None
    skipped = 0
    for end in end_records(data):
        here = places(data, end)
        if taken is None and here and (end.entries or end.size or end.offset == 0):
            taken, answer.places = end, here
        elif here and (end.entries or end.size) and len(answer.others) < MAX_ENDS:
            answer.others += [Other(end.offset, place) for place in here]
        elif taken is None:
            skipped += 1
    if taken is None:
        return answer
    if skipped:
        _note(answer, zip_rules.ENDS, "an end record without a directory follows", taken.offset)
    _judge(answer, taken, len(data))
    return answer


def _judge(answer: Ends, end: End, size: int) -> None:
    """Holds the end record against the file."""
    if end.disagree:
        message = f"the end record and its zip64 record differ: {end.disagree}"
        _note(answer, zip_rules.ENDS, message, end.offset)
    if any(end.disks):
        message = f"the archive ends on disk {end.disks[0]} and starts on {end.disks[1]}"
        _note(answer, zip_rules.DISKS, message, end.offset)
    first = answer.places[0]
    if len(answer.places) > 1:
        spots = " and ".join(str(place.at) for place in answer.places)
        message = (
            f"readers find the directory at {spots}: zipfile at the first, torch at the second"
        )
        _note(answer, zip_rules.ENDS, message, end.offset)
    elif first.at != end.start:
        message = (
            f"the directory is said to start at {end.start} and starts at {first.at}: zipfile and "
            "unzip skip bytes before the archive, torch does not"
        )
        _note(answer, zip_rules.OUTSIDE, message, min(end.start, first.at))
    elif first.at != end.limit - end.size:
        message = f"the directory of {end.size} bytes at {first.at} does not end at {end.limit}"
        _note(answer, zip_rules.ENDS, message, first.at)
    if end.after != size:
        left = size - end.after
        message = (
            f"{left} bytes follow the end of the archive"
            if left > 0
            else f"the comment is said to run {-left} bytes past the end of the file"
        )
        rule = zip_rules.OUTSIDE if left > 0 else zip_rules.ENDS
        _note(answer, rule, message, min(end.after, size))


def _note(answer: Ends, rule: Rule, message: str, offset: int) -> None:
    answer.problems.append(Problem(rule, message, offset))
