"""What deployment says: how a model answers, who may ask it, what is served, and what was said.

`Release` is in `operation.py`, beside the other statements that the gate reads.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from sealwright.evidence.predicates.common import Predicate, Record

Action = Literal["infer", "metadata", "review", "admin"]
"""What a caller may be granted: ask a model, read what it is, work on its review queue, operate."""

OnLoss = Literal["warn", "alarm", "stop"]
"""What serving does when something it rests on is stale or lost, from the mildest."""


class Contract(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """How a model is asked and how it answers. Subject: the model.

    A case is a row of `features`. Its score is the probability of `positive`, in [0, 1]; above
    `threshold` the decision is positive. It abstains where |score - threshold| < `abstain_margin`.
    """

    TYPE: ClassVar[str] = "urn:sealwright:predicate:contract:v1"

    name: str
    """The name it is served under; the version is the beginning of the model's digest."""
    model_file: str
    """Path of the ONNX file below the model's folder."""
    features: tuple[str, ...]
    positive: int | str | bool
    threshold: float = 0.5
    abstain_margin: float = 0.0
    score_decimals: int = 3
    """Decimals that a score is rounded to before anyone sees it."""
    confirm: tuple[Literal["positive", "negative"], ...] = ()
    """Decisions that two people confirm before they are given."""
    review: bool = False
    """Whether cases that it abstains on go to people, with their inputs."""
    at: str


class Grant(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """A key that lets a client in, by its HMAC: the key itself is nowhere. Subject: the system."""

    TYPE: ClassVar[str] = "urn:sealwright:predicate:grant:v1"

    id: str
    client: str
    """Who it was given to; limits and monitoring count by client."""
    mac: str
    """HMAC-SHA-256 of the key under the installation's pepper, hex."""
    actions: tuple[Action, ...]
    models: tuple[str, ...]
    """Names that models are served under; `*` for all."""
    requests_per_minute: int
    what_if: bool = False
    """Declared to send series of similar cases: flagged later, never blocked for that alone."""
    parent: str = ""
    """Id of the grant that this one narrows."""
    not_after: str
    at: str


class GrantRevocation(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """A grant ends, and every grant below it. Subject: the system."""

    TYPE: ClassVar[str] = "urn:sealwright:predicate:grant-revocation:v1"

    id: str
    reason: str
    at: str


class ServedModel(Record, frozen=True, kw_only=True, omit_defaults=True):
    """One version that the gate admits for serving now."""

    name: str
    version: str
    """First 12 hex digits of `digest`."""
    digest: str
    role: Literal["champion", "canary", "shadow"] = "champion"
    percent: int = 100
    """Share of clients that a canary answers, or of requests that a shadow sees."""
    contract: Contract
    alarms: tuple[str, ...] = ()
    """Why it is served with an alarm: evidence that is stale in a way that the tier tolerates."""


class RefusedModel(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A version that was released once and is not served; asking for it is answered 403."""

    name: str
    version: str
    digest: str
    reason: str
    """In one line, as a client may read it."""


class GrantedKey(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A grant in force, narrowed by all its parents."""

    id: str
    client: str
    mac: str
    actions: tuple[Action, ...]
    models: tuple[str, ...]
    requests_per_minute: int
    what_if: bool = False
    not_after: str


class GrantedRole(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What a bearer token with this role may do."""

    name: str
    actions: tuple[Action, ...]
    models: tuple[str, ...]
    requests_per_minute: int


class TokenIssuer(Record, frozen=True, kw_only=True, omit_defaults=True):
    """Whose bearer tokens are accepted; the keys are in `jwks` (a JSON text) at compile time."""

    issuer: str
    audience: str
    algorithms: tuple[str, ...]
    roles_claim: str = "roles"
    jwks: str
    """The JSON Web Key Set itself, public keys only."""


class Losses(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What the gateway does without its ledger (no fresh snapshot), its log or its monitor."""

    ledger: OnLoss = "stop"
    log: OnLoss = "stop"
    monitor: OnLoss = "stop"


class Snapshot(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """All that the gateway acts on, compiled from the ledger through the gate. Subject: the system.

    It is signed and handed to the gateway; it is no evidence and does not enter the ledger.
    """

    TYPE: ClassVar[str] = "urn:sealwright:predicate:snapshot:v1"

    system: str
    tier: str
    sequence: int
    """Grows with every snapshot; a gateway takes no smaller one."""
    ledger_size: int
    models: tuple[ServedModel, ...]
    refused: tuple[RefusedModel, ...] = ()
    keys: tuple[GrantedKey, ...] = ()
    roles: tuple[GrantedRole, ...] = ()
    issuer: TokenIssuer | None = None
    losses: Losses
    keep_inputs: bool = False
    """Whether decision records hold raw inputs; their hash is always there."""
    at: str
    expires: str
    """From then on the ledger counts as lost."""


class DecisionLogHead(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """How far a gateway's decision log has come. Subject: the system.

    Records are chained: whoever holds the segment can prove that none up to `seq` was changed.
    """

    TYPE: ClassVar[str] = "urn:sealwright:predicate:decision-log:v1"

    gateway: str
    """Random id of one gateway process's log."""
    segment: str
    """File name of the segment."""
    seq: int
    """Sequence number of the newest record; the first is 0, and segments go on counting."""
    head: str
    """Hex sha256 of the newest record's line, which holds the hash of the line before it."""
    dropped: int = 0
    """Observations that the monitor did not get."""
    at: str


class Oversight(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """A person's word on one case. Subject: the model."""

    TYPE: ClassVar[str] = "urn:sealwright:predicate:oversight:v1"

    case: str
    """Id of the case, as the client got it."""
    action: Literal["confirm", "override", "answer", "reject"]
    decision: Literal["positive", "negative", "none"]
    """What is decided after that."""
    model_decision: Literal["positive", "negative", "abstain"]
    score: float
    """As rounded by the contract."""
    reason: str
    seconds: int = 0
    """Time between the opening of the case by this person and the answer."""
    at: str
