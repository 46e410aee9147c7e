"""One test for each of the ten reasons, and for how each is lifted."""

from __future__ import annotations

import msgspec
import pytest

from sealwright.evidence.digest import sha256_hex
from sealwright.evidence.predicates.governance import PolicyRecord
from sealwright.evidence.predicates.operation import DrillResult, Incident, MonitorWindow, Release
from sealwright.evidence.statement import Subject
from sealwright.policy.load import builtin_policy, builtin_text, parse_policy
from sealwright.policy.model import Policy
from sealwright.policy.staleness import REASONS
from tests.policy import story
from tests.policy.factory import SYSTEM, World, artifact, result
from tests.policy.story import MODEL, RAW, TEST, TRAIN


def act(world: World, action: str, about: Subject, *, who: str = "sam") -> str:
    said = Release(action=action, reason="poisoned", at=world.at)  # type: ignore[arg-type]
    return world.say(who, said, about)


def incident(world: World, about: Subject, *, status: str = "open", number: str = "i1") -> str:
    said = Incident(
        id=number,
        status=status,  # type: ignore[arg-type]
        severity="high",
        title="labels leaked",
        at=world.at,
    )
    return world.say("sam" if status == "open" else "olga", said, about)


def drill(world: World, verdict: str, *, who: str = "sam", control: str = "scan") -> str:
    said = DrillResult(
        id="MOD-01",
        verdict=verdict,  # type: ignore[arg-type]
        controls=(control,),
        at=world.at,
    )
    return world.say(who, said, SYSTEM)


def record_policy(world: World, policy: Policy, *, who: str = "olga") -> str:
    said = PolicyRecord(
        name=policy.name, text=policy.text, sha256=sha256_hex(policy.text.encode()), at=world.at
    )
    return world.say(who, said, SYSTEM)


def stale(
    world: World, requirement: str, *, policy: Policy | None = None
) -> tuple[str, int | None]:
    found = result(world.ask(MODEL, policy=policy), requirement)
    return found.status, found.stale_code


def test_there_are_ten_reasons_in_the_order_of_their_codes() -> None:
    documented = [(reason.__doc__ or "").split(":")[0] for reason in REASONS]
    assert documented == [str(code) for code in range(1, 11)]


def test_1_older_than_the_policy_allows() -> None:
    world = story.told()
    world.wait(days=89)
    assert stale(world, "scan-artifact") == ("satisfied", None)
    world.wait(days=2)
    assert stale(world, "scan-artifact") == ("stale", 1)
    assert stale(world, "model-signature") == ("satisfied", None), "it has no time of its own"
    story.scan(world, "artifact", MODEL)
    assert stale(world, "scan-artifact") == ("satisfied", None)


def test_2_the_subject_changed_under_its_name() -> None:
    world = story.told()
    tampered, _ = artifact("model", "model.onnx", "labels.json", salt="evil")
    found = result(world.ask(tampered), "scan-artifact")
    assert (found.status, found.stale_code) == ("stale", 2)
    assert MODEL.sha256[:12] in found.reason
    assert tampered.sha256[:12] in found.reason


@pytest.mark.parametrize("action", ["revoke", "retire", "quarantine"])
@pytest.mark.parametrize("place", [RAW, TRAIN, MODEL])
def test_3_something_upstream_was_withdrawn(action: str, place: Subject) -> None:
    world = story.approved()
    act(world, action, place)
    found = result(world.ask(MODEL), "scan-artifact")
    assert (found.status, found.stale_code) == ("stale", 3)
    assert "poisoned" in found.reason
    assert found.cause == ("" if place is MODEL else place.sha256)


def test_3_a_quarantine_is_lifted_but_approvals_fall_and_a_revocation_is_final() -> None:
    world = story.approved()
    act(world, "quarantine", TRAIN)
    act(world, "restore", TRAIN)
    assert stale(world, "scan-artifact") == ("satisfied", None)
    assert stale(world, "approval-people") == ("stale", 2), "nobody approved this history"
    act(world, "revoke", TRAIN)
    act(world, "restore", TRAIN)
    assert stale(world, "scan-artifact") == ("stale", 3)


@pytest.mark.parametrize("place", [RAW, TRAIN, MODEL])
@pytest.mark.parametrize(
    ("who", "cause"),
    [
        ("mina", "made it"),
        ("mina-laptop", "made it, and holds an approver's key as well"),
        ("vic", "neither operates, owns nor approves"),
        ("ci", "a service with an engineer's key"),
    ],
)
def test_3_a_quarantine_is_not_lifted_by_just_anybody(who: str, cause: str, place: Subject) -> None:
    world = story.approved()
    act(world, "quarantine", place)
    act(world, "restore", place, who=who)
    assert stale(world, "scan-artifact") == ("stale", 3), cause
    act(world, "restore", place, who="olga")
    assert stale(world, "scan-artifact") == ("satisfied", None)


def test_3_a_restore_by_a_key_revoked_for_cause_lifts_nothing() -> None:
    world = story.approved()
    act(world, "quarantine", MODEL, who="val")
    act(world, "restore", MODEL, who="sam")
    assert stale(world, "scan-artifact") == ("satisfied", None)
    world.revoke("sam")
    assert stale(world, "scan-artifact") == ("stale", 3)


