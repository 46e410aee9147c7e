"""Which tier a system has: raising it takes one person, lowering it a legal and a security one.

The first classification sets the tier. A later, higher one counts at once. A later, lower one
counts when two people, one of legal and one of security, neither of them its signer, have approved
exactly it: approvals whose `decision` is the classification's envelope digest. A system that was
never classified is treated as `high`.
"""

from __future__ import annotations

from sealwright.evidence.predicates.governance import Approval, RiskClassification, Tier
from sealwright.evidence.verify import Verified
from sealwright.policy.duties import actor_of, only_administrates, revoked_for_cause
from sealwright.policy.evidence_index import EvidenceIndex
from sealwright.policy.model import rank

UNKNOWN: Tier = "high"
LOWERING_NEEDS = ("legal", "security")


def tier_of(index: EvidenceIndex, *, system: str) -> tuple[Tier, tuple[Verified, ...]]:
    """The system's tier and the statements that it rests on."""
    tier: Tier | None = None
    rests_on: tuple[Verified, ...] = ()
    for item in index.about(system, "risk-classification"):
        predicate = item.statement.predicate
        if not isinstance(predicate, RiskClassification):
            continue
        if revoked_for_cause(item) and rank(predicate.tier) < rank(tier or UNKNOWN):
            continue
        if tier is None or rank(predicate.tier) >= rank(tier):
            tier, rests_on = predicate.tier, (item,)
        elif approvals := _lowering(index, item, system=system):
            tier, rests_on = predicate.tier, (item, *approvals)
    return tier or UNKNOWN, rests_on


def _lowering(index: EvidenceIndex, item: Verified, *, system: str) -> tuple[Verified, ...]:
    """The approvals that allow a lower classification; none if the quorum is not there."""
    chosen: dict[str, Verified] = {}
    answers: dict[str, Verified] = {}
    for approval in index.about(system, "approval"):
        said = approval.statement.predicate
        if not isinstance(said, Approval) or said.decision != item.digest:
            continue
        if approval.index < item.index or not approval.principal.person:
            continue
        if said.answer == "reject":
            return ()
        if revoked_for_cause(approval):
            continue
        answers[actor_of(approval)] = approval
    for actor, approval in answers.items():
        said = approval.statement.predicate
        person = approval.person
        if not isinstance(said, Approval) or said.answer != "approve" or person is None:
            continue
        if actor == actor_of(item) or only_administrates(approval.principal.roles):
            continue
        if said.discipline in person.disciplines:
            chosen.setdefault(said.discipline, approval)
    if all(discipline in chosen for discipline in LOWERING_NEEDS):
        return tuple(chosen[discipline] for discipline in LOWERING_NEEDS)
    return ()
