"""The whole phase on the demo's kind of system: a real model file, real patients' data."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from tests.validation.builders import DIGEST, clock, declaration, export, rule

from sealwright.evidence.predicates.validation import Evaluation
from sealwright.evidence.statement import encode_statement, subject
from sealwright.inference.onnx import open_onnx, read_model
from sealwright.lifecycle.model import Validation
from sealwright.phases.validation import record
from sealwright.phases.validation.data import EvaluationData, from_columns

TARGET = 140


def criterion(id_: str, kind: str, metric: str, op: str, threshold: float, group: str = "") -> Any:
    bound = "low" if op == ">=" else "high"
    return rule(
        id=id_, kind=kind, metric=metric, op=op, threshold=threshold, bound=bound, group=group
    )


CRITERIA = [
    criterion("discriminates", "performance", "roc_auc", ">=", 0.7),
    criterion("calibrated", "calibration", "expected_calibration_error", "<=", 0.25),
    criterion("confident", "calibration", "selective_accuracy", ">=", 0.6),
    criterion("parity", "fairness", "demographic_parity_difference", "<=", 0.5),
    criterion("noise", "robustness", "noise_accuracy@0.1", ">=", 0.6),
    criterion("attack", "robustness", "attack_success_rate", "<=", 0.3),
    criterion("membership", "privacy", "membership_auc", "<=", 0.65),
    criterion("gap", "generalisation", "accuracy_gap", "<=", 0.2),
]


def patients() -> tuple[EvaluationData, EvaluationData, Validation]:
    bunch = load_diabetes(scaled=False)
    columns: dict[str, Any] = {name: bunch.data[:, i] for i, name in enumerate(bunch.feature_names)}
    columns["label"] = (bunch.target > TARGET).astype(int)
    settings = declaration(
        features=list(bunch.feature_names),
        groups=["sex", "age>=50"],
        immutable=["sex", "age"],
        bootstrap=1000,
        attack_queries=200,
        criteria=CRITERIA,
    )
    parts = train_test_split(
        np.arange(len(bunch.target)), test_size=0.3, stratify=columns["label"], random_state=0
    )
    train, test = (
        from_columns(
            {name: column[part] for name, column in columns.items()},
            features=settings.features,
            label="label",
            positive=1,
            groups=settings.groups,
        )
        for part in parts
    )
    return train, test, settings


def evaluate(classifier: Any, folder: Path) -> dict[str, Evaluation]:
    train, test, settings = patients()
    classifier.fit(train.features.astype(np.float32), train.labels.astype(int))
    file = folder / "model.onnx"
    file.write_bytes(export(classifier, width=10, zipmap=False))
    data = read_model(file, sha256=hashlib.sha256(file.read_bytes()).hexdigest())
    dataset = subject("test", "a" * 64)
    statements = record.evaluate(
        open_onnx(data, digest=DIGEST, features=settings.features, positive=settings.positive),
        artifact=subject("model", DIGEST),
        train=train,
        test=test,
        dataset=dataset,
        declaration=settings,
        criteria=record.criteria(settings, dataset=dataset, system="diabetes", clock=clock),
        criteria_digest="c" * 64,
        clock=clock,
    )
    found: dict[str, Evaluation] = {}
    for statement in statements:
        assert len(encode_statement(statement)) < 100_000
        found[statement.predicate.kind] = statement.predicate
    expected = roc_auc_score(
        test.labels, classifier.predict_proba(test.features.astype(np.float32))[:, 1]
    )
    measured = {m.metric: m.value for m in found["performance"].measurements}
    assert measured["roc_auc"] == pytest.approx(expected, abs=1e-6)
    return found


def test_a_sound_model_passes_everything(tmp_path: Path) -> None:
    found = evaluate(make_pipeline(StandardScaler(), LogisticRegression()), tmp_path)
    assert {kind: item.result for kind, item in found.items()} == dict.fromkeys(found, "passed")
    assert len(found) == 6


def test_a_model_that_learnt_by_heart_is_caught(tmp_path: Path) -> None:
    found = evaluate(DecisionTreeClassifier(random_state=0), tmp_path)
    failed = {
        judgement.criterion
        for item in found.values()
        for judgement in item.judgements
        if judgement.result == "failed"
    }
    assert {"discriminates", "membership", "gap", "attack"} <= failed
