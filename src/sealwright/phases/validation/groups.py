"""How rows fall into groups: values of a column, bins of a numeric one, or a comparison.

Every group says in its own name how it was made, so that the evidence records the edges.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from sealwright.errors import UsageError

MAX_VALUES = 12
"""A numeric column with more distinct values than this is cut into quartiles."""
MAX_GROUPS = 100
MISSING = "(missing)"

_COMPARISON = re.compile(r"(?P<name>.+?)(?P<op>>=|<)(?P<edge>-?\d{1,15}(\.\d{1,15})?)")


def group_values(name: str, *, column: Callable[[str], npt.NDArray[Any]]) -> npt.NDArray[np.str_]:
    """The group of each row for one declared group, shape (n,).

    `age>=60` (or `age<60`) makes the groups `yes` and `no`. A plain column name makes one group per
    value; a numeric column with more than 12 values is cut at its quartiles by `bin_numeric`.
    Missing values are a group of their own. Raises UsageError for more than 100 groups.
    """
    match = _COMPARISON.fullmatch(name)
    if match is not None:
        numbers = _as_numbers(column(match["name"]), name=match["name"])
        edge = float(match["edge"])
        holds = numbers >= edge if match["op"] == ">=" else numbers < edge
        return np.where(np.isnan(numbers), MISSING, np.where(holds, "yes", "no"))
    values = column(name)
    if values.dtype.kind in "iuf" and np.unique(values, equal_nan=True).size > MAX_VALUES:
        numbers = values.astype(np.float64)
        return bin_numeric(numbers, edges=quantile_edges(numbers))
    text = np.array([_text(value) for value in values.tolist()], dtype=np.str_)
    found = len(np.unique(text))
    if found > MAX_GROUPS:
        raise UsageError(
            f"group column {name!r} has {found} different values; at most {MAX_GROUPS}",
            advice="bin it in the data, or declare a comparison such as `age>=60`",
        )
    return text


def quantile_edges(
    values: npt.NDArray[np.float64], *, quantiles: Sequence[float] = (0.25, 0.5, 0.75)
) -> tuple[float, ...]:
    """Inner edges at these quantiles of the values that are not missing, strictly increasing."""
    present = values[~np.isnan(values)]
    if present.size == 0:
        return ()
    edges = np.unique(np.quantile(present, quantiles, method="higher"))
    return tuple(float(edge) for edge in edges if edge > present.min())


def bin_numeric(values: npt.NDArray[np.float64], *, edges: Sequence[float]) -> npt.NDArray[np.str_]:
    """Names the half-open bin of each value: `<38`, `[38, 50)`, …, `>=59`; shape (n,).

    `edges` are the strictly increasing inner edges. Missing values are `(missing)`.
    """
    cuts = [float(edge) for edge in edges]
    if not np.isfinite(cuts).all() or any(a >= b for a, b in pairwise(cuts)):
        raise UsageError("bin edges must be finite and strictly increasing")
    if not cuts:
        names = ["all"]
    else:
        middle = [f"[{a:g}, {b:g})" for a, b in pairwise(cuts)]
        names = [f"<{cuts[0]:g}", *middle, f">={cuts[-1]:g}"]
    binned = np.array(names, dtype=np.str_)[np.searchsorted(cuts, values, side="right")]
    return np.where(np.isnan(values), MISSING, binned)


def _as_numbers(column: npt.NDArray[Any], *, name: str) -> npt.NDArray[np.float64]:
    try:
        return column.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"group column {name!r} is compared with a number but is not numeric"
        ) from error


def _text(value: object) -> str:
    """One spelling per value: 1, 1.0 and True-as-number do not make three groups."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return MISSING
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
