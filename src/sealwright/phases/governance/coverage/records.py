"""The shapes of `urn:sealwright:coverage:v1`: controls, and what in the ledger evidences them.

Nothing here says that anybody complies with anything: a control is evidenced by statements that a
reader can look up, or it is not.
"""

from __future__ import annotations

from typing import Final, Literal

from sealwright.phases.governance.report.rows import Row

SCHEMA: Final = "urn:sealwright:coverage:v1"

Status = Literal["evidenced", "partly", "stale", "against", "human", "not-evidenced"]
"""evidenced: there is current evidence of every class; partly: of some; stale: only what is too
old, withdrawn or signed with a revoked key; against: what there is failed; human: people must write
it, and the product holds nothing; not-evidenced: nothing is there."""


class ClassRow(Row, frozen=True, kw_only=True):
    """One class of evidence that a control asks for."""

    name: str
    status: Status
    entries: tuple[int, ...]
    """Places in the ledger, newest first, at most five."""
    note: str
    """Why it does not count, or who would have to write it; empty where it counts."""


class ControlRow(Row, frozen=True, kw_only=True):
    """One control."""

    id: str
    text: str
    group: str
    role: str
    how: Literal["auto", "assisted", "human"]
    applies_from: str
    due: bool
    """Whether it applies on the day of the report."""
    status: Status
    classes: tuple[ClassRow, ...]


class FrameworkRow(Row, frozen=True, kw_only=True):
    """One framework with the catalogue that it was read from."""

    id: str
    title: str
    source: str
    licence: str
    date: str
    verification: str
    digest: str
    """sha256 of the catalogue."""
    controls: tuple[ControlRow, ...]
    counts: dict[str, int]
    """Status → controls that are due."""


class SafeguardRow(Row, frozen=True, kw_only=True):
    """One safeguard that this product exists for."""

    id: str
    text: str
    system: str
    status: Status
    classes: tuple[ClassRow, ...]
    drills: dict[str, str]
    """Drill → its newest verdict, `not run` where there is none."""


class TechniqueRow(Row, frozen=True, kw_only=True):
    """One ATLAS technique that a drill tried or a detector saw."""

    id: str
    name: str
    entries: tuple[int, ...]
    said: str
    """Drills with their verdicts, and detectors."""


class Coverage(Row, frozen=True, kw_only=True):
    """All frameworks that were asked for."""

    schema: str = SCHEMA
    as_of: str
    system: str
    tier: str
    max_age_days: int
    """Older evidence is stale here, whatever a requirement allows."""
    ledger_size: int
    frameworks: tuple[FrameworkRow, ...]
    safeguards: tuple[SafeguardRow, ...]
    techniques: tuple[TechniqueRow, ...]
