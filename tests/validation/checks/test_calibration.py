"""Calibration: known errors, their intervals, and where to abstain."""

from __future__ import annotations

import numpy as np
import pytest
from tests.validation.builders import (
    declaration,
    ends,
    examination,
    model,
    run,
    table,
    value_of,
    with_scores,
)

from sealwright.inference.scoring import FloatArray
from sealwright.phases.validation.checks.calibration import CALIBRATION
from sealwright.phases.validation.checks.interface import Outcome


def drawn(n: int, *, seed: int, shift: float = 0.0) -> Outcome:
    """Labels drawn from the scores, which then say `shift` too much."""
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0.1, 0.9 - shift, n)
    labels = rng.random(n) < truth
    return run(CALIBRATION, with_scores((truth + shift).tolist(), labels.tolist()))


def test_a_calibrated_model_has_hardly_any_error() -> None:
    outcome = drawn(20_000, seed=0)
    assert value_of(outcome, "expected_calibration_error").value < 0.02
    assert value_of(outcome, "rms_calibration_error").value < 0.02


def test_a_constant_shift_is_measured() -> None:
    outcome = drawn(20_000, seed=1, shift=0.2)
    for metric in ("expected_calibration_error", "rms_calibration_error"):
        item = value_of(outcome, metric)
        assert item.value == pytest.approx(0.2, abs=0.01)
        low, high = ends(item)
        assert low < 0.2 < high


def test_the_error_by_hand() -> None:
    """Two bins: 0.2 against 1 of 4, 0.8 against 2 of 4."""
    scores = [0.2] * 4 + [0.8] * 4
    labels = [True, False, False, False, True, True, False, False]
    outcome = run(CALIBRATION, with_scores(scores * 10, labels * 10))
    assert value_of(outcome, "expected_calibration_error").value == pytest.approx((0.05 + 0.3) / 2)
    reliability = outcome.curves[0]
    assert [p.x for p in reliability.points] == pytest.approx([0.2, 0.8])
    assert [p.y for p in reliability.points] == [0.25, 0.5]


@pytest.mark.parametrize("shift", [0.1, 0.2])
def test_the_high_end_covers_the_true_error(shift: float) -> None:
    found = [drawn(150, seed=100 + i, shift=shift) for i in range(60)]
    for metric in ("expected_calibration_error", "rms_calibration_error"):
        high = np.array([ends(value_of(outcome, metric))[1] for outcome in found])
        low = np.array([ends(value_of(outcome, metric))[0] for outcome in found])
        assert (high >= shift).mean() >= 0.95
        assert ((low <= shift) & (high >= shift)).mean() >= 0.85


def abstaining(scores: FloatArray, labels: list[bool], coverage: float) -> Outcome:
    exam = with_scores(scores.tolist(), labels)
    return run(
        CALIBRATION,
        examination(
            test=exam.test,
            train=exam.train,
            subject=exam.model,
            declared=declaration(abstain_coverage=coverage),
        ),
    )


@pytest.mark.parametrize("coverage", [0.1, 0.5, 0.8, 1.0])
def test_coverage_is_reached_with_the_highest_threshold(coverage: float) -> None:
    scores = np.linspace(0.01, 0.99, 50)
    outcome = abstaining(scores, [i % 2 == 0 for i in range(50)], coverage)
    threshold = value_of(outcome, "abstention_threshold").value
    confidence = np.maximum(scores, 1 - scores)
    assert (confidence >= threshold).mean() == value_of(outcome, "coverage").value >= coverage
    assert (confidence > threshold).mean() < coverage


def test_abstaining_helps_a_model_that_knows_its_limits() -> None:
    scores = np.array([0.95] * 40 + [0.05] * 40 + [0.55] * 20)
    labels = [True] * 40 + [False] * 40 + [True, False] * 10
    outcome = abstaining(scores, labels, 0.8)
    assert value_of(outcome, "selective_accuracy").value == 1.0
    assert value_of(outcome, "selective_accuracy").n == 80
    assert value_of(outcome, "abstention_threshold").value == pytest.approx(0.95)
    assert ends(value_of(outcome, "selective_accuracy"))[0] < 1.0
    points = outcome.curves[1].points
    assert points[-1].x == 1.0
    assert points[-1].y == 0.9


def test_few_rows_make_few_bins() -> None:
    outcome = run(CALIBRATION, with_scores([0.1, 0.4, 0.6, 0.9], [False, False, True, True]))
    assert len(outcome.curves[0].points) == 1


def test_a_model_without_scores_cannot_be_calibrated() -> None:
    exam = examination(
        test=table(50),
        subject=model(lambda rows: (rows[:, 0] > 0).astype(np.float64), access="labels"),
    )
    outcome = run(CALIBRATION, exam)
    assert outcome.measurements == ()
    assert "expected_calibration_error" in {item.metric for item in outcome.unmeasured}
