"""The report of an installation, and its ledger's export and audit."""

from __future__ import annotations

import base64
from pathlib import Path

from sealwright.errors import UsageError
from sealwright.evidence.predicates.governance import Question
from sealwright.phases.governance.report.document import build_report
from sealwright.phases.governance.report.parts import Report
from sealwright.phases.governance.report.rows import LedgerInfo, SystemInfo
from sealwright.policy.case import open_case
from sealwright.policy.verdict import Verdict
from sealwright.project.core import Project
from sealwright.project.resolve import model, resolve, training_inputs


def report(project: Project) -> Report:
    """What was done, by whom, on what evidence, and what is missing, as of now."""
    evidence = project.evidence()
    system = project.lifecycle.system
    request = project.request(resolve(project, "system"), "train")
    tier = open_case(project.policy, request, evidence, now=project.clock()).tier
    head = project.ledger.head()
    return build_report(
        evidence,
        _verdicts(project),
        project.graph(),
        system=SystemInfo(name=system.name, purpose=system.purpose, tier=tier),
        ledger=LedgerInfo(
            origin=project.ledger.origin,
            size=head.checkpoint.size,
            root=base64.b64encode(head.checkpoint.root).decode(),
            checkpoint=head.note.decode(),
        ),
        now=project.clock(),
    )


def _verdicts(project: Project) -> list[Verdict]:
    """The questions that can be asked of what lies here now."""
    inputs = training_inputs(project)
    verdicts = [project.gate(resolve(project, "system"), "train", inputs=inputs)]
    if (project.layout.root / project.lifecycle.training.output).exists():
        questions: tuple[Question, ...] = ("release", "serve")
        verdicts.extend(project.gate(model(project), question) for question in questions)
    return verdicts


def refuse_inside(project: Project, folder: Path) -> None:
    """An export inside the state folder would be taken for the ledger's own."""
    if folder.resolve().is_relative_to(project.layout.state):
        raise UsageError(
            f"{folder} is inside {project.layout.state}", advice="choose a folder outside"
        )
