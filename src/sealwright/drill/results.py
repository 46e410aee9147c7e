"""Results of drills as signed statements in the user's ledger: written, and read again."""

from __future__ import annotations

from sealwright.clock import format_time
from sealwright.drill.declaration import Trace
from sealwright.drill.run import Outcome
from sealwright.evidence.predicates.operation import DrillResult
from sealwright.evidence.statement import Statement, subject
from sealwright.evidence.verify import Verified
from sealwright.project.core import Project

PHASE = "drills"
"""The key of [governance.signers] that says who signs results."""
_MOST, _LONGEST = 50, 500


def record(project: Project, outcome: Outcome, *, signer: str) -> Verified:
    """Puts a result on record, signed by `signer`; clean-up is part of it."""
    declared, came_to = outcome.declaration, outcome.conclusion
    predicate = DrillResult(
        id=declared.id,
        verdict=came_to.verdict,
        controls=declared.controls,
        title=declared.title,
        atlas=declared.atlas,
        prevented=came_to.prevented,
        detected=came_to.detected,
        evidence=tuple(_text(trace) for trace in came_to.evidence[:_MOST]),
        notes=tuple(note[:_LONGEST] for note in (*came_to.notes, *outcome.left)[:_MOST]),
        twin_alarms=came_to.twin_alarms,
        cleaned=outcome.cleaned,
        seconds=outcome.seconds,
        correlation=outcome.correlation,
        at=format_time(project.clock()),
    )
    about = subject(project.lifecycle.system.name, project.system)
    return project.record(Statement((about,), predicate), signer=signer)


def newest(project: Project) -> dict[str, tuple[Verified, DrillResult]]:
    """Drill id → its newest result on record."""
    return {
        said.id: (item, said)
        for item in project.evidence()
        if isinstance(said := item.predicate, DrillResult)
    }


def passed(said: DrillResult) -> bool:
    """Prevented or detected, no alarm by the twin, and cleaned up."""
    return said.verdict in ("prevented", "detected") and not said.twin_alarms and said.cleaned


def _text(trace: Trace) -> str:
    words = trace.what[:_LONGEST]
    return f"{words} [sha256 {trace.digest}]" if trace.digest else words
