"""Small models and data with known answers, for the tests of the validation phase."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from sealwright.evidence.predicates.validation import Measurement
from sealwright.inference.scoring import Access, BoolArray, FloatArray, Predict, ScoringModel
from sealwright.lifecycle.model import CriterionRule, Validation
from sealwright.phases.validation.checks.interface import Check, Examination, Outcome
from sealwright.phases.validation.data import EvaluationData

DIGEST = "b" * 64
NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


def clock() -> datetime:
    return NOW


def table(
    n: int = 200,
    *,
    width: int = 4,
    seed: int = 0,
    flip: float = 0.1,
    groups: dict[str, npt.NDArray[Any]] | None = None,
) -> EvaluationData:
    """Gaussian features; the label is the sign of their sum, flipped for a share of the rows."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((n, width))
    labels = (features.sum(axis=1) > 0) ^ (rng.random(n) < flip)
    return EvaluationData(
        features=features,
        labels=labels,
        groups=groups or {},
        names=tuple(f"x{i}" for i in range(width)),
    )


def sigmoid(values: FloatArray) -> FloatArray:
    return 1 / (1 + np.exp(-values))


def sum_scores(rows: FloatArray) -> FloatArray:
    """The score of the model that knows the rule of `table`."""
    return sigmoid(2 * rows.sum(axis=1))


def model(
    predict: Predict = sum_scores,
    *,
    features: int = 4,
    access: Access = "scores",
    budget: int = 10_000_000,
    integer: frozenset[int] = frozenset(),
) -> ScoringModel:
    return ScoringModel(
        predict, digest=DIGEST, features=features, access=access, budget=budget, integer=integer
    )


def declaration(**changes: Any) -> Validation:
    settings: dict[str, Any] = {
        "test": "test",
        "train": "train",
        "label": "label",
        "features": ["x0", "x1", "x2", "x3"],
        "bootstrap": 300,
        "attack_queries": 60,
    }
    return Validation(**(settings | changes))


def rule(**changes: Any) -> CriterionRule:
    settings: dict[str, Any] = {
        "id": "accuracy",
        "kind": "performance",
        "metric": "accuracy",
        "op": ">=",
        "threshold": 0.7,
        "bound": "low",
    }
    return CriterionRule(**(settings | changes))


def examination(
    *,
    test: EvaluationData | None = None,
    train: EvaluationData | None = None,
    subject: ScoringModel | None = None,
    test_scores: FloatArray | None = None,
    train_scores: FloatArray | None = None,
    declared: Validation | None = None,
) -> Examination:
    test = test if test is not None else table(seed=1)
    train = train if train is not None else table(seed=2)
    subject = subject if subject is not None else model(features=len(test.names))
    return Examination(
        model=subject,
        train=train,
        test=test,
        train_scores=subject.scores(train.features) if train_scores is None else train_scores,
        test_scores=subject.scores(test.features) if test_scores is None else test_scores,
        declaration=declared if declared is not None else declaration(),
    )


def with_scores(scores: Sequence[float], labels: Sequence[bool], **changes: Any) -> Examination:
    """An examination whose test rows have exactly these scores and labels."""
    data = EvaluationData(
        features=np.arange(len(scores), dtype=np.float64).reshape(-1, 1),
        labels=np.asarray(labels, dtype=np.bool_),
        groups=changes.pop("groups", {}),
        names=("x0",),
    )
    given = np.asarray(scores, dtype=np.float64)
    return examination(
        test=data,
        train=data,
        subject=model(lambda rows: given[rows[:, 0].astype(int)], features=1, **changes),
    )


def run(check: Check, exam: Examination, *, seed: int = 0) -> Outcome:
    return check.run(exam, np.random.default_rng(seed))


def value_of(outcome: Outcome, metric: str, *, group: str = "") -> Measurement:
    found = [m for m in outcome.measurements if m.metric == metric and m.group == group]
    assert len(found) == 1, [m.metric for m in outcome.measurements]
    return found[0]


def ends(item: Measurement) -> tuple[float, float]:
    assert item.low is not None
    assert item.high is not None
    return item.low, item.high


@contextmanager
def quiet() -> Iterator[None]:
    """The exporters warn about their own insides; that is not our concern."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def export(classifier: Any, *, width: int, zipmap: bool) -> bytes:
    """A fitted scikit-learn classifier as ONNX bytes."""
    with quiet():
        from skl2onnx import to_onnx

        sample = np.zeros((1, width), dtype=np.float32)
        options = {"zipmap": True} if zipmap else {"zipmap": False}
        made = to_onnx(classifier, sample, options={id(classifier): options})
        return bytes(made.SerializeToString())


def graph(build: Callable[[Any], tuple[list[Any], list[Any], list[Any], list[Any]]]) -> bytes:
    """ONNX bytes from (nodes, inputs, outputs, initializers) made with `onnx.helper`."""
    with quiet():
        from onnx import helper

        nodes, inputs, outputs, weights = build(helper)
        made = helper.make_model(
            helper.make_graph(nodes, "g", inputs, outputs, weights),
            opset_imports=[helper.make_opsetid("", 17)],
        )
        made.ir_version = 9
        return bytes(made.SerializeToString())


def classes(labels: BoolArray, yes: Any, no: Any) -> npt.NDArray[Any]:
    return np.asarray(np.where(labels, yes, no))
