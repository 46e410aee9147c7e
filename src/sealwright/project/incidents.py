"""Incidents: what is open, and a person's word that one is over."""

from __future__ import annotations

import msgspec

from sealwright.clock import format_time
from sealwright.errors import UsageError
from sealwright.evidence.predicates.operation import Incident
from sealwright.evidence.statement import Statement
from sealwright.evidence.verify import Verified
from sealwright.policy.standing import unclosed
from sealwright.project.core import Project


def open_incidents(project: Project) -> tuple[tuple[Verified, Incident], ...]:
    """The incidents that nobody else has closed yet, oldest first."""
    return tuple(
        (item, item.predicate)
        for item in unclosed(project.evidence())
        if isinstance(item.predicate, Incident)
    )


def close_incident(project: Project, reference: str, *, reason: str, signer: str) -> Verified:
    """Records that an incident is over, and why; evidence on the same artifacts counts again.

    `reference` is its id or the beginning of one. UsageError unless it means one open incident.
    """
    if not reason.strip():
        raise UsageError("the reason is empty", advice="say what was found and done about it")
    known = open_incidents(project)
    found = [pair for pair in known if pair[1].id.startswith(reference)]
    if len(found) != 1:
        raise UsageError(
            f"{len(found) or 'no'} open incidents have an id that begins with {reference!r:.80}",
            advice=f"open are: {', '.join(said.id for _, said in known) or 'none'}",
        )
    ((item, said),) = found
    principal = project.trust.principal_named(signer)
    if principal is not None and principal.person == item.principal.person:
        raise UsageError(
            f"{said.id} was recorded by {item.principal.id}, who does not declare it over",
            advice="somebody else closes it: --as PRINCIPAL",
        )
    closed = msgspec.structs.replace(
        said, status="closed", detail=reason, at=format_time(project.clock())
    )
    return project.record(Statement(item.statement.subjects, closed), signer=signer)