def test_3_a_withdrawn_test_set_spoils_the_evaluations_alone() -> None:
    world = story.told()
    act(world, "quarantine", TEST)
    assert stale(world, "evaluation-privacy") == ("stale", 3)
    assert stale(world, "scan-artifact") == ("satisfied", None)


def test_3_an_incident_upstream() -> None:
    world = story.told()
    incident(world, TRAIN)
    assert stale(world, "scan-artifact") == ("stale", 3)
    assert stale(world, "train-data-version") == ("stale", 10)


def with_min_version(version: str) -> Policy:
    text = builtin_text().replace(
        'id = "scan-artifact"\nresult = ["passed"]',
        'id = "scan-artifact"\nresult = ["passed"]\n'
        f'min_versions = {{ sealwright-scan = "{version}" }}',
    )
    return parse_policy(text)


@pytest.mark.parametrize(
    ("wanted", "has", "status"),
    [
        ("1.2.0", "1.2", "satisfied"),
        ("1.2.0", "1.10.0", "satisfied"),
        ("1.2.0", "1.1.9", "stale"),
        ("1.2.0", "1.2.0-rc1", "stale"),
        ("1.2.0", "newest", "stale"),
    ],
)
def test_4_the_scanners_rules_are_too_old(wanted: str, has: str, status: str) -> None:
    world = World()
    story.govern(world)
    story.scan(world, "artifact", MODEL, version=has)
    code = 4 if status == "stale" else None
    assert stale(world, "scan-artifact", policy=with_min_version(wanted)) == (status, code)


def test_4_a_tool_that_the_policy_does_not_name() -> None:
    world = story.told()
    policy = parse_policy(with_min_version("1.0").text.replace("sealwright-scan =", "other ="))
    assert stale(world, "scan-artifact", policy=policy) == ("stale", 4)


def test_5_the_policy_is_newer_and_stricter() -> None:
    world = World()
    story.govern(world)
    older = parse_policy(
        builtin_text().replace('id = "scan-artifact"\nresult = ["passed"]', 'id = "scan-artifact"')
    )
    newer = parse_policy(builtin_text() + "\n")
    record_policy(world, older)
    story.training_run(world)
    story.scan(world, "artifact", MODEL, outcome="warned")
    assert stale(world, "scan-artifact", policy=older) == ("satisfied", None)
    assert stale(world, "scan-artifact", policy=newer) == ("failed", None), "not on record yet"
    record_policy(world, newer)
    assert stale(world, "scan-artifact", policy=newer) == ("stale", 5)
    story.scan(world, "artifact", MODEL, outcome="warned")
    assert stale(world, "scan-artifact", policy=newer) == ("failed", None), "judged under the new"


def test_5_a_decision_under_a_weaker_policy_does_not_carry_over() -> None:
    world = story.approved()
    story.decide(world, world.ask(MODEL))
    stricter = parse_policy(builtin_text().replace("max_age_days = 90", "max_age_days = 60"))
    longer = parse_policy(builtin_text().replace("# Limited", "# limited"))
    assert result(world.ask(MODEL, "serve"), "release-decision").holds
    found = result(world.ask(MODEL, "serve", policy=stricter), "release-decision")
    assert (found.status, found.stale_code) == ("stale", 5)
    assert "not in the ledger" in found.reason
    record_policy(world, builtin_policy())
    found = result(world.ask(MODEL, "serve", policy=stricter), "release-decision")
    assert "may be older (90 days > 60 days)" in found.reason
    assert result(world.ask(MODEL, "serve", policy=longer), "release-decision").holds


def test_5_a_decision_for_a_lower_tier_does_not_carry_over() -> None:
    world = story.told("limited")
    decision = world.ask(MODEL).decision
    world.approve("olga", MODEL, decision, discipline="owner")
    world.approve("sam", MODEL, decision)
    story.decide(world, world.ask(MODEL))
    assert world.ask(MODEL, "serve").admitted
    story.classify(world, "high")
    found = result(world.ask(MODEL, "serve"), "release-decision")
    assert (found.status, found.stale_code) == ("stale", 5)


def test_6_a_new_vulnerability_matches_the_bill_of_materials() -> None:
    world = story.told()
    story.vulns(world)
    assert stale(world, "sbom") == ("satisfied", None)
    story.vulns(world, "CVE-2026-1", about=story.ENVIRONMENT)
    assert stale(world, "sbom") == ("stale", 6)
    assert stale(world, "scan-dependency") == ("stale", 6)
    story.sbom(world)
    assert stale(world, "sbom") == ("stale", 6), "writing it again does not mend it"
    story.vulns(world, about=story.ENVIRONMENT, who="ci")
    assert stale(world, "sbom") == ("stale", 6), "nor does another source's silence"
    story.vulns(world, about=story.ENVIRONMENT)
    assert stale(world, "sbom") == ("satisfied", None)


