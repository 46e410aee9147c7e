"""Whether an author handed out the keys that approve the author's work: told, not judged.

Keys are handed out by whoever holds a root key, and in a small team that may be an author. A person
whose key, role or discipline came from an author is *introduced* by the author, until somebody else
signs a trust root that still names that person. Who was so introduced vouches for nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sealwright.evidence.predicates.governance import TrustRoot
from sealwright.evidence.verify import Verified
from sealwright.policy.case import Case
from sealwright.policy.duties import Actor, actor_of


def introductions(case: Case) -> dict[str, Actor]:
    """Person id → the author who introduced that person, for all for whom nobody else vouched."""
    introduced: dict[str, Actor] = {}
    before: TrustRoot | None = None
    for item in case.index.kind("trust-root"):
        root = item.statement.predicate
        if not isinstance(root, TrustRoot):
            continue
        signer = actor_of(item)
        author = introduced.get(signer.removeprefix("person:"), signer)
        if author in case.authors:
            introduced.update(
                {person: author for person in _gained(before, root) if f"person:{person}" != author}
            )
        else:
            introduced.clear()
        before = root
    return introduced


def introduction_notes(case: Case, approvals: Iterable[Verified]) -> tuple[str, ...]:
    """One line for each author who introduced people whose approvals count."""
    introduced = introductions(case)
    by: dict[Actor, set[str]] = defaultdict(set)
    for item in approvals:
        person = item.principal.person
        if person in introduced:
            by[introduced[person]].add(person)
    return tuple(
        f"{_listed(sorted(people))} introduced by {author.partition(':')[2]}, "
        f"who {case.authors[author]}"
        for author, people in sorted(by.items())
    )


def _gained(before: TrustRoot | None, after: TrustRoot) -> set[str]:
    """The people who have a key, a role or a discipline that they did not have before."""
    roles = {p.id: set(p.roles) for p in before.principals} if before else {}
    disciplines = {p.id: set(p.disciplines) for p in before.people} if before else {}
    keys = {p.person for p in after.principals if not set(p.roles) <= roles.get(p.id, set())}
    taught = {p.id for p in after.people if not set(p.disciplines) <= disciplines.get(p.id, set())}
    return {person for person in keys | taught if person}


def _listed(names: list[str]) -> str:
    if len(names) == 1:
        return f"{names[0]} was"
    return f"{', '.join(names[:-1])} and {names[-1]} were"
