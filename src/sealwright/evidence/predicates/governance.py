"""What people say: the risk, the rules, the keys, the approvals and the decisions."""

from __future__ import annotations

from typing import ClassVar, Literal

from sealwright.evidence.predicates.common import JsonObject, Predicate, Record, Resource

Tier = Literal["minimal", "limited", "high", "critical"]
Question = Literal["import", "train", "release", "serve"]
Discipline = Literal[
    "security", "data", "legal", "domain", "executive", "validation", "engineering"
]


class Person(Record, frozen=True, kw_only=True):
    """A human being: quorum counts these, not keys."""

    id: str
    name: str
    disciplines: tuple[str, ...] = ()


class RevokedKey(Record, frozen=True, kw_only=True):
    """When a key was withdrawn; for cause means that what it signed no longer counts."""

    at: str
    reason: str
    for_cause: bool


class Principal(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A key and what it may do. `key` is base64 DER SubjectPublicKeyInfo (P-256)."""

    id: str
    person: str = ""
    """Id of the person who holds the key; empty for a service."""
    key: str
    roles: tuple[str, ...]
    not_before: str
    not_after: str
    revoked: RevokedKey | None = None


class TrustRoot(Predicate, frozen=True, kw_only=True):
    """Who may sign what. Subject: the system.

    Each version is signed by a `root` principal of the one before (the first, by one of its own),
    and versions only add: nobody is ever forgotten.
    """

    TYPE: ClassVar[str] = "urn:sealwright:predicate:trust-root:v1"

    version: int
    log: str
    """The ledger's verifier key: `name+keyid+base64` (C2SP signed-note)."""
    people: tuple[Person, ...]
    principals: tuple[Principal, ...]
    at: str


class RiskClassification(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """Why a system has its tier. Subject: the system."""

    TYPE: ClassVar[str] = "urn:sealwright:predicate:risk-classification:v1"

    system: str
    purpose: str
    tier: Tier
    answers: dict[str, str]
    reasons: tuple[str, ...]
    at: str


class ImpactAssessment(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """Who may be hurt, how, and what is done about it. Subject: the system."""

    TYPE: ClassVar[str] = "urn:sealwright:predicate:impact-assessment:v1"

    affected: tuple[str, ...]
    harms: tuple[str, ...]
    mitigations: tuple[str, ...]
    residual: tuple[str, ...] = ()
    oversight: str
    at: str


class PolicyRecord(Predicate, frozen=True, kw_only=True):
    """The policy as it stands, word by word. Subject: the system."""

    TYPE: ClassVar[str] = "urn:sealwright:predicate:policy:v1"

    name: str
    text: str
    """The TOML text; its sha256 is the policy digest."""
    sha256: str
    at: str


class Card(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """A model card's content. Subject: the model."""

    TYPE: ClassVar[str] = "urn:sealwright:predicate:card:v1"

    name: str
    kind: Literal["model", "dataset"]
    content: JsonObject
    at: str


class Approval(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """One person's answer to one question about exactly this evidence. Subject: the artifact."""

    TYPE: ClassVar[str] = "urn:sealwright:predicate:approval:v1"

    decision: str
    """Decision digest: hash of subject, policy, evidence, residual risks, waivers and question."""
    question: str
    answer: Literal["approve", "reject", "abstain"]
    discipline: str
    reason: str
    conditions: tuple[str, ...] = ()
    dissent: str = ""
    seconds: int = 0
    """Time spent looking, as the tool saw it."""
    shown: tuple[str, ...] = ()
    """Envelope digests of the evidence that was shown."""
    at: str


class Waiver(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """A dated exception to one requirement. Subject: the artifact."""

    TYPE: ClassVar[str] = "urn:sealwright:predicate:waiver:v1"

    requirement: str
    reason: str
    compensating: str
    """Envelope digest of the evidence of the compensating control."""
    asked_by: str
    """Principal who asked; may not be the one who grants (signs)."""
    expires: str
    renews: str = ""
    """Envelope digest of the waiver that this one renews."""
    at: str


class Decision(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """What the gate answered, and on what. Subject: the artifact."""

    TYPE: ClassVar[str] = "urn:sealwright:predicate:decision:v1"

    question: Question
    outcome: Literal["admitted", "denied"]
    tier: Tier
    policy: str
    """sha256 of the policy text."""
    evidence: tuple[str, ...]
    """Envelope digests, sorted."""
    requirements: dict[str, str]
    """Requirement id → status."""
    ledger_size: int
    """Entries that the gate looked at."""
    inputs: tuple[Resource, ...] = ()
    """For `train`: the data sets and base models that were to be used, by `annotations.kind`."""
    at: str


class TrainingCompletion(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """A person finished a training. Subject: the system."""

    TYPE: ClassVar[str] = "urn:sealwright:predicate:training-completion:v1"

    person: str
    course: str
    score: int
    expires: str
    at: str
