"""What archive readers give to the formats: problems that were met, and who takes which entry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

import msgspec

from sealwright.vetting.interface import Examining, Rule

if TYPE_CHECKING:
    from sealwright.vetting.archives.zip_walk import Archive, Entry

MAX_PROBLEMS = 50


class Problem(msgspec.Struct, frozen=True):
    """A rule that an archive's structure meets, and where."""

    rule: Rule
    message: str
    offset: int | None = None


class Problems(msgspec.Struct):
    """What is wrong with an archive, at most `MAX_PROBLEMS` times by one rule."""

    noted: list[Problem] = msgspec.field(default_factory=list)
    counts: Counter[str] = msgspec.field(default_factory=Counter)

    def add(self, rule: Rule, message: str, offset: int | None) -> None:
        """Notes a problem, unless there are enough of its kind."""
        self.counts[rule.id] += 1
        if self.counts[rule.id] <= MAX_PROBLEMS:
            self.noted.append(Problem(rule, message, offset))


class ZipLayout(msgspec.Struct, frozen=True, kw_only=True):
    """A use of zip whose entries have meanings of their own: a torch checkpoint, an npz, a .keras.

    `examine` may read and visit entries as the real loader does, and gives those it has taken care
    of; all others, and every second entry of the same name, are visited by content like those of
    any zip.
    """

    id: str
    title: str
    recognise: Callable[[Archive], bool]
    """By names and content of entries, cheaply; raises nothing."""
    examine: Callable[[Archive, Examining], Collection[Entry]]
    rules: tuple[Rule, ...] = ()
