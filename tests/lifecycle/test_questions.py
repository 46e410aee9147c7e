"""The tier follows from the answers; silence never makes a system harmless."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.errors import Refused, UsageError
from sealwright.lifecycle.questions import (
    COMBINATIONS,
    PROHIBITED,
    QUESTIONS,
    TIERS,
    ProhibitedPractice,
    RiskQuestion,
    classify,
    question_ids,
)

ALL_NO = dict.fromkeys(question_ids(), "no")
ANSWERS = st.fixed_dictionaries(
    {},
    optional={each.id: st.sampled_from(["yes", "no", "unknown", "", "maybe"]) for each in QUESTIONS}
    | {each.id: st.sampled_from(["no", "unknown"]) for each in PROHIBITED},
)


def test_ids_are_unique_and_every_entry_is_complete() -> None:
    assert len(set(question_ids())) == len(question_ids())
    entries: list[RiskQuestion | ProhibitedPractice] = [*QUESTIONS, *PROHIBITED]
    for each in entries:
        assert each.text.endswith("?")
        assert each.means
        assert each.id.isidentifier()
        assert each.id == each.id.lower()
        assert "AI Act" in each.reference or "GDPR" in each.reference
    for combination in COMBINATIONS:
        assert set(combination.questions) <= {each.id for each in QUESTIONS}


def test_no_to_everything_is_minimal() -> None:
    assert classify(ALL_NO) == ("minimal", ("every question is answered with no",))


def test_no_answers_at_all_are_high() -> None:
    tier, reasons = classify({})
    assert tier == "high"
    assert len(reasons) == len(question_ids())


@pytest.mark.parametrize("name", question_ids())
@pytest.mark.parametrize("answer", [None, "unknown", "", "YES"])
def test_one_question_without_an_answer_is_at_least_high(name: str, answer: str | None) -> None:
    answers = {key: value for key, value in ALL_NO.items() if key != name}
    tier, reasons = classify(answers if answer is None else {**answers, name: answer})
    assert tier == "high"
    assert name in reasons[0]


@pytest.mark.parametrize("each", QUESTIONS, ids=lambda each: each.id)
def test_one_yes_gives_its_tier_and_its_reason(each: RiskQuestion) -> None:
    tier, reasons = classify({**ALL_NO, each.id: "yes"})
    assert tier == each.tier
    assert reasons == (f"{tier}: {each.id}: {each.means} ({each.reference})",)


@pytest.mark.parametrize("each", PROHIBITED, ids=lambda each: each.id)
def test_a_prohibited_practice_is_refused_with_an_explanation(each: ProhibitedPractice) -> None:
    with pytest.raises(Refused, match="prohibited practice") as caught:
        classify({**ALL_NO, each.id: "yes"})
    assert each.means in caught.value.message
    assert "Article 5" in caught.value.message
    assert "legal counsel" in caught.value.advice


def test_planning_follow_up_visits_of_patients_with_a_person_deciding_is_high() -> None:
    yes = (
        "affects_people", "personal_data", "special_category_data", "vulnerable_groups",
        "health_or_safety",
    )  # fmt: skip
    tier, reasons = classify({**ALL_NO, **dict.fromkeys(yes, "yes")})
    assert tier == "high"
    assert {reason.split(": ")[1] for reason in reasons} == set(yes)


def test_the_same_system_without_a_person_in_between_is_critical() -> None:
    answers = {**ALL_NO, "health_or_safety": "yes", "automated_decision": "yes"}
    tier, reasons = classify(answers)
    assert tier == "critical"
    assert reasons[0].startswith("critical: health_or_safety + automated_decision")


def test_an_answer_to_no_question_is_an_error() -> None:
    with pytest.raises(UsageError, match="social_scorring") as caught:
        classify({**ALL_NO, "social_scorring": "yes"})
    assert caught.value.advice == 'did you mean "social_scoring"?'


@given(ANSWERS, st.sampled_from([each.id for each in QUESTIONS]))
def test_a_yes_never_lowers_the_tier(answers: dict[str, str], name: str) -> None:
    before, _ = classify({**answers, name: "no"})
    after, reasons = classify({**answers, name: "yes"})
    assert TIERS.index(after) >= TIERS.index(before)
    assert any(reason.split(": ")[1] == name for reason in reasons)


@given(ANSWERS)
def test_reasons_are_never_empty_and_the_heaviest_is_first(answers: dict[str, str]) -> None:
    tier, reasons = classify(answers)
    assert reasons
    if any(answers.get(name) not in ("yes", "no") for name in question_ids()):
        assert TIERS.index(tier) >= TIERS.index("high")
    ranks = [TIERS.index(reason.split(":")[0]) for reason in reasons if ": " in reason]
    assert ranks == sorted(ranks, reverse=True)
    assert not ranks or TIERS[ranks[0]] == tier
