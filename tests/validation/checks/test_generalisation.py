"""The gap between training and test rows, its sign and its interval."""

from __future__ import annotations

import numpy as np
import pytest
from tests.validation.builders import (
    ends,
    examination,
    model,
    run,
    sigmoid,
    sum_scores,
    table,
    value_of,
)

from sealwright.phases.validation.checks.generalisation import GENERALISATION


def test_gaps_by_hand_and_their_sign() -> None:
    train, test = table(200, seed=1, flip=0.0), table(200, seed=2, flip=0.25)
    outcome = run(GENERALISATION, examination(train=train, test=test))
    right = [((d.features.sum(axis=1) > 0) == d.labels).mean() for d in (train, test)]
    assert value_of(outcome, "accuracy_gap").value == pytest.approx(right[0] - right[1])
    for metric in ("accuracy_gap", "roc_auc_gap", "log_loss_gap"):
        assert value_of(outcome, metric).value > 0
        assert ends(value_of(outcome, metric))[0] > 0


def test_two_perfect_sets_still_leave_room() -> None:
    data = table(40, flip=0.0)
    outcome = run(GENERALISATION, examination(train=data, test=data))
    gap = value_of(outcome, "accuracy_gap")
    assert gap.value == 0.0
    assert ends(gap)[0] < -0.05
    assert ends(gap)[1] > 0.05


def test_without_scores_only_accuracy_has_a_gap() -> None:
    subject = model(lambda rows: np.round(sum_scores(rows)), access="labels")
    outcome = run(GENERALISATION, examination(subject=subject))
    assert [item.metric for item in outcome.measurements] == ["accuracy_gap"]
    assert {item.metric for item in outcome.unmeasured} == {"roc_auc_gap", "log_loss_gap"}


def test_the_interval_covers_a_gap_of_zero() -> None:
    covered = 0
    for seed in range(100):
        exam = examination(
            train=table(150, seed=seed, flip=0.2),
            test=table(100, seed=1000 + seed, flip=0.2),
            subject=model(lambda rows: sigmoid(rows.sum(axis=1))),
        )
        low, high = ends(value_of(run(GENERALISATION, exam, seed=seed), "accuracy_gap"))
        covered += low <= 0 <= high
    assert covered >= 90
