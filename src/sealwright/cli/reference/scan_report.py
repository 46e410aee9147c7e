"""The JSON report of a scan: its schema, and the page that explains it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from sealwright.cli.reference.markdown import Row, document, field_helps, table
from sealwright.vetting.reports import records

_INTRODUCTION = """\
# The report of a scan

What `sealwright scan --format json` writes: one JSON object, always ASCII, and the same bytes for
the same files, rules and limits. Three lists are bounded, and a number beside each says how much it
leaves out: `findings`, `members` and `coverage.not_examined`. A file that was given twice, or with
a folder that holds it, is told once. Its JSON schema is
[scan-report.schema.json](scan-report.schema.json). Names that are no valid UTF-8 are written with
backslashes. What the verdicts mean: [what a scan can say](../explanation/what-a-scan-can-say.md).

The SARIF report is SARIF 2.1.0 of OASIS. Its `properties.verdict` is the verdict; a run that left
something unexamined has `executionSuccessful: false` and a notification for each gap.
"""
_RECORDS = (
    records.ScanReport,
    records.Scanner,
    records.Target,
    records.FoundEntry,
    records.MemberEntry,
    records.MemberCoverage,
    records.CoverageEntry,
    records.LimitsEntry,
)
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def page() -> str:
    """Every record with its fields."""
    lines = _INTRODUCTION.splitlines()
    for record in _RECORDS:
        lines += ["", f"## {record.__name__}", "", f"{record.__doc__}", ""]
        lines += table(("field", "type", "meaning"), _fields(record))
    return document(lines)


def _fields(record: type[msgspec.Struct]) -> Iterator[Row]:
    helps = field_helps(record)
    properties = _definitions()[record.__name__]["properties"]
    for name, shape in properties.items():
        yield f"`{name}`", _shape(shape), helps[name]


def _shape(shape: dict[str, Any]) -> str:
    """A type of the schema in words."""
    if "$ref" in shape:
        name = shape["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in shape:
        return ", ".join(f"`{json.dumps(value)}`" for value in shape["enum"])
    if "anyOf" in shape:
        return " or ".join(_shape(each) for each in shape["anyOf"])
    if shape.get("type") == "array":
        return f"list of {_shape(shape['items'])}"
    return str(shape["type"])


def schema() -> str:
    """The JSON schema, with each field's meaning."""
    definitions = _definitions()
    for record in _RECORDS:
        helps = field_helps(record)
        entry = definitions[record.__name__]
        entry["description"] = record.__doc__
        for name, shape in entry["properties"].items():
            if "$ref" not in shape:
                shape["description"] = helps[name]
    whole = {
        "$schema": _DIALECT,
        "title": "Report of a Sealwright scan",
        "$ref": "#/$defs/ScanReport",
        "$defs": definitions,
    }
    return json.dumps(whole, indent=2) + "\n"


def _definitions() -> dict[str, Any]:
    _, definitions = msgspec.json.schema_components(_RECORDS, ref_template="#/$defs/{name}")
    return {record.__name__: definitions[record.__name__] for record in _RECORDS}
