"""What must stand before anything is trained: the policy, the risk and the impact."""

from __future__ import annotations

from typing import Final

import msgspec

from sealwright.evidence.predicates import Predicate
from sealwright.evidence.predicates.governance import (
    ImpactAssessment,
    PolicyRecord,
    RiskClassification,
)
from sealwright.evidence.statement import Statement
from sealwright.lifecycle.questions import classify
from sealwright.phases.governance import record
from sealwright.project.core import Project
from sealwright.project.progress import Progress
from sealwright.project.steps.step import Done, Step, digest_of, record_all

PHASE: Final = "governance"


def steps(project: Project) -> list[Step]:
    """Policy, risk classification, and impact assessment where one is declared."""
    lifecycle = project.lifecycle
    name = lifecycle.system.name

    def put(statement: Statement[Predicate]) -> Done:
        return record_all(project, [statement], signer=project.signer_for(PHASE))

    def policy(_: Progress) -> Done:
        in_force = project.policy
        return put(
            record.policy_record(name, name=in_force.name, text=in_force.text, now=project.clock())
        )

    def classification(progress: Progress) -> Done:
        tier, reasons = classify(lifecycle.system.answers)
        progress.note(f"tier {tier}: {reasons[0]}")
        return put(
            record.risk_classification(
                name,
                purpose=lifecycle.system.purpose,
                tier=tier,
                answers=lifecycle.system.answers,
                reasons=reasons,
                now=project.clock(),
            )
        )

    found = [
        Step(
            id="governance/policy",
            phase=PHASE,
            title="policy",
            inputs=lambda: digest_of(project.policy.digest),
            work=policy,
            holds=lambda evidence: newest_says(project, evidence, PolicyRecord),
        ),
        Step(
            id="governance/risk",
            phase=PHASE,
            title="risk classification",
            inputs=lambda: digest_of(msgspec.to_builtins(lifecycle.system)),
            work=classification,
            holds=lambda evidence: newest_says(project, evidence, RiskClassification),
        ),
    ]
    impact = lifecycle.governance.impact
    if impact is not None:
        found.append(
            Step(
                id="governance/impact",
                phase=PHASE,
                title="impact assessment",
                inputs=lambda: digest_of(msgspec.to_builtins(impact)),
                work=lambda _: put(
                    record.impact_assessment(name, impact=impact, now=project.clock())
                ),
                holds=lambda evidence: newest_says(project, evidence, ImpactAssessment),
            )
        )
    return found


def newest_says(project: Project, evidence: object, kind: type[Predicate]) -> bool:
    """Whether the newest statement of this kind in the ledger is among `evidence`."""
    assert isinstance(evidence, tuple)
    newest = next(
        (item for item in reversed(project.evidence()) if isinstance(item.predicate, kind)), None
    )
    return newest is not None and newest.digest in {item.digest for item in evidence}
