"""The JSON report: its declared shape, whole, the same each time, and harmless to print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from msgspec.structs import replace

from sealwright.vetting.interface import observe
from sealwright.vetting.outcome import MemberReport
from sealwright.vetting.reports import json as json_report
from sealwright.vetting.reports.interface import Scanned
from tests.vetting.reports import sample

SCHEMA = json.loads(
    (Path(__file__).parents[3] / "docs/reference/scan-report.schema.json").read_text("utf-8")
)


def rendered(scanned: Scanned) -> Any:
    text = json_report.render(scanned)
    assert text.isascii()
    assert "\x7f" not in text
    return json.loads(text)


@pytest.mark.parametrize("scanned", [sample.everything(), sample.harmless(), sample.hostile()])
def test_it_is_what_the_published_schema_says(scanned: Scanned) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(rendered(scanned))


def test_it_says_everything() -> None:
    value = rendered(sample.everything())
    assert value["verdict"] == "fail"
    assert value["exit_code"] == 1
    assert [each["effect"] for each in value["findings"]] == [
        *("fail", "fail", "inconclusive", "review", "warn", "warn", "note")
    ]
    found = {each["location"]: each for each in value["findings"]}
    inside = found["models/evil.pt!a/data.pkl"]
    assert (inside["file"], inside["member"]) == ("models/evil.pt", "a/data.pkl")
    assert (inside["offset"], inside["line"]) == (41, None)
    assert (inside["atlas"], inside["cwe"]) == (["AML.T0011.000"], [502])
    assert inside["title"] == "A call"
    assert inside["remediation"] == "do not load it"
    lined = found["models/code.py:12"]
    assert (lined["file"], lined["line"]) == ("models/code.py", 12)
    verdicts = {each["path"]: (each["kind"], each["verdict"]) for each in value["targets"]}
    assert verdicts["models"] == ("folder", "pass")
    assert verdicts["models/evil.pt"] == ("file", "fail")
    assert [each["path"] for each in value["members"]].count("models/evil.pt!a/data.pkl") == 1
    assert value["coverage"]["files"] == 7
    assert value["packs"] == {"sklearn": "34" * 32}
    assert value["limits"]["seconds"] == 300


def test_the_same_scan_gives_the_same_bytes() -> None:
    assert json_report.render(sample.everything()) == json_report.render(sample.everything())


def test_names_are_whole_and_valid_unicode() -> None:
    paths = [each["path"] for each in rendered(sample.hostile())["targets"]]
    assert paths == [name.replace("\udcff", "\\udcff") for name in sample.HOSTILE]


def test_what_is_beyond_the_limits_is_counted() -> None:
    many = [
        observe(sample.CALLS, f"call {n}", location="bad", offset=n)
        for n in range(json_report.MAX_FINDINGS + 7)
    ]
    value = rendered(sample.scanned(sample.member("bad", *many)))
    assert len(value["findings"]) == json_report.MAX_FINDINGS
    assert value["findings_omitted"] == 7


def test_members_that_did_not_pass_are_never_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_report, "MAX_MEMBERS", 3)
    seen = observe(sample.CALLS, "x", location="a.zip!9")
    passed = [sample.member(f"a.zip!{n}", depth=1) for n in range(9)]
    value = rendered(
        sample.scanned(sample.member("a.zip"), *passed, sample.member("a.zip!9", seen, depth=1))
    )
    assert [each["path"] for each in value["members"]] == ["a.zip", "a.zip!0", "a.zip!9"]
    assert value["members_omitted"] == 8


def test_a_file_that_was_given_twice_is_told_once() -> None:
    def told(path: str) -> MemberReport:
        return sample.member(path, observe(sample.CALLS, "calls", location=path))

    value = rendered(sample.scanned(told("a.pkl"), told("b.pkl"), told("./a.pkl")))
    assert [each["path"] for each in value["targets"]] == ["a.pkl", "b.pkl"]
    assert [each["location"] for each in value["findings"]] == ["a.pkl", "b.pkl"]
    assert [each["path"] for each in value["members"]] == ["a.pkl", "b.pkl"]
    assert value["findings_omitted"] == value["members_omitted"] == 0
    assert (value["coverage"]["files"], value["coverage"]["bytes_total"]) == (2, 200)


def test_what_was_asked_about_is_said() -> None:
    assert rendered(sample.everything())["paths"] == ["models"]


def test_and_ten_more_was_told_as_if_it_were_a_path() -> None:
    made = sample.everything()
    listed = tuple(f"{n}: not read" for n in range(200))
    for more, omitted in (((), 0), (("and 10 more",), 10), (("and 10 more: not read",), 0)):
        coverage = replace(made.outcome.coverage, not_examined=(*listed, *more))
        scanned = replace(made, outcome=replace(made.outcome, coverage=coverage))
        value = rendered(scanned)["coverage"]
        assert value["not_examined_omitted"] == omitted
        assert len(value["not_examined"]) == 200 + (len(more) if not omitted else 0)
