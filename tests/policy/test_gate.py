from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sealwright.evidence.predicates.governance import Question, Tier
from sealwright.evidence.statement import Subject
from sealwright.policy.case import Input
from sealwright.policy.evidence_index import index_evidence
from sealwright.policy.gate import GateRequest, gate
from sealwright.policy.load import builtin_policy
from sealwright.policy.model import QUESTIONS, Policy
from tests.policy import story
from tests.policy.factory import SYSTEM, World, artifact, result
from tests.policy.story import MODEL, TRAIN


def request(question: Question = "release", about: Subject = MODEL) -> GateRequest:
    return GateRequest(
        artifact=about.sha256, question=question, system=SYSTEM.sha256, name=about.name
    )


def minimal(world: World | None = None) -> World:
    world = world or World()
    story.classify(world, "minimal")
    story.version(world, TRAIN, story.TRAIN_FILES)
    story.training_run(world)
    story.custody(world)
    story.signature(world)
    story.scan(world, "artifact", MODEL)
    return world


def test_high_tier_admits_when_everything_is_there() -> None:
    world = story.approved()
    verdict = world.ask(MODEL)
    assert verdict.admitted
    assert verdict.tier == "high"
    assert len(verdict.results) == 27 + 5
    assert verdict.residual_risks == ("one clinic only",)
    assert verdict.ledger_size == len(world.envelopes)
    assert all(not each.command for each in verdict.results)


@pytest.mark.parametrize(
    ("tier", "approvers"),
    [
        ("minimal", ("olga",)),
        ("limited", ("olga", "sam")),
        ("high", story.APPROVERS),
    ],
)
def test_each_tier_admits_with_its_own_quorum(tier: Tier, approvers: tuple[str, ...]) -> None:
    world = story.told(tier)
    assert not world.ask(MODEL).admitted
    assert {each.id[:8] for each in world.ask(MODEL).denied_by} == {"approval"}
    decision = world.ask(MODEL).decision
    for who in approvers:
        assert not world.ask(MODEL).admitted
        discipline = "owner" if who == "olga" else ""
        world.approve(who, MODEL, decision, discipline=discipline)
    assert world.ask(MODEL).admitted


def test_critical_asks_two_independent_validators_and_three_more_people() -> None:
    world = story.told("critical")
    verdict = world.ask(MODEL)
    assert result(verdict, "evaluation-privacy").status == "satisfied"
    # Whoever re-ran the evaluation is an evaluator of record: two other validators approve.
    world.cast |= {
        "vito": ("vito", ("validation",), ("approver",)),
        "vlad": ("vlad", ("validation",), ("approver",)),
    }
    world.say("rita", world._root(), SYSTEM)
    decision = world.ask(MODEL).decision
    assert decision == verdict.decision
    for who in (*story.APPROVERS, "eve", "vito", "val"):
        world.approve(who, MODEL, decision)
    refused = result(world.ask(MODEL), "approval-validation")
    assert refused.status == "wrong-signer"
    assert "val evaluated model" in refused.reason
    world.approve("vlad", MODEL, decision)
    assert world.ask(MODEL).admitted


def test_critical_is_not_satisfied_by_one_validator() -> None:
    world = story.told("high")
    story.classify(world, "critical")
    fixed = story.criteria_digest(world)
    assert result(world.ask(MODEL), "evaluation-privacy").status == "wrong-signer"
    story.evaluation(world, "privacy", fixed, who="val")
    one = result(world.ask(MODEL), "evaluation-privacy")
    assert one.status == "missing"
    assert one.reason.startswith("1 of 2 independent signers")
    story.evaluation(world, "privacy", fixed, who="val")
    assert result(world.ask(MODEL), "evaluation-privacy").status == "missing"
    story.evaluation(world, "privacy", fixed, who="vera")
    assert result(world.ask(MODEL), "evaluation-privacy").status == "satisfied"


def test_an_empty_ledger_denies_everything() -> None:
    for question in QUESTIONS:
        verdict = gate(
            builtin_policy(),
            request(question),
            (),
            World().now,
        )
        assert not verdict.admitted
        assert verdict.tier == "high"
        assert {each.status for each in verdict.results} == {"missing"}
        assert verdict.ledger_size == 0


