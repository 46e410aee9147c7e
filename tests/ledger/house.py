"""A small installation for the ledger's tests: one signer, one log, many statements."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from sealwright.evidence.dsse import Envelope, encode_envelope, sign_statement
from sealwright.evidence.keys import LogKey, SigningKey
from sealwright.evidence.predicates.governance import Principal, TrainingCompletion, TrustRoot
from sealwright.evidence.statement import Statement, subject
from sealwright.ledger.ledger import Ledger
from sealwright.ledger.note import VerifierKey, encode_vkey, verifier_key

ORIGIN = "ledger.example/test"
AT = "2026-06-01T00:00:00.000000Z"
_SYSTEM = (subject("system", "5e" * 32),)


@dataclass(frozen=True)
class House:
    key: SigningKey = field(default_factory=SigningKey.generate)
    log_key: LogKey = field(default_factory=LogKey.generate)

    @property
    def vkey(self) -> VerifierKey:
        return verifier_key(ORIGIN, self.log_key.public)

    def root_envelope(
        self,
        *,
        version: int = 1,
        more: tuple[Principal, ...] = (),
        signer: SigningKey | None = None,
    ) -> Envelope:
        root = TrustRoot(
            version=version,
            log=encode_vkey(self.vkey),
            people=(),
            principals=(principal("root", self.key), *more),
            at=AT,
        )
        return sign_statement(Statement(_SYSTEM, root), signer or self.key)

    def envelope(self, number: int, *, key: SigningKey | None = None) -> Envelope:
        word = TrainingCompletion(
            person=f"person-{number}", course="ledgers", score=number, expires=AT, at=AT
        )
        return sign_statement(Statement(_SYSTEM, word), key or self.key)


def principal(name: str, key: SigningKey, *roles: str) -> Principal:
    return Principal(
        id=name,
        key=b64encode(key.public.der).decode(),
        roles=roles or ("root",),
        not_before="2026-01-01T00:00:00Z",
        not_after="2036-01-01T00:00:00Z",
    )


@cache
def house() -> House:
    return House()


@cache
def envelopes(count: int) -> tuple[Envelope, ...]:
    """A history of `count` statements; the first is the trust root."""
    if count == 0:
        return ()
    if count == 1:
        return (house().root_envelope(),)
    return (*envelopes(1), *(_numbered(n) for n in range(1, count)))


@cache
def _numbered(number: int) -> Envelope:
    return house().envelope(number)


def trust_file() -> bytes:
    return encode_envelope(envelopes(1)[0])


def create(folder: Path, size: int = 0) -> Ledger:
    """A new ledger of `size` entries, appended in a few uneven batches."""
    ledger = Ledger.create(folder / "ledger.db", origin=ORIGIN, log_key=house().log_key)
    at, step = 0, 1
    while at < size:
        stop = min(size, at + step)
        ledger.append_many(envelopes(size)[at:stop], public_key=house().key.public)
        at, step = stop, step * 3 + 1
    return ledger


def reopen(folder: Path, *, writable: bool = True) -> Ledger:
    return Ledger.open(
        folder / "ledger.db", origin=ORIGIN, log_key=house().log_key if writable else None
    )
