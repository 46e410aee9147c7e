"""A policy file's tables as they are written: every key that may stand in it, and its type.

A key that is not given is None here, so that a tier can change inherited requirements key by key.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from sealwright.evidence.finding import Result
from sealwright.evidence.predicates.governance import Discipline, Question
from sealwright.evidence.predicates.serving import OnLoss
from sealwright.policy.model import MAX_WAIVER_DAYS, Scalar, Target

Days = Annotated[int, msgspec.Meta(ge=1, le=36_500)]
Count = Annotated[int, msgspec.Meta(ge=1, le=100)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=400)]
Identifier = Annotated[str, msgspec.Meta(pattern=r"\A[a-z0-9][a-z0-9._-]{0,99}\Z")]


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every table: unknown keys are errors."""


class ConditionTable(Table, frozen=True, kw_only=True):
    """`{path = "...", in = [...]}`, `min`, `max` or `empty`."""

    path: Text
    among: tuple[Scalar, ...] | None = msgspec.field(name="in", default=None)
    min: float | None = None
    max: float | None = None
    empty: bool | None = None


class RequireTable(Table, frozen=True, kw_only=True):
    """[[tiers.TIER.require]]"""

    id: Identifier
    title: Text | None = None
    questions: tuple[Question, ...] | None = None
    of: Target | None = None
    predicate: Text | None = None
    kind: Text | None = None
    result: tuple[Result, ...] | None = None
    where: tuple[ConditionTable, ...] | None = None
    together_with: Target | None = None
    max_age_days: Days | None = None
    signer_roles: tuple[Text, ...] | None = None
    min_signers: Count | None = None
    independent_of: tuple[Text, ...] | None = None
    min_versions: dict[str, Text] | None = None
    criteria_first: bool | None = None
    waivable: bool | None = None
    command: str | None = None


class ApproveTable(Table, frozen=True, kw_only=True):
    """[tiers.TIER.approve.QUESTION]"""

    distinct_people: Count
    roles: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]
    need: dict[Discipline, Count] = {}
    training: tuple[Text, ...] = ()
    max_age_days: Days | None = None


class WaiveTable(Table, frozen=True, kw_only=True):
    """[tiers.TIER.waive]"""

    roles: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]
    disciplines: tuple[Discipline, ...] = ()
    max_days: Annotated[int, msgspec.Meta(ge=1, le=MAX_WAIVER_DAYS)] = MAX_WAIVER_DAYS


class ServingTable(Table, frozen=True, kw_only=True):
    """[tiers.TIER.serving]"""

    stale: OnLoss | None = None
    ledger: OnLoss | None = None
    log: OnLoss | None = None
    monitor: OnLoss | None = None


class TierTable(Table, frozen=True, kw_only=True):
    """[tiers.TIER]"""

    extends: str = ""
    """A lower tier whose rules are taken over; empty for none."""
    max_age_days: Days
    """The oldest that any evidence of the tier may be; a requirement may ask for less."""
    require: tuple[RequireTable, ...] = ()
    approve: dict[Question, ApproveTable] = {}
    waive: WaiveTable | None = None
    serving: ServingTable | None = None


class TierTables(Table, frozen=True, kw_only=True):
    """[tiers]: all four, always."""

    minimal: TierTable
    limited: TierTable
    high: TierTable
    critical: TierTable


class Document(Table, frozen=True, kw_only=True):
    """The whole file."""

    schema: Annotated[int, msgspec.Meta(ge=1, le=1)]
    name: Text
    tiers: TierTables
