"""Putting a model into service, and going back: each asks the gate, and each is on record.

Forward takes the gate's yes and everything it rests on. Back is the safe direction: it takes no
approval, only a version that may be served now and whose kept files are still what they were.
"""

from __future__ import annotations

from dataclasses import dataclass

from sealwright.errors import Refused, SealwrightError, UsageError
from sealwright.evidence.predicates.governance import Question
from sealwright.evidence.predicates.serving import Contract
from sealwright.evidence.verify import Verified
from sealwright.phases.deployment import record
from sealwright.phases.deployment.record import RouteRole
from sealwright.policy.verdict import Verdict
from sealwright.project.core import Project
from sealwright.project.decide import ask
from sealwright.project.named import Named
from sealwright.project.serving import store
from sealwright.project.serving.authority import check_signer
from sealwright.project.serving.routes import (
    RELEASING_ROLES,
    ROUTING_ROLES,
    Route,
    Routing,
    routing,
)
from sealwright.project.serving.shadow import calibrate
from sealwright.project.serving.standing import contract_of, court, judge_version


class NotAdmitted(Refused):
    """The gate said no; `verdict` says why."""

    def __init__(self, verdict: Verdict) -> None:
        first = verdict.denied_by[0].title if verdict.denied_by else "nothing was asked"
        super().__init__(
            f"{verdict.artifact_name} is not admitted for {verdict.question}: {first}",
            advice=f"see `sealwright why {verdict.artifact[:16]} --for {verdict.question}`",
        )
        self.verdict = verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """What is served from now on."""

    route: Route
    recorded: Verified
    replaces: str
    """Digest of the champion until now; empty if there was none, or it goes on."""


def release(
    project: Project,
    model: Named,
    *,
    signer: str,
    reason: str,
    role: RouteRole = "champion",
    percent: int = 100,
) -> Released:
    """Serves `model` under its contract's name: a copy is kept, the decision and the release are
    recorded.

    NotAdmitted where the gate does not admit it for release and for serving, Refused where there
    is no contract or the signer releases nothing. Nothing is changed then.
    """
    record.check_share(role, percent)
    check_signer(project, signer, RELEASING_ROLES, to="release")
    with project.turn():
        contract = _contract(project, model)
        current = routing(project.evidence()).get(contract.name, Routing(name=contract.name))
        _check_place(current, model, role)
        _admitted(project, model, "release")
        _keep(project, model)
        _decide(project, model, signer=signer)
        _admitted(project, model, "serve")
        if role == "shadow" and current.champion is not None:
            calibrate(project, _standing_beside(current.champion), model)
        replaces = current.champion.digest if current.champion and role == "champion" else ""
        recorded = project.record(
            record.release(
                model.subject,
                action="admit",
                reason=reason,
                name=contract.name,
                role=role,
                percent=percent,
                replaces=replaces,
                now=project.clock(),
            ),
            signer=signer,
        )
        route = routing(project.evidence())[contract.name].known[model.digest]
    return Released(route=route, recorded=recorded, replaces=replaces)


def _standing_beside(route: Route) -> Named:
    subjects = route.admitted.statement.subjects
    name = next((each.name for each in subjects if each.sha256 == route.digest), route.name)
    return Named(name=name, digest=route.digest)


def _contract(project: Project, model: Named) -> Contract:
    contract, problem = contract_of(court(project, now=project.now()).index, model.digest)
    if contract is None:
        raise Refused(f"{model.name}: {problem}", advice="run `sealwright run model`")
    return contract


def _check_place(current: Routing, model: Named, role: RouteRole) -> None:
    if role == "champion":
        return
    if current.champion is None:
        raise Refused(
            f"nothing is served under {current.name} yet: there is nobody to stand beside",
            advice="release a champion first",
        )
    if current.champion.digest == model.digest:
        raise UsageError(f"{model.name} ({model.digest[:12]}) answers everybody already")


def _admitted(project: Project, model: Named, question: Question) -> Verdict:
    verdict = project.gate(model, question)
    if not verdict.admitted:
        raise NotAdmitted(verdict)
    return verdict


