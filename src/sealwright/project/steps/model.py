"""The model phase of a run: scan the code, train in the sandbox, then bill, scan and sign."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from sealwright.evidence.predicates import Predicate
from sealwright.evidence.predicates.model import OmsSignature
from sealwright.evidence.statement import Statement
from sealwright.evidence.tree import hash_file, identify
from sealwright.evidence.verify import Verified
from sealwright.project.core import Project
from sealwright.project.progress import Progress
from sealwright.project.resolve import data_set, model
from sealwright.project.steps.step import Done, Step, digest_of, record_all

PHASE: Final = "model"
SIGNS = "training"
"""The key of [governance.signers] that says who signs for this phase."""


def code_steps(project: Project) -> list[Step]:
    """Scans the training code: before it runs, not after."""
    return [
        Step(
            id="model/code",
            phase=PHASE,
            title="code scan",
            inputs=lambda: digest_of(_code(project), _tools()),
            work=lambda progress: _scan_code(project, progress),
        )
    ]


def steps(project: Project) -> list[Step]:
    """Trains, then says all there is to say about the model."""
    return [
        Step(
            id="model/train",
            phase=PHASE,
            title="training",
            inputs=lambda: _training_inputs(project),
            work=lambda progress: _train(project, progress),
            holds=lambda evidence: _is_on_disk(project, evidence),
        ),
        Step(
            id="model/environment",
            phase=PHASE,
            title="bill of materials",
            inputs=lambda: digest_of(model(project).digest, _environment(), _lock(project)),
            work=lambda progress: _bill(project, progress),
        ),
        Step(
            id="model/scan",
            phase=PHASE,
            title="artifact scan",
            inputs=lambda: digest_of(model(project).digest, _tools()),
            work=lambda progress: scan_model(project, progress),
        ),
        Step(
            id="model/sign",
            phase=PHASE,
            title="model signature",
            inputs=lambda: digest_of(model(project).digest, project.signer_for(SIGNS)),
            work=lambda _: sign_model(project),
            holds=lambda _: bundle_path(project).exists(),
        ),
    ]


def _code(project: Project) -> list[str]:
    root = project.layout.root
    return [identify(root / path).digest for path in project.lifecycle.training.code]


def _lock(project: Project) -> str:
    lock = project.lifecycle.training.lock
    return identify(project.layout.root / lock).digest if lock else ""


def _environment() -> str:
    from sealwright.phases.model.environment import current_environment

    return current_environment().digest


def _tools() -> str:
    from sealwright.phases.model.checks.registry import artifact_rules_digest, code_rules_digest

    return digest_of(artifact_rules_digest(), code_rules_digest())


def _training_inputs(project: Project) -> str:
    training = project.lifecycle.training
    return digest_of(
        msgspec.to_builtins(training),
        _code(project),
        _lock(project),
        [data_set(project, name).digest for name in training.inputs],
        _environment(),
    )


def _is_on_disk(project: Project, evidence: Sequence[Verified]) -> bool:
    if not (project.layout.root / project.lifecycle.training.output).exists():
        return False
    there = model(project).digest
    return any(there == subject.sha256 for item in evidence for subject in item.statement.subjects)


def _scan_code(project: Project, progress: Progress) -> Done:
    from sealwright.phases.model.record import record_code_scan

    paths = [project.layout.root / path for path in project.lifecycle.training.code]
    statement = record_code_scan(paths, clock=project.clock)
    for finding in statement.predicate.findings:
        progress.note(f"{finding.severity}: {finding.message} ({finding.location})")
    return record_all(project, [statement], signer=project.signer_for(SIGNS))


def _train(project: Project, progress: Progress) -> Done:
    from sealwright.phases.data.record import access
    from sealwright.phases.model.train import TrainingInput, train

    training, root = project.lifecycle.training, project.layout.root
    signer = project.signer_for(SIGNS)
    sets = [data_set(project, name) for name in training.inputs]
    opened: list[Statement[Predicate]] = [
        access(
            item.name,
            item.files,
            actor=signer,
            purpose="training",
            outcome="granted",
            clock=project.clock,
        )
        for item in sets
    ]
    evidence = record_all(project, opened, signer=signer).evidence
    result = train(
        training,
        root=root,
        system=project.lifecycle.system.name,
        inputs=[
            TrainingInput(
                name=item.name, path=project.lifecycle.data[item.name].path, digest=item.digest
            )
            for item in sets
        ],
        clock=project.clock,
        code=dict(zip(training.code, _code(project), strict=True)),
        config=hash_file(project.layout.lifecycle).sha256,
    )
    for violation in result.violations:
        progress.note(f"{violation.kind}: {violation.detail}")
    told = record_all(project, result.statements, signer=signer)
    if result.artifact is None:
        _show_output(result.outcome.stderr.tail, progress)
        return Done(
            evidence=told.evidence, outcome="failed", detail=result.reason, halt=result.reason
        )
    for line in result.outcome.stdout.tail.splitlines()[-3:]:
        progress.note(line)
    return Done(
        evidence=(*evidence, *told.evidence),
        detail=f"{result.artifact.digest[:16]}, isolated by {result.outcome.level}",
    )


def _show_output(tail: str, progress: Progress) -> None:
    for line in tail.splitlines()[-8:]:
        progress.note(line)


def _bill(project: Project, progress: Progress) -> Done:
    from sealwright.phases.model.record import record_environment

    subject, lock = model(project), project.lifecycle.training.lock
    bom, scan = record_environment(
        subject.files,
        name=subject.name,
        lock=project.layout.root / lock if lock else None,
        clock=project.clock,
    )
    for finding in scan.predicate.findings[:5]:
        progress.note(f"{finding.severity}: {finding.message}")
    done = record_all(project, [bom, scan], signer=project.signer_for(SIGNS))
    detail = f"{len(bom.predicate.components)} components"
    return Done(evidence=done.evidence, outcome=done.outcome, detail=detail)


def scan_model(project: Project, progress: Progress) -> Done:
    """Scans the model's files and records what was found."""
    from sealwright.phases.model.record import record_artifact_scan

    subject = model(project)
    folder: Path = project.layout.root / project.lifecycle.training.output
    statement = record_artifact_scan(folder, clock=project.clock, name=subject.name)
    for finding in statement.predicate.findings:
        progress.note(f"{finding.severity}: {finding.message} ({finding.location})")
    return record_all(project, [statement], signer=project.signer_for(SIGNS))


def bundle_path(project: Project) -> Path:
    """Where the OMS bundle of the model on disk is kept."""
    return project.layout.signatures / f"{model(project).digest}.sig"


def sign_model(project: Project, *, signer: str | None = None) -> Done:
    """Signs the model's files: one signature, in the ledger and as a bundle for other verifiers."""
    from sealwright.phases.model import oms
    from sealwright.phases.model.record import record_signature

    who = signer or project.signer_for(SIGNS)
    subject = model(project)
    statement: Statement[OmsSignature] = record_signature(subject.files, name=subject.name)
    recorded = project.record(statement, signer=who)
    place = bundle_path(project)
    place.parent.mkdir(parents=True, exist_ok=True)
    oms.write_bundle(recorded.envelope, project.keyring.signer(who).public, place)
    return Done(evidence=(recorded,), detail=f"bundle {place.relative_to(project.layout.root)}")
