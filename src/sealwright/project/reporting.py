"""The report of an installation as of now."""

from __future__ import annotations

import base64

from sealwright.evidence.predicates.governance import Question
from sealwright.phases.governance.report.document import build_report
from sealwright.phases.governance.report.records import Report
from sealwright.phases.governance.report.rows import LedgerInfo, SystemInfo
from sealwright.policy.verdict import Verdict
from sealwright.project.core import Project
from sealwright.project.decide import tier_of_system
from sealwright.project.resolve import model, resolve, training_inputs


def report(project: Project) -> Report:
    """What was done, by whom, on what evidence, and what is missing, as of now."""
    evidence, now = project.evidence(), project.now()
    system = project.lifecycle.system
    head = project.ledger.head()
    return build_report(
        evidence,
        _verdicts(project),
        project.graph(),
        system=SystemInfo(name=system.name, purpose=system.purpose, tier=tier_of_system(project)),
        ledger=LedgerInfo(
            origin=project.ledger.origin,
            size=head.size,
            root=base64.b64encode(head.root).decode(),
            checkpoint=head.note.decode(),
        ),
        now=now,
    )


def _verdicts(project: Project) -> list[Verdict]:
    """The questions that can be asked of what lies here now."""
    inputs = training_inputs(project)
    verdicts = [project.gate(resolve(project, "system"), "train", inputs=inputs)]
    if (project.layout.root / project.lifecycle.training.output).exists():
        questions: tuple[Question, ...] = ("release", "serve")
        verdicts.extend(project.gate(model(project), question) for question in questions)
    return verdicts
