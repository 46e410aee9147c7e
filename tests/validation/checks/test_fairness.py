"""Group fairness: known differences, and groups that are too small to speak of."""

from __future__ import annotations

import numpy as np
import pytest
from tests.validation.builders import ends, run, value_of, with_scores

from sealwright.phases.validation.checks.fairness import FAIRNESS, MIN_ROWS
from sealwright.phases.validation.checks.interface import Examination, Outcome

N = 80


def exam(
    *, rates: dict[str, tuple[float, float]], rows: int = N, column: str = "sex"
) -> Examination:
    """Groups whose positive and negative rows are answered positive at exactly these rates."""
    scores: list[float] = []
    labels: list[bool] = []
    names: list[str] = []
    for name, (found, alarms) in rates.items():
        half = rows // 2
        for label, rate in ((True, found), (False, alarms)):
            hits = round(half * rate)
            scores += [0.9] * hits + [0.1] * (half - hits)
            labels += [label] * half
        names += [name] * rows
    return with_scores(scores, labels, groups={column: np.array(names)})


def test_differences_by_hand() -> None:
    outcome = run(FAIRNESS, exam(rates={"1": (0.9, 0.2), "2": (0.6, 0.1), "3": (0.8, 0.3)}))
    assert value_of(outcome, "true_positive_rate", group="sex=2").value == 0.6
    assert value_of(outcome, "false_positive_rate", group="sex=3").value == pytest.approx(0.3)
    assert value_of(outcome, "selection_rate", group="sex=1").value == pytest.approx(0.55)
    assert value_of(outcome, "group_accuracy", group="sex=1").value == pytest.approx(0.85)
    parity = value_of(outcome, "demographic_parity_difference", group="sex")
    odds = value_of(outcome, "equalised_odds_difference", group="sex")
    assert parity.value == pytest.approx(0.2)
    assert odds.value == pytest.approx(0.3)
    assert ends(odds)[0] > 0.0
    assert outcome.unmeasured == ()
    assert value_of(outcome, "true_positive_rate", group="sex=2").n == N // 2


def test_equal_groups_may_differ_by_nothing() -> None:
    outcome = run(FAIRNESS, exam(rates={"1": (0.8, 0.2), "2": (0.8, 0.2)}))
    for metric in ("demographic_parity_difference", "equalised_odds_difference"):
        item = value_of(outcome, metric, group="sex")
        assert item.value == 0.0
        assert ends(item)[0] == 0.0
        assert ends(item)[1] > 0.05


def merged(first: Examination, second: Examination) -> Examination:
    scores = [*first.test_scores, *second.test_scores]
    labels = [*first.test.labels, *second.test.labels]
    groups = {
        name: np.concatenate([first.test.groups[name], second.test.groups[name]])
        for name in first.test.groups
    }
    return with_scores(scores, labels, groups=groups)


def judged_out(outcome: Outcome) -> set[tuple[str, str]]:
    return {(item.metric, item.group) for item in outcome.unmeasured}


def test_a_small_group_is_reported_but_not_judged() -> None:
    large = exam(rates={"1": (0.8, 0.2), "2": (0.8, 0.2)})
    small = exam(rates={"3": (1.0, 0.0)}, rows=MIN_ROWS - 2)
    outcome = run(FAIRNESS, merged(large, small))
    out = judged_out(outcome)
    assert ("selection_rate", "sex=3") in out
    assert ("demographic_parity_difference", "sex") in out
    assert ("equalised_odds_difference", "sex") in out
    assert ("selection_rate", "sex=1") not in out
    assert value_of(outcome, "selection_rate", group="sex=3").n == MIN_ROWS - 2
    assert any("18 rows" in finding.message for finding in outcome.findings)
    assert len({f.message for f in outcome.findings}) == len(outcome.findings)


def test_few_rows_of_one_class_spare_only_parity() -> None:
    labels = [True] * 50 + [False] * 50 + [True] * 5 + [False] * 95
    groups = {"sex": np.array(["1"] * 100 + ["2"] * 100)}
    outcome = run(FAIRNESS, with_scores([0.9, 0.1] * 100, labels, groups=groups))
    out = judged_out(outcome)
    assert ("equalised_odds_difference", "sex") in out
    assert ("demographic_parity_difference", "sex") not in out


def test_a_group_without_positive_rows_breaks_nothing() -> None:
    labels = [True, False] * 50 + [False] * 60
    groups = {"sex": np.array(["1"] * 100 + ["2"] * 60)}
    outcome = run(FAIRNESS, with_scores([0.9] * 160, labels, groups=groups))
    assert ("equalised_odds_difference", "sex") in judged_out(outcome)
    assert not any(m.group == "sex=2" and m.metric == "true_positive_rate"
                   for m in outcome.measurements)  # fmt: skip


def test_one_group_has_nothing_to_differ_from() -> None:
    outcome = run(FAIRNESS, exam(rates={"1": (0.8, 0.2)}))
    assert judged_out(outcome) == {
        ("demographic_parity_difference", "sex"),
        ("equalised_odds_difference", "sex"),
    }


def test_without_groups_nothing_is_measured() -> None:
    assert run(FAIRNESS, with_scores([0.9, 0.1], [True, False])).measurements == ()
