from __future__ import annotations

from datetime import timedelta

import pytest

from sealwright.clock import format_time
from sealwright.evidence.dsse import envelope_digest
from sealwright.evidence.predicates.data import DataAccess
from sealwright.evidence.predicates.governance import PolicyRecord, Waiver
from sealwright.evidence.predicates.operation import DrillResult
from sealwright.evidence.statement import Subject
from sealwright.policy.load import builtin_policy
from sealwright.policy.model import NEVER_WAIVABLE
from tests.policy import story
from tests.policy.factory import SYSTEM, World, artifact, result
from tests.policy.story import MODEL, TRAIN


def world() -> World:
    """Everything but a fairness evaluation that passes."""
    told = story.told()
    story.evaluation(told, "fairness", story.criteria_digest(told), outcome="failed")
    return told


def grant(
    w: World,
    *,
    who: str = "ida",
    asked_by: str = "mina",
    days: float = 14,
    requirement: str = "evaluation-fairness",
    renews: str = "",
    compensating: str = "",
    about: Subject = MODEL,
) -> str:
    if not compensating:
        drill = DrillResult(id="spare", verdict="prevented", controls=("spare",), at=w.at)
        compensating = w.say("sam", drill, SYSTEM)
    said = Waiver(
        requirement=requirement,
        reason="tool broken",
        compensating=compensating,
        asked_by=asked_by,
        expires=format_time(w.now + timedelta(days=days)),
        renews=renews,
        at=w.at,
    )
    return w.say(who, said, about)


def status(w: World) -> str:
    return result(w.ask(MODEL), "evaluation-fairness").status


def test_a_waiver_lets_pass_and_names_what_it_covers() -> None:
    w = world()
    assert status(w) == "failed"
    digest = grant(w)
    verdict = w.ask(MODEL)
    found = result(verdict, "evaluation-fairness")
    assert found.status == "waived"
    assert found.reason.startswith("waived by ida until 2026-11-16; without it: ")
    assert digest in verdict.evidence
    for who in story.APPROVERS:
        w.approve(who, MODEL, verdict.decision)
    assert w.ask(MODEL).admitted


def test_a_waiver_changes_what_approvers_must_see() -> None:
    w = world()
    before = w.ask(MODEL).decision
    grant(w)
    assert w.ask(MODEL).decision != before


def test_a_waiver_ends() -> None:
    w = world()
    grant(w, days=10)
    w.wait(days=9)
    assert status(w) == "waived"
    w.wait(days=1)
    assert status(w) == "failed"


def test_a_waiver_is_renewed_once_by_name() -> None:
    w = world()
    first = grant(w, days=10)
    w.wait(days=11)
    assert status(w) == "failed"
    grant(w, days=10)
    assert status(w) == "failed", "it does not say that it is a renewal"
    w = world()
    first = grant(w, days=10)
    w.wait(days=11)
    second = grant(w, days=10, renews=first)
    assert status(w) == "waived"
    w.wait(days=11)
    grant(w, days=10, renews=second)
    assert status(w) == "failed", "once"
    grant(w, days=10, renews=first)
    assert status(w) == "failed"


@pytest.mark.parametrize(
    "wrong",
    [
        {"days": 31},
        {"days": 15},
        {"days": -1},
        {"who": "mina"},
        {"who": "sam"},
        {"who": "ida", "asked_by": "ida"},
        {"who": "ida", "asked_by": "nobody"},
        {"who": "ida", "asked_by": ""},
        {"asked_by": "sam"},
        {"asked_by": "val"},
        {"asked_by": "security"},
        {"requirement": "evaluation-privacy"},
        {"compensating": "0" * 64},
        {"about": artifact("other")[0]},
    ],
)
def test_a_waiver_that_does_not_count(wrong: dict[str, object]) -> None:
    w = world()
    grant(w, **wrong)  # type: ignore[arg-type]
    assert status(w) == "failed"


def test_who_asked_does_not_grant_with_another_key() -> None:
    w = world()
    w.cast["ida-2"] = ("ida", ("security", "executive"), ("engineer",))
    w.say("rita", w._root(), SYSTEM)
    grant(w, who="ida", asked_by="ida-2")
    assert status(w) == "failed"


