"""The words of drift: alerts and windows as they go on record."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Final

from sealwright.clock import format_time
from sealwright.evidence.finding import Result
from sealwright.evidence.predicates.monitoring import Alert
from sealwright.evidence.predicates.operation import MonitorWindow
from sealwright.phases.monitoring.comparisons import Comparison
from sealwright.phases.monitoring.respond import ATLAS
from sealwright.phases.monitoring.windows import Window

_NAMED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One feature that differs: in the last window, and by all bets so far."""

    comparison: Comparison
    bets: float
    bets_threshold: float

    @property
    def words(self) -> str:
        """Statistic, p-value and size of the change."""
        one = self.comparison
        return (
            f"{one.name}: {one.method} {one.test.value:.3g} (threshold "
            f"{one.test.threshold:.3g}, p {one.adjusted:.2g} for all features), "
            f"PSI {one.psi.value:.2g}, sequential {self.bets / self.bets_threshold:.2g} "
            "of its threshold"
        )


def drift_alert(
    differences: Sequence[Difference], window: Window, *, client: str, failed: bool
) -> Alert:
    """Live cases differ from the reference. `client`: the one that all of it comes from."""
    ordered = sorted(differences, key=lambda item: item.comparison.p)
    worst = ordered[0]
    by_window = worst.comparison.alarm and isfinite(worst.comparison.test.threshold)
    stays = "it stays without each single caller" if failed else "it may come from one caller"
    return Alert(
        id=secrets.token_hex(8),
        detector="drift",
        severity="high" if failed else "low",
        title=f"{'drift' if failed else 'possible drift'} in {_listed(ordered)}",
        detail=f"{stays}; " + "; ".join(item.words for item in ordered[:_NAMED]),
        client=client,
        statistic=worst.comparison.test.value if by_window else worst.bets,
        threshold=worst.comparison.test.threshold if by_window else worst.bets_threshold,
        n=window.n,
        correlation=window.correlation,
        atlas=ATLAS["drift"],
        at=format_time(window.end),
    )


def calm_alert(names: Sequence[str], window: Window) -> Alert:
    """That an alarm is over."""
    return Alert(
        id=secrets.token_hex(8),
        detector="drift",
        severity="info",
        title=f"no more drift in {_some(names)}",
        n=window.n,
        correlation=window.correlation,
        at=format_time(window.end),
    )


def drift_window(
    result: Result, *, start: datetime, window: Window, n: int, of: str
) -> MonitorWindow:
    """What a window, or several that were alike, came to."""
    return MonitorWindow(
        kind="drift",
        result=result,
        slice=of,
        start=format_time(start),
        end=format_time(window.end),
        n=n,
        at=format_time(window.end),
    )


def _listed(ordered: Sequence[Difference]) -> str:
    return _some([item.comparison.name for item in ordered])


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    more = len(names) - _NAMED
    return f"{shown} and {more} more" if more > 0 else shown
