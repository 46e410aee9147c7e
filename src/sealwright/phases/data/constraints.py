"""Runs the declared constraints over a table in one query, and puts failing rows aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

from sealwright.evidence.finding import Finding
from sealwright.evidence.predicates.data import CheckResult, Quarantine
from sealwright.phases.data.checks.interface import (
    ColumnCheck,
    Condition,
    Place,
    TableCheck,
    judge,
)
from sealwright.phases.data.checks.registry import COLUMN_CHECKS, TABLE_CHECKS
from sealwright.phases.data.quarantine import write_quarantine
from sealwright.phases.data.reading import ROW, Opened, OpenTable
from sealwright.phases.data.types import fits

_PER_QUERY = 100
_ROWS_NAMED = 10
# Two underscores: no column of the data can have such a name.
_COUNT, _MARK = "__n", "__v"


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What one examination found, before it becomes a statement."""

    checks: tuple[CheckResult, ...]
    findings: tuple[Finding, ...]
    quarantine: Quarantine | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Planned:
    check: ColumnCheck
    place: Place
    condition: Condition | None
    """None: cannot be asked, since the column's physical type is wrong."""

    @property
    def id(self) -> str:
        return f"{self.place.name}.{self.check.check}"


def examine_constraints(name: str, *, opened: Opened, quarantine: Path | None = None) -> Examined:
    """Checks the table `name` against its own declaration.

    Failing rows go to the CSV file `quarantine` if one is given. Raises UsageError for a rule that
    makes no sense, InputMissing for a reference to a data set that is not open.
    """
    source = opened[name]
    results: list[CheckResult] = []
    findings: list[Finding] = []
    for table_check in TABLE_CHECKS:
        for result in table_check.examine(source):
            results.append(result)
            if result.result != "passed":
                findings.append(_table_finding(table_check, result))
    plans = _plan(source, opened)
    counted = [
        item
        for start in range(0, len(plans), _PER_QUERY)
        for item in _count(plans[start : start + _PER_QUERY], opened=opened, source=source)
    ]
    results.extend(counted)
    failed = [plan for plan, item in zip(plans, counted, strict=True) if item.result == "failed"]
    failed = [plan for plan in failed if plan.condition is not None]
    located, kept = _failing_rows(failed, opened=opened, source=source, quarantine=quarantine)
    findings.extend(
        _column_finding(plan, item, rows=located.get(plan.id, ()))
        for plan, item in zip(plans, counted, strict=True)
        if item.result != "passed"
    )
    return Examined(checks=tuple(results), findings=tuple(findings), quarantine=kept)


def _plan(source: OpenTable, opened: Opened) -> list[_Planned]:
    plans = []
    present = set(source.column_names)
    for column, rule in source.declaration.columns.items():
        if column not in present:
            continue  # its absence is a result of its own
        place = Place(opened=opened, source=source, name=column, rule=rule)
        sound = fits(place.column, declared=rule.type)
        for check in COLUMN_CHECKS:
            if check.needs_type and not sound:
                if _asked(check, place):
                    plans.append(_Planned(check=check, place=place, condition=None))
                continue
            condition = check.build(place)
            if condition is not None:
                plans.append(_Planned(check=check, place=place, condition=condition))
    return plans


_ASKED_BY = {
    "unique": ("unique",),
    "range": ("min", "max"),
    "set": ("values",),
    "pattern": ("pattern",),
    "reference": ("references",),
}


def _asked(check: ColumnCheck, place: Place) -> bool:
    values = [getattr(place.rule, field) for field in _ASKED_BY[check.check]]
    # By identity: a bound of 0 equals False, and is a bound.
    return any(value is not None and value is not False for value in values)


def _count(plans: Sequence[_Planned], *, opened: Opened, source: OpenTable) -> list[CheckResult]:
    """One aggregate query for all of `plans`."""
    marked = _marked(plans, source)
    aggregates: dict[str, Any] = {}
    for index, plan in enumerate(plans):
        if plan.condition is not None:
            aggregates[f"n{index}"] = marked[f"{_COUNT}{index}"].sum()
            aggregates[f"v{index}"] = marked[f"{_MARK}{index}"].sum()
    row: dict[str, Any] = {}
    if aggregates:
        row = opened.engine.collect(marked.aggregate(**aggregates)).to_pylist()[0]
    return [
        _result(plan, n=_whole(row.get(f"n{index}")), violations=_whole(row.get(f"v{index}")))
        for index, plan in enumerate(plans)
    ]


