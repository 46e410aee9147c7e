"""A ledger in memory for policy tests: every statement is really signed and really verified."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

from sealwright.clock import format_time
from sealwright.evidence.digest import sha256_hex
from sealwright.evidence.dsse import Envelope, encode_envelope, envelope_digest, sign_statement
from sealwright.evidence.keys import SigningKey
from sealwright.evidence.manifest import manifest_digest, oms_root, system_digest
from sealwright.evidence.predicates import Predicate
from sealwright.evidence.predicates.common import FileEntry
from sealwright.evidence.predicates.governance import (
    Approval,
    Person,
    Principal,
    Question,
    RevokedKey,
    TrustRoot,
)
from sealwright.evidence.statement import Statement, Subject, subject
from sealwright.evidence.trust import load_trust
from sealwright.evidence.verify import History, Verified
from sealwright.policy.gate import GateRequest, gate
from sealwright.policy.load import builtin_policy
from sealwright.policy.model import Policy
from sealwright.policy.verdict import RequirementResult, Verdict

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
SYSTEM = subject("triage", system_digest("triage"))

CAST: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    # principal: person, disciplines, roles
    "rita": ("rita", (), ("root",)),
    "olga": ("olga", ("engineering",), ("owner",)),
    "mina": ("mina", ("engineering",), ("engineer", "steward")),
    "mina-laptop": ("mina", ("engineering",), ("engineer", "approver")),
    "sam": ("sam", ("security",), ("approver",)),
    "sam-phone": ("sam", ("security",), ("approver",)),
    "dana": ("dana", ("data",), ("approver",)),
    "lena": ("lena", ("legal",), ("approver",)),
    "doc": ("doc", ("domain",), ("approver",)),
    "eve": ("eve", ("executive",), ("approver", "granter")),
    "ida": ("ida", ("security", "executive"), ("granter",)),
    "val": ("val", ("validation",), ("validator", "approver")),
    "vera": ("vera", ("validation",), ("validator", "approver")),
    "vic": ("vic", ("validation",), ("validator",)),
    "bob": ("bob", ("domain",), ("approver",)),
    "ci": ("", (), ("engineer",)),
    "feed": ("", (), ("engineer",)),
}


@cache
def key_of(principal: str) -> SigningKey:
    """One key per principal and test run: making them is not what is tested."""
    return SigningKey.generate()


def files_of(*names: str, salt: str = "") -> tuple[FileEntry, ...]:
    """Files whose content is their name."""
    return tuple(
        FileEntry(path=name, size=len(name), sha256=sha256_hex((name + salt).encode()))
        for name in names
    )


def artifact(name: str, *paths: str, salt: str = "") -> tuple[Subject, tuple[FileEntry, ...]]:
    """A subject whose digest is that of its files."""
    files = files_of(*(paths or (f"{name}.bin",)), salt=salt)
    return subject(name, manifest_digest(files)), files


def alias(name: str, files: Sequence[FileEntry]) -> Subject:
    """The OMS root of the files, as a subject."""
    return subject(name, oms_root(files))


class World:
    """People, keys and a growing ledger. Time moves a minute with each statement."""

    def __init__(
        self,
        *,
        cast: Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = CAST,
        start: datetime = START,
    ) -> None:
        self.cast = dict(cast)
        self.now = start
        self.envelopes: list[Envelope] = []
        self.revoked: dict[str, RevokedKey] = {}
        self._version = 0
        self._history: History | None = None
        self._anchor: Envelope | None = None
        self._seen: list[Envelope] = []
        self.say("rita", self._root(), SYSTEM)

    @property
    def at(self) -> str:
        """The present as predicates write it."""
        return format_time(self.now)

    def copy(self) -> World:
        """A world with the same past."""
        twin = object.__new__(World)
        twin.__dict__.update(self.__dict__)
        twin.envelopes = list(self.envelopes)
        twin.revoked = dict(self.revoked)
        twin.cast = dict(self.cast)
        twin._history = None
        return twin

    def say(self, who: str, predicate: Predicate, *about: Subject) -> str:
        """Signs and appends; returns the envelope digest."""
        envelope = sign_statement(Statement(about, predicate), key_of(who))
        self.envelopes.append(envelope)
        self.now += timedelta(minutes=1)
        return envelope_digest(envelope)

    def wait(self, **span: float) -> None:
        """Lets time pass."""
        self.now += timedelta(**span)

    def revoke(self, who: str, *, for_cause: bool = True) -> str:
        """A new trust root in which the key of `who` is revoked as of now."""
        self.revoked[who] = RevokedKey(at=self.at, reason="key stolen", for_cause=for_cause)
        return self.say("rita", self._root(), SYSTEM)

    def verified(self) -> tuple[Verified, ...]:
        """Everything said so far, verified from the newest trust root."""
        roots = [e for e in self.envelopes if b"predicate:trust-root:v1" in e.payload]
        known = len(self._history) if self._history is not None else 0
        grown = self._anchor is roots[-1] and self._seen == self.envelopes[:known]
        if self._history is None or not grown:
            self._history, self._anchor = History(load_trust(encode_envelope(roots[-1]))), roots[-1]
            known = 0
        self._history.extend(self.envelopes[known:])
        self._seen = list(self.envelopes)
        return self._history.verified()

    def ask(
        self,
        about: Subject,
        question: Question = "release",
        *,
        policy: Policy | None = None,
        now: datetime | None = None,
    ) -> Verdict:
        """The gate's answer to this ledger."""
        request = GateRequest(
            artifact=about.sha256, question=question, system=SYSTEM.sha256, name=about.name
        )
        return gate(policy or builtin_policy(), request, self.verified(), now or self.now)

    def approve(
        self,
        who: str,
        about: Subject,
        decision: str,
        *,
        discipline: str = "",
        answer: str = "approve",
    ) -> str:
        """One person's answer over a decision digest."""
        disciplines = self.cast[who][1]
        said = Approval(
            decision=decision,
            question="May it be released?",
            answer=answer,  # type: ignore[arg-type]
            discipline=discipline or (disciplines[0] if disciplines else "engineering"),
            reason="read it all",
            at=self.at,
        )
        return self.say(who, said, about)

    def _root(self) -> TrustRoot:
        self._version += 1
        people = {person: disciplines for person, disciplines, _ in self.cast.values() if person}
        return TrustRoot(
            version=self._version,
            log="ledger.example/triage+00000000+AA==",
            people=tuple(
                Person(id=person, name=person.title(), disciplines=disciplines)
                for person, disciplines in people.items()
            ),
            principals=tuple(
                Principal(
                    id=name,
                    person=person,
                    key=base64.b64encode(key_of(name).public.der).decode(),
                    roles=roles,
                    not_before="2026-01-01T00:00:00Z",
                    not_after="2029-01-01T00:00:00Z",
                    revoked=self.revoked.get(name),
                )
                for name, (person, _, roles) in self.cast.items()
            ),
            at=self.at,
        )


def result(verdict: Verdict, identifier: str) -> RequirementResult:
    """The one result with this id; the first that does not hold, if there are several."""
    found = [each for each in verdict.results if each.id == identifier]
    assert found, f"{identifier} is not asked; asked: {[each.id for each in verdict.results]}"
    return next((each for each in found if not each.holds), found[0])
