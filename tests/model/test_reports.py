"""Reports of other tools: what they say counts, if they speak of the code that is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sealwright.errors import MalformedError
from sealwright.evidence.digest import sha256_hex
from sealwright.evidence.predicates.model import Scan
from sealwright.evidence.statement import Statement, decode_statement, encode_statement
from sealwright.phases.model.record import record_code_scan
from sealwright.phases.model.reports import WITHHELD, Reports
from sealwright.vetting.code.sarif import Threshold
from tests.vetting.onnx_files import clock


@pytest.fixture
def code(tmp_path: Path) -> Path:
    path = tmp_path / "train.py"
    path.write_text("import hashlib\n\nprint(hashlib.md5(b'x').hexdigest())\n")
    os.utime(path, (1_000, 1_000))
    return path


def report(folder: Path, *messages: str, level: str = "error", name: str = "tool.sarif") -> Path:
    results = [
        {
            "ruleId": "R1",
            "level": level,
            "message": {"text": text},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "train.py"},
                        "region": {"startLine": 3},
                    }
                }
            ],
        }
        for text in messages
    ]
    document: dict[str, Any] = {
        "version": "2.1.0",
        "runs": [{"tool": {"driver": {"name": "Tool", "version": "1"}}, "results": results}],
    }
    path = folder / name
    path.write_text(json.dumps(document))
    return path


def scan(code: Path, *places: Path, fail_from: Threshold = "high") -> Statement[Scan]:
    reports = Reports(places={place.name: place for place in places}, fail_from=fail_from)
    return record_code_scan([code], clock=clock, reports=reports)


def test_a_finding_fails_the_scan_and_the_report_is_on_record(code: Path, tmp_path: Path) -> None:
    assert scan(code).predicate.result == "warned"
    place = report(tmp_path, "weak digest")
    statement = scan(code, place)
    said = statement.predicate
    assert said.result == "failed"
    (finding,) = [each for each in said.findings if each.rule == "Tool:R1"]
    assert (finding.message, finding.location) == ("weak digest (Tool 1)", "train.py:3")
    (kept,) = said.reports
    assert (kept.name, kept.results) == ("tool.sarif", 1)
    assert kept.sha256 == sha256_hex(place.read_bytes())
    assert [(tool.name, tool.version) for tool in kept.tools] == [("Tool", "1")]
    assert decode_statement(encode_statement(statement)) == statement


def test_the_bar_decides_what_fails(code: Path, tmp_path: Path) -> None:
    place = report(tmp_path, "weak digest", level="warning")
    assert scan(code, place).predicate.result == "warned"
    assert scan(code, place, fail_from="medium").predicate.result == "failed"
    loud = report(tmp_path, "weak digest", name="loud.sarif")
    assert scan(code, loud, fail_from="never").predicate.result == "warned"


def test_a_report_from_before_the_code_or_none_is_inconclusive(code: Path, tmp_path: Path) -> None:
    place = report(tmp_path)
    assert scan(code, place).predicate.result == "warned"
    os.utime(place, (999, 999))
    late = scan(code, place).predicate
    assert late.result == "inconclusive"
    assert ("SW-SARIF-012", "tool.sarif") in {(f.rule, f.location) for f in late.findings}
    place.unlink()
    gone = scan(code, place).predicate
    assert (gone.result, gone.reports) == ("inconclusive", ())


@pytest.mark.parametrize("data", [b"", b"{}", b'{"version": "2.1.0"}', b"\xff\xfe"])
def test_what_is_no_report_is_named(code: Path, tmp_path: Path, data: bytes) -> None:
    place = tmp_path / "broken.sarif"
    place.write_bytes(data)
    with pytest.raises(MalformedError, match=r"^broken\.sarif: "):
        scan(code, place)


def test_secrets_in_the_words_of_others_stay_out(code: Path, tmp_path: Path) -> None:
    token = "ghp_" + "9aQ4zL1mX7cV2bN8kR5tY3wE6uI0oPsDfGhJ"
    place = report(tmp_path, f'token = "{token}"', "an ordinary message")
    statement = scan(code, place)
    assert token.encode() not in encode_statement(statement)
    said = [f.message for f in statement.predicate.findings if f.rule == "Tool:R1"]
    assert sorted(said) == ["an ordinary message (Tool 1)", WITHHELD]


def test_what_ruff_writes_is_understood(code: Path, tmp_path: Path) -> None:
    place = tmp_path / "ruff.sarif"
    asked = ["--isolated", "--select", "S", "--output-format", "sarif", "--output-file", str(place)]
    ruff = Path(sys.executable).with_name("ruff")
    subprocess.run([ruff, "check", *asked, code], check=False, capture_output=True)
    said = scan(code, place).predicate
    assert [tool.name for report in said.reports for tool in report.tools] == ["ruff"]
    (finding,) = [each for each in said.findings if each.rule == "ruff:S324"]
    assert finding.location.endswith("train.py:3")
    assert said.result == "failed"
