"""Every alert is a Detection Finding of OCSF 1.8.0, on one line, whatever its texts hold."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.evidence.finding import Severity
from sealwright.evidence.predicates.monitoring import Alert, Detector
from sealwright.phases.monitoring.ocsf import TECHNIQUES, finding, to_line
from sealwright.phases.monitoring.respond import ATLAS

AT = "2026-11-22T12:00:00.500000Z"
DETECTORS = get_args(Detector)

Shape = dict[str, Any]
"""Key → type, tuple of values, nested shape or [shape]; a `?` at the end: may be missing."""

FINDING: Shape = {
    "activity_id": (1, 2, 3),
    "activity_name?": ("Create", "Update", "Close"),
    "category_uid": (2,),
    "category_name?": ("Findings",),
    "class_uid": (2004,),
    "class_name?": ("Detection Finding",),
    "type_uid": (200401, 200402, 200403),
    "type_name?": str,
    "severity_id": (0, 1, 2, 3, 4, 5, 6, 99),
    "severity?": str,
    "status_id?": (0, 1, 2, 3, 4, 5, 6, 99),
    "status?": str,
    "time": int,
    "message?": str,
    "is_alert?": bool,
    "metadata": {
        "version": ("1.8.0",),
        "uid?": str,
        "log_name?": str,
        "correlation_uid?": str,
        "product": {"name": str, "vendor_name": str, "version?": str},
    },
    "finding_info": {
        "uid": str,
        "title?": str,
        "desc?": str,
        "created_time?": int,
        "types?": [str],
        "analytic?": {"name?": str, "uid?": str, "type_id": (0, 1, 2, 3, 4, 5, 99), "type?": str},
        "attacks?": [{"version?": ("5.6.0",), "technique": {"uid": str, "name?": str}}],
    },
    "resources?": [{"uid?": str, "type?": str}],
    "evidences?": [{"name?": str, "uid?": str, "data?": dict, "actor?": {"user": {"uid": str}}}],
}
"""The class as https://schema.ocsf.io/1.8.0/classes/detection_finding has it, as far as we use it:
what is required there has no question mark here, and nothing else may be there."""


def check(value: Any, shape: Any, where: str = "finding") -> None:
    if isinstance(shape, tuple):
        assert value in shape, f"{where}: {value!r}"
        assert type(value) is type(shape[0]), where
    elif isinstance(shape, list):
        assert isinstance(value, list), where
        assert value, f"{where}: an empty list says nothing"
        for place, item in enumerate(value):
            check(item, shape[0], f"{where}[{place}]")
    elif isinstance(shape, dict):
        assert isinstance(value, dict), where
        known = {key.rstrip("?") for key in shape}
        assert set(value) <= known, f"{where}: {set(value) - known}"
        for key, inner in shape.items():
            name = key.rstrip("?")
            assert name in value or key.endswith("?"), f"{where}.{name} is missing"
            if name in value:
                check(value[name], inner, f"{where}.{name}")
    else:
        assert type(value) is shape, f"{where}: {value!r}"


def check_finding(event: dict[str, Any]) -> None:
    check(event, FINDING)
    assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
    for evidence in event.get("evidences", []):
        assert {"data", "actor"} & set(evidence), "OCSF wants one of several keys"


def alert(**more: Any) -> Alert:
    said: dict[str, Any] = {
        "id": "0011223344556677",
        "detector": "near-duplicate",
        "severity": "high",
        "title": "mallory sends series of near copies: it is slowed down",
        "client": "mallory",
        "response": "throttle",
        "statistic": 27.9,
        "threshold": 27.6,
        "n": 31,
        "correlation": "drill-1",
        "atlas": ("AML.T0043.001",),
        "at": AT,
    }
    return Alert(**(said | more))


texts = st.text(max_size=60)


@given(
    detector=st.sampled_from(DETECTORS),
    severity=st.sampled_from(get_args(Severity)),
    title=st.text(max_size=5000),
    detail=texts,
    client=texts,
    statistic=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    atlas=st.lists(st.sampled_from(sorted(TECHNIQUES)), max_size=3).map(tuple),
    entries=st.lists(st.integers(0, 10**9), max_size=3),
    update=st.booleans(),
    model=st.sampled_from(["", "ab" * 32]),
)
def test_every_alert_fits_the_class_and_one_line(
    entries: list[int], model: str, update: bool, **said: Any
) -> None:
    event = finding(alert(**said), model=model, entries=entries, update=update)
    check_finding(event)
    line = to_line(event)
    assert json.loads(line) == event
    assert line.endswith(b"\n")
    assert all(0x20 <= byte < 0x7F for byte in line[:-1])


def test_what_a_reader_looks_for_is_where_it_belongs() -> None:
    event = finding(alert(), model="ab" * 32, entries=[7, 8])
    assert event["time"] == 1795348800500
    assert event["is_alert"]
    assert event["severity"] == "High"
    assert event["metadata"]["correlation_uid"] == "drill-1"
    assert event["resources"] == [{"type": "AI model", "uid": "sha256:" + "ab" * 32}]
    (attack,) = event["finding_info"]["attacks"]
    assert attack["technique"] == {"uid": "AML.T0043.001", "name": "Black-Box Optimization"}
    measured, *entries = event["evidences"]
    assert measured["actor"]["user"]["uid"] == "mallory"
    assert measured["data"] == {
        "response": "throttle",
        "observations": 31,
        "statistic": 27.9,
        "threshold": 27.6,
    }
    assert [entry["data"] for entry in entries] == [{"ledger_entry": 7}, {"ledger_entry": 8}]


def test_what_is_over_is_an_update_and_alarms_nobody() -> None:
    event = finding(alert(severity="info", response="none"), update=True)
    assert event["type_uid"] == 200402
    assert not event["is_alert"]


@pytest.mark.parametrize("severity", [("info", 1), ("low", 2), ("high", 4), ("critical", 5)])
def test_severities(severity: tuple[Severity, int]) -> None:
    assert finding(alert(severity=severity[0]))["severity_id"] == severity[1]


def test_every_technique_that_a_detector_names_has_its_name() -> None:
    assert {technique for named in ATLAS.values() for technique in named} <= set(TECHNIQUES)
