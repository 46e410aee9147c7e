"""How well the model answers rows it was not trained on."""

from __future__ import annotations

import numpy as np

from sealwright.evidence.predicates.validation import Measurement
from sealwright.inference.scoring import FloatArray
from sealwright.phases.validation.checks.interface import Check, Examination, Outcome, Unmeasured
from sealwright.phases.validation.checks.measure import measured, measured_brier, measured_share
from sealwright.phases.validation.intervals import bounded, percentile
from sealwright.phases.validation.score_table import (
    Confusion,
    confusion,
    log_loss,
    pooled,
    resample,
    roc_auc,
    score_table,
    share,
)

_NEEDS_SCORES = ("roc_auc", "brier", "log_loss")


def measure_performance(exam: Examination, rng: np.random.Generator) -> Outcome:
    """Shares carry Wilson intervals, all other metrics bootstrap percentiles.

    Balanced accuracy, F1 and ROC AUC are resampled within the classes, Brier score and log loss
    over all rows, since the share of positives moves them. Where every replicate is the same, the
    interval falls back to Wilson's over the rows of the smaller class.
    """
    labels = exam.test.labels
    exact = score_table(exam.test_scores, labels)
    counts = confusion(exact)
    replicates = exam.declaration.bootstrap
    table = pooled(exact, replicates=replicates)
    within = resample(table, replicates=replicates, rng=rng, stratified=True)
    again = confusion(within)
    n, smaller = len(labels), min(int(labels.sum()), int((~labels).sum()))
    found = list(_shares(counts, n=n))
    missing = []
    for name, value, draws in (
        ("balanced_accuracy", _balanced(counts), _balanced(again)),
        ("f1", _f1(counts), _f1(again)),
    ):
        interval = bounded(percentile(draws, value=float(value)), value=float(value), n=smaller)
        found.append(measured(name, value=float(value), n=n, interval=interval))
    if exam.model.access == "scores":
        over = resample(table, replicates=replicates, rng=rng, stratified=False)
        auc, nats = float(roc_auc(exact)), float(log_loss(exact))
        ends = bounded(percentile(roc_auc(within), value=auc), value=auc, n=smaller)
        found.append(measured("roc_auc", value=auc, n=n, interval=ends))
        found.append(measured_brier(exam))
        ends = percentile(log_loss(over), value=nats)
        found.append(measured("log_loss", value=nats, n=n, interval=ends))
    else:
        why = "the model answers classes without scores"
        missing += [Unmeasured(metric=name, reason=why) for name in _NEEDS_SCORES]
    if not float(counts.tp + counts.fp) > 0:
        missing.append(Unmeasured(metric="precision", reason="no row is answered positive"))
    return Outcome(measurements=tuple(found), unmeasured=tuple(missing))


def _shares(counts: Confusion, *, n: int) -> tuple[Measurement, ...]:
    tp, fp, tn, fn = (float(c) for c in (counts.tp, counts.fp, counts.tn, counts.fn))
    shares = [
        measured_share("accuracy", hits=tp + tn, n=n),
        measured_share("recall", hits=tp, n=tp + fn),
        measured_share("specificity", hits=tn, n=tn + fp),
    ]
    if tp + fp > 0:
        shares.append(measured_share("precision", hits=tp, n=tp + fp))
    return tuple(shares)


def _balanced(counts: Confusion) -> FloatArray:
    return (share(counts.tp, counts.tp + counts.fn) + share(counts.tn, counts.tn + counts.fp)) / 2


def _f1(counts: Confusion) -> FloatArray:
    return share(2 * counts.tp, 2 * counts.tp + counts.fp + counts.fn)


PERFORMANCE = Check(
    kind="performance",
    title="how well the model answers rows it was not trained on",
    run=measure_performance,
)
