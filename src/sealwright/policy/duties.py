"""Separation of duties, in code and not in policy: nobody judges their own work.

An approver is not an author anywhere in the artifact's lineage (who labelled, registered or
processed its data, who trained it, who evaluated it for the record). Whoever signs in the role of
validator is not an author (`judge`), and who asked for a waiver does not grant it (`waivers`).
Whoever changed the policy does not approve under it until another person countersigned it, and an
administrator approves nothing. People are compared, not keys; a service stands for itself.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from sealwright.evidence.predicates import Predicate
from sealwright.evidence.predicates.data import DatasetVersion, Lineage
from sealwright.evidence.predicates.governance import PolicyRecord, Principal, TrustRoot
from sealwright.evidence.predicates.model import Custody, SlsaProvenance
from sealwright.evidence.predicates.validation import Evaluation
from sealwright.evidence.verify import Verified
from sealwright.policy.evidence_index import EvidenceIndex
from sealwright.policy.lineage import Graph
from sealwright.policy.load import builtin_policy

ADMINISTRATIVE: Final = frozenset({"root", "admin"})
"""Roles that carry no approval: who hands out keys does not use them to wave things through."""

Actor = str
"""`person:ID` or, for a key that no person holds, `service:ID`."""


@dataclass(frozen=True, slots=True)
class Directory:
    """Who stands behind a name, as the trust roots and the signers of a ledger tell."""

    persons: dict[str, frozenset[str]] = field(repr=False)
    """Principal id → ids of the people who were ever said to hold it."""
    principals: tuple[Principal, ...]
    """As the newest trust root in the ledger lists them."""
    disciplines: dict[str, tuple[str, ...]] = field(repr=False)
    """Person id → disciplines, as the newest trust root in the ledger has them."""
    called: dict[str, frozenset[str]] = field(repr=False)
    """Name in `plain_name` form → ids of the people who ever had it."""

    def actors(self, name: str) -> frozenset[Actor]:
        """All whom `name` (a person's name, or a person's or principal's id) may mean."""
        plain = plain_name(name)
        people = {
            *self.persons.get(name, ()),
            *self.persons.get(plain, ()),
            *self.called.get(plain, ()),
        }
        ids = {f"person:{each}" for each in (name, plain, *people)}
        return frozenset(ids if people else {*ids, f"service:{name}", f"service:{plain}"})

    def namesakes(self, actor: Actor) -> frozenset[Actor]:
        """Everybody who ever went by a name of this person: one who made a second identity."""
        return frozenset(
            f"person:{other}"
            for people in self.called.values()
            if actor.removeprefix("person:") in people
            for other in people
        )


def directory(index: EvidenceIndex) -> Directory:
    """The directory of a ledger."""
    persons: dict[str, set[str]] = defaultdict(set)
    called: dict[str, set[str]] = defaultdict(set)
    newest: TrustRoot | None = None
    for item in index.items:
        if item.principal.person:
            persons[item.principal.id].add(item.principal.person)
        if isinstance(item.statement.predicate, TrustRoot):
            newest = item.statement.predicate
            for principal in newest.principals:
                if principal.person:
                    persons[principal.id].add(principal.person)
            for person in newest.people:
                called[plain_name(person.name)].add(person.id)
    return Directory(
        persons={name: frozenset(people) for name, people in persons.items()},
        principals=newest.principals if newest else (),
        disciplines={p.id: p.disciplines for p in newest.people} if newest else {},
        called={name: frozenset(people) for name, people in called.items()},
    )


def plain_name(name: str) -> str:
    """A name without what does not tell two people apart: case, spaces, ways to write a letter."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def actor_of(item: Verified) -> Actor:
    """Who signed: the person, or the service where no person holds the key."""
    return actor_behind(item.principal)


def actor_behind(principal: Principal) -> Actor:
    """The person behind a principal, or the service where no person holds the key."""
    return f"person:{principal.person}" if principal.person else f"service:{principal.id}"


def authors(
    index: EvidenceIndex, graph: Graph, known: Directory, artifact: str
) -> dict[Actor, str]:
    """Everyone who made the artifact or anything that it was made from → what they did."""
    found: dict[Actor, str] = {}
    for digest in (artifact, *graph.ancestors(artifact)):
        for kind in ("training-run", "lineage", "dataset-version", "custody"):
            for item in index.about(digest, kind):
                deed = _deed(item.statement.predicate)
                if deed:
                    found.setdefault(actor_of(item), f"{deed} {index.name(digest)}")
                for labeller in _labellers(item.statement.predicate):
                    for actor in sorted(known.actors(labeller)):
                        found.setdefault(actor, f"labelled {index.name(digest)}")
    return _with_namesakes(known, found)


def _with_namesakes(known: Directory, deeds: dict[Actor, str]) -> dict[Actor, str]:
    found = dict(deeds)
    for actor, deed in deeds.items():
        for namesake in sorted(known.namesakes(actor)):
            found.setdefault(namesake, deed)
    return found


def evaluators(
    index: EvidenceIndex, graph: Graph, known: Directory, artifact: str
) -> dict[Actor, str]:
    """Everyone who evaluated, for the record, the artifact or anything in its lineage."""
    found = {
        actor_of(item): f"evaluated {index.name(digest)}"
        for digest in (artifact, *graph.ancestors(artifact))
        for item in index.about(digest, "evaluation")
        if isinstance(item.statement.predicate, Evaluation)
    }
    return _with_namesakes(known, found)


def uncountersigned_policy_makers(
    index: EvidenceIndex, *, system: str, policy: str
) -> frozenset[Actor]:
    """Who recorded the policy, unless a second person recorded the same words.

    Starting out with the built-in policy changes nothing, so it makes nobody a policy maker.
    """
    records = [
        (actor_of(item), item.statement.predicate.sha256)
        for item in index.about(system, "policy")
        if isinstance(item.statement.predicate, PolicyRecord)
    ]
    if policy == builtin_policy().digest and all(digest == policy for _, digest in records):
        return frozenset()
    makers = frozenset(actor for actor, digest in records if digest == policy)
    people = {actor for actor in makers if actor.startswith("person:")}
    return makers if len(people) < 2 else frozenset()


def revoked_for_cause(item: Verified) -> bool:
    """Whether the signer's key was withdrawn because it, or he, could not be trusted."""
    revoked = item.principal.revoked
    return revoked is not None and revoked.for_cause


def only_administrates(roles: Iterable[str]) -> bool:
    """Whether all that these roles carry is administration."""
    return set(roles) <= ADMINISTRATIVE


def _deed(predicate: Predicate) -> str:
    """What makes the signer of this statement an author; empty if nothing does."""
    if isinstance(predicate, SlsaProvenance):
        return "trained"
    if isinstance(predicate, Lineage):
        return "processed"
    if isinstance(predicate, DatasetVersion):
        return "registered"
    if isinstance(predicate, Custody) and predicate.action == "trained":
        return "trained"
    return ""


def _labellers(predicate: Predicate) -> tuple[str, ...]:
    if isinstance(predicate, DatasetVersion) and predicate.labelling is not None:
        return predicate.labelling.by
    return ()
