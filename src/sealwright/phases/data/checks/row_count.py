"""The table has as many rows as declared; an empty one never passes."""

from __future__ import annotations

from sealwright.evidence.predicates.data import CheckResult
from sealwright.phases.data.checks.interface import TableCheck
from sealwright.phases.data.reading import OpenTable


def _examine(source: OpenTable) -> tuple[CheckResult, ...]:
    low, high = source.declaration.min_rows, source.declaration.max_rows
    beyond = max(0, source.rows - high) if high is not None else 0
    short = max(0, low - source.rows)
    failed = bool(beyond or short or not source.rows)
    return (
        CheckResult(
            id="row-count",
            check="row-count",
            expected=f"{low} or more rows" if high is None else f"{low} to {high} rows",
            result="failed" if failed else "passed",
            n=source.rows,
            violations=beyond or short,
            detail=f"{source.rows} rows",
        ),
    )


CHECK = TableCheck(
    check="row-count",
    rule="SW-DAT-ROW-COUNT",
    severity="high",
    title="the number of rows is not as declared",
    remediation="find out which rows are missing or new, or declare the true bounds",
    examine=_examine,
)
