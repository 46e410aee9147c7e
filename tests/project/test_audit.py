"""Decisions computed once more: a forged one is found and named, an honest one never is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sealwright.errors import InputMissing
from sealwright.evidence.predicates.common import Resource
from sealwright.evidence.predicates.governance import Decision, PolicyRecord
from sealwright.evidence.statement import Statement
from sealwright.ledger.export import export
from sealwright.phases.governance.record import decision
from sealwright.policy.load import builtin_policy
from sealwright.project.audit import Audit, verify_export, verify_project
from sealwright.project.core import Project
from sealwright.project.decide import ask
from sealwright.project.people import revoke_principal
from sealwright.project.resolve import model, resolve, training_inputs
from sealwright.project.run import run
from tests.project.factory import OWNER, Recorder, add_person

Forge = Callable[[Decision], Decision]


def audits(project: Project, folder: Path) -> tuple[Audit, Audit]:
    """The live audit, and that of an exported folder with the trust file alone."""
    export(project.ledger, folder, trust=project.layout.trust.read_bytes())
    return verify_project(project), verify_export(folder, trust=project.layout.trust)


def honest(project: Project, question: Any = "release") -> Statement[Decision]:
    return decision(project.gate(model(project), question))


def changed(**fields: Any) -> Forge:
    return lambda said: msgspec.structs.replace(said, **fields)


def flipped(said: Decision) -> Decision:
    return msgspec.structs.replace(
        said,
        outcome="admitted",
        requirements=dict.fromkeys(said.requirements, "satisfied"),
    )


def test_honest_decisions_hold_in_both_audits(released: Project, tmp_path: Path) -> None:
    ask(released, model(released), "serve", signer=OWNER)
    inputs = training_inputs(released)
    ask(released, resolve(released, "system"), "train", signer=OWNER, inputs=inputs)
    for audit in audits(released, tmp_path / "out"):
        assert audit.ok
        assert audit.findings == ()
        assert audit.decisions >= 4


FORGERIES: dict[str, tuple[Forge, str]] = {
    "a denial called an admission": (flipped, "says admitted, but the evidence says denied"),
    "one requirement embellished": (
        lambda said: msgspec.structs.replace(
            said, requirements={**said.requirements, "model-signature": "satisfied"}
        ),
        "model-signature stands otherwise",
    ),
    "a requirement left out": (
        lambda said: msgspec.structs.replace(
            said,
            requirements={k: v for k, v in said.requirements.items() if k != "scan-artifact"},
        ),
        "scan-artifact stands otherwise",
    ),
    "a requirement made up": (
        lambda said: msgspec.structs.replace(
            said, requirements={**said.requirements, "horoscope": "satisfied"}
        ),
        "horoscope stands otherwise",
    ),
    "a lower tier": (changed(tier="limited"), "says tier limited"),
    "evidence that it does not rest on": (changed(evidence=()), "rests on other evidence"),
    "evidence that is not there": (changed(evidence=("f" * 64,)), "rests on other evidence"),
    "a policy that nobody has": (changed(policy="f" * 64), "is not on record"),
    "no ledger at all": (changed(ledger_size=0), "decides on 0 entries"),
    "the future": (changed(ledger_size=10**6), "decides on 1000000 entries"),
    "a younger ledger": (changed(ledger_size=3), ""),
    "inputs without a digest": (changed(inputs=(Resource(name="x"),)), ""),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_decision_is_found_and_named(released: Project, tmp_path: Path, name: str) -> None:
    """Signed for real, by the owner, and in the ledger like any other entry."""
    forge, words = FORGERIES[name]
    (released.layout.root / "model/spare.onnx").write_bytes(b"never signed, never scanned")
    said = honest(released)
    assert said.predicate.outcome == "denied"
    assert verify_project(released).ok
    forged = released.record(Statement(said.subjects, forge(said.predicate)), signer=OWNER)
    for audit in audits(released, tmp_path / "out"):
        assert not audit.ok
        assert audit.report.ok  # every signature and hash agrees; only the decision is a lie
        (finding,) = audit.findings
        assert (finding.where, finding.entry) == ("decision", forged.index)
        assert f"entry {forged.index}" in finding.message
        assert words in finding.message


def test_a_decision_on_another_artifact_is_found(released: Project) -> None:
    """Honest but for its subject: the words of one model, said of another."""
    said = honest(released)
    (released.layout.root / "model/spare.onnx").write_bytes(b"never signed, never scanned")
    other = model(released).subject
    forged = released.record(Statement((other,), said.predicate), signer=OWNER)
    assert said.predicate.outcome == "admitted"
    assert [finding.entry for finding in verify_project(released).findings] == [forged.index]


def test_a_lenient_text_under_the_strict_policys_digest_is_no_policy(released: Project) -> None:
    strict = builtin_policy()
    lenient = """schema = 1
