"""An opened installation: record evidence, ask the gate, verify, export, report.

Everything the command line does goes through here, so a Python program can do it, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import RLock
from types import TracebackType

from sealwright import locks
from sealwright.clock import Clock, system_clock
from sealwright.errors import InputMissing, TamperError, UsageError
from sealwright.evidence.dsse import sign_statement
from sealwright.evidence.keyfile import Passphrase
from sealwright.evidence.manifest import system_digest
from sealwright.evidence.predicates import Predicate
from sealwright.evidence.predicates.governance import Question
from sealwright.evidence.statement import Statement
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


class Project:
    """One installation. Open it with `Project.open`; it is a context manager."""

    def __init__(self, layout: Layout, *, clock: Clock, passphrase: Passphrase | None) -> None:
        self.layout = layout
        self.clock = clock
        self.keyring = Keyring(layout, passphrase=passphrase)
        self._history: History | None = None
        self._evidence: tuple[Verified, ...] = ()
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
        """`sealwright.toml`, read and checked once (but for whether its files are there)."""
        return load_lifecycle(self.layout.lifecycle, metrics=METRICS, exist=False)

    @cached_property
    def anchor(self) -> Trust:
        """The trust root that this installation starts from."""
        return load_trust(self.layout.trust.read_bytes())

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger, writable where the log's key is at hand.

        TamperError if it is another log than the one that the trust root names.
        """
        expected = self.anchor.log_vkey
        stranger = TamperError(
            f"{self.layout.ledger} is not the ledger that the trust root names",
            advice="restore the ledger that belongs to this trust root",
        )
        try:
            ledger = Ledger.open(
                self.layout.ledger,
                origin=decode_vkey(expected).name,
                log_key=self.keyring.log(),
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
        """The digest that statements about the system name."""
        return system_digest(self.lifecycle.system.name)

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
        trust root does not know, is revoked or out of its time.
        """
        key = self.keyring.signer(signer)
        envelope = sign_statement(statement, key)
        with self.turn():
            self.evidence()
            assert self._history is not None
            self._history.check(envelope)
            receipt = self.ledger.append(envelope, public_key=key.public)
            return self.evidence()[receipt.index]

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
        """The gate's answer now. `inputs` are the data sets that a training run will use."""
        request = self.request(artifact, question, inputs=inputs)
        return gate(self.policy, request, self.evidence(), self.clock())

    def request(
        self, artifact: Named, question: Question, *, inputs: Sequence[Named] = ()
    ) -> GateRequest:
        """The question as the gate takes it."""
        return GateRequest(
            artifact=artifact.digest,
            name=artifact.name,
            question=question,
            system=self.system,
            inputs=tuple(Input(digest=item.digest, name=item.name) for item in inputs),
        )

    def entry(self, index: int) -> Verified:
        """The statement at one place of the ledger; UsageError if there is none."""
        evidence = self.evidence()
        if not 0 <= index < len(evidence):
            raise UsageError(
                f"the ledger has no entry {index}", advice=f"it has 0 to {len(evidence) - 1}"
            )
        return evidence[index]
