"""Trust: which key belongs to whom, and what it may do, at which time.

A `Trust` is built only from a signed trust root. The first version is the anchor that a person
chose; each later one counts only if a `root` principal of the version before signed it, and it may
only add: people and keys are withdrawn by revoking them, never by leaving them out. A role that is
given later counts for what is signed later (see `verify`).
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime

from sealwright.clock import parse_time
from sealwright.errors import MalformedError, SignatureError, TamperError
from sealwright.evidence.dsse import Envelope, decode_envelope, envelope_digest, pae
from sealwright.evidence.keys import PublicKey
from sealwright.evidence.predicates.governance import Person, Principal, TrustRoot
from sealwright.evidence.statement import PAYLOAD_TYPE, decode_statement

ROOT_ROLE = "root"


class Trust:
    """The trust root as it stands at one version. Made by `load_trust` and `extend` alone."""

    def __init__(self, root: TrustRoot, *, digest: str) -> None:
        self.root = root
        self.digest = digest
        """Envelope digest of the trust root statement."""
        self._people = {person.id: person for person in root.people}
        self._principals: dict[str, tuple[Principal, PublicKey]] = {}
        for principal in root.principals:
            key = _public_key(principal)
            if key.keyid in self._principals:
                raise MalformedError(f"trust root: {principal.id} has another principal's key")
            if principal.person and principal.person not in self._people:
                raise MalformedError(f"trust root: {principal.id} is held by nobody known")
            parse_time(principal.not_before)
            parse_time(principal.not_after)
            self._principals[key.keyid] = (principal, key)
        if len({p.id for p in root.principals}) != len(root.principals):
            raise MalformedError("trust root: two principals have one id")
        if len(self._people) != len(root.people):
            raise MalformedError("trust root: two people have one id")

    @property
    def log_vkey(self) -> str:
        """The ledger's verifier key (C2SP signed-note text form)."""
        return self.root.log

    def key(self, keyid: str) -> PublicKey | None:
        """The public key with this id, if the trust root knows it."""
        found = self._principals.get(keyid)
        return found[1] if found else None

    def key_of(self, principal: Principal) -> PublicKey:
        """The public key of a principal of this trust root."""
        return next(key for known, key in self._principals.values() if known.id == principal.id)

    def principal(self, keyid: str) -> Principal | None:
        """Who holds the key with this id."""
        found = self._principals.get(keyid)
        return found[0] if found else None

    def person(self, identifier: str) -> Person | None:
        """The person with this id."""
        return self._people.get(identifier)

    def principal_named(self, name: str) -> Principal | None:
        """The principal with this id (`alice`)."""
        return next((p for p in self.root.principals if p.id == name), None)


def valid_at(principal: Principal, at: datetime) -> bool:
    """Whether the principal's key was in its window and not yet revoked at that time."""
    if not parse_time(principal.not_before) <= at <= parse_time(principal.not_after):
        return False
    return principal.revoked is None or at < parse_time(principal.revoked.at)


def load_trust(data: bytes) -> Trust:
    """The trust that a person chose to start from: a signed trust root, whatever its version.

    Checks that one of its own `root` principals signed it, which shows that it is whole; that it
    is the right one is what the person vouches for by handing it in.
    """
    envelope = decode_envelope(data)
    trust = Trust(_root_of(envelope), digest=envelope_digest(envelope))
    _check_signed_by_root(envelope, trust)
    return trust


def extend(trust: Trust, envelope: Envelope) -> Trust:
    """The next version of `trust`; TamperError or SignatureError if it is not a rightful one."""
    root = _root_of(envelope)
    _check_signed_by_root(envelope, trust)
    if root.version != trust.root.version + 1:
        raise TamperError(
            f"trust root version {root.version} cannot follow version {trust.root.version}"
        )
    later = Trust(root, digest=envelope_digest(envelope))
    check_only_adds(trust, later)
    return later


def check_only_adds(earlier: Trust, later: Trust) -> None:
    """TamperError if `later` forgets or rewrites what `earlier` said."""
    if later.root.log != earlier.root.log:
        raise TamperError("a trust root cannot change the log's key")
    for principal in earlier.root.principals:
        same = later.principal_named(principal.id)
        if same is None or (same.key, same.person) != (principal.key, principal.person):
            raise TamperError(f"the new trust root forgets or rewrites principal {principal.id}")
        if principal.revoked is not None and same.revoked != principal.revoked:
            raise TamperError(f"the new trust root undoes the revocation of {principal.id}")
        if same.not_before != principal.not_before or (
            parse_time(same.not_after) > parse_time(principal.not_after)
        ):
            raise TamperError(
                f"the new trust root moves or extends the validity of {principal.id}",
                advice="a key is never valid for longer than it was given out for; add a new one",
            )
    for person in earlier.root.people:
        if later.person(person.id) is None:
            raise TamperError(f"the new trust root forgets {person.id}")


def _root_of(envelope: Envelope) -> TrustRoot:
    if envelope.payload_type != PAYLOAD_TYPE:
        raise MalformedError(f"payload type {envelope.payload_type!r:.80} is not a statement")
    predicate = decode_statement(envelope.payload).predicate
    if not isinstance(predicate, TrustRoot):
        raise MalformedError("this is a signed statement, but not a trust root")
    return predicate


def _check_signed_by_root(envelope: Envelope, trust: Trust) -> None:
    principal, key = trust.principal(envelope.keyid), trust.key(envelope.keyid)
    if principal is None or key is None:
        raise SignatureError("the trust root is signed by a key that it does not name")
    if ROOT_ROLE not in principal.roles:
        raise SignatureError(f"{principal.id} signed a trust root without the role `{ROOT_ROLE}`")
    if not valid_at(principal, parse_time(_root_of(envelope).at)):
        raise SignatureError(f"{principal.id} signed a trust root outside the key's validity")
    key.verify(pae(envelope.payload_type, envelope.payload), envelope.signature)


def _public_key(principal: Principal) -> PublicKey:
    try:
        return PublicKey.from_der(base64.b64decode(principal.key, validate=True))
    except (binascii.Error, ValueError) as error:
        raise MalformedError(f"trust root: the key of {principal.id} is not base64") from error
