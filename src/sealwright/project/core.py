"""An opened installation: record evidence, ask the gate, verify, export, report.

Everything the command line does goes through here, so a Python program can do it, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from threading import RLock
from types import TracebackType

from sealwright import locks
from sealwright.clock import Clock, parse_time, system_clock
from sealwright.errors import (
    CannotLook,
    EvidenceError,
    InputMissing,
    Refused,
    TamperError,
    UsageError,
)
from sealwright.evidence.dsse import sign_statement
from sealwright.evidence.keyfile import Passphrase
from sealwright.evidence.manifest import system_digest
from sealwright.evidence.predicates import Predicate
from sealwright.evidence.predicates.governance import Question
from sealwright.evidence.statement import Statement, Subject, predicate_time
from sealwright.evidence.trust import Trust, load_trust
from sealwright.evidence.verify import History, Verified
from sealwright.ledger.ledger import Ledger
from sealwright.ledger.note import decode_vkey, encode_vkey
from sealwright.lifecycle.check import load_lifecycle
from sealwright.lifecycle.model import Lifecycle
from sealwright.phases.validation.metrics import METRICS
from sealwright.policy.case import GateRequest, Input
from sealwright.policy.gate import gate
from sealwright.policy.lineage import Graph
from sealwright.policy.load import builtin_policy, load_policy
from sealwright.policy.model import Policy
from sealwright.policy.verdict import Verdict
from sealwright.project.keyring import Keyring
from sealwright.project.layout import Layout, find_root
from sealwright.project.named import Named

DEFAULT_SIGNER = "default"
AHEAD, BEHIND = timedelta(minutes=5), timedelta(days=1)
"""How far from now a statement may be dated when it is recorded: clocks differ, runs take hours."""


class Project:
    """One installation. Open it with `Project.open`; it is a context manager."""

    def __init__(self, layout: Layout, *, clock: Clock, passphrase: Passphrase | None) -> None:
        self.layout = layout
        self.clock = clock
        self.keyring = Keyring(layout, passphrase=passphrase)
        self._history: History | None = None
        self._evidence: tuple[Verified, ...] = ()
        self._newest: dict[str, datetime] = {}
        """Who signed → the latest time among their statements."""
        self._threads = RLock()
        self._in_turn = False

    @classmethod
    def open(
        cls,
        start: Path | str = ".",
        *,
        clock: Clock = system_clock,
        passphrase: Passphrase | None = None,
    ) -> Project:
        """The installation at or above `start`; InputMissing if there is none."""
        layout = Layout(find_root(Path(start)))
        if not layout.trust.exists():
            raise InputMissing(
                f"{layout.root} has no ledger yet", advice="run `sealwright init` there"
            )
        return cls(layout, clock=clock, passphrase=passphrase)

    def __enter__(self) -> Project:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the ledger, if it was opened."""
        if "ledger" in self.__dict__:
            self.ledger.close()
            del self.__dict__["ledger"]

    @cached_property
    def lifecycle(self) -> Lifecycle:
        """`sealwright.toml`, read and checked once (but for whether its files are there).

        Refused if it names another system than the one that the ledger was started for.
        """
        lifecycle = load_lifecycle(self.layout.lifecycle, metrics=METRICS, exist=False)
        if system_digest(lifecycle.system.name) != self.system:
            name = self._founded_for.name
            raise Refused(
                f"{self.layout.lifecycle} names the system {lifecycle.system.name!r:.80}, "
                f"and this ledger was started for {name!r:.80}",
                advice=f"write back name = {name!r:.80}: its history stays with it; another system "
                "is started with `sealwright init` in a folder of its own",
            )
        return lifecycle

    @cached_property
    def anchor(self) -> Trust:
        """The trust root that this installation starts from."""
        return read_trust(self.layout.trust)

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger, writable where the log's key is at hand.

        TamperError if it is another log than the one that the trust root names.
        """
        expected, log_key = self.anchor.log_vkey, self.keyring.log()
        stranger = TamperError(
            f"{self.layout.ledger} is not the ledger that the trust root names",
            advice="restore the ledger that belongs to this trust root",
        )
        try:
            ledger = Ledger.open(
                self.layout.ledger,
                origin=decode_vkey(expected).name,
                log_key=log_key,
                clock=self.clock,
            )
        except UsageError as error:  # another name or key than those of the trust root
            raise stranger from error
        if encode_vkey(ledger.vkey) != expected:
            ledger.close()
            raise stranger
        return ledger

    @property
    def system(self) -> str:
        """The digest that statements about the system name: that of the first trust root."""
        return self._founded_for.sha256

    @property
    def _founded_for(self) -> Subject:
        evidence = self.evidence()
        if not evidence:
            raise TamperError(
                f"{self.layout.ledger} is empty: not even its trust root is in it",
                advice="restore the newest copy of the ledger",
            )
        return evidence[0].statement.subjects[0]

    def now(self) -> datetime:
        """The present: the clock's, but no earlier than what two people have signed.

        A clock that is set back brings nothing back that is over, and the wrong clock of one person
        moves nobody else's time.
        """
        self.evidence()
        with self._threads:
            vouched = sorted(self._newest.values())[-2:-1]
        return max([self.clock(), *vouched])

    @property
    def trust(self) -> Trust:
        """The newest trust root in the ledger."""
        self.evidence()
        return self._history.trust if self._history is not None else self.anchor

    def evidence(self) -> tuple[Verified, ...]:
        """Everything in the ledger, verified, in order."""
        with self._threads:
            if self._history is None:
                self._history = History(self.anchor)
            known = len(self._history)
            self._history.extend(entry.envelope for entry in self.ledger.entries(known))
            if len(self._history) != known:
                self._evidence = self._history.verified()
                for item in self._evidence[known:]:
                    who = item.principal.person or item.principal.id
                    self._newest[who] = max(self._newest.get(who, item.at), item.at)
            return self._evidence

    def graph(self) -> Graph:
        """The lineage that the evidence tells."""
        return Graph.build(self.evidence())

    @cached_property
    def policy(self) -> Policy:
        """The policy in force: the file that `governance.policy` names, or the built-in one."""
        named = self.lifecycle.governance.policy
        return load_policy(self.layout.root / named) if named else builtin_policy()

    def signer_for(self, phase: str) -> str:
        """The principal who signs for a phase, as `[governance.signers]` says.

        Without an entry: `default` there, else the only principal whose key is here.
        """
        signers = self.lifecycle.governance.signers
        named = signers.get(phase) or signers.get(DEFAULT_SIGNER)
        if named:
            return named
        here = [p.id for p in self.trust.root.principals if self.keyring.holds(p.id)]
        if len(here) == 1:
            return here[0]
        raise InputMissing(
            f"who signs for {phase}? {len(here)} keys are here",
            advice=f'say so in sealwright.toml: [governance.signers] {phase} = "…"',
        )

    def signer_at_hand(self, phase: str) -> str | None:
        """As `signer_for`, or None where that key is not here."""
        try:
            who = self.signer_for(phase)
        except InputMissing:
            return None
        return who if self.keyring.holds(who) else None

    def record(self, statement: Statement[Predicate], *, signer: str) -> Verified:
        """Signs a statement as `signer` and appends it; durable when this returns.

        Refuses before anything is written what the ledger's reader would refuse: a key that the
        trust root does not know, is revoked or out of its time. UsageError for the key of somebody
        else than `signer`; Refused for a statement that is not dated now.
        """
        key = self.keyring.signer(signer)
        envelope = sign_statement(statement, key)
        with self.turn():
            holder = self.trust.principal(key.public.keyid)
            if holder is not None and holder.id != signer:
                raise UsageError(
                    f"this is the key of {holder.id}, not of {signer}",
                    advice=f"sign as its holder: --as {holder.id}",
                )
            assert self._history is not None
            self._history.check(envelope)
            self._check_time(statement)
            receipt = self.ledger.append(envelope, public_key=key.public)
            return self.evidence()[receipt.index]

    def _check_time(self, statement: Statement[Predicate]) -> None:
        claimed, now = predicate_time(statement.predicate), self.now()
        if claimed is None:
            return
        if not now - BEHIND <= parse_time(claimed) <= now + AHEAD:
            raise Refused(
                f"the {statement.kind} is dated {claimed}, and it is {now:%Y-%m-%dT%H:%M:%SZ}: "
                "nothing was recorded",
                advice="statements are dated when they are made: is this machine's clock right?",
            )

    @contextmanager
    def turn(self) -> Iterator[None]:
        """While this lasts nobody else records: what was read is still the newest when it is
        written on. Turns of one project may lie inside each other."""
        with self._threads:
            if self._in_turn:
                yield
                return
            with locks.turn(self.layout.state):
                self._in_turn = True
                try:
                    yield
                finally:
                    self._in_turn = False

    def gate(self, artifact: Named, question: Question, *, inputs: Sequence[Named] = ()) -> Verdict:
        """The gate's answer now. `inputs` are what a training run will use."""
        request = self.request(artifact, question, inputs=inputs)
        return gate(self.policy, request, self.evidence(), self.now())

    def request(
        self, artifact: Named, question: Question, *, inputs: Sequence[Named] = ()
    ) -> GateRequest:
        """The question as the gate takes it."""
        return GateRequest(
            artifact=artifact.digest,
            name=artifact.name,
            question=question,
            system=self.system,
            inputs=tuple(
                Input(digest=item.digest, name=item.name, kind=item.kind) for item in inputs
            ),
        )

    def entry(self, index: int) -> Verified:
        """The statement at one place of the ledger; UsageError if there is none."""
        evidence = self.evidence()
        if not 0 <= index < len(evidence):
            raise UsageError(
                f"the ledger has no entry {index}", advice=f"it has 0 to {len(evidence) - 1}"
            )
        return evidence[index]


def read_trust(path: Path) -> Trust:
    """The trust root in a file; every error names the file."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CannotLook(f"{path}: {error.strerror}") from error
    try:
        return load_trust(data)
    except (EvidenceError, CannotLook) as error:
        raise type(error)(f"{path}: {error.message}", advice=error.advice) from error
