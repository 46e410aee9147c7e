"""Does the work of the monitoring phase before serving, and returns what can be signed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sealwright.clock import Clock, format_time
from sealwright.errors import UsageError
from sealwright.evidence.predicates.common import Resource
from sealwright.evidence.predicates.monitoring import Disagreement, Profile
from sealwright.evidence.statement import Statement, Subject
from sealwright.inference.scoring import ScoringModel
from sealwright.phases.monitoring.disagreement import calibrated
from sealwright.phases.monitoring.profile import profile_of

FloatArray = npt.NDArray[np.float64]


def profile(
    model: ScoringModel,
    features: FloatArray,
    *,
    names: Sequence[str],
    artifact: Subject,
    dataset: Subject,
    clock: Clock,
    seed: int = 0,
) -> Statement[Profile]:
    """How the rows (n, d) that the model learnt from, and its scores on them, are distributed.

    UsageError where the parts do not belong together; CannotLook where the model does not answer.
    """
    _check(model, artifact)
    made = profile_of(
        features,
        model.scores(features),
        names=names,
        dataset=_resource(dataset),
        at=format_time(clock()),
        seed=seed,
    )
    return Statement((artifact,), made)


def disagreement(
    model: ScoringModel,
    shadow: ScoringModel,
    features: FloatArray,
    *,
    artifacts: tuple[Subject, Subject],
    dataset: Subject,
    clock: Clock,
) -> Statement[Disagreement]:
    """How often the model and its shadow disagree on validation rows (n, d); errors as `profile`.

    `artifacts`: those of the model and of the shadow, which must be two.
    """
    for each, artifact in zip((model, shadow), artifacts, strict=True):
        _check(each, artifact)
    if model.digest == shadow.digest:
        raise UsageError("a model cannot be its own shadow")
    if model.features != shadow.features:
        raise UsageError("a model and its shadow must take the same features")
    made = calibrated(
        model.scores(features),
        shadow.scores(features),
        dataset=_resource(dataset),
        at=format_time(clock()),
    )
    return Statement(artifacts, made)


def _check(model: ScoringModel, artifact: Subject) -> None:
    if model.digest != artifact.sha256:
        raise UsageError("the model that answers is not the artifact that is spoken of")


def _resource(dataset: Subject) -> Resource:
    return Resource(
        name=dataset.name,
        digest={"sha256": dataset.sha256},
        annotations={"kind": "dataset"},
    )
