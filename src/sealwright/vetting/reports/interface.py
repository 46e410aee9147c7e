"""What every report is made from: the outcome, what was asked, and the outcome sorted by file.

A report has no time and no place of the machine in it: the same files give the same bytes.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec
from msgspec.structs import replace

from sealwright.patterns import regex
from sealwright.vetting.interface import EFFECTS, Observation, Verdict
from sealwright.vetting.outcome import Coverage, MemberReport, Outcome
from sealwright.vetting.session import Limits

FailOn = Literal["review", "fail"]
"""`review`: what a person has to look at ends the command with 1, as what fails does."""
WORST: tuple[Verdict, ...] = ("fail", "inconclusive", "review", "pass")
"""Strongest first."""
LEFT_OUT = "SW-SRC-007"
"""The rule that says what the caller left out."""
_EFFECTS = tuple(EFFECTS)
_GRAVITY = ("critical", "high", "medium", "low", "info")
_LINE = regex(r"(?P<path>.*):(?P<line>[1-9][0-9]{0,8})\Z", re.DOTALL)


class Scanned(msgspec.Struct, frozen=True, kw_only=True):
    """A scan that has ended."""

    outcome: Outcome
    targets: tuple[str, ...]
    """The paths as they were given."""
    limits: Limits
    fail_on: FailOn = "review"
    exclude: tuple[str, ...] = ()
    base: Path = msgspec.field(default_factory=Path)
    """Folder that paths in SARIF are relative to."""


class Place(msgspec.Struct, frozen=True):
    """Where a finding is: the file on disk, the way into it, and the line of a text."""

    file: str
    inside: str = ""
    line: int | None = None


class Scope(msgspec.Struct, frozen=True):
    """A file on disk (or a folder) with all that it holds: its own report comes first."""

    reports: tuple[MemberReport, ...]

    @property
    def path(self) -> str:
        """As it was given, or below what was given."""
        return self.reports[0].path

    @property
    def is_folder(self) -> bool:
        """A folder has a report only of how its files belong together."""
        return self.reports[0].formats == ("folder",)

    @property
    def verdict(self) -> Verdict:
        """The strongest of the file's own and of all that it holds."""
        return worst(report.verdict for report in self.reports)

    @property
    def observations(self) -> list[Observation]:
        """Of the file and of all that it holds, gravest first."""
        return ordered(seen for report in self.reports for seen in report.observations)


def scanner_version() -> str:
    """Of the installed package. Looked up where it is written, as that takes its time."""
    from importlib.metadata import version

    return version("sealwright")


def exit_code(verdict: Verdict, *, fail_on: FailOn) -> int:
    """0 pass, 1 fail or review at the threshold, 3 inconclusive."""
    if verdict == "review":
        return int(fail_on == "review")
    return {"pass": 0, "fail": 1, "inconclusive": 3}[verdict]


def worst(verdicts: Iterator[Verdict]) -> Verdict:
    """The strongest of some verdicts; `pass` where there is none."""
    return min(verdicts, key=WORST.index, default="pass")


def scopes(outcome: Outcome) -> list[Scope]:
    """The members by the file on disk that holds them, in the order of the scan. What was given
    twice, or with a folder that holds it, is there once."""
    found: list[list[MemberReport]] = []
    for report in outcome.members:
        if report.depth == 0 or not found:
            found.append([])
        found[-1].append(report)
    return _once([Scope(tuple(group)) for group in found])


def _once(every: list[Scope]) -> list[Scope]:
    """Without those that say the same of the same file as one before them."""
    here = Path.cwd()
    places = [os.path.normpath(here / scope.path) for scope in every]
    times = Counter(places)
    kept: list[Scope] = []
    said: set[tuple[object, ...]] = set()
    for scope, place in zip(every, places, strict=True):
        if times[place] > 1:
            key = (place, *(_said(report, scope.path) for report in scope.reports))
            if key in said:
                continue
            said.add(key)
        kept.append(scope)
    return kept


def _said(report: MemberReport, path: str) -> tuple[object, ...]:
    """What a report says, whatever its file was called."""
    seen = tuple(
        (
            one.rule.id,
            one.finding.message.replace(path, ""),
            one.finding.location.removeprefix(path),
            one.finding.offset,
        )
        for one in report.observations
    )
    name = report.path.removeprefix(path)
    return name, report.size, report.sha256, report.formats, report.verdict, report.gaps, seen


def coverage_of(outcome: Outcome, groups: list[Scope]) -> Coverage:
    """How much was looked at, with each file counted once. `inflated` is what it took."""
    kept = [report for scope in groups for report in scope.reports]
    if len(kept) == len(outcome.members):
        return outcome.coverage
    files = [scope.reports[0] for scope in groups if not scope.is_folder]
    return replace(
        outcome.coverage,
        files=len(files),
        members=len(kept) - len(files),
        bytes_total=sum(file.size for file in files),
        bytes_parsed=sum(file.parsed for file in files),
        bytes_numbers=sum(file.numbers for file in files),
        not_examined=tuple(dict.fromkeys(outcome.coverage.not_examined)),
    )


def left_out(scanned: Scanned, groups: list[Scope]) -> list[Observation]:
    """What says which files were left out because the caller said so."""
    if not scanned.exclude:
        return []
    return [seen for scope in groups for seen in scope.observations if seen.rule.id == LEFT_OUT]


def ordered(observations: Iterator[Observation]) -> list[Observation]:
    """Strongest effect first, then the gravest, then by rule and place."""
    return sorted(
        observations,
        key=lambda seen: (
            _EFFECTS.index(seen.rule.effect),
            _GRAVITY.index(seen.finding.severity),
            seen.rule.id,
            seen.finding.location,
            seen.finding.offset or 0,
            seen.finding.message,
        ),
    )


class Places:
    """Splits the location of a finding. Names may hold `!` and `:`: what was scanned decides."""

    def __init__(self, outcome: Outcome) -> None:
        self._files = {report.path for report in outcome.members if report.depth == 0}
        self._members = {report.path for report in outcome.members}

    def of(self, location: str, *, default: str) -> Place:
        """The place that `location` names; `default` is the file where it names none."""
        known = self._split(location) if location in self._members else None
        if known:
            return known
        lined = _LINE.match(location)
        if lined:
            before = self._split(lined["path"])
            if before:
                return Place(before.file, before.inside, int(lined["line"]))
        return self._split(location) or Place(location or default)

    def _split(self, location: str) -> Place | None:
        if location in self._files:
            return Place(location)
        at = location.rfind("!")
        while at > 0:
            if location[:at] in self._files:
                return Place(location[:at], location[at + 1 :])
            at = location.rfind("!", 0, at)
        return None


def seen_text(text: str) -> str:
    """`text` on one line with every character visible.

    What a terminal or a page would obey, hide or reorder becomes its code point.
    """
    if text.isprintable():
        return text
    return "".join(
        char
        if char.isprintable()
        else f"\N{MATHEMATICAL LEFT ANGLE BRACKET}U+{ord(char):04X}"
        "\N{MATHEMATICAL RIGHT ANGLE BRACKET}"
        for char in text
    )


def whole_text(text: str) -> str:
    """`text` as valid Unicode: bytes of a file name that are no UTF-8 are spelled out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def count(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
