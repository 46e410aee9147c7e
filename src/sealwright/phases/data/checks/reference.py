"""Each value occurs in a column of another data set."""

from __future__ import annotations

from sealwright.phases.data.checks.interface import ColumnCheck, Condition, Place


def _build(place: Place) -> Condition | None:
    target = place.rule.references
    if target is None:
        return None
    other_name, _, column_name = target.partition(".")
    other = place.opened[other_name]
    if column_name not in other.column_names:
        raise place.misdeclared(f"`references` names {target!r}, and there is no such column")
    there = other.table[column_name]
    if not _comparable(place.column.type(), there.type()):
        raise place.misdeclared(
            f"`references` compares {place.column.type()} with {there.type()}; declare both "
            "columns with one type"
        )
    known = other.table.filter(there.notnull())[column_name]
    return place.condition(expected=f"occurs in {target}", violation=~place.column.isin(known))


def _comparable(here: object, there: object) -> bool:
    groups = ("is_integer", "is_floating", "is_string", "is_boolean", "is_date", "is_timestamp")
    return any(getattr(here, test)() and getattr(there, test)() for test in groups)


CHECK = ColumnCheck(
    check="reference",
    rule="SW-DAT-REFERENCE",
    severity="high",
    title="hold a value that the referenced column lacks",
    remediation="add the missing rows to the referenced data set, or quarantine these",
    needs_type=True,
    build=_build,
)
