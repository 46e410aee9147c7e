from __future__ import annotations

from datetime import timedelta

import pytest
from tests.governance.people import START, SYSTEM
from tests.governance.sample import build_sample, lacks, verdict
from tests.governance.sample_artifacts import MODEL, fake

from sealwright.errors import UsageError
from sealwright.evidence.digest import sha256_hex
from sealwright.evidence.manifest import system_digest
from sealwright.evidence.predicates import PREDICATES
from sealwright.evidence.statement import decode_statement, encode_statement
from sealwright.lifecycle.model import Impact
from sealwright.phases.governance import record

IMPACT = Impact(affected=["a"], harms=["h"], mitigations=["m"], oversight="a person decides")


def test_a_decision_says_what_the_verdict_says() -> None:
    sample = build_sample()
    released, served = sample.verdicts
    for each, outcome in ((released, "admitted"), (served, "denied")):
        statement = record.decision(each)
        said = statement.predicate
        assert said.outcome == outcome
        assert said.requirements == {r.id: r.status for r in each.results}
        assert list(said.evidence) == sorted(each.evidence)
        assert statement.subjects[0].sha256 == each.artifact
        assert decode_statement(encode_statement(statement)) == statement


def test_a_verdict_without_requirements_is_recorded_as_denied() -> None:
    assert record.decision(
        verdict(build_sample().ledger, "train", fake("d"))
    ).predicate.outcome == ("denied")


def test_one_lacking_requirement_denies() -> None:
    answer = verdict(
        build_sample().ledger, "train", fake("d"), lacks("a", "stale", "A", "old", "do")
    )
    assert record.decision(answer).predicate.outcome == "denied"


def test_the_policy_is_recorded_word_by_word() -> None:
    text = "# ünïcode\n[tier.minimal]\n"
    statement = record.policy_record(SYSTEM, name="p", text=text, now=START)
    assert statement.predicate.text == text
    assert statement.predicate.sha256 == sha256_hex(text.encode())
    assert statement.subjects[0].sha256 == system_digest(SYSTEM)


def test_every_statement_survives_its_encoding() -> None:
    statements = [
        record.risk_classification(
            SYSTEM, purpose="p", tier="high", answers={"a": "yes"}, reasons=["r"], now=START
        ),
        record.impact_assessment(SYSTEM, impact=IMPACT, now=START),
        record.release(MODEL, action="revoke", reason="r", now=START),
        record.incident(
            MODEL, incident_id="i", status="open", severity="high", title="t", now=START
        ),
        record.approval(
            MODEL, decision=fake("d"), question="release", answer="abstain", discipline="legal",
            reason="r", shown=[fake("b"), fake("a"), fake("a")], now=START,
        ),
    ]  # fmt: skip
    for statement in statements:
        assert decode_statement(encode_statement(statement)) == statement
        assert statement.kind in PREDICATES
    shown = getattr(statements[-1].predicate, "shown", ())
    assert shown == tuple(sorted({fake("a"), fake("b")}))


@pytest.mark.parametrize("days", [-1, 0, 31])
def test_a_waiver_ends_within_thirty_days(days: int) -> None:
    with pytest.raises(UsageError, match="30 days"):
        record.waiver(
            MODEL, requirement="r", reason="r", compensating=fake("c"), asked_by="eva",
            expires=START + timedelta(days=days), now=START,
        )  # fmt: skip


@pytest.mark.parametrize("empty", ["", " \n"])
def test_nobody_approves_without_a_reason(empty: str) -> None:
    with pytest.raises(UsageError, match="reason is empty"):
        record.approval(
            MODEL, decision=fake("d"), question="release", answer="approve", discipline="legal",
            reason=empty, now=START,
        )  # fmt: skip


def test_an_approval_names_a_decision_digest() -> None:
    with pytest.raises(UsageError, match="decision digest"):
        record.approval(
            MODEL, decision="latest", question="release", answer="approve", discipline="legal",
            reason="r", now=START,
        )  # fmt: skip


def test_a_tier_needs_a_reason_and_an_impact_needs_people() -> None:
    with pytest.raises(UsageError, match="at least one reason"):
        record.risk_classification(
            SYSTEM, purpose="p", tier="minimal", answers={}, reasons=[" "], now=START
        )
    nobody = Impact(affected=[], harms=["h"], mitigations=[], oversight="o")
    with pytest.raises(UsageError, match="affected"):
        record.impact_assessment(SYSTEM, impact=nobody, now=START)
