"""What a check is: a declaration of what it examines, and a function that observes.

A check never says "passed". It says what it saw, by rules that are declared beside it, and how many
bytes it read; `conclude` draws the result, and an examination that did not happen is inconclusive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from mmap import mmap
from typing import Literal

from sealwright.evidence.predicates.common import FileEntry, Finding, Result, Severity

Buffer = bytes | mmap
Effect = Literal["fail", "inconclusive", "warn", "note"]
"""What a rule's finding does to the result, strongest first."""

MAX_FINDINGS = 500
_RESULTS: dict[Effect, Result] = {
    "fail": "failed",
    "inconclusive": "inconclusive",
    "warn": "warned",
    "note": "passed",
}
"""Strongest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing a check can find. `id` is stable: policies, reports and waivers name it."""

    id: str
    effect: Effect
    severity: Severity
    title: str
    remediation: str
    atlas: tuple[str, ...] = ()
    """MITRE ATLAS technique ids."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A rule that was met, and where."""

    rule: Rule
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What one check saw of one file. `parsed` counts the bytes it understood, not those it skipped
    as numbers."""

    observations: tuple[Observation, ...]
    parsed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """One file under examination: its entry in the artifact and the very bytes of that entry."""

    entry: FileEntry
    data: Buffer

    @property
    def name(self) -> str:
        """Path within the artifact."""
        return self.entry.path

    @property
    def extension(self) -> str:
        """Lower-case last suffix with its dot, or nothing."""
        base = self.entry.path.rpartition("/")[2]
        stem, dot, suffix = base.rpartition(".")
        return f".{suffix.lower()}" if dot and stem else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactCheck:
    """A check of a model's files. `format` names what it reads; `*` is every file."""

    id: str
    title: str
    format: str
    examines: str
    """What it looks at and what it leaves out, for its documentation page."""
    rules: tuple[Rule, ...]
    examine: Callable[[ModelFile], Examination]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeExamination:
    """What one check saw of source files. `examined` are the paths it read to the end."""

    observations: tuple[Observation, ...]
    examined: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeCheck:
    """A check of source code, given all files at once. `engine` names the program and rules that do
    the work, where they are not our own."""

    id: str
    title: str
    examines: str
    rules: tuple[Rule, ...]
    engine: Callable[[], dict[str, str]]
    examine: Callable[[tuple[ModelFile, ...]], CodeExamination]


def observe(rule: Rule, message: str, *, location: str) -> Observation:
    """One finding by `rule`."""
    return Observation(
        rule,
        Finding(
            rule=rule.id,
            severity=rule.severity,
            message=message,
            location=location,
            remediation=rule.remediation,
            atlas=rule.atlas,
        ),
    )


def conclude(observations: Iterable[Observation], *, complete: bool) -> Result:
    """The strongest effect decides; what was not examined in full cannot pass or warn."""
    effects: set[Effect] = {observation.rule.effect for observation in observations}
    if not complete:
        effects.add("inconclusive")
    return next((result for effect, result in _RESULTS.items() if effect in effects), "passed")


def findings(observations: Iterable[Observation]) -> tuple[Finding, ...]:
    """The findings, strongest effect first: at most `MAX_FINDINGS`, then how many more."""
    order = tuple(_RESULTS)
    ordered = sorted(
        observations,
        key=lambda seen: (
            order.index(seen.rule.effect),
            seen.rule.id,
            seen.finding.location,
            seen.finding.message,
        ),
    )
    kept = tuple(seen.finding for seen in ordered[:MAX_FINDINGS])
    more = ordered[MAX_FINDINGS:]
    if not more:
        return kept
    rest = Finding(
        rule="SW-SCAN-001",
        severity=more[0].finding.severity,
        message=f"{len(more)} more findings are not listed; the result counts them",
    )
    return (*kept, rest)


def quoted(text: str, *, limit: int = 80) -> str:
    """Text from a file that nobody vouches for, made safe to print."""
    return ascii(text if len(text) <= limit else text[:limit] + "…")
