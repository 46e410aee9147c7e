"""The table has exactly the declared columns: none is missing, none came unannounced."""

from __future__ import annotations

from sealwright.evidence.predicates.data import CheckResult
from sealwright.phases.data.checks.interface import TableCheck
from sealwright.phases.data.reading import OpenTable


def _missing(source: OpenTable) -> tuple[CheckResult, ...]:
    declaration = source.declaration
    named = {
        **dict.fromkeys(declaration.columns, "columns"),
        **dict.fromkeys(declaration.sensitive, "sensitive"),
        **dict.fromkeys(declaration.groups, "groups"),
        **dict.fromkeys(declaration.personal_data_columns, "personal_data_columns"),
    }
    if declaration.labels is not None:
        named[declaration.labels.column] = "labels.column"
    present = set(source.column_names)
    return tuple(
        CheckResult(
            id=f"{column}.present",
            check="missing-column",
            column=column,
            expected=f"a column of this name (`{place}`)",
            result="passed" if column in present else "failed",
            n=1,
            violations=0 if column in present else 1,
        )
        for column, place in named.items()
    )


def _undeclared(source: OpenTable) -> tuple[CheckResult, ...]:
    declared = source.declaration.columns
    if not declared:
        return (
            CheckResult(
                id="undeclared",
                check="undeclared-column",
                expected="a rule for each column",
                result="inconclusive",
                detail="no column is declared, so no value was checked",
            ),
        )
    strange = [name for name in source.column_names if name not in declared]
    return (
        CheckResult(
            id="undeclared",
            check="undeclared-column",
            expected="declared columns only",
            result="failed" if strange else "passed",
            n=len(source.columns),
            violations=len(strange),
            detail="undeclared: " + ", ".join(strange[:20]) if strange else "",
        ),
    )


MISSING = TableCheck(
    check="missing-column",
    rule="SW-DAT-COLUMN-MISSING",
    severity="high",
    title="a declared column is not there",
    remediation="correct the header, or the declaration",
    examine=_missing,
)
UNDECLARED = TableCheck(
    check="undeclared-column",
    rule="SW-DAT-COLUMN-UNDECLARED",
    severity="medium",
    title="columns are there that nobody declared",
    remediation="declare a rule for each column, or drop the column in a recorded step",
    examine=_undeclared,
)
