"""The only place where a `Verified` value comes from: bytes go in, proven statements come out.

The key is never taken from the envelope: its keyid only says which key of the trust root to try.
`History` walks a ledger in order, so that a key's revocation counts for everything after it,
whatever time a later statement claims.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

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
    """When it was made, as its signer says; without a time of its own, when what went before was."""
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
            f"{principal.id} signed at {at:%Y-%m-%d %H:%M:%S}Z, when the key was not valid",
            advice=f"valid from {principal.not_before} to {principal.not_after}"
            + (f", revoked {principal.revoked.at}" if principal.revoked else ""),
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
    its versions must lead to exactly the anchor.
    """

    def __init__(self, anchor: Trust) -> None:
        self._anchor = anchor
        self._trust: Trust | None = None
        self._latest: datetime | None = None
        self._reached_anchor = False

    @property
    def trust(self) -> Trust:
        """The newest trust root reached so far (the anchor before the first)."""
        return self._trust or self._anchor

    @property
    def complete(self) -> bool:
        """Whether the anchor itself was met in the ledger."""
        return self._reached_anchor

    def add(self, envelope: Envelope, *, index: int) -> Verified:
        """Verifies the next statement; EvidenceError as `verify`, and for a wrong trust root."""
        trust = self.trust
        if self._trust is None:
            trust = self._start(envelope)
        verified = verify(envelope, trust, index=index, not_before=self._latest)
        if isinstance(verified.predicate, TrustRoot) and self._trust is not None:
            trust = extend(trust, envelope)
        self._check_anchor(trust)
        self._trust = trust
        self._latest = max(self._latest or verified.at, verified.at)
        return verified

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


def verify_history(envelopes: Iterable[Envelope], anchor: Trust) -> tuple[list[Verified], Trust]:
    """All statements of a ledger in order, each carrying its signer as the *newest* trust root
    knows him (so that a later revocation for cause shows), and that trust root."""
    history = History(anchor)
    found: list[Verified] = []
    for index, envelope in enumerate(envelopes):
        try:
            found.append(history.add(envelope, index=index))
        except EvidenceError as error:
            raise type(error)(f"entry {index}: {error.message}", advice=error.advice) from error
    if found and not history.complete:
        raise TamperError("the ledger ends before the trust root that was handed in")
    return [_as_known_to(item, history.trust) for item in found], history.trust


def _as_known_to(item: Verified, trust: Trust) -> Verified:
    principal = trust.principal(item.envelope.keyid)
    if principal is None:
        raise TamperError(f"entry {item.index}: its signer is unknown to the newest trust root")
    return replace(item, principal=principal)
