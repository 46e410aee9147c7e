"""Asking, answering and granting: what goes on record, and what does not count."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sealwright.errors import Refused, SignatureError, UsageError
from sealwright.evidence.predicates.governance import Approval, Decision, PolicyRecord, Waiver
from sealwright.evidence.verify import Verified
from sealwright.project.audit import verify_project
from sealwright.project.core import Project
from sealwright.project.decide import (
    Answer,
    approve,
    ask,
    counts,
    discipline_of,
    question_text,
    waive,
)
from sealwright.project.resolve import model, resolve, training_inputs
from sealwright.project.steps.model import scan_model
from tests.project.factory import OWNER, Recorder, add_person


def kinds(project: Project) -> list[str]:
    return [item.kind for item in project.evidence()]


def answer(
    project: Project,
    who: str = "sam",
    *,
    says: Answer = "approve",
    discipline: str = "security",
    seen: str = "",
) -> str:
    """Answers for release; why it does not count, if it does not."""
    recorded = approve(
        project,
        model(project),
        "release",
        signer=who,
        discipline=discipline,
        answer=says,
        reason="it was looked at",
        seen=seen,
    )
    return counts(project, model(project), "release", recorded)


def test_the_same_answer_is_not_recorded_twice(released: Project) -> None:
    first = ask(released, model(released), "release", signer=OWNER)
    size = len(released.evidence())
    released.clock.now += timedelta(days=3)  # type: ignore[attr-defined]
    again = ask(released, model(released), "release", signer=OWNER)
    assert again.verdict.admitted
    assert again.recorded == first.recorded
    assert len(released.evidence()) == size


def test_another_question_is_another_decision(released: Project) -> None:
    size = len(released.evidence())
    asked = ask(released, model(released), "serve", signer=OWNER)
    assert asked.recorded is not None
    assert asked.recorded.index == size
    assert isinstance(asked.recorded.predicate, Decision)
    assert asked.recorded.predicate.question == "serve"


def test_new_evidence_is_a_new_decision(released: Project) -> None:
    before = ask(released, model(released), "release", signer=OWNER)
    scan_model(released, Recorder())
    after = ask(released, model(released), "release", signer=OWNER)
    assert before.recorded != after.recorded
    assert not after.verdict.admitted  # sam answered to the older evidence
    assert kinds(released)[-2:] == ["scan", "decision"]


def test_without_a_signer_nothing_is_recorded(released: Project) -> None:
    size = len(released.evidence())
    asked = ask(released, model(released), "serve", signer=None)
    assert asked.recorded is None
    assert len(released.evidence()) == size


def test_the_policy_is_on_record_before_the_first_decision(started: Project) -> None:
    inputs = training_inputs(started)
    asked = ask(started, resolve(started, "system"), "train", signer=OWNER, inputs=inputs)
    assert kinds(started) == ["trust-root", "policy", "decision"]
    policy = started.evidence()[1].predicate
    assert isinstance(policy, PolicyRecord)
    assert policy.sha256 == asked.verdict.policy
    audit = verify_project(started)
    assert (audit.ok, audit.decisions) == (True, 1)
    ask(started, resolve(started, "train"), "train", signer=OWNER)
    assert kinds(started).count("policy") == 1


def test_a_data_set_is_asked_about_like_any_artifact(started: Project) -> None:
    verdict = ask(started, resolve(started, "train"), "train", signer=None).verdict
    assert not verdict.admitted
    assert {result.status for result in verdict.denied_by} == {"missing"}


def approvals_of(project: Project, artifact: str) -> tuple[tuple[Verified, Approval], ...]:
    """All answers ever given about an artifact, in order."""
    return tuple(
        (item, item.predicate)
        for item in project.evidence()
        if isinstance(item.predicate, Approval)
        and any(subject.sha256 == artifact for subject in item.statement.subjects)
    )


def test_the_question_names_the_artifact_and_the_tier(released: Project) -> None:
    verdict = released.gate(model(released), "release")
    text = question_text(verdict)
    assert text == f"May model ({verdict.artifact[:16]}) be released, as a system of tier minimal?"
    assert [item.question for _, item in approvals_of(released, verdict.artifact)] == [text]


def test_answers_about_other_artifacts_are_not_this_ones(released: Project) -> None:
    assert approvals_of(released, resolve(released, "train").digest) == ()


def test_new_evidence_makes_earlier_answers_fall(released: Project) -> None:
    ((before, _),) = approvals_of(released, model(released).digest)
    assert counts(released, model(released), "release", before) == ""
    scan_model(released, Recorder())
    assert counts(released, model(released), "release", before) != ""
    assert answer(released) == ""
    assert released.gate(model(released), "release").admitted


def test_nobody_answers_what_they_did_not_see(released: Project) -> None:
    seen = released.gate(model(released), "release").decision
    assert answer(released, seen=seen) == ""
    scan_model(released, Recorder())
    size = len(released.evidence())
    with pytest.raises(Refused, match="changed since it was shown"):
        answer(released, seen=seen)
    assert len(released.evidence()) == size


def test_an_authors_answer_is_recorded_and_does_not_count(released: Project) -> None:
    add_person(released, "mina-2", person=OWNER, disciplines=("security",))
    problem = answer(released, "mina-2")
    assert "mina" in problem
    assert isinstance(released.evidence()[-1].predicate, Approval)


def test_an_answer_in_a_discipline_that_is_not_ones_own_does_not_count(released: Project) -> None:
    assert "legal" in answer(released, discipline="legal")


def test_a_rejection_stands(released: Project) -> None:
    add_person(released, "dora", disciplines=("data",))
    answer(released, "dora", says="reject", discipline="data")
    assert not released.gate(model(released), "release").admitted


def test_a_question_without_a_quorum_needs_no_answer(released: Project) -> None:
    recorded = released.evidence()[-1]
    problem = counts(released, resolve(released, "system"), "train", recorded)
    assert problem == "tier minimal asks nobody's approval for train"


def test_an_unknown_signer_answers_nothing(released: Project) -> None:
    released.keyring.create("eve")
    with pytest.raises(SignatureError):
        answer(released, "eve")


def test_a_person_with_one_discipline_need_not_name_it(released: Project) -> None:
    assert discipline_of(released, "sam") == "security"
    with pytest.raises(UsageError, match="None is on record"):
        discipline_of(released, OWNER)
    with pytest.raises(UsageError, match="None is on record"):
        discipline_of(released, "nobody")
    add_person(released, "max", disciplines=("legal", "data"))
    with pytest.raises(UsageError, match="It could be legal, data") as caught:
        discipline_of(released, "max")
    assert "--discipline" in caught.value.advice


def test_a_waiver_rests_on_evidence_that_is_there(released: Project) -> None:
    add_person(released, "gia", roles=("granter",), disciplines=("executive",))

    def grant(compensating: str, *, days: int = 7) -> Waiver:
        recorded = waive(
            released,
            model(released),
            requirement="scan-artifact",
            reason="in a hurry",
            compensating=compensating,
            asked_by=OWNER,
            days=days,
            signer="gia",
        )
        assert isinstance(recorded.predicate, Waiver)
        return recorded.predicate

    with pytest.raises(UsageError, match="no evidence ffffffffffffffff in the ledger"):
        grant("f" * 64)
    with pytest.raises(UsageError, match="within 30 days"):
        grant(released.evidence()[3].digest, days=31)
    with pytest.raises(UsageError, match="within 30 days"):
        grant(released.evidence()[3].digest, days=0)
    granted = grant(released.evidence()[3].digest)
    assert granted.expires.startswith("2026-11-29")
