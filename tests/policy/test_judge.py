"""Last words: a failed check of a data set is done with when it has passed, and not before."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sealwright.evidence.finding import Result
from sealwright.evidence.predicates.common import Tool
from sealwright.evidence.predicates.data import CheckResult, DatasetValidation
from tests.policy import story
from tests.policy.factory import World, result
from tests.policy.story import MODEL, TRAIN

CHANGE = "labels.label-change"


def labels(w: World, *, who: str = "mina", **checks: Result) -> str:
    """A run of the label checks; keywords are ids with `_` for `-` and without `labels.`."""
    named = {f"labels.{name.replace('_', '-')}": said for name, said in checks.items()}
    return say(w, named, who=who)


def say(w: World, checks: dict[str, Result], *, who: str = "mina") -> str:
    order: tuple[Result, ...] = ("failed", "inconclusive", "warned")
    worst: Result = next((r for r in order if r in checks.values()), "passed")
    said = DatasetValidation(
        kind="labels",
        result=worst,
        checks=tuple(
            CheckResult(id=name, check=name, expected="", result=each, n=60, violations=0)
            for name, each in checks.items()
        ),
        engine=Tool(name="sealwright", version="1.2.0"),
        config="0" * 64,
        at=w.at,
    )
    return w.say(who, said, TRAIN)


def status(w: World) -> tuple[str, str]:
    found = result(w.ask(MODEL), "train-data-labels")
    return found.status, found.reason


def test_a_run_without_the_failed_check_clears_nothing() -> None:
    w = story.told()
    failed = labels(w, label_noise="passed", label_change="failed")
    labels(w, label_noise="passed")
    found = result(w.ask(MODEL), "train-data-labels")
    assert found.status == "failed"
    assert found.because == failed
    assert found.reason.endswith("a later run passed without repeating labels.label-change")


def test_a_run_with_the_failed_check_clears_it() -> None:
    w = story.told()
    labels(w, label_noise="passed", label_change="failed")
    labels(w, label_change="passed")
    assert status(w)[0] == "satisfied", "the other one had passed on the same bytes"


def test_what_could_not_be_looked_at_must_be_looked_at() -> None:
    w = story.told()
    labels(w, label_noise="passed", label_change="inconclusive")
    labels(w, label_noise="passed")
    assert status(w)[0] == "failed"


def test_a_lesser_failure_in_between_forgets_nothing() -> None:
    w = story.told()
    labels(w, label_noise="passed", label_change="failed")
    labels(w, label_noise="failed")
    labels(w, label_noise="passed")
    assert status(w)[0] == "failed"
    assert CHANGE in status(w)[1]
    labels(w, label_noise="passed", label_change="passed")
    assert status(w)[0] == "satisfied"


def test_what_was_cleared_stays_cleared() -> None:
    w = story.told()
    labels(w, label_noise="passed", label_change="failed")
    labels(w, label_noise="passed", label_change="passed")
    labels(w, label_noise="failed")
    labels(w, label_noise="passed")
    assert status(w)[0] == "satisfied"


def test_somebody_elses_run_clears_no_failure() -> None:
    w = story.told()
    labels(w, label_noise="passed", label_change="failed")
    labels(w, label_noise="passed", label_change="passed", who="val")
    assert status(w)[0] == "failed"


IDS = ("labels.a", "labels.b", "labels.c")
RUNS = st.dictionaries(
    st.sampled_from(IDS), st.sampled_from(["passed", "failed", "inconclusive"]), min_size=1
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(RUNS, max_size=5))
def test_satisfied_means_that_each_failed_check_has_passed_in_one_later_run(
    runs: list[dict[str, Result]],
) -> None:
    w = story.told()
    for run in runs:
        say(w, run)
    owed: set[str] = set()
    for run in runs:
        bad = {name for name, said in run.items() if said != "passed"}
        if bad:
            owed |= bad
        elif owed <= set(run):
            owed.clear()
    assert (status(w)[0] == "satisfied") == (not owed)
