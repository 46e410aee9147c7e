"""A ledger in memory whose statements are really signed and really verified."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sealwright.clock import format_time
from sealwright.evidence.dsse import Envelope, encode_envelope, sign_statement
from sealwright.evidence.keys import SigningKey
from sealwright.evidence.manifest import system_digest
from sealwright.evidence.predicates import Predicate
from sealwright.evidence.predicates.governance import Person, Principal, TrustRoot
from sealwright.evidence.statement import Statement, Subject, subject
from sealwright.evidence.trust import load_trust
from sealwright.evidence.verify import Verified, verify_history

SYSTEM = "Consumer loan default triage"
START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)

PEOPLE = {
    "alice": Person(id="alice", name="Alice Moreau", disciplines=("security",)),
    "bruno": Person(id="bruno", name="Bruno Keller", disciplines=("data",)),
    "chiara": Person(id="chiara", name="Chiara Rossi", disciplines=("legal",)),
    "dan": Person(id="dan", name="Dan Okafor", disciplines=("domain",)),
    "eva": Person(id="eva", name="Eva Lindqvist", disciplines=("engineering",)),
    "farid": Person(id="farid", name="Farid Haddad", disciplines=("validation",)),
}
ROLES = {
    "alice": ("root", "approver"),
    "bruno": ("approver", "curator"),
    "chiara": ("approver",),
    "dan": ("approver",),
    "eva": ("engineer",),
    "farid": ("validator",),
    "gate": ("gate",),
    "scanner": ("scanner",),
}


class Ledger:
    """Signs one statement after the other, a quarter of an hour apart."""

    def __init__(
        self,
        *,
        system: str = SYSTEM,
        people: dict[str, Person] | None = None,
        names: Sequence[str] = tuple(ROLES),
    ) -> None:
        self.system: Subject = subject(system, system_digest(system))
        self.people = people or PEOPLE
        self.keys = {name: SigningKey.generate() for name in names}
        self.envelopes: list[Envelope] = []
        self.now = START
        self.say("alice", self._root(), self.system)

    @property
    def at(self) -> str:
        """The present, as predicates write it."""
        return format_time(self.now)

    def say(self, who: str, predicate: Predicate, *about: Subject) -> Envelope:
        """Signs and appends."""
        return self.add(who, Statement(about, predicate))

    def add(self, who: str, statement: Statement[Predicate]) -> Envelope:
        """Signs and appends a finished statement."""
        envelope = sign_statement(statement, self.keys[who])
        self.envelopes.append(envelope)
        self.now += timedelta(minutes=15)
        return envelope

    def verified(self) -> list[Verified]:
        """Everything said so far, verified against the trust root."""
        anchor = load_trust(encode_envelope(self.envelopes[0]))
        return list(verify_history(self.envelopes, anchor))

    def _root(self) -> TrustRoot:
        principals = tuple(
            Principal(
                id=name,
                person=name if name in self.people else "",
                key=base64.b64encode(key.public.der).decode(),
                roles=ROLES[name],
                not_before="2026-01-01T00:00:00Z",
                not_after="2027-12-31T00:00:00Z",
            )
            for name, key in self.keys.items()
        )
        return TrustRoot(
            version=1,
            log="ledger.example/triage+00000000+AA==",
            people=tuple(self.people.values()),
            principals=principals,
            at=self.at,
        )
