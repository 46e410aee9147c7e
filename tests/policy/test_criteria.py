"""Criteria fixed before the test, and the ways around it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sealwright.evidence.predicates.validation import Criterion
from sealwright.policy.criteria import at_least_as_strict
from tests.policy import story
from tests.policy.factory import SYSTEM, World, artifact, result
from tests.policy.story import MODEL, TEST, TRAIN


def world() -> World:
    started = World()
    story.govern(started)
    story.prepare_data(started)
    return started


def status(of: World) -> tuple[str, str]:
    found = result(of.ask(MODEL), "evaluation-performance")
    return found.status, found.reason


def test_criteria_that_were_there_first() -> None:
    w = world()
    story.evaluation(w, "performance", story.criteria(w))
    assert status(w)[0] == "satisfied"


def test_criteria_recorded_after_the_result() -> None:
    w = world()
    fixed = story.criteria(w)
    late = w.copy()
    late.envelopes.pop()
    story.evaluation(late, "performance", fixed)
    late.envelopes.append(w.envelopes[-1])
    assert status(late) == (
        "failed",
        "signed by mina on 2026-11-02: its criteria were recorded after it",
    )


def test_criteria_that_are_nowhere() -> None:
    w = world()
    story.evaluation(w, "performance", "0" * 64)
    assert "not in the ledger" in status(w)[1]


def test_criteria_for_another_test_set_or_system() -> None:
    for about in ((TRAIN, SYSTEM), (TEST,)):
        w = world()
        story.evaluation(w, "performance", story.criteria(w, about=about))
        assert "not about this test set and this system" in status(w)[1]


def test_a_failure_is_not_laundered_by_looser_criteria() -> None:
    w = world()
    strict = story.criteria(w, threshold=0.9)
    story.evaluation(w, "performance", strict, outcome="failed")
    loose = story.criteria(w, threshold=0.7)
    story.evaluation(w, "performance", loose)
    assert status(w)[0] == "failed"
    assert "criteria are weaker" in status(w)[1]
    story.evaluation(w, "performance", strict)
    assert status(w)[0] == "satisfied", "held against the strict ones again, it passed"


def test_nor_by_testing_another_model_first() -> None:
    w = world()
    strict = story.criteria(w, threshold=0.9)
    other, _ = artifact("model", "other.onnx")
    story.evaluation(w, "performance", strict, outcome="failed", about=other)
    story.evaluation(w, "performance", story.criteria(w, threshold=0.7))
    assert "criteria are weaker" in status(w)[1]


REORDERED, _ = artifact("test", "test.csv", salt="two rows swapped")


def test_a_reordered_test_set_keeps_the_criteria() -> None:
    """Swapping two rows makes another digest and nothing new to be measured on."""
    w = world()
    strict = story.criteria(w, threshold=0.9)
    story.evaluation(w, "performance", strict, outcome="failed")
    loose = story.criteria(w, threshold=0.7, about=(REORDERED, SYSTEM))
    story.evaluation(w, "performance", loose, on=REORDERED)
    assert status(w)[0] == "failed"
    assert "criteria are weaker than entry" in status(w)[1]
    again = story.criteria(w, threshold=0.9, about=(REORDERED, SYSTEM))
    story.evaluation(w, "performance", again, on=REORDERED)
    assert status(w)[0] == "satisfied", "new rows, the same bar"


def test_a_reordered_test_set_does_not_come_before_its_results() -> None:
    w = world()
    few = story.criteria(w, kinds=("fairness",))
    story.evaluation(w, "performance", few, judged=False)
    story.evaluation(w, "performance", story.criteria(w, about=(REORDERED, SYSTEM)), on=REORDERED)
    assert "no criteria for performance were fixed before the first result" in status(w)[1]


def test_a_reordered_test_set_is_measured_in_the_same_way() -> None:
    w = world()
    fixed = story.criteria(w, config="a" * 64)
    story.evaluation(w, "performance", fixed, config="a" * 64, outcome="failed")
    easier = story.criteria(w, config="b" * 64, about=(REORDERED, SYSTEM))
    story.evaluation(w, "performance", easier, config="b" * 64, on=REORDERED)
    assert "not measured in the way" in status(w)[1]


def test_an_easy_test_set_first_does_not_lower_the_bar_of_the_hard_one() -> None:
    w = world()
    loose = story.criteria(w, threshold=0.1, about=(REORDERED, SYSTEM))
    strict = story.criteria(w, threshold=0.9)
    story.evaluation(w, "performance", loose, on=REORDERED)
    story.evaluation(w, "performance", strict, outcome="failed")
    story.evaluation(w, "performance", loose, on=REORDERED)
    assert "criteria are weaker" in status(w)[1]


def test_criteria_of_an_earlier_draft_of_the_test_set_bind_nobody() -> None:
    w = world()
    story.criteria(w, threshold=0.95, about=(REORDERED, SYSTEM), config="d" * 64)
    story.evaluation(w, "performance", story.criteria(w, threshold=0.7))
    assert status(w)[0] == "satisfied"


def test_the_criteria_of_another_system_on_the_same_rows_are_not_ours() -> None:
    w = world()
    other, _ = artifact("other-system")
    theirs = story.criteria(w, threshold=0.99, about=(TEST, other))
    elsewhere, _ = artifact("model", "elsewhere.onnx")
    story.evaluation(w, "performance", theirs, outcome="failed", about=elsewhere)
    story.evaluation(w, "performance", story.criteria(w, threshold=0.7))
    assert status(w)[0] == "satisfied"


def test_criteria_may_change_freely_before_the_first_result() -> None:
    w = world()
    story.criteria(w, threshold=0.9)
    story.evaluation(w, "performance", story.criteria(w, threshold=0.7))
    assert status(w)[0] == "satisfied"


def test_an_older_looser_set_is_not_taken_up_again() -> None:
    w = world()
    loose = story.criteria(w, threshold=0.7)
    story.criteria(w, threshold=0.9)
    story.evaluation(w, "performance", loose)
    assert "criteria are weaker" in status(w)[1]


def test_criteria_may_tighten_after_a_result() -> None:
    w = world()
    story.evaluation(w, "performance", story.criteria(w, threshold=0.7))
    assert status(w)[0] == "satisfied"
    story.evaluation(w, "performance", story.criteria(w, threshold=0.9))
    assert status(w)[0] == "satisfied"


def test_a_kind_without_criteria_before_its_first_result() -> None:
    w = world()
    few = story.criteria(w, kinds=("fairness",))
    story.evaluation(w, "performance", few, judged=False)
    assert "no criteria for performance were fixed before the first result" in status(w)[1]
    story.evaluation(w, "performance", story.criteria(w))
    assert "no criteria for performance were fixed" in status(w)[1]


def test_how_it_is_measured_is_fixed_as_well() -> None:
    w = world()
    fixed = story.criteria(w, config="a" * 64)
    story.evaluation(w, "performance", fixed, config="b" * 64)
    assert "not measured in the way" in status(w)[1]
    story.evaluation(w, "performance", fixed, config="a" * 64)
    assert status(w)[0] == "satisfied"
    easier = story.criteria(w, config="c" * 64, threshold=0.99)
    story.evaluation(w, "performance", easier, config="c" * 64)
    assert "not measured in the way" in status(w)[1]
    story.evaluation(w, "performance", fixed, config="a" * 64)
    assert status(w)[0] == "satisfied", "criteria that came too late are void"


def test_an_unjudged_criterion_is_not_met() -> None:
    w = world()
    story.evaluation(w, "performance", story.criteria(w), judged=False)
    assert "criterion performance-1 is not judged" in status(w)[1]


CRITERIA = st.builds(
    Criterion,
    id=st.just("c"),
    kind=st.just("privacy"),
    metric=st.sampled_from(["auc", "gap"]),
    op=st.sampled_from([">=", "<="]),
    threshold=st.sampled_from([0.1, 0.5, 0.9, float("nan")]),
    bound=st.sampled_from(["low", "point", "high"]),
    group=st.sampled_from(["", "sex"]),
)


@given(CRITERIA, CRITERIA, st.floats(0, 1), st.floats(0, 0.5))
def test_what_meets_the_stricter_meets_the_other(
    one: Criterion, other: Criterion, value: float, half: float
) -> None:
    if not at_least_as_strict(one, other):
        return
    ends = {"low": value - half, "point": value, "high": value + half}

    def met(criterion: Criterion) -> bool:
        seen = ends[criterion.bound]
        return seen >= criterion.threshold if criterion.op == ">=" else seen <= criterion.threshold

    assert met(other) or not met(one)
