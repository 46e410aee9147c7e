"""The only place where a `Verified` value comes from: bytes go in, proven statements come out.

The key is never taken from the envelope: its keyid only says which key of the trust root to try.
`History` walks a ledger in order, so that a key's revocation counts for everything after it,
whatever time a later statement claims.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

import msgspec

from sealwright.clock import parse_time
from sealwright.errors import EvidenceError, MalformedError, SignatureError, TamperError
from sealwright.evidence.dsse import Envelope, envelope_digest, pae
from sealwright.evidence.predicates import Predicate
from sealwright.evidence.predicates.governance import Person, Principal, TrustRoot
from sealwright.evidence.statement import (
    PAYLOAD_TYPE,
    Statement,
    decode_statement,
    predicate_time,
)
from sealwright.evidence.trust import Trust, check_only_adds, extend, valid_at

_SEAL = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A statement whose signature was checked against the trust root."""

    statement: Statement[Predicate]
    principal: Principal
    person: Person | None
    at: datetime
    """When it was made, as its signer says; types without a time take that of what the same key
    signed before, so that nobody's wrong clock dates another's word."""
    digest: str
    """Envelope digest."""
    envelope: Envelope = field(repr=False)
    index: int = -1
    """Place in the ledger; -1 while in none."""
    seal: object = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.seal is not _SEAL:
            raise TypeError("a Verified value comes from sealwright.evidence.verify alone")

    @property
    def predicate(self) -> Predicate:
        """What is said."""
        return self.statement.predicate

    @property
    def kind(self) -> str:
        """The predicate's short name."""
        return self.statement.kind


def verify(
    envelope: Envelope, trust: Trust, *, index: int = -1, not_before: datetime | None = None
) -> Verified:
    """Checks one envelope against the trust root.

    `not_before` is the time taken for predicate types that carry none (default: the start of the
    key's validity). Raises SignatureError for an unknown key, a bad signature or one made outside
    the key's validity, MalformedError for a payload that is not a statement we know.
    """
    if envelope.payload_type != PAYLOAD_TYPE:
        raise MalformedError(f"payload type {envelope.payload_type!r:.80} is not a statement")
    principal, key = trust.principal(envelope.keyid), trust.key(envelope.keyid)
    if principal is None or key is None:
        raise SignatureError(
            f"signed by key {envelope.keyid[:16]}, which the trust root does not know",
            advice="add the signer with `sealwright keys add`, or find out who signed this",
        )
    key.verify(pae(envelope.payload_type, envelope.payload), envelope.signature)
    statement = decode_statement(envelope.payload)
    claimed = predicate_time(statement.predicate)
    at = parse_time(claimed) if claimed else not_before or parse_time(principal.not_before)
    if not valid_at(principal, at):
        raise SignatureError(
            f"{principal.id} signed at {at:%Y-%m-%d %H:%M:%S}Z, when the key was not valid"
            + (f" (revoked {principal.revoked.at})" if principal.revoked else ""),
            advice=f"it is valid from {principal.not_before} to {principal.not_after}",
        )
    return Verified(
        statement=statement,
        principal=principal,
        person=trust.person(principal.person) if principal.person else None,
        at=at,
        digest=envelope_digest(envelope),
        envelope=envelope,
        index=index,
        seal=_SEAL,
    )


class History:
    """A ledger's statements, verified in order under the trust that stood at each place.

    `anchor` is the trust root that the reader chose. If the ledger starts from an earlier version,
    its versions must lead to exactly the anchor. It can go on growing with the ledger.
    """

    def __init__(self, anchor: Trust) -> None:
        self._anchor = anchor
        self._trust: Trust | None = None
        self._last: dict[str, datetime] = {}
        """Key id → the time of the last statement that it signed."""
        self._reached_anchor = False
        self._items: list[Verified] = []

    def __len__(self) -> int:
        return len(self._items)

    @property
    def trust(self) -> Trust:
        """The newest trust root reached so far (the anchor before the first)."""
        return self._trust or self._anchor

    @property
    def complete(self) -> bool:
        """Whether the anchor itself was met in the ledger."""
        return self._reached_anchor

    def add(self, envelope: Envelope) -> Verified:
        """Verifies the next statement; EvidenceError as `verify`, and for a wrong trust root."""
        trust = self.trust
        if self._trust is None:
            trust = self._start(envelope)
        last = self._last.get(envelope.keyid)
        verified = verify(envelope, trust, index=len(self._items), not_before=last)
        _refuse_revoked(verified)
        if isinstance(verified.predicate, TrustRoot) and self._trust is not None:
            trust = extend(trust, envelope)
        self._check_anchor(trust)
        self._trust = trust
        self._last[envelope.keyid] = verified.at
        self._items.append(verified)
        return verified

    def check(self, envelope: Envelope) -> None:
        """Raises what `add` would raise, and adds nothing: for a writer, before the append."""
        if self._trust is None:
            self._start(envelope)
            return
        last = self._last.get(envelope.keyid)
        verified = verify(envelope, self._trust, not_before=last)
        _refuse_revoked(verified)
        if isinstance(verified.predicate, TrustRoot):
            extend(self._trust, envelope)

    def extend(self, envelopes: Iterable[Envelope]) -> None:
        """Adds all of them; an error names the entry."""
        for envelope in envelopes:
            try:
                self.add(envelope)
            except EvidenceError as error:
                where = f"entry {len(self._items)}: {error.message}"
                raise type(error)(where, advice=error.advice) from error

    def verified(self) -> tuple[Verified, ...]:
        """All statements so far, each carrying its signer as the *newest* trust root has it, so
        that a later revocation for cause shows; of the roles, those that the signer held when
        signing and still holds. TamperError if the anchor was never met."""
        if self._items and not self._reached_anchor:
            raise TamperError("the ledger ends before the trust root that was handed in")
        return tuple(_as_known_to(item, self.trust) for item in self._items)

    def _start(self, envelope: Envelope) -> Trust:
        """The first statement must be a trust root that the anchor grew from."""
        if envelope_digest(envelope) == self._anchor.digest:
            return self._anchor
        predicate = decode_statement(envelope.payload).predicate
        if not isinstance(predicate, TrustRoot):
            raise TamperError("a ledger begins with its trust root; this one does not")
        first = Trust(predicate, digest=envelope_digest(envelope))
        if first.root.version >= self._anchor.root.version:
            raise TamperError("the ledger's trust root is not the one that was handed in")
        check_only_adds(first, self._anchor)
        return first

    def _check_anchor(self, trust: Trust) -> None:
        if trust.root.version == self._anchor.root.version:
            if trust.digest != self._anchor.digest:
                raise TamperError("the ledger's trust root is not the one that was handed in")
            self._reached_anchor = True


def verify_history(envelopes: Iterable[Envelope], anchor: Trust) -> tuple[Verified, ...]:
    """All statements of a ledger in order; see `History`."""
    history = History(anchor)
    history.extend(envelopes)
    return history.verified()


def _refuse_revoked(item: Verified) -> None:
    """In a ledger, what comes after a revocation was made after it, whatever time it claims."""
    if item.principal.revoked is not None:
        raise SignatureError(
            f"{item.principal.id} was revoked at {item.principal.revoked.at}, "
            "before this was recorded"
        )


def _as_known_to(item: Verified, trust: Trust) -> Verified:
    principal = trust.principal(item.envelope.keyid)
    if principal is None:
        raise TamperError(f"entry {item.index}: its signer is unknown to the newest trust root")
    held = tuple(role for role in item.principal.roles if role in principal.roles)
    return replace(item, principal=msgspec.structs.replace(principal, roles=held))
