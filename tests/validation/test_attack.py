"""The black-box attack finds what is there, stays inside its box, and is not fooled by masking."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.validation.builders import model, sigmoid, sum_scores, table

from sealwright.errors import CannotLook, LimitReached
from sealwright.inference.scoring import FloatArray, ScoringModel, decide
from sealwright.phases.validation.attack import (
    AttackResult,
    Box,
    attack,
    box,
    surrogate_direction,
)
from sealwright.phases.validation.data import EvaluationData

WIDTH = 4


def strike(
    data: EvaluationData,
    subject: ScoringModel,
    *,
    within: Box,
    queries: int = 100,
    guided: bool = False,
    seed: int = 0,
) -> AttackResult:
    scores = subject.scores(data.features)
    right = decide(scores) == data.labels
    scale = data.features.std(axis=0)
    direction = surrogate_direction(data, scores, scale=scale) if guided else np.zeros(len(scale))
    return attack(
        subject,
        data.features[right],
        data.labels[right],
        within=within,
        queries=queries,
        direction=direction,
        rng=np.random.default_rng(seed),
    )


def reachable(data: EvaluationData, radius: float) -> float:
    """Share of the correct rows of the sum model that a perfect attacker turns."""
    total = data.features.sum(axis=1)
    right = (total > 0) == data.labels
    return float((np.abs(total[right]) < WIDTH * radius).mean())


def cube(data: EvaluationData, radius: float) -> Box:
    return box(data, scale=np.ones(WIDTH), eps=radius)


def test_on_a_linear_model_the_search_is_as_good_as_any_attack() -> None:
    data = table(400, seed=3)
    result = strike(data, model(), within=cube(data, 0.25))
    assert result.broken.mean() == pytest.approx(reachable(data, 0.25), abs=0.005)


@pytest.mark.parametrize("steps", [1, 2, 4, 10])
def test_rounded_scores_do_not_hide_a_model(steps: int) -> None:
    """A gradient through the rounding is zero everywhere; the search does not need one."""
    data = table(400, seed=4)

    def masked(rows: FloatArray) -> FloatArray:
        return np.round(sum_scores(rows) * steps) / steps

    right = decide(masked(data.features)) == data.labels
    toward = np.where(data.labels, -1.0, 1.0)[:, None]
    perfect = decide(masked(data.features + toward * 0.25)) != data.labels
    result = strike(data, model(masked), within=cube(data, 0.25), queries=400)
    assert result.broken.mean() >= 0.95 * perfect[right].mean() > 0.1


def test_the_surrogate_breaks_a_smooth_model_with_one_query() -> None:
    data = table(400, seed=5)
    result = strike(data, model(), within=cube(data, 0.25), queries=2, guided=True)
    assert result.broken.mean() == pytest.approx(reachable(data, 0.25), abs=0.02)
    assert result.queries.max() == 2


def test_what_is_reported_broken_is_an_adversarial_example() -> None:
    data = table(200, seed=6)
    within = cube(data, 0.3)
    result = strike(data, model(), within=within)
    right = decide(sum_scores(data.features)) == data.labels
    origin, labels = data.features[right], data.labels[right]
    assert (np.abs(result.rows - origin) <= within.radius + 1e-12).all()
    turned = decide(sum_scores(result.rows)) != labels
    assert turned.tolist() == result.broken.tolist()


def test_immutable_and_categorical_features_are_left_alone() -> None:
    data = replace(table(200), kinds=("number", "categorical", "number", "number"))
    within = box(data, scale=np.ones(WIDTH), eps=0.5, immutable=("x0",))
    assert within.movable.tolist() == [2, 3]
    result = strike(data, model(), within=within)
    right = decide(sum_scores(data.features)) == data.labels
    assert (result.rows[:, :2] == data.features[right][:, :2]).all()
    assert result.broken.any()


def test_integers_move_in_whole_steps_and_bounds_hold() -> None:
    plain = table(300, seed=7)
    data = replace(
        plain,
        features=np.clip(np.rint(plain.features * 3), -4, 4),
        kinds=("integer", "integer", "integer", "integer"),
        bounds=np.tile([-4.0, 4.0], (WIDTH, 1)),
    )
    within = box(data, scale=np.full(WIDTH, 3.0), eps=0.5)
    assert within.radius.tolist() == [1.0] * WIDTH
    result = strike(data, model(), within=within)
    right = decide(sum_scores(data.features)) == data.labels
    origin = data.features[right]
    assert (result.rows == np.rint(result.rows)).all()
    moved = result.rows != origin
    assert moved.any()
    assert (np.abs(result.rows[moved]) <= 4).all()
    assert not box(data, scale=np.full(WIDTH, 1.0), eps=0.5).movable.size


def test_a_model_that_takes_integers_makes_its_features_integers() -> None:
    data = table(50)
    within = box(data, scale=np.full(WIDTH, 2.0), eps=0.7, integer=frozenset({1}))
    assert within.radius.tolist() == pytest.approx([1.4, 1.0, 1.4, 1.4])


def test_every_query_is_counted_once() -> None:
    data = table(100, seed=8)
    subject = model()
    subject_queries = subject.queries
    result = strike(data, subject, within=cube(data, 0.2), queries=40)
    assert result.queries.sum() == subject.queries - subject_queries - len(data)
    assert result.queries.max() <= 40
    assert (result.queries[~result.broken] == 40).all()


def test_the_same_seed_finds_the_same_points() -> None:
    data = table(100, seed=9)
    first, second = (strike(data, model(), within=cube(data, 0.1), seed=1) for _ in range(2))
    assert first.rows.tolist() == second.rows.tolist()
    assert first.queries.tolist() == second.queries.tolist()


def test_a_constant_model_cannot_be_turned() -> None:
    data = table(100)
    result = strike(data, model(lambda rows: np.full(len(rows), 0.9)), within=cube(data, 1.0))
    assert not result.broken.any()


def test_a_model_that_answers_nan_nearby_is_no_pass() -> None:
    data = table(100, seed=10)
    seen = {row.tobytes() for row in data.features}

    def brittle(rows: FloatArray) -> FloatArray:
        known = np.array([row.tobytes() in seen for row in rows])
        return np.where(known, sum_scores(rows), np.nan)

    with pytest.raises(CannotLook, match="not a finite number"):
        strike(data, model(brittle), within=cube(data, 0.1))


def test_the_budget_stops_the_attack() -> None:
    data = table(100)
    with pytest.raises(LimitReached):
        strike(data, model(budget=500), within=cube(data, 0.001))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.floats(0.01, 2.0), st.integers(1, 30))
def test_no_point_ever_leaves_the_box(seed: int, radius: float, queries: int) -> None:
    data = table(30, seed=seed)
    within = cube(data, radius)
    origin = {tuple(row) for row in data.features}
    asked: list[FloatArray] = []

    def watched(rows: FloatArray) -> FloatArray:
        asked.append(rows.copy())
        return sigmoid(rows @ np.array([1.0, -2.0, 0.5, 3.0]))

    strike(data, model(watched), within=within, queries=queries, seed=seed)
    centres = np.array(list(origin))
    for rows in asked:
        distance = np.abs(rows[:, None, :] - centres[None]).max(axis=2).min(axis=1)
        assert (distance <= radius + 1e-9).all()
