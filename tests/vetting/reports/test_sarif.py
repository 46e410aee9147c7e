"""The SARIF report: valid against the schema of OASIS, with findings that stay what they are."""

from __future__ import annotations

import json
import urllib.parse
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from msgspec.structs import replace

from sealwright.vetting.interface import observe
from sealwright.vetting.outcome import MemberReport
from sealwright.vetting.reports.interface import Scanned
from sealwright.vetting.reports.sarif import MAX_RESULTS, message, render
from tests.vetting.reports import sample

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "vectors/sarif/sarif-schema-2.1.0.json").read_text("utf-8")
)


def run(scanned: Scanned) -> Any:
    text = render(scanned)
    assert text.isascii()
    log = json.loads(text)
    jsonschema.Draft7Validator(
        SCHEMA, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER
    ).validate(log)
    (only,) = log["runs"]
    return only


@pytest.mark.parametrize("scanned", [sample.everything(), sample.harmless(), sample.hostile()])
def test_it_is_valid(scanned: Scanned) -> None:
    found = run(scanned)
    rules = found["tool"]["driver"]["rules"]
    for result in found["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert len(result["partialFingerprints"]) == 1
    for rule in rules:
        for relation in rule.get("relationships", ()):
            target = relation["target"]
            taxonomy = found["taxonomies"][target["toolComponent"]["index"]]
            assert taxonomy["name"] == target["toolComponent"]["name"]
            assert taxonomy["taxa"][target["index"]]["id"] == target["id"]


def test_rules_say_what_they_mean() -> None:
    found = run(sample.everything())
    rule = found["tool"]["driver"]["rules"][0]
    assert rule["id"] == "SW-TST-001"
    assert rule["shortDescription"]["text"] == "A call"
    assert rule["properties"]["security-severity"] == "9.5"
    assert set(rule["properties"]["tags"]) == {
        *("security", "external/cwe/cwe-502", "atlas/AML.T0011.000")
    }
    assert "os.system" in rule["help"]["markdown"]
    assert rule["defaultConfiguration"]["level"] == "error"


def test_a_finding_says_where() -> None:
    results = run(sample.everything())["results"]
    inside = next(each for each in results if "logicalLocations" in each["locations"][0])
    (place,) = inside["locations"]
    assert place["physicalLocation"]["artifactLocation"] == {
        "uri": "models/evil.pt",
        "uriBaseId": "SRCROOT",
    }
    assert place["logicalLocations"][0]["fullyQualifiedName"] == "a/data.pkl"
    assert "byte 41" in inside["message"]["text"]
    assert "address" not in place["physicalLocation"]
    outer = next(each for each in results if each["message"]["text"] == "calls (byte 3)")
    physical = outer["locations"][0]["physicalLocation"]
    assert physical["address"]["absoluteAddress"] == 3
    lined = next(each for each in results if each["ruleId"] == "SW-TST-002")
    assert lined["locations"][0]["physicalLocation"]["region"] == {"startLine": 12}


def test_what_was_not_examined_is_a_run_without_success() -> None:
    (invocation,) = run(sample.everything())["invocations"]
    assert invocation["executionSuccessful"] is False
    (told,) = invocation["toolExecutionNotifications"]
    rules = run(sample.everything())["tool"]["driver"]["rules"]
    assert "descriptor" not in told  # it would be looked up among notifications (§3.58.2)
    assert rules[told["associatedRule"]["index"]]["id"] == "SW-TST-003"
    assert told["message"]["text"] == "not read"
    (invocation,) = run(sample.harmless())["invocations"]
    assert invocation["executionSuccessful"] is True
    assert invocation["exitCode"] == 0
    (invocation,) = run(sample.scanned())["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"]


def test_fingerprints_do_not_move_with_offsets_and_lines() -> None:
    def prints(offset: int, line: int) -> list[str]:
        seen = [
            observe(sample.CALLS, f"calls at {offset}", location="a.pkl", offset=offset),
            observe(sample.CALLS, f"calls at {offset}", location="a.pkl", offset=offset + 5),
            observe(sample.LOOK, "look", location=f"a.pkl:{line}"),
        ]
        results = run(sample.scanned(sample.member("a.pkl", *seen)))["results"]
        return [each["partialFingerprints"]["sealwright/v1"] for each in results]

    assert prints(3, 1) == prints(300, 9)
    assert len(set(prints(3, 1))) == 3


def test_paths_are_uris_relative_to_the_base(tmp_path: Path) -> None:
    below = str(tmp_path / "models" / "a b%#?.pkl")
    beside = str(tmp_path.parent / "b.pkl")
    made = sample.scanned(sample.member(below), sample.member(beside), base=tmp_path)
    first, second = (each["location"] for each in run(made)["artifacts"])
    assert first == {"uri": "models/a%20b%25%23%3F.pkl", "uriBaseId": "SRCROOT"}
    assert second == {"uri": "file://" + urllib.parse.quote(beside)}


def test_names_out_of_files_are_no_links_and_no_placeholders() -> None:
    assert message("[a](https://evil.example) {0} {x}") == (
        "\\[a\\](https://evil.example) {{0}} {x}"
    )
    text = render(sample.hostile())
    assert "\\u001b" not in text
    assert "\\u202e" not in text


def test_no_more_results_than_services_take() -> None:
    many = [
        observe(sample.CALLS, f"call {n}", location="bad", offset=n) for n in range(MAX_RESULTS + 9)
    ]
    found = run(sample.scanned(sample.member("bad", *many)))
    assert len(found["results"]) == MAX_RESULTS
    assert found["properties"]["resultsOmitted"] == 9


def test_a_failed_scan_says_its_exit_code() -> None:
    review = sample.scanned(sample.member("a", observe(sample.LOOK, "x", location="a")))
    assert run(review)["invocations"][0]["exitCode"] == 1
    assert run(replace(review, fail_on="fail"))["invocations"][0]["exitCode"] == 0


def test_a_file_that_was_given_twice_made_the_log_invalid() -> None:
    def told(path: str) -> list[MemberReport]:
        inner = f"{path}!x"
        return [
            sample.member(path, observe(sample.CALLS, f"calls {path}", location=path, offset=3)),
            sample.member(inner, observe(sample.BEYOND, "not read", location=inner), depth=1),
        ]

    once = run(sample.scanned(*told("m/a.pkl")))
    for again in ("m/a.pkl", "./m/a.pkl", "m/../m/a.pkl"):
        twice = run(sample.scanned(*told("m/a.pkl"), *told(again)))
        for key in ("artifacts", "results", "invocations", "properties"):
            assert twice[key] == once[key], (again, key)


def test_what_differs_of_a_file_that_was_given_twice_is_kept() -> None:
    first = sample.member("a.pkl")
    second = sample.member("./a.pkl", observe(sample.CALLS, "calls", location="./a.pkl"))
    found = run(sample.scanned(first, second))
    (file,) = found["artifacts"]
    assert file["properties"]["verdict"] == "fail"
    assert len(found["results"]) == 1
