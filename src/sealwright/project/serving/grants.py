"""Who may call: keys that are granted, narrowed and taken back, each on record, none of them kept.

The ledger holds a key's HMAC and bounds; the key itself is shown once. What is revoked, expired or
not signed by an operator or owner lets nobody in, and neither does anything narrowed from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from sealwright.clock import parse_time
from sealwright.errors import MalformedError, Refused, UsageError
from sealwright.evidence.digest import is_digest
from sealwright.evidence.predicates.serving import Action, Grant, GrantedKey, GrantRevocation
from sealwright.evidence.verify import Verified
from sealwright.phases.deployment import record
from sealwright.phases.deployment.core.api_keys import mac_of, mint_key, narrowed, widenings
from sealwright.policy.duties import revoked_for_cause
from sealwright.policy.evidence_index import EvidenceIndex, index_evidence
from sealwright.project.core import Project
from sealwright.project.resolve import SYSTEM, resolve
from sealwright.project.serving.authority import check_signer
from sealwright.project.serving.pepper import pepper_of

GRANTING_ROLES: Final = ("operator", "owner")
"""Roles that may let somebody in. Anybody whom the trust root knows may lock a key out again."""

_ID = re.compile(r"[0-9a-f]{12}")

DEFAULT_ACTIONS: Final[tuple[Action, ...]] = ("infer", "metadata")

Status = Literal["in force", "revoked", "expired", "fallen"]
"""fallen: what it was narrowed from is not in force, or it opens nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Minted:
    """A grant on record, and its key, which is nowhere else."""

    key: str = field(repr=False)
    grant: Grant
    recorded: Verified


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One grant on record, and whether its key opens anything now."""

    grant: Grant
    item: Verified
    status: Status
    key: GrantedKey | None
    """Within all its parents; None unless it is in force."""


def standings(
    evidence: Iterable[Verified] | EvidenceIndex, *, now: datetime
) -> tuple[Standing, ...]:
    """Every grant that counts, oldest first. An id counts once, for its first grant: nothing that
    was revoked comes back under its old id."""
    index = index_evidence(evidence)
    grants = _grants(index)
    revoked = {
        said.id
        for item in index.kind("grant-revocation")
        if isinstance(said := item.statement.predicate, GrantRevocation)
    }
    found: dict[str, Standing] = {}
    for item, said in grants.values():
        found[said.id] = _standing(item, said, grants, found, revoked, now=now)
    return tuple(found.values())


def in_force(
    evidence: Iterable[Verified] | EvidenceIndex, *, now: datetime, at_most: int
) -> tuple[GrantedKey, ...]:
    """The keys that open something now, by id; none for more than `at_most` requests per minute."""
    keys = [each.key for each in standings(evidence, now=now) if each.key is not None]
    return tuple(
        msgspec.structs.replace(key, requests_per_minute=min(key.requests_per_minute, at_most))
        for key in sorted(keys, key=lambda key: key.id)
    )


def _grants(index: EvidenceIndex) -> dict[str, tuple[Verified, Grant]]:
    found: dict[str, tuple[Verified, Grant]] = {}
    for item in index.kind("grant"):
        said = item.statement.predicate
        rightful = set(item.principal.roles) & set(GRANTING_ROLES) and not revoked_for_cause(item)
        if isinstance(said, Grant) and rightful and _well_formed(said):
            found.setdefault(said.id, (item, said))
    return found


def _well_formed(said: Grant) -> bool:
    """Whether a gateway can read it: one odd grant must not spoil a snapshot that revokes."""
    return (
        _ID.fullmatch(said.id) is not None
        and is_digest(said.mac)
        and bool(said.client)
        and said.requests_per_minute >= 1
    )


def _standing(
    item: Verified,
    said: Grant,
    grants: dict[str, tuple[Verified, Grant]],
    earlier: dict[str, Standing],
    revoked: set[str],
    *,
    now: datetime,
) -> Standing:
    """How a grant stands; what it is narrowed from must have been there before it."""
    status: Status = "in force"
    key: GrantedKey | None = None
    parent = earlier.get(said.parent)
    try:
        if said.id in revoked:
            status = "revoked"
        elif parse_time(said.not_after) <= now:
            status = "expired"
        elif said.parent and (parent is None or parent.status != "in force"):
            status = "fallen"
        else:
            key = narrowed(said, _ancestors(said, grants))
            status = "in force" if key is not None else "fallen"
    except MalformedError:
        status = "expired"
    return Standing(grant=said, item=item, status=status, key=key if status == "in force" else None)


def _ancestors(said: Grant, grants: dict[str, tuple[Verified, Grant]]) -> tuple[Grant, ...]:
    """Parent, grandparent and so on; each is older than the one before, so that it ends."""
    chain: list[Grant] = []
    while said.parent:
        said = grants[said.parent][1]
        chain.append(said)
    return tuple(chain)


def grant(
    project: Project,
    client: str,
    *,
    signer: str,
    role: str = "",
    parent: str = "",
    actions: Sequence[Action] = (),
    models: Sequence[str] = (),
    requests_per_minute: int | None = None,
    what_if: bool = False,
    days: int = 90,
) -> Minted:
    """Lets `client` in, within a role of [deployment.roles], a parent grant, or both.

    What is not said is taken from the role, else from the parent, else it is to ask any model, as
    often as [deployment] says. Refused for what goes beyond role or parent, and for a signer who
    lets nobody in.
    """
    check_signer(project, signer, GRANTING_ROLES, to="let callers in")
    now = project.clock()
    above = _parent(project, parent, now=now) if parent else None
    base = _base(project, role, above)
    until = now + timedelta(days=days)
    valid_for = min(until, parse_time(above.not_after)) - now if above else until - now
    with project.turn():
        pepper = pepper_of(project)
        key, identity = mint_key()
        statement = record.grant(
            resolve(project, SYSTEM).subject,
            grant_id=identity,
            client=client,
            mac=mac_of(key, pepper),
            actions=tuple(actions) or base.actions,
            models=tuple(models) or base.models,
            requests_per_minute=requests_per_minute or base.requests_per_minute,
            what_if=what_if,
            parent=above.id if above else "",
            valid_for=valid_for,
            now=now,
        )
        _check_narrow(statement.predicate, base if role else None, above)
        recorded = project.record(statement, signer=signer)
    return Minted(key=key, grant=statement.predicate, recorded=recorded)


def _base(project: Project, role: str, above: GrantedKey | None) -> GrantedKey:
    """What a new key may do at most where nothing else is said."""
    declared = project.lifecycle.deployment
    actions: tuple[Action, ...] = DEFAULT_ACTIONS
    models: tuple[str, ...] = ("*",)
    limit = declared.requests_per_minute
    if role:
        found = declared.roles.get(role)
        if found is None:
            raise UsageError(
                f"there is no role {role!r:.80}",
                advice=f"[deployment.roles] has: {', '.join(declared.roles) or 'none'}",
            )
        actions, models = tuple(found.actions), tuple(found.models)
        limit = min(limit, found.requests_per_minute)
    elif above is not None:
        actions, models, limit = above.actions, above.models, above.requests_per_minute
    return GrantedKey(
        id="",
        client="",
        mac="",
        actions=actions,
        models=models,
        requests_per_minute=limit,
        what_if=True,
        not_after="9999-12-31T00:00:00Z",
    )


def _check_narrow(said: Grant, role: GrantedKey | None, parent: GrantedKey | None) -> None:
    for bounds, what in ((role, "its role"), (parent, "its parent")):
        if bounds is not None and (beyond := widenings(said, bounds)):
            raise Refused(
                f"the key would go beyond {what}: {'; '.join(beyond)}",
                advice="a key is only ever narrower than what it comes from",
            )


def _parent(project: Project, reference: str, *, now: datetime) -> GrantedKey:
    found = find(project, reference, now=now)
    if found.key is None:
        raise Refused(f"grant {found.grant.id} is {found.status}: nothing can be narrowed from it")
    return found.key


def find(project: Project, reference: str, *, now: datetime) -> Standing:
    """The one grant whose id begins with `reference` (4 or more characters), or UsageError."""
    known = standings(project.evidence(), now=now)
    found = [each for each in known if each.grant.id.startswith(reference)]
    if len(reference) < 4 or len(found) != 1:
        raise UsageError(
            f"{len(found) or 'no'} grants have an id that begins with {reference!r:.80}",
            advice="see `sealwright access list`",
        )
    return found[0]


def revoke_grant(
    project: Project, reference: str, *, reason: str, signer: str
) -> tuple[Verified, tuple[Grant, ...]]:
    """Locks a key out, and all that were narrowed from it: the entry, and every key that opens
    nothing from now on because of it."""
    with project.turn():
        now = project.clock()
        target = find(project, reference, now=now)
        if target.status == "revoked":
            raise UsageError(f"grant {target.grant.id} is revoked already")
        before = {key.id for key in in_force(project.evidence(), now=now, at_most=1)}
        statement = record.grant_revocation(
            resolve(project, SYSTEM).subject, grant_id=target.grant.id, reason=reason, now=now
        )
        recorded = project.record(statement, signer=signer)
        after = standings(project.evidence(), now=now)
    fallen = tuple(each.grant for each in after if each.grant.id in before and each.key is None)
    return recorded, fallen
