"""Real keys and trust roots for the kernel's tests."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from sealwright.evidence.dsse import Envelope, encode_envelope, sign_statement
from sealwright.evidence.keys import SigningKey
from sealwright.evidence.manifest import system_digest
from sealwright.evidence.predicates import Predicate
from sealwright.evidence.predicates.governance import Person, Principal, RevokedKey, TrustRoot
from sealwright.evidence.predicates.operation import Release
from sealwright.evidence.statement import Statement, subject
from sealwright.evidence.trust import Trust, load_trust

SYSTEM = subject("system", system_digest("system"))
MODEL = "ab" * 32


@dataclass(frozen=True)
class Actor:
    name: str
    key: SigningKey
    roles: tuple[str, ...] = ("engineer",)
    not_before: str = "2026-01-01T00:00:00Z"
    not_after: str = "2027-01-01T00:00:00Z"
    revoked: RevokedKey | None = None

    @property
    def principal(self) -> Principal:
        return Principal(
            id=self.name,
            person=self.name,
            key=base64.b64encode(self.key.public.der).decode(),
            roles=self.roles,
            not_before=self.not_before,
            not_after=self.not_after,
            revoked=self.revoked,
        )

    def sign(self, predicate: Predicate, *, about: str = MODEL) -> Envelope:
        return sign_statement(Statement((subject("model", about),), predicate), self.key)

    def release(self, at: str = "2026-06-02T00:00:00Z") -> Envelope:
        return self.sign(Release(action="admit", reason="because", at=at))


def actor(name: str, *roles: str) -> Actor:
    return Actor(name, SigningKey.generate(), roles or ("engineer",))


def root_envelope(
    signer: Actor,
    actors: Sequence[Actor],
    *,
    version: int = 1,
    at: str = "2026-06-01T00:00:00Z",
    log: str = "log",
) -> Envelope:
    root = TrustRoot(
        version=version,
        log=log,
        people=tuple(Person(id=a.name, name=a.name.title()) for a in actors),
        principals=tuple(a.principal for a in actors),
        at=at,
    )
    return sign_statement(Statement((SYSTEM,), root), signer.key)


def trust_of(envelope: Envelope) -> Trust:
    return load_trust(encode_envelope(envelope))
