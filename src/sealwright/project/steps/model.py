"""The model phase of a run: scan the code, train in the sandbox, then bill, scan and sign."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from sealwright.errors import InputMissing, Refused, TamperError
from sealwright.evidence.predicates import Predicate
from sealwright.evidence.predicates.model import OmsSignature, Scan
from sealwright.evidence.statement import Statement
from sealwright.evidence.tree import hash_file, identify
from sealwright.evidence.verify import Verified
from sealwright.files import cache_folder
from sealwright.project.core import Project
from sealwright.project.custody import SIGNING_ROLES, bundle_place, may_sign, signing_problem
from sealwright.project.named import Named
from sealwright.project.progress import Progress
from sealwright.project.resolve import model
from sealwright.project.steps.step import Agreed, Done, Step, digest_of, record_all, worst

PHASE: Final = "model"
SIGNS = "training"
"""The key of [governance.signers] that says who signs for this phase."""
_UNSEEN: Final = frozenset(("reports", "reports_fail_from", "vulndb_days"))
"""Keys of [training] that are about scans: the run has nothing of them."""


def code_steps(project: Project) -> list[Step]:
    """Scans the training code: before it runs, not after."""
    return [
        Step(
            id="model/code",
            phase=PHASE,
            title="code scan",
            inputs=lambda: digest_of(_code(project), _tools(), _reports_there(project)),
            work=lambda progress: _scan_code(project, progress),
        )
    ]


def steps(project: Project, agreed: Agreed) -> list[Step]:
    """Trains on what was agreed, then says all there is to say about the model."""
    return [
        Step(
            id="model/train",
            phase=PHASE,
            title="training",
            inputs=lambda: _training_inputs(project, agreed),
            work=lambda progress: _train(project, agreed, progress),
            holds=lambda evidence: _is_on_disk(project, evidence),
        ),
        Step(
            id="model/environment",
            phase=PHASE,
            title="bill of materials",
            inputs=lambda: digest_of(
                model(project).digest, _environment(), _lock(project), _vulndb(project)
            ),
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
            work=lambda _: _sign(project),
            holds=lambda _: bundle_path(project).exists(),
        ),
    ]


def _code(project: Project) -> dict[str, str]:
    root = project.layout.root
    return {path: identify(root / path).digest for path in project.lifecycle.training.code}


def scanned_code(project: Project) -> dict[str, str]:
    """The training code as it lies on disk, path → digest, of which a scan is on record.

    TamperError if there is none: what was scanned is not what is there now.
    """
    found = _code(project)
    for item in reversed(project.evidence()):
        said = item.predicate
        scanned = {subject.sha256 for subject in item.statement.subjects}
        code = isinstance(said, Scan) and said.kind == "code"
        if code and set(found.values()) <= scanned:
            return found
    raise TamperError(
        "the training code is not the code that was scanned", advice="run `sealwright train` again"
    )


def _lock(project: Project) -> str:
    lock = project.lifecycle.training.lock
    return identify(project.layout.root / lock).digest if lock else ""


def _environment() -> str:
    from sealwright.phases.model.environment import current_environment

    return current_environment().digest


def _tools() -> str:
    from sealwright.vetting.applied import (
        artifact_rules_digest,
        code_rules_digest,
        secret_rules_digest,
    )

    return digest_of(artifact_rules_digest(), code_rules_digest(), secret_rules_digest())


def _training_inputs(project: Project, agreed: Agreed) -> str:
    training = msgspec.to_builtins(project.lifecycle.training)
    return digest_of(
        {key: value for key, value in training.items() if key not in _UNSEEN},
        agreed.code,
        _lock(project),
        [item.digest for item in agreed.inputs],
        _environment(),
    )


def _is_on_disk(project: Project, evidence: Sequence[Verified]) -> bool:
    if not (project.layout.root / project.lifecycle.training.output).exists():
        return False
    there = model(project).digest
    return any(there == subject.sha256 for item in evidence for subject in item.statement.subjects)


def _reports_there(project: Project) -> list[str]:
    """What decides how reports of other tools are read: the bar, and each report's digest."""
    training, root = project.lifecycle.training, project.layout.root
    found = [
        hash_file(root / path).sha256 if (root / path).exists() else "" for path in training.reports
    ]
    return [training.reports_fail_from, *training.reports, *found] if found else []


def _scan_code(project: Project, progress: Progress) -> Done:
    from sealwright.phases.model.record import record_code_scan, record_secret_scan
    from sealwright.phases.model.reports import Reports

    training, root = project.lifecycle.training, project.layout.root
    paths = [root / path for path in training.code]
    cache = cache_folder("secret-rules")
    reports = Reports(
        places={path: root / path for path in training.reports},
        fail_from=training.reports_fail_from,
        cache=cache,
    )
    statements = [
        record_code_scan(paths, clock=project.clock, reports=reports),
        record_secret_scan(paths, clock=project.clock, cache=cache),
    ]
    for finding in (finding for each in statements for finding in each.predicate.findings):
        progress.note(f"{finding.severity}: {finding.message} ({finding.location})")
    return record_all(project, statements, signer=project.signer_for(SIGNS))


