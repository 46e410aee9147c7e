"""Alerts as OCSF Detection Findings (class 2004): the one shape in which they leave this system.

OCSF 1.8.0, https://schema.ocsf.io/1.8.0/classes/detection_finding; techniques are those of MITRE
ATLAS 5.6.0. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from typing import Any, Final

import msgspec

from sealwright.clock import parse_time
from sealwright.evidence.finding import Severity
from sealwright.evidence.predicates.monitoring import Alert, Detector

SCHEMA_VERSION: Final = "1.8.0"
ATLAS_VERSION: Final = "5.6.0"
CLASS: Final = 2004
CATEGORY: Final = 2
ACTIVITIES: Final = {"create": 1, "update": 2, "close": 3}
SEVERITIES: Final[dict[Severity, tuple[int, str]]] = {
    "info": (1, "Informational"),
    "low": (2, "Low"),
    "medium": (3, "Medium"),
    "high": (4, "High"),
    "critical": (5, "Critical"),
}
MAX_TEXT: Final = 4000
"""Characters of a title or detail that are kept."""

TECHNIQUES: Final = {
    "AML.T0005.001": "Train Proxy via Replication",
    "AML.T0012": "Valid Accounts",
    "AML.T0015": "Evade AI Model",
    "AML.T0018.000": "Poison AI Model",
    "AML.T0020": "Poison Training Data",
    "AML.T0024.000": "Infer Training Data Membership",
    "AML.T0024.001": "Invert AI Model",
    "AML.T0024.002": "Extract AI Model",
    "AML.T0029": "Denial of AI Service",
    "AML.T0031": "Erode AI Model Integrity",
    "AML.T0034.000": "Excessive Queries",
    "AML.T0040": "AI Model Inference API Access",
    "AML.T0042": "Verify Attack",
    "AML.T0043.001": "Black-Box Optimization",
    "AML.T0046": "Spamming AI System with Chaff Data",
    "AML.T0076": "Corrupt AI Model",
    "AML.T0091.000": "Application Access Token",
    "AML.T0107": "Exploitation for Defense Evasion",
}
"""Names of the techniques that our detectors point to."""

RULE, BEHAVIOURAL, STATISTICAL = (1, "Rule"), (2, "Behavioral"), (3, "Statistical")
ANALYTICS: Final[dict[Detector, tuple[int, str]]] = {
    "drift": STATISTICAL,
    "rate": BEHAVIOURAL,
    "near-duplicate": STATISTICAL,
    "self-neighbour": STATISTICAL,
    "out-of-distribution": STATISTICAL,
    "disagreement": STATISTICAL,
    "denied": RULE,
    "dropped": RULE,
    "silent": RULE,
    "integrity": RULE,
    "log": RULE,
    "health": RULE,
}
"""What kind of analytic each detector is: OCSF's `type_id` and its caption."""


def finding(
    alert: Alert, *, model: str = "", entries: Sequence[int] = (), update: bool = False
) -> dict[str, Any]:
    """The OCSF event of one alert.

    `model`: digest that the alert is about; `entries`: indices of its ledger entries. An alert
    with response `none` that lifts a restriction is an update (`update`) and asks for no attention.
    """
    activity = ACTIVITIES["update" if update else "create"]
    severity_id, severity = SEVERITIES[alert.severity]
    moment = milliseconds(alert.at)
    info: dict[str, Any] = {
        "uid": alert.id,
        "title": _bounded(alert.title),
        "created_time": moment,
        "analytic": _analytic(alert),
        "types": [alert.detector],
    }
    if alert.detail:
        info["desc"] = _bounded(alert.detail)
    if alert.atlas:
        info["attacks"] = [_attack(technique) for technique in alert.atlas]
    event: dict[str, Any] = {
        "activity_id": activity,
        "activity_name": "Update" if update else "Create",
        "category_uid": CATEGORY,
        "category_name": "Findings",
        "class_uid": CLASS,
        "class_name": "Detection Finding",
        "type_uid": CLASS * 100 + activity,
        "type_name": f"Detection Finding: {'Update' if update else 'Create'}",
        "severity_id": severity_id,
        "severity": severity,
        "status_id": 1,
        "status": "New",
        "time": moment,
        "message": _bounded(alert.title),
        "is_alert": not update and alert.severity != "info",
        "metadata": _metadata(alert),
        "finding_info": info,
        "evidences": _evidences(alert, entries),
    }
    if model:
        event["resources"] = [{"type": "AI model", "uid": f"sha256:{model}"}]
    return event


def to_line(event: dict[str, Any]) -> bytes:
    """One line of printable ASCII: nothing in it can end the line or move a terminal."""
    text = json.dumps(event, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("\x7f", "\\u007f").encode("ascii") + b"\n"


def milliseconds(at: str) -> int:
    """RFC 3339 as OCSF's timestamp: milliseconds since 1970."""
    return round(parse_time(at).timestamp() * 1000)


def _metadata(alert: Alert) -> dict[str, Any]:
    said: dict[str, Any] = {
        "version": SCHEMA_VERSION,
        "uid": alert.id,
        "product": {"name": "Sealwright", "vendor_name": "Sealwright", "version": _version()},
        "log_name": "alerts",
    }
    if alert.correlation:
        said["correlation_uid"] = alert.correlation
    return said


def _analytic(alert: Alert) -> dict[str, Any]:
    kind, caption = ANALYTICS[alert.detector]
    return {"name": alert.detector, "uid": alert.detector, "type_id": kind, "type": caption}


def _attack(technique: str) -> dict[str, Any]:
    said = {"uid": technique}
    if technique in TECHNIQUES:
        said["name"] = TECHNIQUES[technique]
    return {"version": ATLAS_VERSION, "technique": said}


def _evidences(alert: Alert, entries: Sequence[int]) -> list[dict[str, Any]]:
    """What was measured, about whom, and where it is on record; never an input."""
    measured: dict[str, Any] = {"response": alert.response, "observations": alert.n}
    if alert.statistic is not None:
        measured["statistic"] = alert.statistic
    if alert.threshold is not None:
        measured["threshold"] = alert.threshold
    first: dict[str, Any] = {"name": "measurement", "data": measured}
    if alert.client:
        first["actor"] = {"user": {"uid": alert.client}}
    return [
        first,
        *(
            {"name": "ledger entry", "uid": str(entry), "data": {"ledger_entry": entry}}
            for entry in entries
        ),
    ]


def _bounded(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


@cache
def _version() -> str:
    return version("sealwright")


def alert_of(line: bytes) -> dict[str, Any]:
    """A line of the alert file as an event; msgspec.DecodeError for anything that is none."""
    event: dict[str, Any] = msgspec.json.decode(line, type=dict[str, Any])
    return event
