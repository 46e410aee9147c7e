"""Robustness: noise hurts a fragile model, and the attack is judged on what it could try."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.validation.builders import (
    declaration,
    ends,
    examination,
    model,
    run,
    sum_scores,
    table,
    value_of,
)

from sealwright.inference.scoring import FloatArray
from sealwright.phases.validation.checks.interface import Examination
from sealwright.phases.validation.checks.robustness import ROBUSTNESS

ATTACK = ("attack_success_rate", "robust_accuracy", "attack_queries_per_row")


def exam(*, scores: object = sum_scores, access: str = "scores", **settings: object) -> Examination:
    data = table(200, seed=3, flip=0.0)
    return examination(
        test=data,
        train=table(300, seed=4),
        subject=model(scores, access=access),  # type: ignore[arg-type]
        declared=declaration(**settings),
    )


def test_more_noise_and_a_larger_radius_hurt_more() -> None:
    outcome = run(ROBUSTNESS, exam(noise=[0.05, 0.5, 2.0]))
    levels = [value_of(outcome, f"noise_accuracy@{x}").value for x in ("0.05", "0.5", "2")]
    assert levels == sorted(levels, reverse=True)
    assert levels[0] > 0.95 > levels[2]
    success = [
        value_of(run(ROBUSTNESS, exam(attack_eps=eps)), "attack_success_rate").value
        for eps in (0.02, 0.1, 0.5)
    ]
    assert success == sorted(success)
    assert success[0] < success[2]


def test_the_parts_agree() -> None:
    examined = exam()
    outcome = run(ROBUSTNESS, examined)
    rate = value_of(outcome, "attack_success_rate")
    robust = value_of(outcome, "robust_accuracy")
    assert robust.value == pytest.approx(rate.n / robust.n * (1 - rate.value))
    assert ends(rate)[0] <= rate.value <= ends(rate)[1]
    noise, progress = outcome.curves
    assert [point.x for point in noise.points] == [0.05, 0.1, 0.2]
    assert progress.points[-1].y == pytest.approx(rate.value)


def test_a_model_that_no_noise_moves_still_has_an_interval() -> None:
    outcome = run(ROBUSTNESS, exam(scores=lambda rows: np.where(rows.sum(axis=1) > 0, 1.0, 0.0),
                                   noise=[0.0001]))  # fmt: skip
    item = value_of(outcome, "noise_accuracy@0.0001")
    assert item.value == 1.0
    assert ends(item)[0] < 1.0


def test_a_masked_model_is_attacked_all_the_same() -> None:
    def masked(rows: FloatArray) -> FloatArray:
        return np.round(4 * sum_scores(rows)) / 4

    outcome = run(ROBUSTNESS, exam(scores=masked, attack_eps=0.3, attack_queries=200))
    assert value_of(outcome, "attack_success_rate").value > 0.2
    assert [f.rule for f in outcome.findings] == ["robustness.coarse-scores"]


def test_without_scores_the_attack_abstains_and_noise_does_not() -> None:
    outcome = run(
        ROBUSTNESS, exam(scores=lambda rows: (rows.sum(axis=1) > 0) * 1.0, access="labels")
    )
    assert {item.metric for item in outcome.unmeasured} == set(ATTACK)
    assert {item.metric for item in outcome.measurements} == {
        "noise_accuracy@0.05",
        "noise_accuracy@0.1",
        "noise_accuracy@0.2",
    }
    assert "abstains" in outcome.findings[0].message


def test_an_attack_that_can_change_nothing_is_no_pass() -> None:
    outcome = run(ROBUSTNESS, exam(immutable=["x0", "x1", "x2", "x3"]))
    assert {item.metric for item in outcome.unmeasured} == set(ATTACK)


def test_a_model_that_is_never_right_cannot_be_attacked() -> None:
    outcome = run(ROBUSTNESS, exam(scores=lambda rows: 1 - sum_scores(rows)))
    assert {item.metric for item in outcome.unmeasured} == set(ATTACK)


def test_noise_respects_kinds_bounds_and_immutable_features() -> None:
    asked: list[FloatArray] = []

    def watched(rows: FloatArray) -> FloatArray:
        asked.append(rows.copy())
        return sum_scores(rows)

    plain = table(60, seed=5)
    data = replace(
        plain,
        features=np.clip(np.rint(plain.features * 2), -3, 3),
        kinds=("integer", "number", "categorical", "number"),
        bounds=np.tile([-3.0, 3.0], (4, 1)),
    )
    examined = examination(
        test=data,
        train=data,
        subject=model(watched),
        declared=declaration(immutable=["x3"], noise=[1.0], attack_eps=1.0),
    )
    run(ROBUSTNESS, examined)
    seen = np.vstack(asked)
    assert (seen[:, 0] == np.rint(seen[:, 0])).all()
    assert (np.abs(seen) <= 3).all()
    assert set(np.unique(seen[:, 2])) <= set(np.unique(data.features[:, 2]))
    assert set(np.unique(seen[:, 3])) <= set(np.unique(data.features[:, 3]))
    assert len(np.unique(seen[:, 1])) > 100


def test_large_sets_are_sampled_and_said() -> None:
    data = table(6000, seed=6)
    examined = examination(test=data, declared=declaration(noise=[0.1], attack_queries=5))
    outcome = run(ROBUSTNESS, examined)
    assert value_of(outcome, "noise_accuracy@0.1").n == 5000
    assert value_of(outcome, "robust_accuracy").n == 1000