def test_7_drift_after_the_evaluation() -> None:
    world = story.told()
    window = MonitorWindow(
        kind="drift",
        result="failed",
        slice="age>60",
        start=world.at,
        end=world.at,
        n=256,
        at=world.at,
    )
    world.say("ci", msgspec.structs.replace(window, result="passed"), MODEL)
    assert stale(world, "evaluation-privacy") == ("satisfied", None)
    world.say("ci", window, MODEL)
    found = result(world.ask(MODEL), "evaluation-privacy")
    assert (found.status, found.stale_code) == ("stale", 7)
    assert "slice age>60" in found.reason
    assert stale(world, "scan-artifact") == ("satisfied", None)
    story.evaluation(world, "privacy", story.criteria_digest(world))
    assert stale(world, "evaluation-privacy") == ("satisfied", None)


def test_8_the_signers_key_was_revoked_for_cause() -> None:
    world = story.told()
    story.scan(world, "artifact", MODEL, who="ci")
    world.revoke("mina", for_cause=False)
    assert stale(world, "sbom") == ("satisfied", None), "a key that was just replaced"
    world = story.told()
    world.revoke("mina")
    assert stale(world, "sbom") == ("stale", 8)
    story.sbom(world, who="ci")
    assert stale(world, "sbom") == ("satisfied", None)


def test_8_a_failure_stands_even_if_its_signer_was_revoked() -> None:
    world = story.told()
    story.scan(world, "artifact", MODEL, outcome="failed", who="ci")
    world.revoke("ci")
    assert stale(world, "scan-artifact") == ("failed", None)


def test_9_a_drill_of_the_control_was_missed() -> None:
    world = story.told()
    drill(world, "prevented")
    assert stale(world, "scan-artifact") == ("satisfied", None)
    drill(world, "missed")
    assert stale(world, "scan-artifact") == ("stale", 9)
    assert stale(world, "evaluation-privacy") == ("satisfied", None)
    drill(world, "detected", who="dana")
    assert stale(world, "scan-artifact") == ("stale", 9), "another's drill does not lift it"
    drill(world, "detected")
    assert stale(world, "scan-artifact") == ("stale", 9), "it was made while nobody looked"
    story.scan(world, "artifact", MODEL)
    assert stale(world, "scan-artifact") == ("satisfied", None)


def test_9_a_drill_that_could_not_run_is_lifted_by_one_that_could() -> None:
    world = story.told()
    drill(world, "error")
    assert stale(world, "scan-artifact") == ("stale", 9)
    drill(world, "prevented")
    assert stale(world, "scan-artifact") == ("satisfied", None)


def test_10_an_incident_is_open_on_the_subject() -> None:
    world = story.approved()
    incident(world, MODEL)
    incident(world, MODEL, number="i2")
    found = result(world.ask(MODEL), "scan-artifact")
    assert (found.status, found.stale_code) == ("stale", 10)
    assert "labels leaked (i1)" in found.reason
    incident(world, MODEL, status="closed")
    assert stale(world, "scan-artifact") == ("stale", 10)
    incident(world, MODEL, status="closed", number="i2")
    assert stale(world, "scan-artifact") == ("satisfied", None)
    assert stale(world, "approval-people") == ("stale", 2)


def test_nobody_closes_an_incident_that_they_recorded() -> None:
    world = story.told()
    incident(world, MODEL)
    closed = Incident(id="i1", status="closed", severity="high", title="fine", at=world.at)
    world.say("sam", closed, MODEL)
    found = result(world.ask(MODEL), "scan-artifact")
    assert (found.status, found.stale_code) == ("stale", 10)
    assert found.command == "sealwright incident close i1 --as PRINCIPAL --reason WHY"
    incident(world, MODEL, status="closed")
    assert stale(world, "scan-artifact") == ("satisfied", None)


def test_an_incident_is_closed_on_its_own_subject_only() -> None:
    world = story.told()
    incident(world, MODEL)
    incident(world, TEST, status="closed")
    assert stale(world, "scan-artifact") == ("stale", 10)


def test_staleness_is_computed_and_not_stored() -> None:
    world = story.told()
    early = world.now
    evidence = world.verified()
    world.wait(days=400)
    assert stale(world, "scan-artifact") == ("stale", 1)
    assert evidence == world.verified()
    assert result(world.ask(MODEL, now=early), "scan-artifact").status == "satisfied"


def test_10_an_incident_does_not_bring_an_earlier_denial_back() -> None:
    """A model that waited for approvals was denied once: that is over when it is admitted, and an
    incident that is not grave leaves it to the tier's policy whether it is served on."""
    world = story.told()
    story.decide(world, world.ask(MODEL))
    decision = world.ask(MODEL).decision
    for who in story.APPROVERS:
        world.approve(who, MODEL, decision)
    story.decide(world, world.ask(MODEL))
    assert result(world.ask(MODEL, "serve"), "release-decision").status == "satisfied"
    incident(world, MODEL)
    found = result(world.ask(MODEL, "serve"), "release-decision")
    assert (found.status, found.stale_code) == ("stale", 10)
    incident(world, MODEL, status="closed")
    assert result(world.ask(MODEL, "serve"), "release-decision").status == "satisfied"
