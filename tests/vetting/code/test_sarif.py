"""SARIF of other tools: mapped, bounded, and never taken for more than it says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.errors import LimitReached, MalformedError
from sealwright.vetting.code import sarif
from sealwright.vetting.code.sarif import Imported, Threshold, read_sarif
from sealwright.vetting.interface import conclude


def result(level: str | None = "error", **more: Any) -> dict[str, Any]:
    place = {"artifactLocation": {"uri": "src/a%20b.py"}, "region": {"startLine": 7}}
    return {
        "ruleId": "R1",
        **({} if level is None else {"level": level}),
        "message": {"text": "bad\nthing"},
        "locations": [{"physicalLocation": place}],
        **more,
    }


def run(*results: Any, rules: Any = (), **more: Any) -> dict[str, Any]:
    driver = {"name": "Semgrep OSS", "semanticVersion": "1.2.3", "rules": list(rules)}
    return {"tool": {"driver": driver}, "results": list(results), **more}


def read(*runs: Any, fail_from: Threshold = "high") -> Imported:
    return read_sarif(
        json.dumps({"version": "2.1.0", "runs": list(runs)}).encode(), fail_from=fail_from
    )


def verdict(found: Imported) -> str:
    return conclude(found.observations, complete=True)


def test_a_result_becomes_a_finding_with_place_and_tool() -> None:
    found = read(run(result()))
    (seen,) = found.observations
    assert seen.rule.id == "SW-SARIF-001"
    assert seen.finding.rule == "Semgrep-OSS:R1"
    assert seen.finding.location == "src/a b.py:7"
    assert seen.finding.message == "bad thing (Semgrep OSS 1.2.3)"
    assert (found.tools, found.results) == ((("Semgrep OSS", "1.2.3"),), 1)
    assert verdict(found) == "fail"


@pytest.mark.parametrize(
    ("one", "rules", "severity"),
    [
        (result("error"), [], "high"),
        (result("warning"), [], "medium"),
        (result("note"), [], "low"),
        (result("none"), [], "info"),
        (result(None), [], "medium"),
        (result("strange"), [], "high"),
        (result(None), [{"id": "R1", "defaultConfiguration": {"level": "error"}}], "high"),
        (result("note"), [{"id": "R1", "properties": {"security-severity": "9.8"}}], "critical"),
        (result("error", properties={"security-severity": "4.0"}), [], "medium"),
        (result("error", properties={"security-severity": "nan"}), [], "high"),
        (result(None, ruleIndex=1), [{}, {"defaultConfiguration": {"level": "note"}}], "low"),
        (result(None, ruleIndex=99), [], "medium"),
    ],
)
def test_severity_is_of_the_score_before_the_level(
    one: dict[str, Any], rules: list[Any], severity: str
) -> None:
    (seen,) = read(run(one, rules=rules)).observations
    assert seen.finding.severity == severity


def test_the_threshold_decides() -> None:
    assert verdict(read(run(result("warning")))) == "pass"
    assert verdict(read(run(result("warning")), fail_from="medium")) == "fail"
    assert verdict(read(run(result("error")), fail_from="critical")) == "pass"
    assert verdict(read(run(result("error")), fail_from="never")) == "pass"


def test_a_run_that_did_not_finish_is_inconclusive() -> None:
    assert verdict(read(run(invocations=[{"executionSuccessful": False}]))) == "inconclusive"
    assert verdict(read(run(invocations=[{}]))) == "inconclusive"
    assert verdict(read(run(invocations=[{"executionSuccessful": True}]))) == "pass"
    note = {"level": "error", "message": {"text": "cannot parse"}}
    done = {"executionSuccessful": True, "toolExecutionNotifications": [note]}
    assert verdict(read(run(invocations=[done]))) == "inconclusive"
    assert verdict(read(run() | {"results": None})) == "inconclusive"
    assert verdict(read()) == "inconclusive"
    assert verdict(read(run())) == "pass"


def test_suppressions_count_only_if_accepted() -> None:
    accepted = read(run(result(suppressions=[{"kind": "inSource"}])))
    assert (accepted.suppressed, verdict(accepted)) == (1, "pass")
    assert [seen.rule.id for seen in accepted.observations] == ["SW-SARIF-011"]
    waiting = {"kind": "external", "status": "underReview"}
    assert verdict(read(run(result(suppressions=[waiting])))) == "fail"
    assert verdict(read(run(result(suppressions=[])))) == "fail"


def test_what_a_tool_found_in_order_is_no_finding() -> None:
    kinds = ("pass", "notApplicable", "informational")
    assert read(run(*(result(kind=kind) for kind in kinds))).observations == ()
    assert verdict(read(run(result(kind="review")))) == "fail"


@pytest.mark.parametrize(
    "data",
    [
        b"", b"[]", b"{", b'{"version": "2.0.0", "runs": []}', b'{"version": "2.1.0"}',
        b'{"version": "2.1.0", "runs": [5]}', b'{"version": "2.1.0", "runs": [{}]}',
        b'{"version": "2.1.0", "version": "2.1.0", "runs": []}', b"[" * 100_000,
        json.dumps({"version": "2.1.0", "runs": [run(5)]}).encode(),
        json.dumps({"version": "2.1.0", "runs": [run() | {"results": {}}]}).encode(),
    ],
)  # fmt: skip
def test_what_is_not_sarif_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        read_sarif(data)


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MAX_RESULTS", 2)
    with pytest.raises(LimitReached):
        read(run(result(), result(), result()))
    with pytest.raises(LimitReached):
        read(run(result(), result()), run(result()))
    monkeypatch.setattr(sarif, "MAX_BYTES", 5)
    with pytest.raises(LimitReached):
        read_sarif(b"{}      ")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
KEYS = ["level", "ruleId", "rule", "ruleIndex", "message", "locations", "properties", "kind",
        "suppressions"]  # fmt: skip


@given(st.lists(st.dictionaries(st.sampled_from(KEYS), JSON), max_size=3), JSON, JSON)
def test_any_json_in_results_is_read_or_refused(results: list[Any], rules: Any, more: Any) -> None:
    document = run(*results, invocations=more)
    document["tool"]["driver"]["rules"] = rules
    try:
        read(document)
    except MalformedError:
        assert results is not None
