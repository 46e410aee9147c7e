"""What a comparison is made of: two scanned sides, and the differences between them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from sealwright.vetting.interface import Verdict
from sealwright.vetting.outcome import MemberReport, Outcome

Kind = Literal[
    "finding",
    "global",
    "operator",
    "code",
    "template",
    "dependency",
    "layer",
    "format",
    "setting",
    "file",
    "member",
    "tensor",
]
"""In the order in which they are told: what can run something first."""
Change = Literal["new", "changed", "gone", "renamed"]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that one side has and the other has not, or has otherwise."""

    kind: Kind
    change: Change
    name: str
    """The global, operator, file, setting, package…; of a finding its rule."""
    look: bool = False
    """Somebody has to look before the new side is used."""
    where: str = ""
    """File or member, relative to the side."""
    before: str = ""
    after: str = ""
    lines: tuple[str, ...] = ()
    """Of code: the changed lines, as `diff -u` shows them."""


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two models: a file or folder that was scanned."""

    label: str
    """As it was asked for."""
    root: Path
    outcome: Outcome
    packages: Mapping[str, str] | None = None
    """Name → version of what it was built with, where that is on record."""

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder, not one file."""
        first = self.outcome.members[:1]
        return bool(first) and first[0].formats == ("folder",)

    def files(self) -> dict[str, list[MemberReport]]:
        """Relative path of each file → its own report and those of all that it holds.

        A single file has the path that is empty.
        """
        found: dict[str, list[MemberReport]] = {}
        current: list[MemberReport] = []
        for report in self.outcome.members:
            if report.depth == 0:
                current = []
                if report.formats != ("folder",):
                    found[self.relative(report.path)] = current
            current.append(report)
        return found

    def relative(self, path: str) -> str:
        """A location below the side's root, without the root."""
        root = str(self.root)
        return path[len(root) :].removeprefix("/") if path.startswith(root) else path


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One side, as the answer names it."""

    label: str
    verdict: Verdict
    files: int
    bytes: int


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """All differences, the gravest kinds first."""

    old: Told
    new: Told
    identical: bool
    """Every file is there under the same name with the same bytes."""
    differences: tuple[Difference, ...]
    unknown: tuple[str, ...] = msgspec.field(default=())
    """What could not be compared, and why."""
    partly: tuple[str, ...] = msgspec.field(default=())
    """What was told only in part, because there is too much of it; the bytes were compared."""

    @property
    def look(self) -> tuple[Difference, ...]:
        """Those that somebody has to look at."""
        return tuple(one for one in self.differences if one.look)


def told(side: Side) -> Told:
    """The side in short."""
    covered = side.outcome.coverage
    return Told(
        label=side.label,
        verdict=side.outcome.verdict,
        files=covered.files,
        bytes=covered.bytes_total,
    )
