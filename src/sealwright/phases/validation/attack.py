"""A black-box attack on tabular classifiers: random search on the scores inside an L-infinity box.

It needs no gradients, so hiding or rounding them does not help a model: steps that leave the score
as it is are taken too, and let the search cross plateaus. Three stages, each only on rows that
still stand: one corner suggested by a surrogate, one feature at a time, then random corners.
After the idea of Square Attack (Andriushchenko et al. 2020), for features without a neighbourhood.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from sealwright.inference.scoring import BoolArray, FloatArray, ScoringModel, decide
from sealwright.phases.validation.data import EvaluationData, IntArray

MAX_SURROGATE_ROWS = 5000
MAX_SURROGATE_FEATURES = 500

_FRESH = 0.1
"""Share of random proposals that are a whole new corner."""
_INSIDE = 0.2
"""Share of changed features that move inside the box, not to its edge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """What the attacker may do to one row."""

    radius: FloatArray
    """Shape (d,): greatest change of each feature; 0 for one that cannot be changed."""
    integer: BoolArray
    """Shape (d,): moves in whole steps."""
    bounds: FloatArray
    """Shape (d, 2): least and greatest valid value."""

    @property
    def movable(self) -> IntArray:
        """Indexes of the features that can be changed at all."""
        return np.flatnonzero(self.radius > 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackResult:
    """How each attacked row ended, arrays of shape (n,)."""

    broken: BoolArray
    queries: IntArray
    """Rows sent to the model for it."""
    rows: FloatArray
    """Shape (n, d): the last accepted point; for broken rows, the adversarial example."""


def box(
    data: EvaluationData,
    *,
    scale: FloatArray,
    eps: float,
    immutable: tuple[str, ...] = (),
    integer: frozenset[int] = frozenset(),
) -> Box:
    """The box of `eps` times `scale` (shape (d,)) around each row.

    Immutable and categorical features have radius 0; integer features (declared, or demanded by the
    model) have a whole radius; the declared bounds of the data hold.
    """
    kinds = data.kinds or ("number",) * len(data.names)
    whole = np.array([kind == "integer" or i in integer for i, kind in enumerate(kinds)])
    fixed = np.array(
        [
            name in immutable or kind == "categorical"
            for name, kind in zip(data.names, kinds, strict=True)
        ]
    )
    radius = np.where(fixed, 0.0, eps * scale)
    bounds = data.bounds if len(data.bounds) else np.tile([-np.inf, np.inf], (len(data.names), 1))
    return Box(
        radius=np.where(whole, np.floor(radius + 1e-9), radius), integer=whole, bounds=bounds
    )


def surrogate_direction(
    data: EvaluationData, scores: FloatArray, *, scale: FloatArray
) -> FloatArray:
    """The sign in which each feature raises the score of a least-squares line, shape (d,).

    Costs no query: the scores are those of rows that were already answered. Zero where the features
    are too many to fit.
    """
    width = data.features.shape[1]
    if width > MAX_SURROGATE_FEATURES:
        return np.zeros(width)
    rows = data.features[:MAX_SURROGATE_ROWS]
    unit = np.where(scale > 0, scale, 1.0)
    table = np.column_stack([(rows - rows.mean(axis=0)) / unit, np.ones(len(rows))])
    weights = np.linalg.lstsq(table, scores[:MAX_SURROGATE_ROWS], rcond=None)[0]
    return np.asarray(np.sign(np.round(weights[:width], 12)), np.float64)


def attack(
    model: ScoringModel,
    rows: FloatArray,
    labels: BoolArray,
    *,
    within: Box,
    queries: int,
    direction: FloatArray,
    rng: np.random.Generator,
) -> AttackResult:
    """Tries to turn each row (shape (n, d)) away from its label with at most `queries` each.

    The rows should be ones that the model answers correctly. `direction` comes from
    `surrogate_direction`. Deterministic under the generator.
    """
    search = _Search(model, rows, labels, within=within, limit=queries)
    up = np.where(labels, -1.0, 1.0)[:, None]
    if direction.any():
        search.propose(lambda active: rows[active] + up[active] * direction * within.radius)
    for feature in rng.permutation(within.movable).tolist():
        for sign in (1.0, -1.0):
            search.propose(partial(search.shifted, feature=feature, sign=sign), ties=False)
    while search.active.size:
        share = max(1 / max(1, within.movable.size), 0.5 * (1 - search.spent / queries))
        search.propose(partial(search.mutated, share=share, rng=rng))
    return AttackResult(broken=search.broken, queries=search.queries, rows=search.current)


class _Search:
    """The state of the search: where each row is, how strongly the model still supports it."""

    __slots__ = ("_box", "_labels", "_limit", "_model", "_origin", "broken", "current", "queries",
                 "spent", "support")  # fmt: skip

    def __init__(
        self,
        model: ScoringModel,
        rows: FloatArray,
        labels: BoolArray,
        *,
        within: Box,
        limit: int,
    ) -> None:
        self._model = model
        self._origin = rows
        self._labels = labels
        self._box = within
        self._limit = limit
        self.current = rows.copy()
        self.broken = np.zeros(len(rows), dtype=np.bool_)
        self.queries = np.zeros(len(rows), dtype=np.int64)
        self.support = np.full(len(rows), np.inf)
        self.spent = 0
        if len(rows):
            self.propose(lambda active: rows[active])

    @property
    def active(self) -> IntArray:
        """Rows that still stand and have queries left."""
        if self.spent >= self._limit:
            return np.empty(0, dtype=np.int64)
        return np.flatnonzero(~self.broken)

    def propose(self, make: Callable[[IntArray], FloatArray], *, ties: bool = True) -> None:
        """Asks the model about one candidate per active row and keeps those that are no worse."""
        active = self.active
        if not active.size:
            return
        candidates = self._valid(make(active), active)
        scores = self._model.scores(candidates)
        self.spent += 1
        self.queries[active] += 1
        truth = self._labels[active]
        support = np.where(truth, scores, 1 - scores)
        turned = decide(scores) != truth
        better = support <= self.support[active] if ties else support < self.support[active]
        better |= turned
        taken = active[better]
        self.current[taken] = candidates[better]
        self.support[taken] = support[better]
        self.broken[active[turned]] = True

    def shifted(self, active: IntArray, *, feature: int, sign: float) -> FloatArray:
        """One feature at an edge of the box, the others as they are."""
        candidates = self.current[active].copy()
        radius = self._box.radius[feature]
        candidates[:, feature] = self._origin[active, feature] + sign * radius
        return candidates

    def mutated(self, active: IntArray, *, share: float, rng: np.random.Generator) -> FloatArray:
        """A random part of the movable features, mostly at random edges."""
        shape = (active.size, len(self._box.radius))
        chosen = rng.random(shape) < share
        chosen |= (rng.random(active.size) < _FRESH)[:, None]
        if self._box.movable.size:
            one = rng.choice(self._box.movable, active.size)
            chosen[np.arange(active.size), one] = True
        steps = np.where(rng.random(shape) < 0.5, -1.0, 1.0)
        steps *= np.where(rng.random(shape) < _INSIDE, rng.random(shape), 1.0)
        moved = self._origin[active] + steps * self._box.radius
        return np.where(chosen, moved, self.current[active])

    def _valid(self, candidates: FloatArray, active: IntArray) -> FloatArray:
        """Back into the box, whole where it must be, and inside the valid range."""
        origin = self._origin[active]
        steps = candidates - origin
        steps = np.where(self._box.integer, np.rint(steps), steps)
        low = np.minimum(self._box.bounds[:, 0], origin)
        high = np.maximum(self._box.bounds[:, 1], origin)
        inside = np.clip(origin + np.clip(steps, -self._box.radius, self._box.radius), low, high)
        return np.where(self._box.radius > 0, inside, origin)
