"""Finds, among the outputs of an ONNX classifier, the probability of the positive class.

Exporters disagree on how they say it: a list of maps, a table, one column, one number, or only the
class. Guessing the wrong column would turn every result upside down, so what is ambiguous is
checked against the class that the model itself answers, or refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sealwright.errors import CannotLook, Unsupported
from sealwright.inference.scoring import Access, BoolArray, FloatArray, same_value

_FLOATS = ("tensor(float)", "tensor(double)")
_LABELS = ("tensor(int64)", "tensor(string)", "tensor(bool)", "tensor(int32)")
_TIE = 1e-5
"""Scores this close to one half say nothing about the class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreReader:
    """How the outputs become scores. `outputs` are fetched in this order and given to `read`."""

    outputs: tuple[str, ...]
    access: Access
    read: Callable[[Sequence[Any], int], FloatArray]


def score_reader(outputs: Sequence[Any], *, positive: int | str | bool) -> ScoreReader:
    """Chooses the outputs to fetch (ONNX Runtime NodeArgs) and how to read them.

    Raises Unsupported when no output holds a score or a class, or more than one could.
    """
    labels = [item for item in outputs if item.type in _LABELS]
    maps = [item for item in outputs if item.type.startswith("seq(map(")]
    tables = [item for item in outputs if item.type in _FLOATS]
    label = labels[0].name if len(labels) == 1 else None
    if len(maps) == 1:
        return ScoreReader(
            outputs=(maps[0].name,),
            access="scores",
            read=lambda values, rows: _from_maps(values[0], rows=rows, positive=positive),
        )
    named = [item for item in tables if "prob" in item.name.lower()]
    chosen = tables if len(tables) == 1 else named
    if len(chosen) == 1:
        fetched = (chosen[0].name,) if label is None else (chosen[0].name, label)
        return ScoreReader(
            outputs=fetched,
            access="scores",
            read=_TableReader(positive=positive).read,
        )
    if not tables and not maps and label is not None:
        return ScoreReader(
            outputs=(label,),
            access="labels",
            read=lambda values, rows: _is_positive(values[0], positive=positive).astype(np.float64),
        )
    names = ", ".join(f"{item.name}: {item.type}" for item in list(outputs)[:8])
    raise Unsupported(
        f"cannot tell which output of the model is the score ({names})",
        advice="export a classifier with one probability output",
    )


def _from_maps(maps: Sequence[Any], *, rows: int, positive: int | str | bool) -> FloatArray:
    """skl2onnx with ZipMap: one {class: probability} per row."""
    if rows == 0 or len(maps) == 0:
        return np.empty(0)
    keys = [key for key in maps[0] if same_value(key, positive)]
    if len(keys) != 1 or len(maps[0]) != 2:
        classes = ", ".join(repr(key) for key in list(maps[0])[:10])
        raise Unsupported(
            f"the model's classes are {classes}; two are needed, one of them {positive!r}",
            advice="set validation.positive to one of the model's classes",
        )
    key = keys[0]
    return np.fromiter((item[key] for item in maps), np.float64, len(maps))


class _TableReader:
    """Reads one or two score columns, with the class beside them if the model answers that, too.

    Which column is the positive class's is found once, from rows that are not ties, and every later
    batch must agree with it.
    """

    __slots__ = ("_positive", "_second")

    def __init__(self, *, positive: int | str | bool) -> None:
        self._positive = positive
        self._second: bool | None = None

    def read(self, values: Sequence[npt.NDArray[Any]], rows: int) -> FloatArray:
        table = np.asarray(values[0], dtype=np.float64)
        flat = table.reshape(rows, -1) if rows and table.size % rows == 0 else table
        if flat.ndim != 2 or flat.shape[1] not in (1, 2):
            raise Unsupported(
                f"the model's score output has shape {table.shape} for {rows} rows",
                advice="a binary classifier has one or two columns",
            )
        second = flat[:, -1]
        if np.count_nonzero(np.isfinite(flat)) != flat.size:
            return np.full(rows, np.nan)
        if len(values) == 1:
            if flat.shape[1] == 2 and not same_value(1, self._positive):
                raise Unsupported(
                    "the model has two score columns and does not say which class they are",
                    advice=f"export class names (ZipMap) or one score for {self._positive!r}",
                )
            return second
        first = flat[:, 0] if flat.shape[1] == 2 else 1.0 - second
        answered = _is_positive(values[1], positive=self._positive)
        if self._second is None:
            fits = [_agrees(first, answered), _agrees(second, answered)]
            if all(fits):
                raise CannotLook(
                    "all scores are one half, so the positive class cannot be found",
                    advice="export class names (ZipMap) or one score for the positive class",
                )
            self._second = fits[1]
        chosen = second if self._second else first
        if not _agrees(chosen, answered):
            raise CannotLook(
                f"the model's class {self._positive!r} does not follow from its scores at one half",
                advice="export class names (ZipMap) or one score for the positive class",
            )
        return chosen


def _agrees(column: FloatArray, answered: BoolArray) -> bool:
    otherwise = (column > 0.5) != answered
    if not np.count_nonzero(otherwise):
        return True
    clear = np.abs(column - 0.5) > _TIE
    return not otherwise[clear].any()


def _is_positive(labels: npt.NDArray[Any], *, positive: int | str | bool) -> BoolArray:
    flat = np.asarray(labels).reshape(-1)
    if flat.dtype.kind in "biu" and not isinstance(positive, str):
        return np.asarray(flat == float(positive))  # as `same_value` compares, at once
    hits = {value for value in set(flat.tolist()) if same_value(value, positive)}
    return np.fromiter((value in hits for value in flat.tolist()), np.bool_, len(flat))