def _keep(project: Project, model: Named) -> None:
    """A copy of the files to serve from; where they are kept already they are not needed here."""
    if model.artifact is not None:
        store.keep(project, model)
    else:
        store.verify_kept(project, model.digest)


def _decide(project: Project, model: Named, *, signer: str) -> None:
    """Puts the decision on record by whoever's word it is here: a decision by anybody else than the
    policy asks for would count for nothing, and the one on record is left as it is."""
    rules = court(project, now=project.now()).case.rules
    asked = [
        each.signer_roles
        for each in rules.requirements
        if each.predicate == "decision" and "serve" in each.questions
    ]
    for who in (signer, project.signer_at_hand("governance")):
        principal = project.trust.principal_named(who) if who else None
        if principal is not None and all(
            not roles or set(roles) & set(principal.roles) for roles in asked
        ):
            ask(project, model, "release", signer=principal.id)
            return


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A version to go back to, and why it will not do; empty if it will."""

    route: Route
    problem: str


def candidates(project: Project, name: str) -> tuple[Candidate, ...]:
    """The earlier champions of `name`, newest first, as they stand now."""
    found = _named(project, name)
    present = found.champion.digest if found.champion else ""
    newest = {route.digest: route for route in found.champions if route.digest != present}
    ordered = sorted(newest.values(), key=lambda route: route.by.index, reverse=True)
    return tuple(_candidate(project, found, route) for route in ordered)


def _candidate(project: Project, found: Routing, route: Route) -> Candidate:
    known = found.known[route.digest]
    standing = judge_version(court(project, now=project.now()), known)
    problem = standing.refusal or "; ".join(standing.alarms)
    if not problem:
        try:
            store.verify_kept(project, route.digest)
        except SealwrightError as error:
            problem = error.message
    return Candidate(route=known, problem=problem)


def rollback(
    project: Project, name: str, *, reason: str, signer: str, to: str = "", because: str = ""
) -> Released:
    """Goes back to the newest earlier champion that the gate admits for serving now and whose kept
    files verify, or to version `to` under the same conditions. Any canary ends.

    `because`: envelope digest of the statement that called for it; that makes the rollback an
    automatic one (`hysteresis`). Refused, saying why for each, if there is none to go back to.
    """
    check_signer(project, signer, ROUTING_ROLES, to="roll back")
    with project.turn():
        found = _named(project, name)
        chosen = _chosen(project, found, to)
        replaces = found.champion.digest if found.champion else ""
        recorded = project.record(
            record.release(
                Named(name=_called(project, chosen), digest=chosen.digest).subject,
                action="rollback",
                reason=reason,
                name=name,
                replaces=replaces,
                because=because,
                now=project.clock(),
            ),
            signer=signer,
        )
        route = routing(project.evidence())[name].known[chosen.digest]
    return Released(route=route, recorded=recorded, replaces=replaces)


def _named(project: Project, name: str) -> Routing:
    known = routing(project.evidence())
    if name not in known:
        raise UsageError(
            f"nothing was ever released under {name!r:.80}",
            advice=f"names are: {', '.join(known) or 'none yet'}",
        )
    return known[name]


def _chosen(project: Project, found: Routing, to: str) -> Route:
    options = candidates(project, found.name)
    if found.champion is not None and found.canary is not None and to:
        options = (_candidate(project, found, found.champion), *options)
    if to:
        options = tuple(each for each in options if each.route.digest.startswith(to.lower()))
        if len(to) < 8 or len(options) != 1:
            raise UsageError(
                f"{len(options) or 'no'} earlier versions of {found.name} begin with {to!r:.80}",
                advice="give 8 or more digits of the version; see `sealwright ledger show`",
            )
    for each in options:
        if not each.problem:
            return each.route
    told = "\n".join(f"{each.route.version}: {each.problem}" for each in options)
    raise Refused(
        f"{found.name} has no version to go back to\n{told}".rstrip(),
        advice=f"stop it: sealwright stop {found.name} --reason WHY",
    )


def _called(project: Project, route: Route) -> str:
    return next(
        subject.name
        for subject in route.admitted.statement.subjects
        if subject.sha256 == route.digest
    )
