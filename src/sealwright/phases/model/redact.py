"""Takes the values of a run's environment variables out of what is said about the run.

A best effort against accidents, such as a token in an address or an error message: a script that
wants to say its secrets encoded can do so, and nothing here stops it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from sealwright.sandbox.interface import Log, SandboxOutcome, Violation
from sealwright.sandbox.recorder import MAX_DETAIL

SHORTEST: Final = 4
"""Shorter values stand in too many words to be secrets, and to be taken out of them."""


@dataclass(frozen=True, slots=True)
class Redactor:
    """Puts [NAME] for the values of variables. Made by `redactor`."""

    names: Mapping[str, str]
    """Spelling of a value → name of its variable; longest first."""
    pattern: re.Pattern[str]

    def text(self, text: str, *, cut_at_start: bool = False, cut_at_end: bool = False) -> str:
        """The text without values, in any case of letters; where it was cut off, also without the
        beginning or the end of one that stands there."""
        if not self.names:
            return text
        folded = {spelling.casefold(): name for spelling, name in self.names.items()}
        text = self.pattern.sub(lambda hit: f"[{folded.get(hit[0].casefold(), 'REDACTED')}]", text)
        for spelling, name in self.names.items():
            if cut_at_end:
                text = _without_end(text, spelling, f"[{name}]")
            if cut_at_start:
                text = _without_end(text[::-1], spelling[::-1], f"[{name}]"[::-1])[::-1]
        return text

    def violations(self, violations: Sequence[Violation]) -> tuple[Violation, ...]:
        """The same attempts, in words that hold no value."""
        return tuple(
            replace(each, detail=self.text(each.detail, cut_at_end=len(each.detail) >= MAX_DETAIL))
            for each in violations
        )

    def log(self, log: Log) -> Log:
        """The same log; the digest stays that of the whole output."""
        cut = log.size > len(log.tail.encode("utf-8", "replace"))
        return replace(log, tail=self.text(log.tail, cut_at_start=cut))

    def outcome(self, outcome: SandboxOutcome) -> SandboxOutcome:
        """The same outcome, with no value in its words."""
        return replace(
            outcome,
            stdout=self.log(outcome.stdout),
            stderr=self.log(outcome.stderr),
            violations=self.violations(outcome.violations),
        )


def redactor(environment: Mapping[str, str]) -> Redactor:
    """For the values of at least four characters: as they stand, as a report or `repr` spells them,
    and as part of an address."""
    found = {
        spelling: name
        for name, value in sorted(environment.items())
        if len(value) >= SHORTEST
        for spelling in _spellings(value)
    }
    ordered = sorted(found, key=lambda spelling: (-len(spelling), spelling))
    return Redactor(
        {spelling: found[spelling] for spelling in ordered},
        re.compile("|".join(re.escape(each) for each in ordered), re.IGNORECASE),
    )


def _spellings(value: str) -> set[str]:
    """How a value may be written; lines one by one, too, since a log is read by lines."""
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value)
    found = {value, shown, repr(value)[1:-1], ascii(value)[1:-1], quote(value, safe="")}
    found |= {line.strip() for line in value.splitlines()}
    return {spelling for spelling in found if len(spelling) >= SHORTEST}


def _without_end(text: str, spelling: str, mark: str) -> str:
    """Replaces the beginning of a value at the end of the text."""
    folded, wanted = text.lower(), spelling.lower()
    for size in range(min(len(spelling), len(text)), SHORTEST - 1, -1):
        if folded.endswith(wanted[:size]):
            return text[:-size] + mark
    return text