def _train(project: Project, agreed: Agreed, progress: Progress) -> Done:
    """Trains on the very data and code that the gate was asked about; TamperError if the disk holds
    anything else by now."""
    from sealwright.phases.data.record import access
    from sealwright.phases.model.train import TrainingInput, train

    training, root = project.lifecycle.training, project.layout.root
    for name, folder in training.models.items():
        if not (root / folder).exists():
            raise InputMissing(
                f"{folder}: the model {name} was not taken in yet",
                advice=f"run `sealwright model admit {name}`",
            )
    signer = project.signer_for(SIGNS)
    opened: list[Statement[Predicate]] = [
        access(
            item.name,
            item.files,
            actor=signer,
            purpose="training",
            outcome="granted",
            clock=project.clock,
        )
        for item in agreed.inputs
        if item.kind == "dataset"
    ]
    evidence = record_all(project, opened, signer=signer).evidence
    result = train(
        training,
        root=root,
        system=project.lifecycle.system.name,
        inputs=[
            TrainingInput(
                name=item.name,
                path=_place(project, item),
                digest=item.digest,
                kind=item.kind,
            )
            for item in agreed.inputs
        ],
        clock=project.clock,
        code=agreed.code,
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


def _place(project: Project, item: Named) -> str:
    if item.kind == "model":
        return project.lifecycle.training.models[item.name]
    return project.lifecycle.data[item.name].path


def _show_output(tail: str, progress: Progress) -> None:
    for line in tail.splitlines()[-8:]:
        progress.note(line)


def _vulndb(project: Project) -> list[str]:
    from sealwright.project.vulndb import state

    return state(project)


def _bill(project: Project, progress: Progress) -> Done:
    from sealwright.phases.model.record import record_environment
    from sealwright.project.vulndb import changes, place

    subject, training = model(project), project.lifecycle.training
    statements = record_environment(
        subject.files,
        name=subject.name,
        lock=project.layout.root / training.lock if training.lock else None,
        clock=project.clock,
        vulndb=place(project),
        max_age_days=training.vulndb_days,
    )
    bom, scan = statements[0], statements[1]
    for line in changes(project, bom.predicate):
        progress.note(f"dependencies: {line}")
    for finding in scan.predicate.findings[:5]:
        progress.note(f"{finding.severity}: {finding.message}")
    done = record_all(project, statements, signer=project.signer_for(SIGNS))
    detail = f"{len(bom.predicate.components)} components"
    # A list of known weaknesses is no verdict: the scan says which of them count.
    return Done(evidence=done.evidence, outcome=worst(done.evidence[:2]), detail=detail)


def scan_model(project: Project, progress: Progress) -> Done:
    """Scans the model's files and records what was found."""
    from sealwright.phases.model.record import record_artifact_scan

    subject = model(project)
    folder: Path = project.layout.root / project.lifecycle.training.output
    statement = record_artifact_scan(folder, clock=project.clock, name=subject.name)
    for finding in statement.predicate.findings:
        progress.note(f"{finding.severity}: {finding.message} ({finding.location})")
    return record_all(project, [statement], signer=project.signer_for(SIGNS))


def bundle_path(project: Project, *, signer: str | None = None) -> Path:
    """Where the OMS bundle of the model on disk is kept, signed by `signer` (default: the phase's).

    InputMissing where that principal is not in the trust root.
    """
    return _bundle_of(project, model(project).digest, signer or project.signer_for(SIGNS))


def _bundle_of(project: Project, digest: str, signer: str) -> Path:
    principal = project.trust.principal_named(signer)
    if principal is None:
        raise InputMissing(
            f"{signer} is not in the trust root", advice="see `sealwright keys list`"
        )
    return bundle_place(project, digest, keyid=project.trust.key_of(principal).keyid)


def _sign(project: Project) -> Done:
    if problem := signing_problem(project, model(project).digest):
        return Done(outcome="failed", detail=f"not signed: {problem}")
    return sign_model(project)


def sign_model(project: Project, *, signer: str | None = None) -> Done:
    """Signs the model's files: one signature, in the ledger and as a bundle for other verifiers.

    Refused where the scan of these files failed, or is missing, and for a signer whose roles do not
    answer for models.
    """
    from sealwright.phases.model import oms
    from sealwright.phases.model.record import record_signature

    who = signer or project.signer_for(SIGNS)
    subject = model(project)
    place = _bundle_of(project, subject.digest, who)
    principal = project.trust.principal_named(who)
    if principal is None or not may_sign(principal):
        raise Refused(
            f"{who} signs no models: that takes the role {' or '.join(SIGNING_ROLES)}",
            advice="let somebody sign who has it: --as",
        )
    if problem := signing_problem(project, subject.digest):
        raise Refused(f"nothing was signed: {problem}", advice="see `sealwright model scan`")
    statement: Statement[OmsSignature] = record_signature(subject.files, name=subject.name)
    recorded = project.record(statement, signer=who)
    place.parent.mkdir(parents=True, exist_ok=True)
    oms.write_bundle(recorded.envelope, project.keyring.signer(who).public, place)
    return Done(evidence=(recorded,), detail=f"bundle {place.relative_to(project.layout.root)}")