def test_a_policy_that_asks_nothing_admits_nothing() -> None:
    policy = builtin_policy()
    tiers = {
        tier: replace(rules, requirements=(), quorums={}) for tier, rules in policy.tiers.items()
    }
    empty = Policy(name="none", text="", digest="0" * 64, tiers=tiers)
    assert not World().ask(MODEL, policy=empty).admitted


def test_training_is_asked_of_each_data_set_that_will_be_used() -> None:
    world = World()
    story.govern(world)
    story.prepare_data(world)
    story.criteria(world)
    other, _ = artifact("other")
    used = (Input(digest=TRAIN.sha256, name="train"), Input(digest=other.sha256, name="other"))

    def ask(*inputs: Input) -> set[tuple[str, str]]:
        asked = replace(request("train", SYSTEM), inputs=inputs)
        verdict = gate(builtin_policy(), asked, world.verified(), world.now)
        return {(each.id, each.subject_name) for each in verdict.denied_by}

    assert ask(used[0]) == set()
    assert {name for _, name in ask(*used)} == {"other"}
    assert len(ask(*used)) == 4
    assert len(ask()) == 4, "no data set named: nothing can be shown about it"
    assert world.ask(TRAIN, "train").admitted


# --- one test per status


def test_status_missing_names_what_is_not_there_and_the_command() -> None:
    world = World()
    story.govern(world)
    story.training_run(world)
    verdict = world.ask(MODEL)
    found = result(verdict, "model-signature")
    assert (found.status, found.command) == ("missing", "sealwright model sign")
    found = result(verdict, "train-data-version")
    assert (found.status, found.subject) == ("missing", TRAIN.sha256)
    assert found.command == "sealwright data add train"
    assert result(verdict, "test-data-version").reason == (
        "nothing that counts says which test dataset belongs to model"
    )


def test_status_stale_carries_its_code() -> None:
    world = story.approved()
    world.wait(days=91)
    found = result(world.ask(MODEL), "scan-artifact")
    assert (found.status, found.stale_code) == ("stale", 1)
    assert not world.ask(MODEL).admitted


def test_status_failed_names_the_finding() -> None:
    world = story.approved()
    story.validation(world, "constraints", TRAIN, outcome="failed")
    found = result(world.ask(MODEL), "train-data-constraints")
    assert found.status == "failed"
    assert "check constraints/all, 7 of 442" in found.reason
    assert found.command == "sealwright data check train"


def test_status_wrong_signer_names_the_role() -> None:
    world = World()
    story.govern(world)
    story.training_run(world)
    story.custody(world, who="vic")
    found = result(world.ask(MODEL), "custody")
    assert found.status == "wrong-signer"
    assert found.reason == "vic signed it without the role engineer or owner"


@pytest.mark.parametrize("outcome", ["failed", "inconclusive", "warned"])
def test_only_an_accepted_result_satisfies(outcome: str) -> None:
    world = story.told()
    story.scan(world, "artifact", MODEL, outcome=outcome)  # type: ignore[arg-type]
    assert result(world.ask(MODEL), "scan-artifact").status == "failed"


@pytest.mark.parametrize(
    "change",
    [
        {"level": "landlock"},
        {"level": "none"},
        {"network": "host"},
        {"violations": [{"kind": "network"}]},
    ],
)
def test_a_training_run_below_its_isolation_does_not_pass(change: dict[str, object]) -> None:
    world = story.told()
    assert result(world.ask(MODEL), "training-run").status == "satisfied"
    story.training_run(world, **change)  # type: ignore[arg-type]
    assert result(world.ask(MODEL), "training-run").status == "failed"


# --- what decides where statements differ


def test_a_newer_failure_beats_an_older_pass_and_a_rerun_mends_it() -> None:
    world = story.told()
    story.scan(world, "artifact", MODEL, outcome="failed")
    assert result(world.ask(MODEL), "scan-artifact").status == "failed"
    story.scan(world, "artifact", MODEL)
    assert result(world.ask(MODEL), "scan-artifact").status == "satisfied"


def test_another_signers_pass_does_not_outvote_a_failure() -> None:
    world = minimal()
    story.scan(world, "artifact", MODEL, outcome="failed", who="vic")
    story.scan(world, "artifact", MODEL, who="mina")
    assert result(world.ask(MODEL), "scan-artifact").status == "failed"
    story.scan(world, "artifact", MODEL, who="vic")
    assert result(world.ask(MODEL), "scan-artifact").status == "satisfied"


