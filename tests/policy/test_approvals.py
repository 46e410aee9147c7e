"""Quorum counts people and disciplines; duties are separated in code."""

from __future__ import annotations

import pytest

from sealwright.evidence.predicates.common import Resource
from sealwright.evidence.predicates.data import DatasetVersion, Labelling, Lineage, Provenance
from sealwright.evidence.predicates.governance import TrainingCompletion
from sealwright.policy.load import builtin_policy, builtin_text, parse_policy
from tests.policy import story
from tests.policy.factory import CAST, SYSTEM, World, result
from tests.policy.story import APPROVERS, MODEL, TRAIN
from tests.policy.test_staleness import record_policy


def with_answers(world: World, *people: str) -> World:
    decision = world.ask(MODEL).decision
    for who in people:
        world.approve(who, MODEL, decision)
    return world


def test_a_quorum_of_four_disciplines_and_people_admits() -> None:
    world = with_answers(story.told(), *APPROVERS)
    assert world.ask(MODEL).admitted


@pytest.mark.parametrize("absent", APPROVERS)
def test_without_one_discipline_it_is_denied(absent: str) -> None:
    world = with_answers(story.told(), *(who for who in APPROVERS if who != absent))
    verdict = world.ask(MODEL)
    discipline = CAST[absent][1][0]
    found = result(verdict, f"approval-{discipline}")
    assert not verdict.admitted
    assert found.status == "missing"
    assert found.command.startswith("sealwright approve model --as ")
    assert found.command.endswith(f"--discipline {discipline} --reason WHY")


def test_two_keys_of_one_person_are_one_person() -> None:
    world = with_answers(story.told("limited"), "sam", "sam-phone")
    found = result(world.ask(MODEL), "approval-people")
    assert (found.status, found.reason) == ("missing", "1 of 2 have approved (sam-phone)")


def test_nobody_approves_outside_his_discipline() -> None:
    world = story.told()
    decision = world.ask(MODEL).decision
    for who in ("sam", "dana", "doc"):
        world.approve(who, MODEL, decision)
    world.approve("bob", MODEL, decision, discipline="legal")
    found = result(world.ask(MODEL), "approval-legal")
    assert found.status == "wrong-signer"
    assert "bob is not of legal" in found.reason


def test_new_evidence_makes_approvals_fall() -> None:
    world = with_answers(story.told(), *APPROVERS)
    story.scan(world, "artifact", MODEL)
    found = result(world.ask(MODEL), "approval-security")
    assert (found.status, found.stale_code) == ("stale", 2)
    assert "the evidence has changed since sam approved" in found.reason
    assert with_answers(world, *APPROVERS).ask(MODEL).admitted


def test_a_new_residual_risk_makes_approvals_fall() -> None:
    world = with_answers(story.told(), *APPROVERS)
    story.assess(world, "two clinics")
    assert not world.ask(MODEL).admitted


def test_evidence_that_does_not_matter_leaves_approvals_alone() -> None:
    world = with_answers(story.told(), *APPROVERS)
    story.validation(world, "constraints", story.RAW, outcome="passed")
    story.decide(world, world.ask(MODEL))
    assert world.ask(MODEL).admitted


def test_a_rejection_sticks_until_the_evidence_changes() -> None:
    world = story.told()
    decision = world.ask(MODEL).decision
    world.approve("sam", MODEL, decision, answer="reject")
    for who in APPROVERS:
        world.approve(who, MODEL, decision)
    found = result(world.ask(MODEL), "approval-people")
    assert (found.status, found.reason) == ("failed", "rejected by sam: read it all")
    story.scan(world, "artifact", MODEL)
    assert with_answers(world, *APPROVERS).ask(MODEL).admitted


def test_the_latest_answer_of_a_person_counts_and_abstaining_withdraws() -> None:
    world = with_answers(story.told(), *APPROVERS)
    decision = world.ask(MODEL).decision
    world.approve("sam-phone", MODEL, decision, answer="abstain")
    assert result(world.ask(MODEL), "approval-security").status == "missing"
    world.approve("sam", MODEL, decision)
    assert world.ask(MODEL).admitted


def test_an_approval_of_another_artifact_or_policy_does_not_count() -> None:
    world = story.told()
    other = parse_policy(builtin_text() + "\n# another text\n")
    decision = world.ask(MODEL, policy=other).decision
    for who in APPROVERS:
        world.approve(who, MODEL, decision)
    assert not world.ask(MODEL).admitted
    decision = world.ask(MODEL).decision
    for who in APPROVERS:
        world.approve(who, TRAIN, decision)
    assert not world.ask(MODEL).admitted


