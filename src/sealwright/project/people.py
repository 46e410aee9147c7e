"""Who may sign what: the first trust root, and each change to it, signed and in the ledger."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from sealwright.clock import format_time
from sealwright.errors import UsageError
from sealwright.evidence.dsse import Envelope, encode_envelope, sign_statement
from sealwright.evidence.keys import LogKey, PublicKey, SigningKey
from sealwright.evidence.manifest import system_digest
from sealwright.evidence.predicates.governance import Person, Principal, RevokedKey, TrustRoot
from sealwright.evidence.statement import Statement, subject
from sealwright.evidence.trust import ROOT_ROLE
from sealwright.evidence.verify import Verified
from sealwright.files import write_atomically
from sealwright.ledger.note import encode_vkey, verifier_key
from sealwright.policy.duties import plain_name
from sealwright.project.core import Project
from sealwright.project.keyring import check_name

ROLES = {
    "root": "signs the trust root: who may sign what",
    "owner": "answers for the system: classification, policy, minimal-tier approval",
    "engineer": "trains, scans, signs models and evaluates; an author",
    "steward": "adds and checks data; an author of the data",
    "validator": "fixes criteria and re-runs evaluations; never an author",
    "approver": "answers the gate's question for a discipline",
    "granter": "grants waivers",
    "operator": "releases, rolls back, stops, and says who may call; admits nothing by that",
    "gateway": "a serving installation: signs what it served and saw",
}
"""Role → what it allows."""

DISCIPLINES = ("security", "data", "legal", "domain", "executive", "validation", "engineering")
VALID_DAYS = 365


def make_principal(
    name: str,
    key: PublicKey,
    *,
    person: str,
    roles: Sequence[str],
    now: datetime,
    days: int = VALID_DAYS,
) -> Principal:
    """A principal valid from `now` for `days`; UsageError for unknown roles."""
    _check_roles(name, roles)
    return Principal(
        id=check_name(name),
        person=person,
        key=base64.b64encode(key.der).decode(),
        roles=tuple(roles),
        not_before=format_time(now),
        not_after=format_time(now + timedelta(days=days)),
    )


def first_trust_root(
    *,
    system: str,
    origin: str,
    log_key: LogKey,
    owner: Person,
    principal: Principal,
    key: SigningKey,
    now: datetime,
) -> Envelope:
    """Version 1, signed by the one principal in it."""
    root = TrustRoot(
        version=1,
        log=encode_vkey(verifier_key(origin, log_key.public)),
        people=(owner,),
        principals=(principal,),
        at=format_time(now),
    )
    return sign_statement(Statement((subject(system, system_digest(system)),), root), key)


def add_principal(
    project: Project, principal: Principal, *, person: Person, signer: str
) -> Verified:
    """Adds a key (and the person who holds it, if new) to the trust root.

    A person who is there already keeps the name and gains the disciplines.
    """
    with project.turn():
        root = project.trust.root
        _check_new(root, principal.id, person)
        if any(existing.key == principal.key for existing in root.principals):
            raise UsageError("the trust root has this key already, under another id")
        known = project.trust.person(person.id)
        people = (*root.people, person)
        if known is not None:
            merged = tuple(dict.fromkeys((*known.disciplines, *person.disciplines)))
            people = tuple(
                msgspec.structs.replace(p, disciplines=merged) if p.id == person.id else p
                for p in root.people
            )
        principals = (*root.principals, principal)
        return _publish(project, people=people, principals=principals, signer=signer)


def add_with_new_key(
    project: Project,
    name: str,
    *,
    person: Person,
    roles: Sequence[str],
    signer: str,
    days: int = VALID_DAYS,
    encrypt: bool = False,
) -> Verified:
    """As `add_principal`, with a key that is made here.

    The key is stored before the trust root names it and never thrown away: where this is cut short,
    doing it again goes on with the key that is there.
    """
    _check_roles(name, roles)
    _check_new(project.trust.root, name, person)
    project.keyring.signer(signer)  # a signer who is not here is told before a key is made
    key = project.keyring.obtain(name, encrypt=encrypt)
    principal = make_principal(
        name, key.public, person=person.id, roles=roles, now=project.clock(), days=days
    )
    return add_principal(project, principal, person=person, signer=signer)


def _check_roles(name: str, roles: Sequence[str]) -> None:
    for role in roles:
        if role not in ROLES:
            raise UsageError(f"there is no role {role!r:.80}", advice=f"roles: {', '.join(ROLES)}")
    if not roles:
        raise UsageError(f"{name} needs a role", advice=f"roles: {', '.join(ROLES)}")


def _check_new(root: TrustRoot, name: str, person: Person) -> None:
    if any(existing.id == name for existing in root.principals):
        raise UsageError(
            f"there is a principal {name} already",
            advice="give the new key another id; ids are never used twice",
        )
    check_name(person.id, what="person")
    check_disciplines(person.disciplines)
    _check_no_namesake(root, person)


def _check_no_namesake(root: TrustRoot, person: Person) -> None:
    """UsageError if somebody else is called like this person: quorum counts people, so one of them
    must not become two."""
    if any(known.id == person.id for known in root.people):
        return
    taken = {plain_name(each): known.id for known in root.people for each in (known.id, known.name)}
    for name in (person.name, person.id):
        other = taken.get(plain_name(name))
        if other is not None:
            raise UsageError(
                f"{other} is called {name!r:.80}, too",
                advice=f"a second key of the same person: `--person {other}`; somebody else: give a"
                " name that tells the two apart",
            )


def check_disciplines(disciplines: Sequence[str]) -> None:
    """UsageError for a discipline that no policy can ask for."""
    unknown = set(disciplines) - set(DISCIPLINES)
    if unknown:
        raise UsageError(
            f"there is no discipline {', '.join(sorted(unknown))}",
            advice=f"disciplines: {', '.join(DISCIPLINES)}",
        )


def revoke_principal(
    project: Project, name: str, *, reason: str, for_cause: bool, signer: str
) -> Verified:
    """Revokes a key from now on. For cause: nothing it ever signed satisfies the gate any more."""
    with project.turn():
        root = project.trust.root
        target = project.trust.principal_named(name)
        if target is None:
            raise UsageError(
                f"there is no principal {name!r:.80}", advice="see `sealwright keys list`"
            )
        if target.revoked is not None:
            raise UsageError(f"{name} was revoked at {target.revoked.at}: {target.revoked.reason}")
        roots = [p for p in root.principals if ROOT_ROLE in p.roles and p.revoked is None]
        if roots == [target]:
            raise UsageError(
                f"{name} is the last key with the role `root`; without it nobody could change this",
                advice="add another root key first",
            )
        revoked = msgspec.structs.replace(
            target,
            revoked=RevokedKey(at=format_time(project.clock()), reason=reason, for_cause=for_cause),
        )
        principals = tuple(revoked if p.id == name else p for p in root.principals)
        return _publish(project, people=root.people, principals=principals, signer=signer)


def root_signer(project: Project) -> str:
    """The principal with the role `root` whose key is here; UsageError unless it is just one."""
    here = [
        principal.id
        for principal in project.trust.root.principals
        if ROOT_ROLE in principal.roles
        and principal.revoked is None
        and project.keyring.holds(principal.id)
    ]
    if len(here) != 1:
        raise UsageError(
            f"who signs the trust root? {len(here)} keys with the role `{ROOT_ROLE}` are here",
            advice="say it with --as",
        )
    return here[0]


def _publish(
    project: Project,
    *,
    people: tuple[Person, ...],
    principals: tuple[Principal, ...],
    signer: str,
) -> Verified:
    root = project.trust.root
    changed = TrustRoot(
        version=root.version + 1,
        log=root.log,
        people=people,
        principals=principals,
        at=format_time(project.clock()),
    )
    # About the same system as the first one: people can be added while the lifecycle is unfinished.
    about = project.evidence()[0].statement.subjects
    recorded = project.record(Statement(about, changed), signer=signer)
    # The ledger comes first: after a crash between the two, the older file still leads to the
    # newer trust root through the ledger.
    write_atomically(project.layout.trust, encode_envelope(recorded.envelope))
    return recorded
