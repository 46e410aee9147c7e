"""Many comparisons at once: how small a p-value must be so that few alarms are false.

Holm's procedure, not Benjamini and Hochberg's: what is promised is a probability of *any* false
alarm in a window, under whatever dependence between features there is. Theirs bounds the share of
false alarms among the alarms, which is all of them while nothing drifts.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def holm(p_values: FloatArray) -> FloatArray:
    """Adjusted p-values, shape (m,): alarm where one is at most the level. NaN counts as 1.

    S. Holm, A simple sequentially rejective multiple test procedure, Scand. J. Stat. 6 (1979).
    """
    given = np.nan_to_num(p_values, nan=1.0)
    order = np.argsort(given, kind="stable")
    stepped = given[order] * np.arange(len(given), 0, -1)
    adjusted = np.empty(len(given))
    adjusted[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return adjusted


def holm_levels(p_values: FloatArray, *, level: float) -> FloatArray:
    """What each p-value is held against, shape (m,): level / m for the smallest, and so on."""
    given = np.nan_to_num(p_values, nan=1.0)
    order = np.argsort(given, kind="stable")
    levels = np.empty(len(given))
    levels[order] = level / np.arange(len(given), 0, -1)
    return levels
