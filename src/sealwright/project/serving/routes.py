"""What is to be served under which name: read from the releases on record, and nothing else.

A route says what operators want. Whether the version may be served is for the gate (`compile`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

from sealwright.evidence.predicates.operation import Release
from sealwright.evidence.verify import Verified
from sealwright.phases.deployment.core.routes import NAME
from sealwright.policy.duties import revoked_for_cause
from sealwright.policy.evidence_index import EvidenceIndex, index_evidence

_NAME = re.compile(NAME)

RELEASING_ROLES: Final = ("operator", "owner")
"""Roles of people who release; a serving installation's own key (`gateway`) rolls back."""

ROUTING_ROLES: Final = (*RELEASING_ROLES, "gateway")
"""Roles whose rollbacks count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One version under one name."""

    name: str
    digest: str
    role: Literal["champion", "canary", "shadow"]
    percent: int
    by: Verified = field(repr=False)
    """The release or rollback that says so."""
    admitted: Verified = field(repr=False)
    """The newest release of this version under this name: what it was released with holds."""

    @property
    def version(self) -> str:
        """What callers name it by: the first 12 hex digits of its digest."""
        return self.digest[:12]


@dataclass(slots=True, kw_only=True)
class Routing:
    """One name's routes now, and how they came about."""

    name: str
    champion: Route | None = None
    canary: Route | None = None
    shadow: Route | None = None
    champions: list[Route] = field(default_factory=list)
    """Every champion in order, the present one last."""
    known: dict[str, Route] = field(default_factory=dict)
    """Every version ever routed under the name → its newest route."""

    @property
    def routed(self) -> tuple[Route, ...]:
        """Champion, canary and shadow, as far as there are any."""
        return tuple(each for each in (self.champion, self.canary, self.shadow) if each is not None)

    @property
    def earlier(self) -> tuple[Route, ...]:
        """Versions that were routed once and are not now, the newest first."""
        now = {route.digest for route in self.routed}
        found = [route for digest, route in self.known.items() if digest not in now]
        return tuple(sorted(found, key=lambda route: route.by.index, reverse=True))


def routing(evidence: Iterable[Verified] | EvidenceIndex) -> dict[str, Routing]:
    """Name → its routes, names in order.

    The newest statement wins. Operators and owners are heard, and serving installations when they
    go back. A rollback only leads to a version that was champion under the name before. A new
    champion ends its own canary or shadow; a rollback ends any canary: from then on everybody gets
    one version.
    """
    found: dict[str, Routing] = {}
    for item in index_evidence(evidence).kind("release"):
        said = item.statement.predicate
        if isinstance(said, Release) and said.action in ("admit", "rollback") and counts(item):
            name = found.setdefault(said.name, Routing(name=said.name))
            _apply(name, item, said)
    return {name: found[name] for name in sorted(found) if found[name].known}


def history(evidence: Iterable[Verified] | EvidenceIndex, name: str) -> tuple[Route, ...]:
    """The champions before the present one, in order; a version may be there several times."""
    found = routing(evidence).get(name)
    return tuple(found.champions[:-1]) if found is not None else ()


def counts(item: Verified) -> bool:
    """Whether this signer decides what is served, and the statement says one thing."""
    said = item.statement.predicate
    if not isinstance(said, Release):
        return False
    roles = RELEASING_ROLES if said.action == "admit" else ROUTING_ROLES
    return (
        bool(set(item.principal.roles) & set(roles))
        and not revoked_for_cause(item)
        and len(item.statement.subjects) == 1
        and _NAME.fullmatch(said.name) is not None
        and 1 <= said.percent <= 100
    )


def _apply(name: Routing, item: Verified, said: Release) -> None:
    digest = item.statement.subjects[0].sha256
    known = name.known.get(digest)
    if said.action == "rollback":
        if not any(route.digest == digest for route in name.champions) or known is None:
            return
        route = Route(
            name=name.name,
            digest=digest,
            role="champion",
            percent=100,
            by=item,
            admitted=known.admitted,
        )
        name.canary = None
    else:
        route = Route(
            name=name.name,
            digest=digest,
            role=said.role,
            percent=said.percent if said.role != "champion" else 100,
            by=item,
            admitted=item,
        )
    if route.role != "champion" and name.champion is not None and name.champion.digest == digest:
        return  # who answers everybody is not tried on a few
    name.known[digest] = route
    if name.canary is not None and name.canary.digest == digest:
        name.canary = None
    if name.shadow is not None and name.shadow.digest == digest:
        name.shadow = None
    if route.role == "canary":
        name.canary = route
    elif route.role == "shadow":
        name.shadow = route
    else:
        name.champion = route
        name.champions.append(route)
