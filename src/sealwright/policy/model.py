"""A policy as records: what each tier asks, of which artifact, from whom, and how fresh.

Shapes only: `load.py` reads them from TOML and proves that a higher tier only adds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from sealwright.evidence.finding import Result
from sealwright.evidence.predicates.governance import Question, Tier
from sealwright.evidence.predicates.serving import OnLoss

TIERS: Final[tuple[Tier, ...]] = ("minimal", "limited", "high", "critical")
"""From the weakest to the strictest."""

QUESTIONS: Final[tuple[Question, ...]] = ("import", "train", "release", "serve")

MAX_WAIVER_DAYS: Final = 30

NEVER_WAIVABLE: Final = frozenset({"model-signature", "decision"})
"""Predicates that no waiver replaces, whatever a policy says: signatures, and the decision that
stands for the approvals. (Approvals are no requirement of this kind, so nothing waives them.)"""

LOSSES: Final[tuple[OnLoss, ...]] = ("warn", "alarm", "stop")
"""From the mildest answer to a loss to the strictest."""

Scalar = str | int | float | bool

Target = Literal[
    "subject",
    "dataset",
    "train-dataset",
    "test-dataset",
    "base-model",
    "system",
    "code",
    "environment",
]
"""Of which artifact the evidence must speak. `subject` is the artifact at the gate; `train-dataset`
and `test-dataset` are what its training runs and evaluations name; `dataset` is both with all that
lies upstream; `base-model` is each model from outside that it starts from, if there is any; `code`
and `environment` are those of its training runs; `system` is the system."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What one field of the predicate must be. A field that is not there meets no condition."""

    path: str
    """Dotted path into the predicate: `build_definition.internal_parameters.isolation.level`."""
    among: tuple[Scalar, ...] = ()
    """TOML key `in`: the accepted values."""
    minimum: float | None = None
    """TOML key `min`, for a finite number."""
    maximum: float | None = None
    """TOML key `max`, for a finite number."""
    empty: bool | None = None
    """Whether the text, list or table must be empty (true) or must not be (false)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One needed piece of evidence."""

    id: str
    title: str
    """What is asked, in one line for a person."""
    questions: tuple[Question, ...]
    of: Target
    predicate: str
    """Short name, as in `evidence.predicates.PREDICATES`."""
    kind: str = ""
    """The predicate's kind (`performance`, `artifact`, …; a decision's question); empty for all."""
    result: tuple[Result, ...] = ()
    """Accepted results; empty only for predicates that have none."""
    where: tuple[Condition, ...] = ()
    together_with: Target | None = None
    """The statement must name these artifacts as subjects, too (an overlap needs both sides)."""
    max_age_days: int | None = None
    signer_roles: tuple[str, ...] = ()
    """The signer must hold one of them; empty for anyone whom the trust root knows."""
    min_signers: int = 1
    """How many different people or services must each have signed one."""
    independent_of: tuple[str, ...] = ()
    """Whose signers do not count: `author` (anyone who made what is in the lineage) or the short
    name of a predicate (whoever signed that about the artifact or its lineage)."""
    min_versions: Mapping[str, str] = field(default_factory=dict)
    """Tool name → oldest version whose rules are accepted; a tool not named is not accepted."""
    criteria_first: bool = False
    """Evaluations only: held against criteria that were recorded before the first result."""
    waivable: bool = True
    command: str = ""
    """The command that produces the evidence; {name}, {artifact}, {requirement} are filled in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quorum:
    """Who must approve. Counts people, not keys."""

    need: Mapping[str, int] = field(default_factory=dict)
    """Discipline → how many people of it."""
    distinct_people: int = 0
    roles: tuple[str, ...] = ()
    """An approver must hold one of them."""
    training: tuple[str, ...] = ()
    """Courses that an approver must have finished, not yet expired."""
    max_age_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverRules:
    """Who may grant a waiver to a system of the tier *below* (of this tier, for the highest)."""

    roles: tuple[str, ...]
    disciplines: tuple[str, ...] = ()
    """The granter must be of one of them; empty for any."""
    max_days: int = MAX_WAIVER_DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingRules:
    """What serving does when something that it rests on falls; `stop` where a policy is silent."""

    stale: OnLoss = "stop"
    """Evidence went stale: by age, newer rules, drift, a drill, an incident that is not grave."""
    ledger: OnLoss = "stop"
    """The ledger cannot be read, so nobody knows what was revoked."""
    log: OnLoss = "stop"
    """Decisions cannot be written down."""
    monitor: OnLoss = "stop"
    """Nobody watches the traffic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TierRules:
    """All that one tier asks, inherited requirements included."""

    tier: Tier
    requirements: tuple[Requirement, ...]
    quorums: Mapping[Question, Quorum]
    waivers: WaiverRules
    serving: ServingRules = field(default_factory=ServingRules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A policy that was proved monotone. Made by `load.load_policy` alone."""

    name: str
    text: str = field(repr=False)
    digest: str
    """sha256 of the text's UTF-8 bytes."""
    tiers: Mapping[Tier, TierRules] = field(repr=False)

    def rules(self, tier: str) -> TierRules:
        """What a tier asks; a tier that is not known is taken for `high`."""
        for known, rules in self.tiers.items():
            if known == tier:
                return rules
        return self.tiers["high"]


def rank(tier: str) -> int:
    """0 for minimal … 3 for critical; an unknown tier ranks as high."""
    return TIERS.index(tier) if tier in TIERS else TIERS.index("high")


def next_tier(tier: str) -> Tier:
    """One tier up; the highest stays."""
    return TIERS[min(rank(tier) + 1, len(TIERS) - 1)]
