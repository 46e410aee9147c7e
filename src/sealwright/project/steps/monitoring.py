"""What a run says about monitoring: what the model saw, for live traffic to be compared with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from sealwright.errors import CannotLook
from sealwright.evidence.verify import Verified
from sealwright.project.core import Project
from sealwright.project.progress import Progress
from sealwright.project.resolve import data_set, model
from sealwright.project.serving.publish import PROFILE_ROLES
from sealwright.project.steps.step import Done, Step, digest_of, record_all
from sealwright.project.steps.validation import open_model, read_rows

SIGNS: Final = "monitoring"
"""The key of [governance.signers] that says who signs for this phase."""


def steps(project: Project) -> list[Step]:
    """Records the profile of the model that was trained."""
    return [
        Step(
            id="monitoring/profile",
            phase="model",
            title="reference profile",
            inputs=lambda: digest_of(
                model(project).digest,
                data_set(project, project.lifecycle.validation.train).digest,
                msgspec.to_builtins(project.lifecycle.validation),
                profile_signer(project),
            ),
            work=lambda progress: _profile(project, progress),
            holds=lambda evidence: _is_about(evidence, model(project).digest),
        )
    ]


def profile_signer(project: Project) -> str:
    """Who signs what live traffic is compared with: for monitoring where that one answers for
    models, else for training: whoever watches does not say what normal is."""
    who = project.signer_for(SIGNS)
    principal = project.trust.principal_named(who)
    if principal is not None and set(principal.roles) & set(PROFILE_ROLES):
        return who
    return project.signer_for("training")


def _is_about(evidence: Sequence[Verified], digest: str) -> bool:
    return any(digest == subject.sha256 for item in evidence for subject in item.statement.subjects)


def _profile(project: Project, progress: Progress) -> Done:
    """A model that cannot be asked gets no profile: that is told here, and alarmed when served."""
    from sealwright.phases.data.record import access
    from sealwright.phases.monitoring import record

    declaration = project.lifecycle.validation
    subject, train = model(project), data_set(project, declaration.train)
    signer = profile_signer(project)
    try:
        asked = open_model(project, subject)
        opened = access(
            train.name,
            train.files,
            actor=signer,
            purpose="reference profile",
            outcome="granted",
            clock=project.clock,
        )
        evidence = record_all(project, [opened], signer=signer).evidence
        rows = read_rows(project, {declaration.train: train})[declaration.train]
        statement = record.profile(
            asked,
            rows.features,
            names=rows.names,
            artifact=subject.subject,
            dataset=train.subject,
            clock=project.clock,
            seed=declaration.seed,
        )
    except CannotLook as error:
        progress.note(f"no profile, so drift will not be seen: {error.message}")
        return Done(outcome="warned", detail="no profile")
    done = record_all(project, [statement], signer=signer)
    said = statement.predicate
    return Done(
        evidence=(*evidence, *done.evidence),
        detail=f"{len(said.features)} features of {said.rows} rows",
    )
