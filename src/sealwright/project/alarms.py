"""What was alarmed: the alert file and the ledger, brought together by the alerts' ids.

The file has every alert, the ledger those that were recorded; either may know one that the other
does not, and that is said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from sealwright.clock import format_time
from sealwright.evidence.predicates.monitoring import Alert
from sealwright.phases.monitoring.alerts import read_alerts
from sealwright.project.core import Project

NEWEST: Final = 10_000
"""Lines of the alert file that are looked at."""
_SEVERITIES: Final = {1: "info", 2: "low", 3: "medium", 4: "high", 5: "critical"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One alert, and where it is kept."""

    id: str
    at: str
    detector: str
    severity: str
    title: str
    client: str
    response: str
    correlation: str
    model: str
    """Digest of the model that it is about, as the place where it was found says; may be empty."""
    in_file: bool
    entry: int | None
    """Index of its ledger entry; None: it is not on record."""


@dataclass(frozen=True, slots=True)
class Alarms:
    """Alerts, oldest first, and the lines of the file that could not be read."""

    alarms: tuple[Alarm, ...]
    unreadable: int


def alarms(
    project: Project,
    *,
    client: str = "",
    detector: str = "",
    correlation: str = "",
    limit: int = 50,
) -> Alarms:
    """The newest `limit` alerts that fit what is asked for; an empty text fits all."""
    found = {alarm.id: alarm for alarm in _recorded(project)}
    events, odd = read_alerts(project.layout.alerts, limit=NEWEST)
    for event in events:
        try:
            alarm = _from_file(event)
        except (LookupError, TypeError, AttributeError, ValueError, OverflowError):
            odd += 1
            continue
        known = found.get(alarm.id)
        if known is None:
            found[alarm.id] = alarm
        else:  # the ledger's words count
            found[alarm.id] = replace(known, in_file=True)
    wanted = [
        alarm
        for alarm in found.values()
        if (not client or alarm.client == client)
        and (not detector or alarm.detector == detector)
        and (not correlation or alarm.correlation == correlation)
    ]
    wanted.sort(key=lambda alarm: (alarm.at, alarm.id))
    return Alarms(tuple(wanted[-limit:]), odd)


def _recorded(project: Project) -> list[Alarm]:
    system = project.system
    found = []
    for item in project.evidence():
        said = item.predicate
        if isinstance(said, Alert):
            about = item.statement.subjects[0].sha256
            found.append(
                Alarm(
                    id=said.id,
                    at=said.at,
                    detector=said.detector,
                    severity=said.severity,
                    title=said.title,
                    client=said.client,
                    response=said.response,
                    correlation=said.correlation,
                    model="" if about == system else about,
                    in_file=False,
                    entry=item.index,
                )
            )
    return found


def _from_file(event: dict[str, Any]) -> Alarm:
    """An OCSF finding as an alarm; LookupError, TypeError and the like for something else."""
    measured = event["evidences"][0]
    actor = measured.get("actor", {}).get("user", {}).get("uid", "")
    resources = event.get("resources") or [{"uid": ""}]
    at = datetime.fromtimestamp(event["time"] / 1000, UTC)
    return Alarm(
        id=_text(event["finding_info"]["uid"]),
        at=format_time(at),
        detector=_text(event["finding_info"]["analytic"]["name"]),
        severity=_SEVERITIES[event["severity_id"]],
        title=_text(event["finding_info"]["title"]),
        client=_text(actor),
        response=_text(measured["data"]["response"]),
        correlation=_text(event["metadata"].get("correlation_uid", "")),
        model=_text(resources[0]["uid"]).removeprefix("sha256:"),
        in_file=True,
        entry=None,
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