def _marked(plans: Sequence[_Planned], source: OpenTable, *, data: bool = False) -> Any:
    """Row numbers with, per plan i, whether the row is examined (`__n<i>`) and violates (`__v<i>`).

    Never a NULL: what cannot be decided violates. With `data`, the data's columns too.
    """
    marks: dict[str, Any] = {}
    for index, plan in enumerate(plans):
        if plan.condition is not None:
            examined = plan.condition.examined.fill_null(True)
            marks[f"{_COUNT}{index}"] = examined
            marks[f"{_MARK}{index}"] = examined & plan.condition.violation.fill_null(True)
    table = source.table
    return table.mutate(**marks) if data else table.select(ROW, **marks)


def _whole(value: object) -> int | None:
    """A count as an int; NULL and NaN (an empty table's sum, in some engine) are None."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return int(value) if isinstance(value, int) else None


def _result(plan: _Planned, *, n: int | None, violations: int | None) -> CheckResult:
    if plan.condition is None:
        expected, detail = (
            str(plan.place.rule.type),
            "the column's type is wrong, so it was not asked",
        )
    else:
        expected = plan.condition.expected
        detail = "" if n else "no value was examined"
    return CheckResult(
        id=plan.id,
        check=plan.check.check,
        column=plan.place.name,
        expected=expected,
        result=judge(n=n, violations=violations),
        n=n or 0,
        violations=violations,
        detail=detail,
    )


def _failing_rows(
    failed: Sequence[_Planned], *, opened: Opened, source: OpenTable, quarantine: Path | None
) -> tuple[dict[str, tuple[int, ...]], Quarantine | None]:
    """First row numbers per check id, and the quarantine file if one is wanted."""
    collect = opened.engine.collect
    located: dict[str, tuple[int, ...]] = {}
    for plan in failed:
        marked = _marked([plan], source)
        hits = marked.filter(marked[f"{_MARK}0"]).order_by(ROW).select(ROW).limit(_ROWS_NAMED)
        located[plan.id] = tuple(int(row) for row in collect(hits)[ROW].to_pylist())
    if quarantine is None or not failed:
        return located, None
    marked = _marked(failed, source, data=True)
    failing = marked.filter(reduce(or_, [marked[f"{_MARK}{at}"] for at in range(len(failed))]))
    total = int(collect(failing.aggregate(total=failing.count())).to_pylist()[0]["total"])
    first = collect(failing.order_by(ROW).limit(opened.engine.limits.quarantine_rows)).to_pylist()
    problems = [
        tuple(plan.id for at, plan in enumerate(failed) if record[f"{_MARK}{at}"])
        for record in first
    ]
    kept = write_quarantine(
        quarantine, records=first, problems=problems, total=total, columns=source.column_names
    )
    return located, kept


def _column_finding(plan: _Planned, result: CheckResult, *, rows: Sequence[int]) -> Finding:
    if result.result == "failed":
        message = (
            f"{result.violations} of {result.n} rows in column {result.column!r} "
            f"{plan.check.title} (expected: {result.expected})"
        )
    else:
        message = f"column {result.column!r}, {result.check}: {result.detail or 'no answer'}"
    named = ", ".join(str(row) for row in rows)
    more = ", …" if result.violations and result.violations > len(rows) else ""
    return Finding(
        rule=plan.check.rule,
        severity=plan.check.severity,
        message=message,
        location=f"column {result.column}" + (f", rows {named}{more}" if named else ""),
        remediation=plan.check.remediation,
    )


def _table_finding(check: TableCheck, result: CheckResult) -> Finding:
    about = f"column {result.column!r}: " if result.column else ""
    detail = f": {result.detail}" if result.detail else ""
    return Finding(
        rule=check.rule,
        severity=check.severity,
        message=f"{about}{check.title} (expected: {result.expected}){detail}",
        location=f"column {result.column}" if result.column else "",
        remediation=check.remediation,
    )