name = "lenient"
[tiers.minimal]
[[tiers.minimal.require]]
id = "train-data-version"
title = "anything"
questions = ["release"]
of = "subject"
predicate = "custody"
[tiers.limited]
extends = "minimal"
[tiers.high]
extends = "limited"
[tiers.critical]
extends = "high"
"""
    subjects = released.evidence()[0].statement.subjects
    lie = PolicyRecord(
        name="builtin", text=lenient, sha256=strict.digest, at=honest(released).predicate.at
    )
    released.record(Statement(subjects, lie), signer=OWNER)
    assert verify_project(released).ok
    said = honest(released)
    as_if = msgspec.structs.replace(
        said.predicate, requirements={"train-data-version": "satisfied"}
    )
    forged = released.record(Statement(said.subjects, as_if), signer=OWNER)
    assert [finding.entry for finding in verify_project(released).findings] == [forged.index]


def test_a_policy_on_record_that_cannot_be_read_is_found(released: Project) -> None:
    from sealwright.evidence.digest import sha256_hex

    said = honest(released)
    subjects = released.evidence()[0].statement.subjects
    nonsense = PolicyRecord(
        name="x", text="not a policy", sha256=sha256_hex(b"not a policy"), at=said.predicate.at
    )
    released.record(Statement(subjects, nonsense), signer=OWNER)
    said = honest(released)
    forged = msgspec.structs.replace(said.predicate, policy=nonsense.sha256)
    index = released.record(Statement(said.subjects, forged), signer=OWNER).index
    (finding,) = verify_project(released).findings
    assert finding.entry == index
    assert "the policy on record cannot be read" in finding.message


@pytest.mark.parametrize("for_cause", [False, True])
def test_a_later_revocation_makes_no_honest_decision_a_lie(
    released: Project, tmp_path: Path, for_cause: bool
) -> None:
    revoke_principal(released, "sam", reason="stolen", for_cause=for_cause, signer=OWNER)
    for audit in audits(released, tmp_path / "out"):
        assert audit.findings == ()
        assert audit.ok
    assert released.gate(model(released), "release").admitted != for_cause
    ask(released, model(released), "release", signer=OWNER)
    assert verify_project(released).ok


def test_what_is_recorded_later_changes_no_earlier_decision(released: Project) -> None:
    (released.layout.root / "model/spare.onnx").write_bytes(b"changed")
    run(released, progress=Recorder())
    add_person(released, "dora", disciplines=("data",))
    released.clock.now += timedelta(days=300)  # type: ignore[attr-defined]
    audit = verify_project(released)
    assert audit.ok
    assert audit.decisions >= 3


def test_a_decision_before_there_was_a_policy_on_record_is_found(started: Project) -> None:
    said = decision(started.gate(resolve(started, "train"), "train"))
    started.record(said, signer=OWNER)
    (finding,) = verify_project(started).findings
    assert "is not on record" in finding.message


def test_a_tampered_ledger_is_not_asked_for_its_decisions(
    released: Project, tmp_path: Path
) -> None:
    export(released.ledger, tmp_path / "out", trust=released.layout.trust.read_bytes())
    victim = next((tmp_path / "out/envelopes").rglob("*.json"))
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(data)
    audit = verify_export(tmp_path / "out", trust=released.layout.trust)
    assert not audit.ok
    assert audit.decisions == 0
    assert victim.name in str(audit.findings[0])


def test_the_trust_is_the_one_that_the_auditor_kept(released: Project, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    kept.write_bytes(released.layout.trust.read_bytes())
    add_person(released, "ann")
    assert verify_project(released, trust=kept).ok
    with pytest.raises(InputMissing, match=r"nowhere\.json"):
        verify_project(released, trust=tmp_path / "nowhere.json")
    with pytest.raises(InputMissing):
        verify_export(tmp_path, trust=tmp_path / "nowhere.json")
