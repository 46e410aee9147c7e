"""Taking an artifact out of use, with all that came from it, and putting it back.

Out is the safe direction: anybody whom the trust root knows may say it, and nobody is asked. Back
is for somebody who had no part in making it, and never for what was revoked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sealwright.errors import Refused, SealwrightError, UsageError
from sealwright.evidence.predicates.data import DatasetVersion
from sealwright.evidence.predicates.operation import Release
from sealwright.evidence.verify import Verified
from sealwright.phases.deployment import record
from sealwright.policy.case import open_case
from sealwright.policy.lineage import Node
from sealwright.policy.standing import WITHDRAWN, restorer_problem, withdrawal
from sealwright.project.core import Project
from sealwright.project.named import Named
from sealwright.project.resolve import resolve
from sealwright.project.serving.authority import known_signer
from sealwright.project.serving.routes import Route, routing
from sealwright.project.serving.standing import court, judge_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallen:
    """A routed version that is not served any more."""

    route: Route
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """What a withdrawal took down."""

    recorded: Verified
    descendants: tuple[Node, ...]
    """Everything that was made from it, nearest first."""
    fallen: tuple[Fallen, ...]
    """Every version that could be served before, and cannot be now."""


def named(project: Project, reference: str) -> Named:
    """The artifact on record that `reference` means, also where its files are gone by now.

    As `resolve`; a data set's name means the version on disk, or the only one on record. UsageError
    for an artifact that no statement speaks of: withdrawing it would take nothing down.
    """
    graph = project.graph()
    try:
        found = resolve(project, reference)
    except SealwrightError:
        if reference not in project.lifecycle.data:
            raise
        found = _only_version(project, reference)
    if found.digest == project.system:
        raise UsageError(
            "the system itself cannot be withdrawn", advice="stop it: sealwright stop '*'"
        )
    if found.digest not in graph.nodes:
        if reference in project.lifecycle.data:
            return _only_version(project, reference)
        raise UsageError(
            f"nothing on record speaks of {reference!r:.80} as it is now ({found.digest[:12]})",
            advice="name the version on record by 8 or more digits of its digest",
        )
    return found


def _only_version(project: Project, name: str) -> Named:
    digests = {
        subject.sha256
        for item in project.evidence()
        if isinstance(item.predicate, DatasetVersion)
        for subject in item.statement.subjects
        if subject.name == name
    }
    if len(digests) != 1:
        listed = ", ".join(sorted(digest[:12] for digest in digests)) or "none"
        raise UsageError(
            f"which version of {name}? What is on disk is none of those on record",
            advice=f"name one by its digest: {listed}",
        )
    return Named(name=name, digest=digests.pop())


def revoke(project: Project, artifact: Named, *, reason: str, signer: str) -> Withdrawn:
    """Takes an artifact out of use for good, and everything that descends from it."""
    return _withdraw(project, artifact, action="revoke", reason=reason, signer=signer)


def quarantine(project: Project, artifact: Named, *, reason: str, signer: str) -> Withdrawn:
    """Takes an artifact out of use until somebody restores it."""
    return _withdraw(project, artifact, action="quarantine", reason=reason, signer=signer)


def _withdraw(
    project: Project,
    artifact: Named,
    *,
    action: Literal["revoke", "quarantine"],
    reason: str,
    signer: str,
) -> Withdrawn:
    known_signer(project, signer)
    with project.turn():
        before = _served(project)
        statement = record.release(
            artifact.subject, action=action, reason=reason, now=project.clock()
        )
        recorded = project.record(statement, signer=signer)
        bench = court(project, now=project.now())
        graph = bench.case.graph
        fallen = [
            Fallen(route=route, reason=standing.refusal)
            for route in before
            if (standing := judge_version(bench, route)).refusal
        ]
    return Withdrawn(
        recorded=recorded,
        descendants=tuple(graph.nodes[each] for each in graph.descendants(artifact.digest)),
        fallen=tuple(fallen),
    )


def _served(project: Project) -> list[Route]:
    bench = court(project, now=project.now())
    routes = [route for name in routing(bench.index).values() for route in name.routed]
    return [route for route in routes if not judge_version(bench, route).refusal]


def restore(project: Project, artifact: Named, *, reason: str, signer: str) -> Verified:
    """Lifts a quarantine or a retirement. Refused where it would not count: for what was revoked or
    was never withdrawn, and for a signer who had a part in making it."""
    principal = known_signer(project, signer)
    with project.turn():
        case = open_case(
            project.policy,
            project.request(artifact, "serve"),
            project.evidence(),
            now=project.now(),
        )
        item = withdrawal(case, artifact.digest)
        said = item.predicate if item is not None else None
        if item is None or not isinstance(said, Release):
            raise Refused(f"{artifact.name} ({artifact.digest[:12]}) is not withdrawn")
        if said.action == "revoke":
            raise Refused(
                f"{artifact.name} was revoked by {item.principal.id} (entry {item.index}): "
                f"{said.reason}",
                advice="what was revoked comes back as another artifact or not at all",
            )
        if problem := restorer_problem(case, artifact.digest, principal):
            raise Refused(
                f"{artifact.name} stays {WITHDRAWN[said.action]}: {problem}",
                advice="somebody else lifts it: --as PRINCIPAL",
            )
        statement = record.release(
            artifact.subject, action="restore", reason=reason, now=project.clock()
        )
        return project.record(statement, signer=signer)
