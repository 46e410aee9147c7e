"""A scoring model behind one interface: rows in, scores out, every row counted.

Who asks cannot see how the model is run, cannot exceed its budget, and never receives a score that
is not a probability.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt

from sealwright.errors import CannotLook, LimitReached, UsageError

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

Access = Literal["scores", "labels"]
"""What the model tells: a probability of the positive class, or only the class."""

Predict = Callable[[FloatArray], FloatArray]
"""(rows, d) float64 → (rows,): probability of the positive class (0.0 or 1.0 for labels only)."""

DEFAULT_BUDGET = 20_000_000
BATCH_ROWS = 8192
DECISION = 0.5
"""A row is answered positive when its score is above this."""

_ROUNDING = 1e-6
"""Scores from 32-bit arithmetic may pass 0 and 1 by this much."""


class ScoringModel:
    """A model that can be asked, and no more than that.

    `digest` names the model's artifact and `runtime` what runs it (name and version). `integer`
    holds the indexes of features that the model takes as whole numbers only.
    """

    __slots__ = ("_predict", "_queries", "access", "budget", "digest", "features", "integer",
                 "runtime")  # fmt: skip

    def __init__(
        self,
        predict: Predict,
        *,
        digest: str,
        features: int,
        access: Access = "scores",
        runtime: str = "python",
        integer: frozenset[int] = frozenset(),
        budget: int = DEFAULT_BUDGET,
    ) -> None:
        if features < 1 or budget < 1:
            raise UsageError("a model under test needs at least one feature and a positive budget")
        self._predict = predict
        self._queries = 0
        self.digest = digest
        self.features = features
        self.access = access
        self.runtime = runtime
        self.integer = integer
        self.budget = budget

    @property
    def queries(self) -> int:
        """Rows sent to the model so far."""
        return self._queries

    def scores(self, rows: FloatArray) -> FloatArray:
        """Probability of the positive class, shape (n,), for rows of shape (n, d).

        Sends batches of at most 8192 rows. Raises LimitReached before the budget is exceeded, and
        CannotLook when the model answers with anything but one number in [0, 1] per row.
        """
        if rows.ndim != 2 or rows.shape[1] != self.features:
            raise UsageError(f"the model takes {self.features} features, not shape {rows.shape}")
        if self._queries + len(rows) > self.budget:
            raise LimitReached(
                f"the model's budget of {self.budget} rows is used up",
                advice="lower attack_queries, or give the model a larger budget",
            )
        answers = [
            self._ask(rows[start : start + BATCH_ROWS]) for start in range(0, len(rows), BATCH_ROWS)
        ]
        if len(answers) == 1:
            return answers[0]
        return np.concatenate(answers) if answers else np.empty(0)

    def _ask(self, batch: FloatArray) -> FloatArray:
        self._queries += len(batch)
        answer = np.asarray(self._predict(batch))
        if answer.shape != (len(batch),):
            raise CannotLook(
                f"the model answered {len(batch)} rows with an array of shape {answer.shape}"
            )
        answer = answer.astype(np.float64)
        lowest, highest = np.minimum.reduce(answer), np.maximum.reduce(answer)  # NaN, if one is
        if lowest >= 0.0 and highest <= 1.0:
            return answer
        bad = ~np.isfinite(answer)
        if bad.any():
            raise CannotLook(
                f"the model answered {int(bad.sum())} of {len(batch)} rows with a score that is "
                "not a finite number",
                advice="a model that answers NaN cannot be evaluated; mend the model",
            )
        if lowest < -_ROUNDING or highest > 1 + _ROUNDING:
            raise CannotLook(
                f"the model's scores reach from {lowest:g} to {highest:g}; "
                "probabilities lie in [0, 1]",
                advice="export probabilities instead of raw decision values",
            )
        return np.clip(answer, 0.0, 1.0)


def decide(scores: FloatArray) -> BoolArray:
    """The classes that scores stand for: positive above one half."""
    return scores > DECISION


def same_value(value: object, positive: int | str | bool) -> bool:
    """Whether a label is the declared positive one: numbers compare as numbers, text as text."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(positive, str) or isinstance(value, str):
        return isinstance(value, str) and isinstance(positive, str) and value == positive
    return isinstance(value, int | float) and float(value) == float(positive)