def test_a_pass_of_another_artifact_does_not_mend_a_failure() -> None:
    world = minimal()
    story.scan(world, "artifact", MODEL, outcome="failed")
    other, _ = artifact("model", "other.onnx")
    story.scan(world, "artifact", other)
    assert result(world.ask(MODEL), "scan-artifact").status == "failed"


def test_a_failure_counts_whoever_signed_it() -> None:
    world = story.approved()
    story.evaluation(world, "privacy", story.criteria_digest(world), outcome="failed", who="bob")
    assert result(world.ask(MODEL), "evaluation-privacy").status == "failed"


def test_a_pass_from_the_future_does_not_count_and_a_failure_does() -> None:
    world = minimal()
    asked_at = world.now
    world.wait(days=1)
    story.scan(world, "artifact", MODEL, outcome="failed")
    assert result(world.ask(MODEL, now=asked_at), "scan-artifact").status == "failed"
    world = World()
    asked_at = world.now
    world.wait(minutes=7)
    story.scan(world, "artifact", MODEL)
    found = result(world.ask(MODEL, now=asked_at), "scan-artifact")
    assert found.status == "missing"
    assert "in the future" in found.reason
    skewed = asked_at + timedelta(minutes=2)
    assert result(world.ask(MODEL, now=skewed), "scan-artifact").status == "satisfied"


def test_evidence_in_no_ledger_does_not_count() -> None:
    world = story.approved()
    loose = [replace(item, index=-1) for item in world.verified()]
    assert not gate(builtin_policy(), request(), loose, world.now).admitted
    assert index_evidence(loose).items == ()


def test_a_failed_evaluation_does_not_fill_a_gap() -> None:
    """A test set that only a failure names is not known well enough to be asked about."""
    world = story.told()
    before = [item for item in world.verified() if item.statement.kind != "evaluation"]
    verdict = gate(builtin_policy(), request(), before, world.now)
    assert result(verdict, "test-data-version").status == "missing"
    failing = World()
    story.govern(failing)
    story.prepare_data(failing)
    fixed = story.criteria(failing)
    story.evaluation(failing, "performance", fixed, outcome="failed")
    assert result(failing.ask(MODEL), "test-data-version").status == "missing"


def test_a_failed_training_run_does_not_fill_a_gap() -> None:
    world = story.told()
    world.envelopes = [each for each in world.envelopes if b"slsa.dev" not in each.payload]
    assert result(world.ask(MODEL), "train-data-version").status == "missing"
    story.training_run(world, violations=["network"])
    assert result(world.ask(MODEL), "train-data-version").status == "missing"
    story.training_run(world)
    assert result(world.ask(MODEL), "train-data-version").status == "satisfied"


def test_a_model_that_was_trained_on_its_test_set() -> None:
    """An overlap check with some other data set does not cover it."""
    world = story.approved()
    story.training_run(world, datasets=(TRAIN, story.TEST))
    found = result(world.ask(MODEL), "data-overlap")
    assert (found.status, found.reason) == (
        "failed",
        "test is also used as test: the two cannot be apart",
    )
    world = story.approved()
    story.version(world, TRAIN, story.TRAIN_FILES, parent=story.TEST.sha256)
    assert "test went into train" in result(world.ask(MODEL), "data-overlap").reason


def test_an_overlap_check_of_another_pair_does_not_count() -> None:
    world = story.told()
    world.envelopes = [each for each in world.envelopes if b"overlap" not in each.payload]
    story.validation(world, "overlap", story.TEST, story.RAW)
    found = result(world.ask(MODEL), "data-overlap")
    assert (found.status, found.reason) == (
        "missing",
        "no dataset-validation (overlap) about test and train",
    )


def test_the_gate_is_pure() -> None:
    world = story.approved()
    evidence = world.verified()
    first = gate(builtin_policy(), request(), evidence, world.now)
    assert first == gate(builtin_policy(), request(), index_evidence(evidence), world.now)
    assert first == gate(builtin_policy(), request(), tuple(reversed(evidence)), world.now)
    with pytest.raises(ValueError, match="zone"):
        gate(builtin_policy(), request(), evidence, world.now.replace(tzinfo=None))


def test_names_in_commands_are_quoted_for_a_shell() -> None:
    nasty, _ = artifact("x; rm -rf ~")
    found = result(World().ask(nasty, "import"), "scan-artifact")
    assert found.command.startswith("sealwright model import PATH --name 'x; rm -rf ~' --from ")