def test_an_approval_grows_too_old() -> None:
    world = with_answers(story.told(), *APPROVERS)
    later = world.copy()
    later.wait(days=91)
    found = result(later.ask(MODEL), "approval-security")
    assert "older than 90 days" in found.reason


def test_an_approval_with_a_key_revoked_for_cause_does_not_count() -> None:
    world = with_answers(story.told(), *APPROVERS)
    world.revoke("sam")
    found = result(world.ask(MODEL), "approval-security")
    assert "the key of sam was not valid" in found.reason


def test_an_approval_from_before_or_from_the_future_does_not_count() -> None:
    world = story.told()
    decision = world.ask(MODEL).decision
    world.wait(days=-2)
    world.approve("sam", MODEL, decision)
    world.wait(days=2)
    found = result(world.ask(MODEL), "approval-security")
    assert "dated before the evidence that it names" in found.reason
    asked_at = world.now
    world.wait(days=1)
    world.approve("dana", MODEL, decision)
    assert "in the future" in result(world.ask(MODEL, now=asked_at), "approval-data").reason


def test_training_is_asked_where_the_policy_asks_for_it() -> None:
    policy = parse_policy(
        builtin_text()
        .replace(
            'distinct_people = 4\nroles = ["approver"]',
            'distinct_people = 4\nroles = ["approver"]\ntraining = ["oversight"]',
        )
        .replace(
            'distinct_people = 7\nroles = ["approver"]',
            'distinct_people = 7\nroles = ["approver"]\ntraining = ["oversight"]',
        )
    )
    world = story.told()

    def train(who: str, *, by: str = "olga", until: str = "2027-06-01T00:00:00Z") -> None:
        said = TrainingCompletion(
            person=who, course="oversight", score=90, expires=until, at=world.at
        )
        world.say(by, said, SYSTEM)

    def security() -> str:
        decision = world.ask(MODEL, policy=policy).decision
        world.approve("sam", MODEL, decision)
        return result(world.ask(MODEL, policy=policy), "approval-security").status

    assert security() == "wrong-signer"
    train("sam", by="sam")
    assert security() == "wrong-signer", "nobody certifies himself"
    train("sam", until="2026-11-02T00:00:00Z")
    assert security() == "wrong-signer", "expired"
    train("dana")
    assert security() == "wrong-signer", "somebody else's"
    train("sam")
    assert security() == "satisfied"


# --- one test per duty


def refused(world: World, who: str, *, discipline: str = "domain") -> str:
    """Why the approval of `who` (who then holds `discipline`) does not count; empty if it does."""
    person, _, roles = world.cast[who]
    world.cast |= {
        name: (person, (discipline,), (*roles, "approver") if name == who else held)
        for name, (owner, _, held) in list(world.cast.items())
        if owner == person
    }
    world.say("rita", world._root(), SYSTEM)
    world.approve(who, MODEL, world.ask(MODEL).decision, discipline=discipline)
    found = result(world.ask(MODEL), f"approval-{discipline}")
    return "" if found.status == "satisfied" else found.reason


def test_someone_with_no_part_in_it_may_approve() -> None:
    assert refused(story.told(), "bob") == ""


def test_the_trainer_does_not_approve() -> None:
    assert "mina " in refused(story.told(), "mina")


def test_the_trainers_other_key_does_not_approve() -> None:
    assert "nobody approves their own work" in refused(story.told(), "mina-laptop")


def test_the_labeller_does_not_approve_whatever_descends_from_it() -> None:
    for name in ("bob", "Bob", " BOB ", "nobody"):
        world = World()
        story.govern(world)
        said = DatasetVersion(
            name="raw",
            files=story.RAW_FILES,
            rows=1,
            schema=(),
            provenance=Provenance(source="s", licence="l", legal_basis="b"),
            labelling=Labelling(column="y", method="hand", by=(name,)),
            at=world.at,
        )
        world.say("mina", said, story.RAW)
        story.version(world, TRAIN, story.TRAIN_FILES, parent=story.RAW.sha256)
        story.training_run(world)
        reason = refused(world, "bob")
        assert ("labelled raw" in reason) == (name != "nobody")


def test_a_labeller_named_by_his_principal_is_the_same_person() -> None:
    world = World()
    story.govern(world)
    said = DatasetVersion(
        name="train",
        files=story.TRAIN_FILES,
        rows=1,
        schema=(),
        provenance=Provenance(source="s", licence="l", legal_basis="b"),
        labelling=Labelling(column="y", method="hand", by=("sam-phone",)),
        at=world.at,
    )
    world.say("mina", said, TRAIN)
    story.training_run(world)
    assert "sam labelled train" in refused(world, "sam", discipline="security")


