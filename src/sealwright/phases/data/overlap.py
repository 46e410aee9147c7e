"""Finds rows of one data set in another: a test that was trained on proves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sealwright.evidence.finding import Finding
from sealwright.evidence.predicates.data import CheckResult
from sealwright.phases.data.checks.interface import judge
from sealwright.phases.data.constraints import Examined
from sealwright.phases.data.reading import ROW, Opened, OpenTable
from sealwright.phases.data.row_keys import comparable_columns, key, numeric_columns

_ROWS_NAMED = 20
_SMALL_DOMAIN = 0.9
"""Below this share of distinct rows, equal rows are to be expected by chance."""

_EXPECTED = {
    "exact": "no row that is equal",
    "normalised": "no row that is equal but for case, blanks, Unicode form and the 9th digit",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared:
    """Rows of the examined set that occur in the other one."""

    count: int
    rows: tuple[int, ...]
    distinct: int
    """Distinct keys in the other set."""


def examine_overlap(
    name: str, *, against: str, opened: Opened, columns: Sequence[str] | None = None
) -> Examined:
    """Looks for rows of `name` (say, test) in `against` (say, train).

    Compares `columns`, or all that both have and that are not declared unique, labels included.
    One shared row fails, exact or normalised. In a small domain (fewer than nine distinct rows in
    ten) equal rows may be chance; the result stays, and the finding says so.
    """
    source, other = opened[name], opened[against]
    compared = comparable_columns(source, other) if columns is None else tuple(columns)
    results, findings = [], []
    for check in ("exact", "normalised"):
        if not compared:
            results.append(
                CheckResult(
                    id=f"overlap.{check}",
                    check=check,
                    expected=f"{_EXPECTED[check]} in {against}",
                    result="inconclusive",
                    detail="the data sets have no columns in common",
                )
            )
            continue
        shared = _shared(source, other, compared, normalised=check == "normalised", opened=opened)
        detail = _detail(shared, source=source, other=other, columns=compared)
        # Nothing to compare with is no evidence of separation.
        n = source.rows if other.rows else 0
        result = CheckResult(
            id=f"overlap.{check}",
            check=check,
            expected=f"{_EXPECTED[check]} in {against}",
            result=judge(n=n, violations=shared.count),
            n=n,
            violations=shared.count,
            detail=detail,
        )
        results.append(result)
        if result.result == "failed":
            findings.append(_finding(check, shared, source=source, other=other))
    return Examined(checks=tuple(results), findings=tuple(findings))


def _shared(
    source: OpenTable,
    other: OpenTable,
    columns: tuple[str, ...],
    *,
    normalised: bool,
    opened: Opened,
) -> _Shared:
    numeric = numeric_columns(source, other, columns)

    def keyed(table: OpenTable) -> object:
        return key(table, columns, normalised=normalised, numeric=numeric)

    known = other.table.select(key=keyed(other))
    mine = source.table.select(ROW, key=keyed(source))
    hits = mine.filter(mine.key.isin(known.key))
    collect = opened.engine.collect
    counted = collect(hits.aggregate(count=hits.count())).to_pylist()[0]
    distinct = collect(known.aggregate(distinct=known.key.nunique())).to_pylist()[0]
    rows = collect(hits.order_by(ROW).select(ROW).limit(_ROWS_NAMED))[ROW].to_pylist()
    return _Shared(
        count=int(counted["count"]),
        rows=tuple(int(row) for row in rows),
        distinct=int(distinct["distinct"]),
    )


def _detail(
    shared: _Shared, *, source: OpenTable, other: OpenTable, columns: tuple[str, ...]
) -> str:
    share = f"{shared.count / source.rows:.2%}" if source.rows else "no rows"
    listed = ", ".join(str(row) for row in shared.rows)
    more = ", …" if shared.count > len(shared.rows) else ""
    rows = f"; rows {listed}{more} of {source.name}" if listed else ""
    return (
        f"{shared.count} of {source.rows} rows ({share}) over {len(columns)} columns{rows}; "
        f"{other.name} has {shared.distinct} distinct rows of {other.rows}"
    )


def _finding(check: str, shared: _Shared, *, source: OpenTable, other: OpenTable) -> Finding:
    small = shared.distinct < _SMALL_DOMAIN * other.rows
    chance = (
        f". {other.name} repeats itself ({shared.distinct} distinct rows of {other.rows}), so "
        "equal rows may be chance and not leakage; compare the records' origin"
        if small
        else ""
    )
    listed = ", ".join(str(row) for row in shared.rows)
    return Finding(
        rule=f"SW-DAT-OVERLAP-{check.upper()}",
        severity="medium" if small else "high",
        confidence="medium" if small else "high",
        message=f"{shared.count} of {source.rows} rows of {source.name!r} are in "
        f"{other.name!r} ({check} comparison){chance}",
        location=f"rows {listed}" + (", …" if shared.count > len(shared.rows) else ""),
        remediation="remove these rows from one of the two sets in a recorded step, "
        "and evaluate again",
    )
