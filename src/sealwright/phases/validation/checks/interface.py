"""What a check is given and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sealwright.evidence.finding import Finding
from sealwright.evidence.predicates.validation import Curve, EvaluationKind, Measurement
from sealwright.inference.scoring import FloatArray, ScoringModel
from sealwright.lifecycle.model import Validation
from sealwright.phases.validation.data import EvaluationData


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """Everything a check may look at. The scores are the model's on these very rows."""

    model: ScoringModel
    train: EvaluationData
    test: EvaluationData
    train_scores: FloatArray
    test_scores: FloatArray
    declaration: Validation


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmeasured:
    """A metric that could not be measured, and why; criteria on it are inconclusive."""

    metric: str
    reason: str
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a check measured."""

    measurements: tuple[Measurement, ...]
    curves: tuple[Curve, ...] = ()
    findings: tuple[Finding, ...] = ()
    unmeasured: tuple[Unmeasured, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One kind of evaluation, declared.

    `run` must draw all its randomness from the generator it is given.
    """

    kind: EvaluationKind
    title: str
    """What it asks, in one line for a person."""
    run: Callable[[Examination, np.random.Generator], Outcome]
    uses_test: bool = True
    """Rests on the model's scores of the test rows."""
    uses_train: bool = False
    """Rests on the model's scores of the training rows."""
