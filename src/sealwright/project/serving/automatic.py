"""Rollback without a person: rare, on two independent signs, and only through the gate."""

from __future__ import annotations

from collections.abc import Iterator

from sealwright.errors import Refused, SealwrightError
from sealwright.evidence.predicates.monitoring import Alert
from sealwright.evidence.predicates.operation import MonitorWindow
from sealwright.project.core import Project
from sealwright.project.serving.hysteresis import may_roll_back_automatically
from sealwright.project.serving.releases import rollback
from sealwright.project.serving.routes import routing


def roll_back_where_due(project: Project, *, signer: str) -> Iterator[str]:
    """Rolls back each name for which the signs suffice (`hysteresis`); says what was done.

    One caller's traffic never suffices: signs that name a caller do not count, and two detectors
    must agree. Where there is nothing to go back to, that is said; then the gate alone decides.
    """
    evidence = project.evidence()
    for name, found in routing(evidence).items():
        if found.champion is None:
            continue
        if not may_roll_back_automatically(project, name, project.now()):
            continue
        because = next(
            (
                item.digest
                for item in reversed(evidence)
                if isinstance(item.predicate, Alert | MonitorWindow)
                and item.statement.subjects[0].sha256 == found.champion.digest
            ),
            "",
        )
        if not because:
            continue
        try:
            done = rollback(
                project,
                name,
                reason="two independent detectors speak against the version that was served",
                signer=signer,
                because=because,
            )
        except Refused as error:
            yield f"{name} cannot be rolled back: {error.message}"
        except SealwrightError as error:
            yield f"{name} was not rolled back: {error.message}"
        else:
            yield f"{name} was rolled back to {done.route.version} (entry {done.recorded.index})"