# --- serving


def test_serving_asks_for_the_recorded_decision_and_its_approvals() -> None:
    world = story.approved()
    before = world.ask(MODEL, "serve")
    assert {each.id for each in before.denied_by} >= {"release-decision", "approval-people"}
    story.decide(world, world.ask(MODEL))
    assert world.ask(MODEL, "serve").admitted
    world.wait(days=1)
    story.scan(world, "artifact", MODEL)
    assert world.ask(MODEL, "serve").admitted, "a fresh scan does not take a release back"
    story.decide(world, world.ask(MODEL))
    assert not world.ask(MODEL, "serve").admitted, "a newer denial does"


def test_a_forged_decision_carries_no_approvals() -> None:
    world = story.told()
    verdict = world.ask(MODEL)
    wishful = replace(
        verdict, results=tuple(replace(each, status="satisfied") for each in verdict.results)
    )
    story.decide(world, wishful)
    served = world.ask(MODEL, "serve")
    assert result(served, "release-decision").status == "satisfied"
    assert result(served, "approval-people").status == "missing"
    assert not served.admitted


@pytest.mark.parametrize("lie", ["statuses", "evidence"])
def test_a_decision_that_cannot_have_been_is_refused(lie: str) -> None:
    world = story.approved()
    verdict = world.ask(MODEL)
    if lie == "evidence":
        verdict = replace(verdict, evidence=("0" * 64,))
        story.decide(world, verdict)
    else:
        from sealwright.evidence.predicates.governance import Decision

        said = Decision(
            question="release",
            outcome="admitted",
            tier="high",
            policy=verdict.policy,
            evidence=verdict.evidence,
            requirements={"scan-artifact": "failed"},
            ledger_size=1,
            at=world.at,
        )
        world.say("olga", said, MODEL)
    assert result(world.ask(MODEL, "serve"), "release-decision").status == "failed"


def test_a_replayed_decision_does_not_outlive_what_was_said_since() -> None:
    world = story.approved()
    admitted = world.ask(MODEL)
    story.decide(world, admitted)
    assert world.ask(MODEL, "serve").admitted
    story.scan(world, "artifact", MODEL, outcome="failed", who="vic")
    assert not world.ask(MODEL).admitted
    story.decide(world, replace(admitted, at=world.now))
    served = world.ask(MODEL, "serve")
    assert not served.admitted
    assert result(served, "approval-people").status == "stale"
    assert result(served, "release-decision-follows").status == "failed"


def test_approvals_of_a_denial_do_not_carry_a_forged_admission() -> None:
    world = story.told()
    world.envelopes = [each for each in world.envelopes if b"predicate:card" not in each.payload]
    verdict = world.ask(MODEL)
    for who in story.APPROVERS:
        world.approve(who, MODEL, verdict.decision)
    verdict = world.ask(MODEL)
    assert [each.id for each in verdict.denied_by] == ["card"]
    wishful = tuple(replace(each, status="satisfied") for each in verdict.results)
    story.decide(world, replace(verdict, results=wishful))
    found = result(world.ask(MODEL, "serve"), "release-decision-follows")
    assert (found.status, "card is missing" in found.reason) == ("failed", True)


def test_a_decision_under_a_policy_that_nobody_knows_carries_nothing() -> None:
    world = story.approved()
    story.decide(world, replace(world.ask(MODEL), policy="0" * 64))
    assert result(world.ask(MODEL, "serve"), "approval-people").status != "satisfied"


# --- residual risks


def test_an_assessment_by_somebody_else_hides_no_residual_risk() -> None:
    from sealwright.evidence.predicates.governance import ImpactAssessment

    world = story.told()
    said = ImpactAssessment(
        affected=("x",), harms=("none",), mitigations=("none",), oversight="o", at=world.at
    )
    world.say("mina", said, SYSTEM)
    assert world.ask(MODEL).residual_risks == ("one clinic only",)
    story.assess(world, "one clinic only", "two years old", who="vic")
    assert world.ask(MODEL).residual_risks == ("one clinic only", "two years old")
    story.assess(world, "two clinics only")
    assert world.ask(MODEL).residual_risks == (
        "one clinic only",
        "two years old",
        "two clinics only",
    )