def test_whoever_processed_the_data_does_not_approve() -> None:
    world = story.told()
    source = Resource(name="raw", digest=dict(story.RAW.digest), annotations={"kind": "dataset"})
    said = Lineage(step="clean", inputs=(source,), at=world.at)
    world.say("bob", said, TRAIN)
    assert "bob processed train" in refused(world, "bob")


def test_whoever_registered_the_data_does_not_approve() -> None:
    world = story.told()
    story.version(world, TRAIN, story.TRAIN_FILES, who="bob")
    assert "bob registered train" in refused(world, "bob")


def test_the_evaluator_of_record_does_not_approve() -> None:
    world = story.told()
    story.evaluation(world, "privacy", story.criteria_digest(world), who="bob")
    assert "bob evaluated model" in refused(world, "bob")


def test_a_validator_is_not_an_author() -> None:
    world = story.told()
    story.classify(world, "critical")
    story.training_run(world, who="val")
    fixed = story.criteria_digest(world)
    story.evaluation(world, "privacy", fixed, who="val")
    story.evaluation(world, "privacy", fixed, who="vera")
    found = result(world.ask(MODEL), "evaluation-privacy")
    assert found.status == "missing"
    assert found.reason.startswith("1 of 2")


def test_a_validator_who_is_an_author_does_not_count_whatever_the_policy_says() -> None:
    text = builtin_text().replace(
        'title = "The model reached its criteria for privacy"',
        'title = "The model reached its criteria for privacy, by a validator"',
    )
    text = text.replace(
        'kind = "privacy"\nresult = ["passed"]\ncriteria_first = true\n'
        'signer_roles = ["engineer", "validator"]',
        'kind = "privacy"\nresult = ["passed"]\ncriteria_first = true\n'
        'signer_roles = ["validator"]',
    )
    policy = parse_policy(text)
    world = story.told()
    fixed = story.criteria_digest(world)
    story.version(world, TRAIN, story.TRAIN_FILES, who="vic")
    story.evaluation(world, "privacy", fixed, who="vic")
    found = result(world.ask(MODEL, policy=policy), "evaluation-privacy")
    assert (found.status, "vic" in found.reason) == ("wrong-signer", True)
    story.evaluation(world, "privacy", fixed, who="vera")
    assert result(world.ask(MODEL, policy=policy), "evaluation-privacy").status == "satisfied"


def test_who_changed_the_policy_does_not_approve_under_it_until_countersigned() -> None:
    policy = parse_policy(builtin_text() + "\n# ours\n")
    world = story.told()
    record_policy(world, policy, who="bob")

    def domain() -> str:
        world.approve("bob", MODEL, world.ask(MODEL, policy=policy).decision)
        return result(world.ask(MODEL, policy=policy), "approval-domain").reason

    assert "nobody else has countersigned it" in domain()
    record_policy(world, policy, who="bob")
    assert "nobody else has countersigned it" in domain()
    record_policy(world, policy, who="lena")
    assert domain() == "approved by bob"


def test_starting_with_the_builtin_policy_changes_nothing() -> None:
    world = story.told()
    record_policy(world, builtin_policy(), who="bob")
    assert refused(world, "bob") == ""
    record_policy(world, parse_policy(builtin_text() + "\n"), who="lena")
    record_policy(world, builtin_policy(), who="bob")
    assert "recorded this policy" in refused(world, "bob")


def test_an_administrator_approves_nothing() -> None:
    world = story.told()
    world.cast["rita"] = ("rita", ("domain",), ("root",))
    world.say("rita", world._root(), SYSTEM)
    world.approve("rita", MODEL, world.ask(MODEL).decision, discipline="domain")
    found = result(world.ask(MODEL), "approval-domain")
    assert "rita only administrates" in found.reason


def test_a_service_approves_nothing() -> None:
    world = story.told()
    world.cast["ci"] = ("", (), ("approver",))
    world.say("rita", world._root(), SYSTEM)
    world.approve("ci", MODEL, world.ask(MODEL).decision, discipline="domain")
    assert "ci is a service" in result(world.ask(MODEL), "approval-domain").reason


def test_a_role_that_may_not_approve() -> None:
    world = story.told()
    world.approve("ida", MODEL, world.ask(MODEL).decision, discipline="security")
    assert "ida may not approve" in result(world.ask(MODEL), "approval-security").reason
