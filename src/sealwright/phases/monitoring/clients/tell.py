"""The words of alerts about callers."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import NamedTuple

from sealwright.clock import format_time
from sealwright.evidence.finding import Severity
from sealwright.evidence.predicates.monitoring import Alert, Detector
from sealwright.phases.monitoring.clients.accounts import Account, Traces
from sealwright.phases.monitoring.clients.counters import Refusals, Surge
from sealwright.phases.monitoring.clients.index import SERIES, Series
from sealwright.phases.monitoring.clients.wealth import THRESHOLD
from sealwright.phases.monitoring.respond import ATLAS, DETECTORS, ENTRY, LEVELS, SEVERITY, Step

WHAT: dict[Detector, str] = {
    "near-duplicate": "sends series of near copies",
    "self-neighbour": "sends cases that crowd together",
    "out-of-distribution": "sends cases that the model never saw the like of",
}
ANSWERS = {
    "none": "nothing is done",
    "flag": "it is watched",
    "coarsen": "it gets coarser scores",
    "throttle": "it is slowed down",
    "block": "it is refused",
}
REFUSED = {
    401: "not authenticated",
    403: "not allowed",
    429: "over the limit",
}
REFUSED_ATLAS = {
    401: ("AML.T0091.000", "AML.T0012"),
    403: ("AML.T0012", "AML.T0040"),
    429: ("AML.T0034.000", "AML.T0029"),
}
STRANGERS = "callers without a name"


class Told(NamedTuple):
    """An alert and the digest of the model that it is about; empty for the system."""

    alert: Alert
    model: str = ""


def moment(now: float) -> str:
    """Unix seconds as evidence writes a time."""
    return format_time(datetime.fromtimestamp(now, UTC))


def plain_alert(
    detector: Detector,
    severity: Severity,
    title: str,
    *,
    now: float,
    detail: str = "",
    n: int = 0,
    statistic: float | None = None,
    threshold: float | None = None,
    correlation: str = "",
) -> Alert:
    """An alert that is about no caller."""
    return Alert(
        id=secrets.token_hex(8),
        detector=detector,
        severity=severity,
        title=title,
        detail=detail,
        statistic=statistic,
        threshold=threshold,
        n=n,
        correlation=correlation,
        atlas=ATLAS.get(detector, ()),
        at=moment(now),
    )


def of_step(step: Step, account: Account, traces: Traces, *, now: float) -> Told:
    """A caller is treated otherwise from now on."""
    place = step.pressure.leading
    detector = DETECTORS[place]
    worse = LEVELS.index(step.after) > LEVELS.index(step.before)
    title = (
        f"{traces.client} {WHAT[detector]}: {ANSWERS[step.after]}"
        if worse
        else f"{traces.client} behaves again: {ANSWERS[step.after]}"
    )
    return Told(
        Alert(
            id=secrets.token_hex(8),
            detector=detector,
            severity=SEVERITY[step.after] if worse else "info",
            title=title,
            detail=f"from {step.before} to {step.after}",
            client=traces.client,
            response=step.after,
            statistic=round(account.wealth[place], 3),
            threshold=round(THRESHOLD * ENTRY[LEVELS.index(step.after)], 3),
            n=account.rows,
            correlation=traces.correlation or "",
            atlas=ATLAS[detector],
            at=moment(now),
        ),
        traces.model,
    )


def of_detector(place: int, account: Account, traces: Traces, *, now: float) -> Told:
    """One more detector speaks about a caller whose treatment stays."""
    detector, level = DETECTORS[place], LEVELS[account.level]
    return Told(
        Alert(
            id=secrets.token_hex(8),
            detector=detector,
            severity="medium",
            title=f"{traces.client} {WHAT[detector]}: {ANSWERS[level]}",
            client=traces.client,
            response=level,
            statistic=round(account.wealth[place], 3),
            threshold=round(THRESHOLD, 3),
            n=account.rows,
            correlation=traces.correlation or "",
            atlas=ATLAS[detector],
            at=moment(now),
        ),
        traces.model,
    )


def of_series(series: Series, model: str, *, now: float) -> Told:
    """Near copies that come from several accounts."""
    named = ", ".join(list(series.parties)[:20])
    return Told(
        Alert(
            id=secrets.token_hex(8),
            detector="near-duplicate",
            severity="medium",  # a grave alert about a model alone would call for taking it down
            title=f"a series of near copies comes from {series.accounts} accounts",
            detail=f"sent two or more of them: {named}" if named else "",
            response="flag",
            statistic=float(series.cases),
            threshold=float(SERIES),
            n=series.cases,
            correlation=series.correlation,
            atlas=ATLAS["near-duplicate"],
            at=moment(now),
        ),
        model,
    )


def of_refusals(burst: Refusals, *, limit: int, now: float) -> Told:
    """Many refusals of one kind."""
    who = burst.client or STRANGERS
    verb = "was" if burst.client else "were"
    return Told(
        Alert(
            id=secrets.token_hex(8),
            detector="denied",
            severity="low" if burst.status == 429 else "medium",
            title=f"{who} {verb} refused {burst.count} times: {REFUSED[burst.status]}",
            detail=f"HTTP status {burst.status}",
            client=burst.client,
            statistic=float(burst.count),
            threshold=float(limit),
            n=burst.count,
            correlation=burst.correlation,
            atlas=REFUSED_ATLAS[burst.status],
            at=moment(now),
        )
    )


def of_surge(surge: Surge, *, limit: float, now: float) -> Told:
    """A caller asks far more often than it used to."""
    return Told(
        Alert(
            id=secrets.token_hex(8),
            detector="rate",
            severity="low",
            title=f"{surge.client} asks far more often than it used to",
            detail=f"{surge.count} requests in this minute; usually {surge.usual:.1f}",
            client=surge.client,
            statistic=float(surge.count),
            threshold=limit,
            n=surge.count,
            atlas=ATLAS["rate"],
            at=moment(now),
        )
    )


def of_volume(client: str, model: str, *, rows: int, limit: int, now: float) -> Told:
    """A caller has had so many answers that a copy of the model could be trained from them."""
    return Told(
        Alert(
            id=secrets.token_hex(8),
            detector="rate",
            severity="low",
            title=f"{client} has asked about {rows} cases, many times what the model learned from",
            detail="enough answers to train a copy; ordinary cases show no other sign of that",
            client=client,
            statistic=float(rows),
            threshold=float(limit),
            n=rows,
            atlas=("AML.T0024.002", "AML.T0034.000"),
            at=moment(now),
        ),
        model,
    )