def test_an_author_grants_no_waiver() -> None:
    w = world()
    story.version(w, TRAIN, story.TRAIN_FILES, who="ida")
    grant(w)
    assert status(w) == "failed"


def test_a_waiver_granted_with_a_key_revoked_for_cause_falls() -> None:
    w = world()
    grant(w)
    w.revoke("ida")
    assert status(w) == "failed"


def test_a_failing_control_compensates_nothing() -> None:
    w = world()
    failing = story.scan(w, "artifact", TRAIN, outcome="failed")
    grant(w, compensating=failing)
    assert status(w) == "failed"


@pytest.mark.parametrize("entry", range(4))
def test_what_only_records_a_fact_compensates_nothing(entry: int) -> None:
    """The trust root, the tier, the impact assessment, the version of a data set."""
    w = world()
    grant(w, compensating=envelope_digest(w.envelopes[entry]))
    assert status(w) == "failed"


def test_nor_does_a_policy_an_access_or_a_decision() -> None:
    w = world()
    text = builtin_policy().text
    record = PolicyRecord(name="builtin", text=text, sha256=builtin_policy().digest, at=w.at)
    access = DataAccess(actor="mina", purpose="training", outcome="granted", at=w.at)
    for digest in (
        w.say("olga", record, SYSTEM),
        w.say("mina", access, TRAIN),
        story.decide(w, w.ask(MODEL, "train")),
        grant(w, requirement="scan-code"),
    ):
        grant(w, compensating=digest)
        assert status(w) == "failed"


def test_a_control_of_something_else_compensates_nothing() -> None:
    w = world()
    elsewhere, _ = artifact("elsewhere")
    grant(w, compensating=story.scan(w, "artifact", elsewhere))
    assert status(w) == "failed"


def test_a_control_of_what_it_was_made_from_or_of_the_system_compensates() -> None:
    w = world()
    grant(w, compensating=story.validation(w, "labels", TRAIN))
    assert status(w) == "waived"
    w = world()
    detected = DrillResult(id="MOD-01", verdict="detected", controls=("scan",), at=w.at)
    grant(w, compensating=w.say("sam", detected, SYSTEM))
    assert status(w) == "waived"


def test_a_control_that_fails_later_compensates_no_more() -> None:
    w = world()
    grant(w, compensating=story.scan(w, "artifact", MODEL, who="val"))
    assert status(w) == "waived"
    story.scan(w, "artifact", MODEL, outcome="failed", who="val")
    assert status(w) == "failed"


def test_the_owner_may_ask_as_well() -> None:
    w = world()
    grant(w, asked_by="olga")
    assert status(w) == "waived"


def test_granting_takes_the_rules_of_one_tier_up() -> None:
    """For a high system, those of critical: at most 14 days, by security, legal or executive."""
    w = world()
    w.cast["ida"] = ("ida", ("data",), ("granter",))
    w.say("rita", w._root(), SYSTEM)
    grant(w)
    assert status(w) == "failed"
    limited = story.told("limited")
    story.scan(limited, "artifact", MODEL, outcome="failed")
    grant(limited, requirement="scan-artifact", days=30)
    assert result(limited.ask(MODEL), "scan-artifact").status == "waived"


def test_signatures_decisions_and_approvals_are_never_waivable() -> None:
    w = story.told()
    approvals = [each.id for each in w.ask(MODEL).results if each.id.startswith("approval")]
    for requirement in approvals:
        grant(w, requirement=requirement)
    assert {each.id for each in w.ask(MODEL).denied_by} == set(approvals)
    unsigned = World()
    story.govern(unsigned)
    story.scan(unsigned, "artifact", MODEL)
    grant(unsigned, requirement="model-signature")
    assert result(unsigned.ask(MODEL), "model-signature").status == "missing"
    for rules in builtin_policy().tiers.values():
        for each in rules.requirements:
            assert not (each.waivable and each.predicate in NEVER_WAIVABLE)
