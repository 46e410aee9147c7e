"""From the ledger to the one file that a gateway acts on. The same ledger and time, the same file.

Each routed version is asked of the gate. A version whose evidence fell is refused with the root
cause, and nothing takes its place by itself: where the champion is refused nothing is served under
the name until somebody rolls back or releases. One version's trouble never touches another's.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sealwright.evidence.predicates.serving import (
    GrantedRole,
    Losses,
    RefusedModel,
    ServedModel,
    Snapshot,
)
from sealwright.evidence.statement import Statement, subject
from sealwright.lifecycle.model import Deployment
from sealwright.phases.deployment import record
from sealwright.phases.deployment.core.snapshot import REPLACED
from sealwright.project.core import Project
from sealwright.project.serving import grants, tokens
from sealwright.project.serving.routes import Routing, routing
from sealwright.project.serving.standing import (
    Court,
    court,
    judge_version,
    refused,
    withdrawn,
)


def compile_snapshot(
    project: Project, *, sequence: int, now: datetime, valid_for: timedelta
) -> Statement[Snapshot]:
    """What may be served, to whom and until when, unsigned.

    Raises what concerns everything: a ledger that cannot be read or was tampered with, a policy
    or declaration that is wrong. What is wrong with one version refuses that version.
    """
    bench = court(project, now=now)
    declared = project.lifecycle.deployment
    served: list[ServedModel] = []
    kept_out: list[RefusedModel] = []
    for name in routing(bench.index).values():
        models, refusals = _compile_name(bench, name)
        served += models
        kept_out += refusals
    answering = {model.digest for model in served}
    rules = bench.case.rules.serving
    return record.snapshot(
        subject(project.lifecycle.system.name, project.system),
        tier=bench.case.tier,
        sequence=sequence,
        ledger_size=bench.size,
        models=served,
        # A gateway refuses a digest everywhere: what was replaced here may answer elsewhere.
        refused=[each for each in kept_out if each.digest not in answering],
        keys=grants.in_force(bench.index, now=now, at_most=declared.requests_per_minute),
        roles=_roles(declared),
        issuer=tokens.issuer(project),
        losses=Losses(ledger=rules.ledger, log=rules.log, monitor=rules.monitor),
        keep_inputs=declared.keep_inputs,
        now=now,
        valid_for=valid_for,
    )


def _compile_name(bench: Court, name: Routing) -> tuple[list[ServedModel], list[RefusedModel]]:
    """What is served under one name, champion first, and what is not. The last refusal is the one
    that callers of the name without a version are told: the champion's, where there is one."""
    served: list[ServedModel] = []
    kept_out: list[RefusedModel] = []
    blocked = "" if name.champion else "no version answers everybody under this name"
    for route in name.routed:
        found = judge_version(bench, route)
        if found.refusal:
            kept_out.insert(0, found.refused())
            if route.role == "champion":
                blocked = f"the version that answers everybody is refused: {found.refusal}"
        elif blocked:
            kept_out.insert(0, found.refused(blocked))
        else:
            served.append(found.served)
    return served, [*_replaced(bench, name), *kept_out]


def _replaced(bench: Court, name: Routing) -> list[RefusedModel]:
    """The versions that were served once, oldest first."""
    replaced = f"{REPLACED} {name.champion.version}" if name.champion else "replaced"
    return [
        refused(route, withdrawn(bench, route.digest) or replaced)
        for route in reversed(name.earlier)
    ]


def _roles(declared: Deployment) -> tuple[GrantedRole, ...]:
    return tuple(
        GrantedRole(
            name=name,
            actions=tuple(role.actions),
            models=tuple(role.models),
            requests_per_minute=min(role.requests_per_minute, declared.requests_per_minute),
        )
        for name, role in sorted(declared.roles.items())
    )
