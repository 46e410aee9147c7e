"""The decision digest: what an approver signs. New evidence makes a new one.

It binds the artifact, the policy, the evidence that the verdict rests on (without the approvals
themselves), the residual risks, the open waivers and the question.
"""

from __future__ import annotations

from collections.abc import Iterable

from sealwright.evidence import canonical
from sealwright.evidence.digest import sha256_hex
from sealwright.evidence.predicates.governance import ImpactAssessment, Question, Waiver
from sealwright.evidence.verify import Verified
from sealwright.policy.duties import Actor, actor_of
from sealwright.policy.evidence_index import EvidenceIndex


def decision_digest(
    *,
    artifact: str,
    policy: str,
    evidence: Iterable[str],
    residual_risks: Iterable[str],
    waivers: Iterable[str],
    question: str,
) -> str:
    """Hex sha256 of the canonical JSON of all that a decision rests on."""
    return sha256_hex(
        canonical.encode(
            {
                "evidence": sorted(set(evidence)),
                "policy": policy,
                "question": question,
                "residualRisks": sorted(set(residual_risks)),
                "subject": artifact,
                "waivers": sorted(set(waivers)),
            }
        )
    )


def decision_over(
    index: EvidenceIndex,
    evidence: Iterable[str],
    *,
    artifact: str,
    policy: str,
    question: Question,
) -> str:
    """The decision digest over these envelopes; risks and waivers are read from among them, so
    that a recorded decision can be recomputed from what it names."""
    digests = tuple(evidence)
    items = [index.by_digest[digest] for digest in digests if digest in index.by_digest]
    return decision_digest(
        artifact=artifact,
        policy=policy,
        evidence=digests,
        residual_risks=residual_risks(items),
        waivers=(item.digest for item in items if isinstance(item.statement.predicate, Waiver)),
        question=question,
    )


def residual_risks(evidence: Iterable[Verified]) -> tuple[str, ...]:
    """The risks that remain, by the newest impact assessment of each of its signers among the
    evidence: anybody may add a risk, and nobody can hide one that somebody else named."""
    newest: dict[Actor, ImpactAssessment] = {}
    for item in sorted(evidence, key=lambda item: item.index):
        if isinstance(item.statement.predicate, ImpactAssessment):
            actor = actor_of(item)
            newest.pop(actor, None)
            newest[actor] = item.statement.predicate
    return tuple(dict.fromkeys(risk for said in newest.values() for risk in said.residual))
