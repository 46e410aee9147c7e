"""A decision is judged on the ledger that it was written to, not on the one that it asks for."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from sealwright.clock import format_time
from sealwright.evidence.dsse import sign_statement
from sealwright.evidence.predicates.governance import Decision
from sealwright.evidence.predicates.operation import Release
from sealwright.evidence.statement import Statement
from sealwright.ledger.export import export
from sealwright.phases.governance.record import decision
from sealwright.project.audit import Audit, verify_export, verify_project
from sealwright.project.core import Project
from sealwright.project.decide import ask
from sealwright.project.resolve import model
from tests.project.factory import OWNER


def audits(project: Project, folder: Path) -> tuple[Audit, Audit]:
    """The live audit, and that of an exported folder with the trust file alone."""
    export(project.ledger, folder, trust=project.layout.trust.read_bytes())
    return verify_project(project), verify_export(folder, trust=project.layout.trust)


def admission(project: Project) -> Statement[Decision]:
    """An honest one, of now."""
    verdict = project.gate(model(project), "release")
    assert verdict.admitted
    return decision(verdict)


def quarantine(project: Project) -> None:
    """A fact that makes every admission wrong from now on."""
    said = Release(action="quarantine", reason="poisoned", at=format_time(project.clock()))
    project.record(Statement((model(project).subject,), said), signer=OWNER)
    assert not project.gate(model(project), "release").admitted


@pytest.mark.parametrize("claimed", ["old", "own"])
def test_a_decision_on_an_older_ledger_is_a_finding(
    released: Project, tmp_path: Path, claimed: str
) -> None:
    """An admission that was true, written after the fact that ended it."""
    said = admission(released)
    quarantine(released)
    size = said.predicate.ledger_size if claimed == "old" else len(released.evidence())
    forged = msgspec.structs.replace(said.predicate, ledger_size=size)
    entry = released.record(Statement(said.subjects, forged), signer=OWNER).index
    for audit in audits(released, tmp_path / "out"):
        assert audit.report.ok
        assert [finding.entry for finding in audit.findings] == [entry]
        words = f"decides on {size} entries" if claimed == "old" else "says admitted, but"
        assert words in audit.findings[0].message


def test_an_older_ledger_is_a_finding_even_where_nothing_else_differs(released: Project) -> None:
    said = admission(released)
    stale = msgspec.structs.replace(said.predicate, ledger_size=said.predicate.ledger_size - 1)
    entry = released.record(Statement(said.subjects, stale), signer=OWNER).index
    (finding,) = verify_project(released).findings
    assert (finding.where, finding.entry) == ("decision", entry)
    assert f"although there were {said.predicate.ledger_size}" in finding.message


def test_the_same_words_said_again_are_a_finding(released: Project) -> None:
    """Replayed by the same key: the text of an honest decision, later in the ledger."""
    said = admission(released)
    honest = released.record(said, signer=OWNER).index
    quarantine(released)
    replayed = released.record(said, signer=OWNER).index
    assert honest < replayed
    assert [finding.entry for finding in verify_project(released).findings] == [replayed]


def test_an_honest_decision_after_words_that_were_said_twice_is_none(released: Project) -> None:
    """Words said twice count once, so the gate may see fewer entries than the ledger has."""
    key = released.keyring.signer(OWNER)
    at = format_time(released.clock())
    note = Release(action="admit", reason="trial", at=at)
    envelope = sign_statement(Statement((model(released).subject,), note), key)
    for _ in range(2):
        released.ledger.append(envelope, public_key=key.public)
    asked = ask(released, model(released), "serve", signer=OWNER)
    assert asked.recorded is not None
    assert verify_project(released).ok
