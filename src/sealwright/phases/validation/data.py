"""The rows a model is examined on, checked once so that no check has to doubt them.

Nothing here reads files: the caller hands over columns, which it took from a data set whose digest
it knows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from sealwright.errors import InputMissing, Unsupported, UsageError
from sealwright.inference.scoring import BoolArray, FloatArray, same_value
from sealwright.phases.validation.groups import group_values

IntArray = npt.NDArray[np.int64]
StringArray = npt.NDArray[np.str_]

FeatureKind = Literal["number", "integer", "categorical"]
"""What a perturbation may do: move freely, move in whole steps, or not at all."""

MAX_ROWS = 10_000_000
MAX_FEATURES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationData:
    """Rows with known answers: `n` rows, `d` features.

    Refuses (InputMissing) no rows and a single class, (UsageError) values that are not finite and
    arrays whose lengths disagree.
    """

    features: FloatArray
    """Shape (n, d), finite."""
    labels: BoolArray
    """Shape (n,); true is the positive class. Both classes occur."""
    groups: Mapping[str, StringArray]
    """Group column → the group of each row, shape (n,)."""
    names: tuple[str, ...]
    """Names of the d features."""
    kinds: tuple[FeatureKind, ...] = ()
    """What each feature is; empty means that all are numbers."""
    bounds: FloatArray = field(default_factory=lambda: np.empty((0, 2)))
    """Shape (d, 2): least and greatest valid value; shape (0, 2) means no limits."""

    def __post_init__(self) -> None:
        n, d = self.features.shape if self.features.ndim == 2 else (-1, -1)
        if n < 0 or self.features.dtype != np.float64 or self.labels.dtype != np.bool_:
            raise UsageError("features must be a float64 table and labels a bool array")
        if n == 0 or d == 0:
            raise InputMissing("there are no rows to examine", advice="check the data set's file")
        if n > MAX_ROWS or d > MAX_FEATURES:
            raise Unsupported(
                f"{n} rows of {d} features; at most {MAX_ROWS} of {MAX_FEATURES} are examined"
            )
        lengths = {"labels": self.labels.shape, **{k: v.shape for k, v in self.groups.items()}}
        for name, shape in lengths.items():
            if shape != (n,):
                raise UsageError(f"{name} has shape {shape}; there are {n} rows")
        if len(self.names) != d or len(self.kinds) not in (0, d) or len(self.bounds) not in (0, d):
            raise UsageError(f"names, kinds and bounds must speak of all {d} features")
        _refuse_missing(self.features, names=self.names)
        if self.labels.all() or not self.labels.any():
            raise InputMissing(
                "all rows have the same label, so nothing can be measured",
                advice="check the label column and the declared positive value",
            )

    def __len__(self) -> int:
        return len(self.labels)


def from_columns(
    columns: Mapping[str, Sequence[Any] | npt.NDArray[Any]],
    *,
    features: Sequence[str],
    label: str,
    positive: int | str | bool,
    groups: Sequence[str] = (),
    kinds: Mapping[str, FeatureKind] | None = None,
    bounds: Mapping[str, tuple[float | None, float | None]] | None = None,
) -> EvaluationData:
    """Builds the record from named columns.

    `groups` are column names or comparisons such as `age>=60` (see `groups.group_values`). Raises
    InputMissing for a column that is not there or a missing label, UsageError for values that are
    not numbers or a label with more than two values.
    """
    chosen = [_numbers(_column(columns, name), name=name) for name in features]
    if not chosen:
        raise UsageError("no features are declared", advice="name them in validation.features")
    limits = np.array([(bounds or {}).get(name, (None, None)) for name in features], dtype=object)
    limits[:, 0] = [-np.inf if value is None else value for value in limits[:, 0]]
    limits[:, 1] = [np.inf if value is None else value for value in limits[:, 1]]
    return EvaluationData(
        features=np.column_stack(chosen),
        labels=_labels(_column(columns, label), name=label, positive=positive),
        groups={
            name: group_values(name, column=lambda key: _column(columns, key)) for name in groups
        },
        names=tuple(features),
        kinds=tuple((kinds or {}).get(name, "number") for name in features),
        bounds=limits.astype(np.float64),
    )


def _column(columns: Mapping[str, Sequence[Any] | npt.NDArray[Any]], name: str) -> npt.NDArray[Any]:
    if name not in columns:
        raise InputMissing(
            f"the data has no column {name!r}",
            advice=f"it has {', '.join(map(str, list(columns)[:20]))}",
        )
    return np.asarray(columns[name])


def _numbers(column: npt.NDArray[Any], *, name: str) -> FloatArray:
    if column.ndim != 1 or column.dtype.kind in "USMm":
        raise UsageError(f"feature {name!r} is not a column of numbers", advice="encode it first")
    try:
        return column.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"feature {name!r} holds values that are not numbers", advice="clean or encode it"
        ) from error


def _labels(column: npt.NDArray[Any], *, name: str, positive: int | str | bool) -> BoolArray:
    if column.dtype.kind == "f" and np.isnan(column).any():
        raise InputMissing(f"label {name!r} is missing in some rows")
    values = set(column.tolist())
    if None in values or any(isinstance(value, float) and math.isnan(value) for value in values):
        raise InputMissing(f"label {name!r} is missing in some rows", advice="drop or label them")
    if len(values) > 2:
        raise UsageError(
            f"label {name!r} has {len(values)} values; only two classes are examined",
            advice="make the label binary",
        )
    hits = {value for value in values if same_value(value, positive)}
    return np.fromiter((value in hits for value in column.tolist()), np.bool_, len(column))


def _refuse_missing(features: FloatArray, *, names: tuple[str, ...]) -> None:
    bad = ~np.isfinite(features)
    if bad.any():
        row, index = (int(place) for place in np.argwhere(bad)[0])
        raise UsageError(
            f"feature {names[index]!r} of row {row} is not a finite number "
            f"({int(bad.sum())} such values)",
            advice="impute or drop the rows before the model is examined",
        )
