"""A table of counts gives what scikit-learn gives row by row, and resamples like rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from sealwright.inference.scoring import BoolArray, FloatArray
from sealwright.phases.validation.score_table import (
    brier,
    confusion,
    log_loss,
    pooled,
    resample,
    roc_auc,
    score_table,
    true_positive_rate_at,
)

Rows = tuple[FloatArray, BoolArray]


@st.composite
def rows(draw: st.DrawFn) -> Rows:
    n = draw(st.integers(2, 60))
    level = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.500001, 0.7, 0.99, 1.0]) | st.floats(0, 1)
    scores = draw(st.lists(level, min_size=n, max_size=n))
    labels = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    labels[0], labels[1] = True, False
    return np.array(scores, dtype=np.float64), np.array(labels)


@given(rows())
@settings(max_examples=40, deadline=None)
def test_metrics_are_those_of_scikit_learn(data: Rows) -> None:
    scores, labels = data
    table = score_table(scores, labels)
    assert float(roc_auc(table)) == pytest.approx(metrics.roc_auc_score(labels, scores), abs=1e-12)
    assert float(brier(table)) == pytest.approx(metrics.brier_score_loss(labels, scores), abs=1e-12)
    clipped = np.clip(scores, 1e-7, 1 - 1e-7)
    assert float(log_loss(table)) == pytest.approx(metrics.log_loss(labels, clipped), rel=1e-9)
    counts = confusion(table)
    ours = [[counts.tn, counts.fp], [counts.fn, counts.tp]]
    assert np.array(ours).tolist() == metrics.confusion_matrix(labels, scores > 0.5).tolist()


@given(rows(), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_the_order_of_rows_does_not_matter(data: Rows, seed: int) -> None:
    scores, labels = data
    order = np.random.default_rng(seed).permutation(len(scores))
    one, other = score_table(scores, labels), score_table(scores[order], labels[order])
    assert one.levels.tolist() == other.levels.tolist()
    assert one.positives.tolist() == other.positives.tolist()
    assert float(roc_auc(one)) == float(roc_auc(other))


@given(rows())
@settings(max_examples=40, deadline=None)
def test_an_inverted_model_has_the_complementary_auc(data: Rows) -> None:
    scores, labels = np.round(data[0], 6), data[1]
    turned = score_table(1 - scores, labels)
    assert float(roc_auc(score_table(scores, labels)) + roc_auc(turned)) == pytest.approx(1.0)


@given(rows())
@settings(max_examples=30, deadline=None)
def test_tpr_at_fpr_is_read_off_the_roc_curve(data: Rows) -> None:
    scores, labels = data
    alarms, hits, _ = metrics.roc_curve(labels, scores, drop_intermediate=False)
    expected = hits[alarms <= 0.25 + 1e-9].max()
    found = true_positive_rate_at(score_table(scores, labels), false_positive_rate=0.25)
    assert float(found) == pytest.approx(expected)


def test_stratified_replicates_keep_the_classes() -> None:
    rng = np.random.default_rng(0)
    table = score_table(rng.random(300), rng.random(300) < 0.3)
    draws = resample(table, replicates=50, rng=rng, stratified=True)
    assert set(draws.positives.sum(axis=1)) == {table.positives.sum()}
    free = resample(table, replicates=50, rng=rng, stratified=False)
    assert len(set(free.positives.sum(axis=1))) > 1
    assert set((free.positives + free.negatives).sum(axis=1)) == {300.0}


def test_resampling_counts_is_resampling_rows() -> None:
    """Mean and spread of the replicates match a plain bootstrap over rows."""
    rng = np.random.default_rng(3)
    scores = np.round(rng.random(200), 2)
    labels = rng.random(200) < scores
    draws = resample(score_table(scores, labels), replicates=2000, rng=rng, stratified=False)
    picked = rng.integers(0, 200, (2000, 200))
    plain = ((scores[picked] - labels[picked]) ** 2).mean(axis=1)
    ours = brier(draws)
    assert ours.mean() == pytest.approx(plain.mean(), abs=2e-3)
    assert ours.std() == pytest.approx(plain.std(), rel=0.1)


def test_pooling_keeps_mass_answers_and_nearly_the_metrics() -> None:
    rng = np.random.default_rng(5)
    scores = rng.beta(0.7, 0.7, 20_000)
    labels = rng.random(20_000) < scores
    exact = score_table(scores, labels)
    small = pooled(exact, replicates=1000)
    assert len(small.levels) <= 513 < len(exact.levels)
    assert np.all(np.diff(small.levels) > 0)
    assert small.positives.sum() == labels.sum()
    assert float(confusion(small).tp) == float(confusion(exact).tp)
    assert float(roc_auc(small)) == pytest.approx(float(roc_auc(exact)), abs=3e-4)
    assert float(brier(small)) == pytest.approx(float(brier(exact)), abs=1e-5)
    assert len(pooled(exact, replicates=100_000).levels) <= 81


def test_the_bootstrap_covers_the_true_auc() -> None:
    """Binormal scores: AUC = Phi(d / sqrt 2)."""
    from statistics import NormalDist

    rng = np.random.default_rng(17)
    truth = NormalDist().cdf(1 / 2**0.5)
    covered = 0
    for _ in range(200):
        scores = np.concatenate([rng.normal(1, 1, 60), rng.normal(0, 1, 80)])
        labels = np.arange(140) < 60
        table = score_table(1 / (1 + np.exp(-scores)), labels)
        draws = roc_auc(resample(table, replicates=300, rng=rng, stratified=True))
        low, high = np.quantile(draws, [0.025, 0.975])
        covered += bool(low <= truth <= high)
    assert 0.90 <= covered / 200 <= 0.99
