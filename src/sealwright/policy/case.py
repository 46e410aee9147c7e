"""Everything that one question to the gate is judged on, gathered once; nothing here judges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, Literal

from sealwright.errors import ConfigError
from sealwright.evidence.predicates.governance import PolicyRecord, Question, Tier
from sealwright.evidence.verify import Verified
from sealwright.policy import duties
from sealwright.policy.duties import Actor, Directory
from sealwright.policy.evidence_index import EvidenceIndex, index_evidence
from sealwright.policy.lineage import Graph
from sealwright.policy.load import parse_policy
from sealwright.policy.model import Policy, TierRules
from sealwright.policy.tier import tier_of

MAX_SKEW: Final = timedelta(minutes=5)
"""How far a signer's clock may run ahead before the statement counts for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """What is about to be used: there is no training run yet to name it."""

    digest: str
    name: str
    kind: Literal["dataset", "model"] = "dataset"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRequest:
    """What is asked of the gate. All digests are hex sha256 of artifacts."""

    artifact: str
    """The model; for `train`, the data set to be used, or the system with `inputs`."""
    question: Question
    system: str
    name: str = ""
    """What the caller calls the artifact; an unknown digest under a known name is a changed one."""
    inputs: tuple[Input, ...] = ()
    """For `train`: the data sets that will be used, and the models that it starts from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The question, the rules and all that is known about the artifact."""

    policy: Policy
    request: GateRequest
    now: datetime
    index: EvidenceIndex = field(repr=False)
    graph: Graph = field(repr=False)
    tier: Tier
    rules: TierRules = field(repr=False)
    directory: Directory = field(repr=False)
    authors: Mapping[Actor, str] = field(repr=False)
    """Who made the artifact or anything in its lineage → what they did."""
    evaluators: Mapping[Actor, str] = field(repr=False)
    policy_makers: frozenset[Actor]
    """Who may not approve, since nobody countersigned their change of the policy."""
    tier_evidence: tuple[Verified, ...] = field(repr=False)
    """What the tier rests on."""

    @property
    def name(self) -> str:
        """The artifact's name."""
        return self.request.name or self.index.name(self.request.artifact)

    def is_future(self, item: Verified) -> bool:
        """Whether the statement is dated later than any honest clock could have it."""
        return item.at > self.now + MAX_SKEW


def open_case(
    policy: Policy,
    request: GateRequest,
    evidence: Iterable[Verified] | EvidenceIndex,
    *,
    now: datetime,
) -> Case:
    """Gathers what the gate needs to know."""
    if now.tzinfo is None:
        raise ValueError("a time without a zone has no meaning at a gate")
    index = index_evidence(evidence)
    graph = Graph.build(index)
    known = duties.directory(index)
    tier, tier_evidence = tier_of(index, system=request.system)
    return Case(
        policy=policy,
        request=request,
        now=now,
        index=index,
        graph=graph,
        tier=tier,
        rules=policy.rules(tier),
        directory=known,
        authors=duties.authors(index, graph, known, request.artifact),
        evaluators=duties.evaluators(index, graph, known, request.artifact),
        policy_makers=duties.uncountersigned_policy_makers(
            index, system=request.system, policy=policy.digest
        ),
        tier_evidence=tier_evidence,
    )


def policy_named(case: Case, digest: str) -> Policy | None:
    """The policy with this digest, if it is the one in force or a record in the ledger holds it."""
    if digest == case.policy.digest:
        return case.policy
    for item in case.index.about(case.request.system, "policy"):
        predicate = item.statement.predicate
        if isinstance(predicate, PolicyRecord) and predicate.sha256 == digest:
            parsed = recorded_policy(predicate.text)
            return parsed if parsed is not None and parsed.digest == digest else None
    return None


@lru_cache(maxsize=16)
def recorded_policy(text: str) -> Policy | None:
    """A recorded policy; None if it is not one that this version can read and prove."""
    try:
        return parse_policy(text, file="recorded policy")
    except ConfigError:
        return None
