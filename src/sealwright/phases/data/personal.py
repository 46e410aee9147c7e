"""Looks for personal data in columns that nobody declared to hold any.

Evidence holds counts and column names, never values. What this finds is there; what it does not
find may still be: names, addresses and free text have no shape that a pattern could confirm.
"""

from __future__ import annotations

import re
from typing import Any

import ibis

from sealwright.evidence.finding import Finding, Result
from sealwright.evidence.predicates.data import CheckResult
from sealwright.phases.data.constraints import Examined
from sealwright.phases.data.personal_patterns import SHAPES, Shape, personal_name
from sealwright.phases.data.reading import Opened, OpenTable

MAX_CANDIDATES = 100_000
"""Distinct candidate texts per column and shape that validators look at."""


def examine_personal(name: str, *, opened: Opened) -> Examined:
    """Examines names of all columns, and values of text and integer columns, of the table `name`.

    A hit in a column outside `personal_data_columns` fails where the declaration says that there
    is no personal data (`contains_personal_data = "no"`) and warns otherwise. Declaring "no" and
    naming such columns is a contradiction and fails. An empty table is inconclusive.
    """
    source = opened[name]
    declaration = source.declaration
    surprise: Result = "failed" if declaration.contains_personal_data == "no" else "warned"
    results: list[CheckResult] = [_consistent(source)]
    findings: list[Finding] = []
    known = set(declaration.personal_data_columns)
    for column in source.column_names:
        if column in known:
            continue
        named = personal_name(column)
        results.append(
            CheckResult(
                id=f"{column}.personal-name",
                check="personal-name",
                column=column,
                expected="a name that announces no personal data",
                result=surprise if named else "passed",
                n=1,
                violations=int(named),
            )
        )
        if named:
            findings.append(_finding(column, "its name announces personal data", surprise))
        found = _values(source, column, opened=opened, surprise=surprise)
        results.extend(found)
        findings.extend(
            _finding(column, f"{item.violations} of {item.n} rows: {item.detail}", surprise)
            for item in found
            if item.violations
        )
    return Examined(checks=tuple(results), findings=tuple(findings))


def _consistent(source: OpenTable) -> CheckResult:
    declaration = source.declaration
    broken = declaration.contains_personal_data == "no" and declaration.personal_data_columns
    result: Result = "failed" if broken else "passed"
    return CheckResult(
        id="personal.declaration",
        check="personal-declaration",
        expected="`contains_personal_data` and `personal_data_columns` agree",
        # An empty table declares truly by accident.
        result=result if source.rows or broken else "inconclusive",
        n=source.rows,
        violations=1 if broken and source.rows else 0,
    )


def _values(
    source: OpenTable, column: str, *, opened: Opened, surprise: Result
) -> list[CheckResult]:
    """One result for the column's values; none where values cannot be personal by their shape."""
    cells = source.table[column]
    if not (cells.type().is_string() or cells.type().is_integer()):
        return []
    text = cells.cast("string")
    # Python counts; the engine only says which shapes occur at all.
    row = opened.engine.collect(
        source.table.aggregate(
            n=text.count(),
            **{
                f"c{index}": text.re_search(shape.pattern).sum()
                for index, shape in enumerate(SHAPES)
            },
        )
    ).to_pylist()[0]
    n = int(row["n"])
    hits: dict[str, int] = {}
    for index, shape in enumerate(SHAPES):
        if row[f"c{index}"]:
            count = _confirmed(text, shape, source=source, opened=opened)
            if count:
                hits[shape.title] = count
    detail = ", ".join(f"{count} with {title}" for title, count in hits.items())
    result: Result = surprise if hits else "passed"
    return [
        CheckResult(
            id=f"{column}.personal-values",
            check="personal-values",
            column=column,
            expected="no values with the shape and checksum of personal data",
            # A column without a single value shows nothing; that it is empty is said elsewhere.
            result=result if n else "inconclusive",
            n=n,
            violations=max(hits.values(), default=0),
            detail=detail,
        )
    ]


def _confirmed(text: Any, shape: Shape, *, source: OpenTable, opened: Opened) -> int:
    """Rows whose text holds a valid value of this shape, if they are more than chance allows."""
    table = source.table.select(text=text)
    candidates = table.filter(table.text.re_search(shape.pattern))
    counted = candidates.group_by("text").aggregate(rows=candidates.count())
    limited = counted.order_by(ibis.desc("rows"), "text").limit(MAX_CANDIDATES)
    matcher = re.compile(shape.pattern, re.ASCII)
    rows = valid = 0
    for record in opened.engine.collect(limited).to_pylist():
        rows += record["rows"]
        if any(shape.valid(match.group()) for match in matcher.finditer(record["text"])):
            valid += record["rows"]
    return valid if valid > 2 * shape.chance * rows else 0


def _finding(column: str, what: str, surprise: Result) -> Finding:
    return Finding(
        rule="SW-DAT-PERSONAL",
        severity="high" if surprise == "failed" else "medium",
        confidence="medium",
        message=f"column {column!r}: {what}",
        location=f"column {column}",
        remediation="drop or pseudonymise the column, or declare it in `personal_data_columns`",
    )
