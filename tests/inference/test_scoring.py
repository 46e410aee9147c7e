"""A model under test cannot be asked too much, nor answer anything but probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.validation.builders import model, sum_scores

from sealwright.errors import CannotLook, LimitReached, UsageError
from sealwright.inference.scoring import BATCH_ROWS, decide


def test_every_row_is_counted_and_batches_are_bounded() -> None:
    sizes: list[int] = []

    def predict(rows: Any) -> Any:
        sizes.append(len(rows))
        return sum_scores(rows)

    subject = model(predict)
    rows = np.random.default_rng(0).standard_normal((BATCH_ROWS + 5, 4))
    assert subject.scores(rows).tolist() == sum_scores(rows).tolist()
    assert sizes == [BATCH_ROWS, 5]
    assert subject.queries == BATCH_ROWS + 5


def test_the_budget_is_never_exceeded() -> None:
    subject = model(budget=10)
    subject.scores(np.zeros((8, 4)))
    with pytest.raises(LimitReached, match="budget of 10"):
        subject.scores(np.zeros((3, 4)))
    assert subject.queries == 8


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda rows: np.full(len(rows), np.nan), "not a finite number"),
        (lambda rows: np.full(len(rows), np.inf), "not a finite number"),
        (lambda rows: np.where(np.arange(len(rows)) == 1, np.nan, 0.5), "1 of 3 rows"),
        (lambda rows: np.full(len(rows), 1.5), "probabilities lie in"),
        (lambda rows: np.full(len(rows), -3.0), "probabilities lie in"),
        (lambda rows: np.zeros(len(rows) + 1), "shape"),
        (lambda rows: np.zeros((len(rows), 2)), "shape"),
    ],
)
def test_answers_that_are_not_probabilities_are_refused(answer: Any, says: str) -> None:
    with pytest.raises(CannotLook, match=says):
        model(answer).scores(np.zeros((3, 4)))


def test_rounding_of_32_bit_scores_is_forgiven() -> None:
    scores = model(lambda rows: np.full(len(rows), 1.0000001)).scores(np.zeros((2, 4)))
    assert scores.tolist() == [1.0, 1.0]


def test_rows_must_fit_the_model() -> None:
    with pytest.raises(UsageError):
        model().scores(np.zeros((3, 5)))
    with pytest.raises(UsageError):
        model(features=0)
    assert model().scores(np.zeros((0, 4))).shape == (0,)


def test_one_half_is_answered_negative() -> None:
    assert decide(np.array([0.49, 0.5, 0.51])).tolist() == [False, False, True]
