"""Membership inference: high for a model that learnt its rows by heart, a coin toss otherwise."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier
from tests.validation.builders import ends, examination, model, run, table, value_of

from sealwright.phases.validation.checks.generalisation import GENERALISATION
from sealwright.phases.validation.checks.interface import Examination
from sealwright.phases.validation.checks.privacy import PRIVACY, row_losses


def fitted(classifier: object, *, rows: int = 400) -> Examination:
    train, test = table(rows, seed=10, flip=0.3), table(rows, seed=11, flip=0.3)
    classifier.fit(train.features, train.labels)  # type: ignore[attr-defined]
    return examination(
        train=train,
        test=test,
        subject=model(lambda x: classifier.predict_proba(x)[:, 1]),  # type: ignore[attr-defined]
    )


def test_an_overfit_model_gives_its_members_away() -> None:
    exam = fitted(DecisionTreeClassifier(random_state=0))
    leak = value_of(run(PRIVACY, exam), "membership_auc")
    assert leak.value > 0.65
    assert ends(leak)[0] > 0.6
    gap = value_of(run(GENERALISATION, exam), "accuracy_gap")
    assert gap.value > 0.3
    assert ends(gap)[0] > 0.2
    assert value_of(run(GENERALISATION, exam), "log_loss_gap").value > 1


def test_a_model_that_generalises_does_not() -> None:
    exam = fitted(LogisticRegression(), rows=1500)
    leak = value_of(run(PRIVACY, exam), "membership_auc")
    assert leak.value == pytest.approx(0.5, abs=0.03)
    assert ends(leak)[0] < 0.5 < ends(leak)[1] + 0.01
    for metric in ("accuracy_gap", "roc_auc_gap", "log_loss_gap"):
        gap = value_of(run(GENERALISATION, exam), metric)
        assert abs(gap.value) < 0.05
        assert ends(gap)[0] < 0 < ends(gap)[1] + 0.01


def test_the_auc_is_that_of_the_losses() -> None:
    exam = fitted(DecisionTreeClassifier(max_depth=4, random_state=0))
    losses = np.concatenate(
        [
            row_losses(exam.train_scores, exam.train.labels),
            row_losses(exam.test_scores, exam.test.labels),
        ]
    )
    expected = roc_auc_score([1] * 400 + [0] * 400, -losses)
    assert value_of(run(PRIVACY, exam), "membership_auc").value == pytest.approx(expected)


def test_few_non_members_cannot_show_a_rate_at_one_percent() -> None:
    outcome = run(PRIVACY, fitted(LogisticRegression(), rows=99))
    assert [item.metric for item in outcome.unmeasured] == ["membership_tpr_at_1pct_fpr"]
    enough = run(PRIVACY, fitted(LogisticRegression(), rows=400))
    assert value_of(enough, "membership_tpr_at_1pct_fpr").n == 800
    assert any("4 false alarms among 400" in f.message for f in enough.findings)


def test_it_says_that_it_is_a_lower_bound() -> None:
    rules = {f.rule for f in run(PRIVACY, fitted(LogisticRegression())).findings}
    assert rules == {"privacy.lower-bound", "privacy.few-non-members"}


def test_the_curve_is_a_roc_curve() -> None:
    (curve,) = run(PRIVACY, fitted(DecisionTreeClassifier(random_state=0))).curves
    assert (curve.points[0].x, curve.points[0].y) == (0.0, 0.0)
    assert (curve.points[-1].x, curve.points[-1].y) == (1.0, 1.0)
    assert all(a.x <= b.x and a.y <= b.y
               for a, b in zip(curve.points, curve.points[1:], strict=False))  # fmt: skip
