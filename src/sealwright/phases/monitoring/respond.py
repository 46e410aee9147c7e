"""From evidence to an answer by degree: flag, coarsen, throttle, block, and the way back. Pure.

    evidence, in thresholds       1      1.5       2         4
    answer                        flag   coarsen   throttle  block

Up at once, as far as `[monitoring] response` allows. Down one step at a time, when the evidence is
below half of what the step takes, and no sooner than ten minutes after it last was above. Evidence
is outweighed by ordinary cases only, never by waiting; but somebody who is blocked can send none,
so a block ends after an hour, on the step below and close to the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sealwright.evidence.finding import Severity
from sealwright.evidence.predicates.monitoring import Detector
from sealwright.phases.monitoring.clients.accounts import NEAR, ODD, SELF, Account
from sealwright.phases.monitoring.clients.wealth import THRESHOLD
from sealwright.traffic import Level, Restriction

LEVELS: Final[tuple[Level, ...]] = ("none", "flag", "coarsen", "throttle", "block")
ENTRY: Final = (0.0, 1.0, 1.5, 2.0, 4.0)
"""Evidence, in thresholds, at which each level begins."""
HALF: Final = 0.5
HOLD: Final = 600.0
BLOCKED: Final = 3600.0
AFTER_BLOCK: Final = 3.0
RENEW: Final = HOLD / 2
FACTORS: Final = ((3.0, 0.02), (2.0, 0.1))
"""Throttle: from so much evidence on, the caller's limit is multiplied with that."""
DECLARED: Final = 3.0
"""Times as much evidence that a declared what-if caller's series take."""

DETECTORS: Final[dict[int, Detector]] = {
    NEAR: "near-duplicate",
    SELF: "self-neighbour",
    ODD: "out-of-distribution",
}
SEVERITY: Final[dict[Level, Severity]] = {
    "none": "info",
    "flag": "medium",
    "coarsen": "medium",
    "throttle": "high",
    "block": "high",
}
ATLAS: Final[dict[Detector, tuple[str, ...]]] = {
    "near-duplicate": ("AML.T0043.001", "AML.T0024.000", "AML.T0042"),
    "self-neighbour": ("AML.T0024.002", "AML.T0005.001", "AML.T0043.001"),
    "out-of-distribution": ("AML.T0024.002", "AML.T0046"),
    "rate": ("AML.T0029", "AML.T0034.000"),
    "denied": ("AML.T0012", "AML.T0091.000"),
    "disagreement": ("AML.T0015",),
    "drift": ("AML.T0031", "AML.T0046"),
    "dropped": ("AML.T0029", "AML.T0107"),
    "silent": ("AML.T0107",),
    "integrity": ("AML.T0107",),
}
"""What an attacker might be doing who makes these detectors speak."""


@dataclass(frozen=True, slots=True)
class Pressure:
    """All that is held against a caller now, in thresholds."""

    series: float
    odd: float
    leading: int
    """Place of the largest sum."""

    @property
    def most(self) -> float:
        """The larger of both."""
        return max(self.series, self.odd)


@dataclass(frozen=True, slots=True)
class Step:
    """A change of level."""

    before: Level
    after: Level
    pressure: Pressure


def pressure(account: Account, *, what_if: bool) -> Pressure:
    """The account's sums in thresholds; series of a declared what-if caller count a third."""
    share = 1 / DECLARED if what_if else 1.0
    ratios = [wealth / THRESHOLD for wealth in account.wealth]
    ratios[NEAR] *= share
    ratios[SELF] *= share
    leading = max(range(len(ratios)), key=ratios.__getitem__)
    return Pressure(max(ratios[NEAR], ratios[SELF]), ratios[ODD], leading)


def step(account: Account, *, what_if: bool, strongest: Level, now: float) -> Step | None:
    """Moves the account to the level that its evidence asks for; None where it stays."""
    held = pressure(account, what_if=what_if)
    most = LEVELS.index(strongest)
    asked = min(max(_series_level(held.series, what_if=what_if), _level(held.odd)), most)
    before = account.level
    if asked > before:
        account.level, account.raised = asked, now
    elif before > most:
        account.level, account.raised = most, now
    elif before and asked == before and LEVELS[before] != "block":
        account.raised = max(account.raised, now)
    elif before and LEVELS[before] == "block" and now - account.raised >= BLOCKED:
        account.level, account.raised = before - 1, now
        account.wealth = [min(wealth, AFTER_BLOCK * THRESHOLD) for wealth in account.wealth]
    elif before and held.most < HALF * ENTRY[before] and now - account.raised >= HOLD:
        account.level, account.raised = before - 1, now
    if account.level == before:
        return None
    return Step(LEVELS[before], LEVELS[account.level], held)


def _level(ratio: float) -> int:
    return max(level for level, entry in enumerate(ENTRY) if ratio >= entry)


def _series_level(ratio: float, *, what_if: bool) -> int:
    """A declared what-if caller is flagged for its series and no more."""
    found = _level(ratio)
    return min(found, LEVELS.index("flag")) if what_if else found


def restriction(client: str, account: Account, held: Pressure, *, now: float) -> Restriction:
    """What the gateway is told about a caller."""
    level = LEVELS[account.level]
    factor = 1.0
    if level == "throttle":
        factor = next((f for ratio, f in FACTORS if held.most >= ratio), FACTORS[-1][1])
    return Restriction(
        client=client,
        level=level,
        until=now + HOLD if account.level else now,
        reason=DETECTORS[held.leading],
        factor=factor,
    )
