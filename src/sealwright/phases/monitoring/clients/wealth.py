"""Evidence against a caller, counted as the winnings of a bet that ordinary callers lose.

Each case gives a p-value; a bet on small ones pays e with a mean of at most 1 for cases that are
distributed as in the profile. The logarithms add up, and never below 0: an attack that begins late
is not outweighed by what came before. Such a sum exceeds ln(1/a) on average not more often than
once in 1/a cases (Shin, Ramdas and Rinaldo, "E-detectors", 2022; Vovk and Wang, "E-values", 2021).

Callers are not the training data. So the bets are made to lose money, too, where a caller's cases
are several times as dense or as odd as the profile says (`BREAK_EVEN` in the tests).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sealwright.phases.monitoring.clients.reference import Numbers

FALSE_ALARM: Final = 1e-6
"""Alarms per case, detector and caller, where the cases are distributed as in the profile."""
THRESHOLD: Final = math.log(1 / FALSE_ALARM)
CEILING: Final = 5.0
"""Thresholds that a sum can reach: more would take for ever to be outweighed."""

NEAR_SHARE: Final = 1 / 64
"""A near copy is nearer than all but this share of the profile's rows are to any other."""
NEAR_STAKE: Final = 0.25
ODD_SHARE: Final = 1 / 16
ODD_STAKE: Final = 0.5
MOST_ODD: Final = 0.5
EXPONENT: Final = 0.5
MOST_WON: Final = math.log(4)
"""Most that one case of a series counts for: people try a handful of variations, programs more."""


def near_copies(shares: Numbers) -> Numbers:
    """Log-winnings of the bet that more than 1 in 64 cases is a near copy of an earlier one."""
    hit = math.log1p(NEAR_STAKE * (1 / NEAR_SHARE - 1))
    return np.where(shares <= NEAR_SHARE, min(hit, MOST_WON), math.log1p(-NEAR_STAKE))


def neighbours(shares: Numbers) -> Numbers:
    """Log-winnings of the bet that cases lie nearer together than the profile's rows do.

    e = k p^(k - 1) with k = 1/2: any crowding pays, the closer the more.
    """
    won: Numbers = np.log(EXPONENT) + (EXPONENT - 1) * np.log(shares)
    return np.minimum(won, MOST_WON)


def odd_cases(shares: Numbers, *, usual: Numbers) -> Numbers:
    """Log-winnings of the bet that more than `usual` of the cases are among the oddest 1 in 16.

    `usual`: for each case, what others than its caller send now: when the whole population moves,
    that is drift. Where half of it is odd, oddness says nothing about one caller, and nothing is
    bet.
    """
    expected = np.clip(usual, ODD_SHARE, MOST_ODD)
    hit = np.log1p(ODD_STAKE * (1 / expected - 1))
    won = np.where(is_odd(shares), hit, math.log1p(-ODD_STAKE))
    return np.where(expected < MOST_ODD, won, 0.0)


def is_odd(shares: Numbers) -> NDArray[np.bool_]:
    """Which cases are among the oddest 1 in 16 of the profile."""
    return np.asarray(shares <= ODD_SHARE + 1e-12)


def add(before: float, won: float) -> float:
    """The sum after this bet: never below 0, never above the ceiling."""
    return min(max(0.0, before + won), CEILING * THRESHOLD)
