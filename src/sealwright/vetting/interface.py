"""What vetting is made of: rules, what was observed by them, and readers of formats.

A reader never says "passed". It says what it saw, by rules that are declared beside it, and how
many bytes it understood; `conclude` draws the verdict, and what was not examined is inconclusive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from mmap import mmap
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from sealwright.evidence.finding import Confidence, Finding, Result, Severity

if TYPE_CHECKING:
    from sealwright.vetting.session import Session

Buffer = bytes | bytearray | memoryview | mmap
Effect = Literal["fail", "inconclusive", "review", "warn", "note"]
"""What a rule's finding does to the verdict, strongest first."""
Verdict = Literal["pass", "review", "fail", "inconclusive"]
"""`review`: a person has to look before anything loads it; a gate takes it for a failure."""
Fit = Literal["no", "weak", "strong"]
"""Whether a format's loader would take some bytes: `strong` by a mark or a structure that chance
does not give, `weak` where only a lenient loader or a plain text would."""

FactKind = Literal["global", "operator", "layer", "setting", "template", "tensor"]
"""What a reader tells beside its findings, so that two models can be compared: names that a pickle
or a schema reaches, operators of a graph, layer classes, settings of a configuration
(`name = value`), digests of templates, tensors (`name type shape`)."""
MAX_FACTS = 5_000
"""Of one kind and member; a model that has more is told apart by these and by its bytes."""
MAX_FINDINGS = 500
EFFECTS: dict[Effect, Verdict] = {
    "fail": "fail",
    "inconclusive": "inconclusive",
    "review": "review",
    "warn": "pass",
    "note": "pass",
}
"""Effect → verdict, strongest first."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can be found. `id` is stable: policies, reports and waivers name it.

    The page of a rule is generated from this: say what it means, and show an example.
    """

    id: str
    """`SW-<ROOM>-<number>`."""
    effect: Effect
    severity: Severity
    title: str
    """What is the case, in a few words."""
    remediation: str
    """What to do, in the imperative."""
    confidence: Confidence = "high"
    why: str = ""
    """Why it matters: what an attacker does with it, or what breaks. A few sentences."""
    example: str = ""
    """A smallest example that meets the rule, as text (code, a listing, a fragment)."""
    atlas: tuple[str, ...] = ()
    """MITRE ATLAS technique ids."""
    cwe: tuple[int, ...] = ()


class Observation(msgspec.Struct, frozen=True):
    """A rule that was met, and where."""

    rule: Rule
    finding: Finding


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes under examination: a file, or what a container holds.

    `path` shows the way in: `model.pt!archive/data.pkl`, with `!` before each name inside a
    container.
    """

    path: str
    data: Buffer
    depth: int = 0
    """Containers around it."""
    declared: str = ""
    """A name other than the path's last part by which its extension goes; rarely set."""

    @property
    def name(self) -> str:
        """The last part of the path, without folders."""
        return (self.declared or self.path.rpartition("!")[2]).rpartition("/")[2]

    @property
    def extension(self) -> str:
        """Lower-case last suffix with its dot, or nothing."""
        stem, dot, suffix = self.name.rpartition(".")
        return f".{suffix.lower()}" if dot and stem else ""


class Examining(msgspec.Struct):
    """One reader at work on one member. What it tells is kept even if it then stops with an
    error."""

    member: Member
    session: Session
    observations: list[Observation] = msgspec.field(default_factory=list)
    parsed: int = 0
    """Bytes understood as structure."""
    numbers: int = 0
    """Bytes measured as tensor data and not judged."""
    gaps: list[str] = msgspec.field(default_factory=list)
    """What was not examined, and what would examine it. Any gap makes the member inconclusive."""
    facts: dict[FactKind, set[str]] = msgspec.field(default_factory=dict)

    @property
    def data(self) -> Buffer:
        """The member's bytes."""
        return self.member.data

    def find(
        self, rule: Rule, message: str, *, offset: int | None = None, location: str = ""
    ) -> None:
        """Observes `rule`. `offset`: byte within the member; `location`: instead of the path."""
        place = location or self.member.path
        self.observations.append(observe(rule, message, location=place, offset=offset))

    def fact(self, kind: FactKind, value: str) -> None:
        """Tells one fact about the content; what comes after `MAX_FACTS` is left out."""
        told = self.facts.setdefault(kind, set())
        if len(told) < MAX_FACTS:
            told.add(value)

    def gap(self, reason: str) -> None:
        """Says that something was not examined."""
        self.gaps.append(reason)


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """A file format: how to recognise it by content, and its reader.

    `examine` raises `MalformedError` where the bytes are not what they must be (becomes an
    observation of `malformed`) and `session.Spent` where a budget ends (inconclusive). It may raise
    nothing else.
    """

    id: str
    title: str
    examines: str
    """What is looked at and what is left out, for the documentation."""
    extensions: tuple[str, ...] = ()
    """Lower case with the dot: names that stand for this format."""
    recognise: Callable[[Member], Fit]
    examine: Callable[[Examining], None] | None
    """None: recognised, and not examined (inconclusive, by the rule SW-FMT-001)."""
    malformed: Rule | None = None
    rules: tuple[Rule, ...] = ()
    executes: bool = False
    """Whether its usual loader can run code that the file names: a name that promises otherwise
    lies."""
    hides: bool = False
    """Whether its readers find it anywhere in a file: a weak fit is examined beside a strong one.
    """
    within: tuple[str, ...] = ()
    """Formats of which this one is a special form: a torch archive is a zip, and that is no
    polyglot."""


class DocumentCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A check of a parsed JSON or YAML document, wherever it was found: alone, in a zip, in
    HDF5."""

    id: str
    title: str
    examines: str
    applies: Callable[[Any, Member], bool]
    """By content first; the member's name may only add."""
    examine: Callable[[Any, Examining], None]
    rules: tuple[Rule, ...] = ()


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """The files of a folder (or of an archive that stands for one): path within it → what it is."""

    root: str
    members: dict[str, Callable[[], Member]]
    """Relative POSIX path → opens the file's bytes."""


class DirectoryCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A check of how the files of a folder belong together."""

    id: str
    title: str
    examines: str
    applies: Callable[[Listing], bool]
    examine: Callable[[Listing, Examining], None]
    rules: tuple[Rule, ...] = ()


class CodeExamination(msgspec.Struct, frozen=True, kw_only=True):
    """What one check saw of source files. `examined` are the paths it read to the end."""

    observations: tuple[Observation, ...]
    examined: frozenset[str] = frozenset()


class CodeCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A check of source code, given all files at once. `engine` names the program and rules that do
    the work, where they are not our own."""

    id: str
    title: str
    examines: str
    rules: tuple[Rule, ...]
    engine: Callable[[], dict[str, str]]
    examine: Callable[[tuple[Member, ...]], CodeExamination]


def observe(rule: Rule, message: str, *, location: str, offset: int | None = None) -> Observation:
    """One finding by `rule`."""
    return Observation(
        rule,
        Finding(
            rule=rule.id,
            severity=rule.severity,
            confidence=rule.confidence,
            message=message,
            location=location,
            offset=offset,
            remediation=rule.remediation,
            atlas=rule.atlas,
        ),
    )


def conclude(observations: Iterable[Observation], *, complete: bool) -> Verdict:
    """The strongest effect decides; what was not examined in full cannot pass."""
    effects: set[Effect] = {observation.rule.effect for observation in observations}
    if not complete:
        effects.add("inconclusive")
    return next((verdict for effect, verdict in EFFECTS.items() if effect in effects), "pass")


def result_of(verdict: Verdict, observations: Iterable[Observation]) -> Result:
    """The verdict as a statement says it: nobody's review has taken place, so `review` has
    failed."""
    if verdict == "pass":
        warned = any(seen.rule.effect == "warn" for seen in observations)
        return "warned" if warned else "passed"
    return "inconclusive" if verdict == "inconclusive" else "failed"


def findings(observations: Iterable[Observation]) -> tuple[Finding, ...]:
    """The findings, strongest effect first: at most `MAX_FINDINGS`, then how many more."""
    order = tuple(EFFECTS)
    ordered = sorted(
        observations,
        key=lambda seen: (
            order.index(seen.rule.effect),
            seen.rule.id,
            seen.finding.location,
            seen.finding.offset or 0,
            seen.finding.message,
        ),
    )
    kept = tuple(seen.finding for seen in ordered[:MAX_FINDINGS])
    more: Sequence[Observation] = ordered[MAX_FINDINGS:]
    if not more:
        return kept
    rest = Finding(
        rule="SW-SCAN-001",
        severity=more[0].finding.severity,
        message=f"{len(more)} more findings are not listed; the verdict counts them",
    )
    return (*kept, rest)


def quoted(text: str, *, limit: int = 80) -> str:
    """Text from a file that nobody vouches for, made safe to print."""
    return ascii(text if len(text) <= limit else text[:limit] + "…")
