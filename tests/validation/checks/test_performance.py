"""Performance against scikit-learn, and the models that are easiest to misjudge."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics
from tests.validation.builders import (
    declaration,
    ends,
    examination,
    model,
    run,
    sum_scores,
    table,
    value_of,
    with_scores,
)

from sealwright.phases.validation.checks.performance import PERFORMANCE
from sealwright.phases.validation.metrics import METRICS

BOUNDED = (
    "accuracy",
    "balanced_accuracy",
    "roc_auc",
    "f1",
    "precision",
    "recall",
    "specificity",
    "brier",
)


def test_all_metrics_are_those_of_scikit_learn() -> None:
    exam = examination(test=table(300, seed=5))
    outcome = run(PERFORMANCE, exam)
    labels, scores = exam.test.labels, exam.test_scores
    answers = scores > 0.5
    expected = {
        "accuracy": metrics.accuracy_score(labels, answers),
        "balanced_accuracy": metrics.balanced_accuracy_score(labels, answers),
        "roc_auc": metrics.roc_auc_score(labels, scores),
        "f1": metrics.f1_score(labels, answers),
        "precision": metrics.precision_score(labels, answers),
        "recall": metrics.recall_score(labels, answers),
        "specificity": metrics.recall_score(~labels, ~answers),
        "brier": metrics.brier_score_loss(labels, scores),
        "log_loss": metrics.log_loss(labels, np.clip(scores, 1e-7, 1 - 1e-7)),
    }
    measured = {item.metric: item.value for item in outcome.measurements}
    assert measured == pytest.approx(expected, abs=1e-12)
    for item in outcome.measurements:
        low, high = ends(item)
        assert low < item.value < high
        assert item.n > 0
        assert item.method
        assert "performance" in METRICS[item.metric].kinds


def test_a_perfect_model_on_few_rows_is_not_proven_perfect() -> None:
    labels = [True] * 6 + [False] * 8
    outcome = run(PERFORMANCE, with_scores([0.9] * 6 + [0.1] * 8, labels))
    for metric in ("accuracy", "balanced_accuracy", "roc_auc", "f1", "recall", "precision"):
        item = value_of(outcome, metric)
        assert item.value == 1.0
        assert ends(item)[0] < 0.8


def test_a_constant_model_is_worth_nothing() -> None:
    labels = [True] * 30 + [False] * 70
    outcome = run(PERFORMANCE, with_scores([0.3] * 100, labels))
    assert value_of(outcome, "roc_auc").value == 0.5
    assert value_of(outcome, "balanced_accuracy").value == 0.5
    assert value_of(outcome, "recall").value == 0.0
    assert value_of(outcome, "f1").value == 0.0
    assert value_of(outcome, "accuracy").value == 0.7
    assert [item.metric for item in outcome.unmeasured] == ["precision"]


def test_an_inverted_model_is_seen() -> None:
    data = table(300, seed=6)
    inverted = run(
        PERFORMANCE, examination(test=data, subject=model(lambda rows: 1 - sum_scores(rows)))
    )
    assert ends(value_of(inverted, "roc_auc"))[1] < 0.3
    assert ends(value_of(inverted, "accuracy"))[1] < 0.3


def test_a_model_without_scores_gets_no_score_metrics() -> None:
    data = table(100)
    exam = examination(
        test=data,
        subject=model(lambda rows: (sum_scores(rows) > 0.5).astype(np.float64), access="labels"),
    )
    outcome = run(PERFORMANCE, exam)
    assert {item.metric for item in outcome.unmeasured} == {"roc_auc", "brier", "log_loss"}
    assert value_of(outcome, "accuracy").value > 0.7


def test_the_seed_decides_the_intervals_and_more_rows_narrow_them() -> None:
    small, large = (examination(test=table(n, seed=7)) for n in (100, 2000))
    assert run(PERFORMANCE, small) == run(PERFORMANCE, small)
    assert run(PERFORMANCE, small, seed=1) != run(PERFORMANCE, small)
    for metric in BOUNDED:
        width = [np.ptp(ends(value_of(run(PERFORMANCE, exam), metric))) for exam in (small, large)]
        assert width[1] < width[0] / 2


def test_many_different_scores_are_pooled() -> None:
    rng = np.random.default_rng(0)
    exam = examination(test=table(50_000), declared=declaration(bootstrap=1000))
    outcome = PERFORMANCE.run(exam, rng)
    assert value_of(outcome, "accuracy").n == 50_000
