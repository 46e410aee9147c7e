"""What a run says about serving: how the model is asked, and how it answers."""

from __future__ import annotations

from typing import Final

import msgspec

from sealwright.phases.deployment import record
from sealwright.project.core import Project
from sealwright.project.resolve import model
from sealwright.project.serving.standing import CONTRACT_ROLES
from sealwright.project.steps.step import Done, Step, digest_of, record_all

SIGNS: Final = "deployment"
"""The key of [governance.signers] that says who signs for this phase."""


def steps(project: Project) -> list[Step]:
    """Records the contract of the model that was trained."""
    return [
        Step(
            id="deployment/contract",
            phase="model",
            title="contract",
            inputs=lambda: digest_of(
                model(project).digest,
                msgspec.to_builtins(project.lifecycle.deployment),
                project.lifecycle.system.name,
                project.lifecycle.validation.model,
                project.lifecycle.validation.features,
                project.lifecycle.validation.positive,
                contract_signer(project),
            ),
            work=lambda _: _contract(project),
        )
    ]


def contract_signer(project: Project) -> str:
    """Who signs the contract: for deployment where that one answers for models, else for training:
    the key of a serving installation does not say how a model answers."""
    who = project.signer_for(SIGNS)
    principal = project.trust.principal_named(who)
    if principal is not None and set(principal.roles) & set(CONTRACT_ROLES):
        return who
    return project.signer_for("training")


def _contract(project: Project) -> Done:
    statement = record.contract(
        model(project).subject, lifecycle=project.lifecycle, now=project.clock()
    )
    judged = project.lifecycle.validation
    file = project.layout.root / project.lifecycle.training.output / judged.model
    if not file.is_file():
        return Done(outcome="failed", detail=f"no contract: training wrote no {judged.model}")
    done = record_all(project, [statement], signer=contract_signer(project))
    said = statement.predicate
    detail = f"{said.name}: {len(said.features)} features, {said.score_decimals} decimals"
    return Done(evidence=done.evidence, outcome=done.outcome, detail=detail)
