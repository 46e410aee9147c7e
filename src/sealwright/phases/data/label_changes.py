"""Compares labels with the parent version's: the same row with another label needs a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis  # type: ignore[import-untyped]

from sealwright.phases.data.reading import ROW, Opened, OpenTable
from sealwright.phases.data.row_keys import comparable_columns, key, numeric_columns

_ROWS_NAMED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Rows whose features the parent version knows with another label."""

    known: int
    """Rows whose features are in the parent at all."""
    changed: int
    rows: tuple[int, ...]
    """The first of them."""


def find_changes(source: OpenTable, parent: OpenTable, *, label: str, opened: Opened) -> Changes:
    """Counts relabelled rows, features compared after normalisation (a 10th digit hides nothing).

    Equal features may occur several times: what counts is how often each label occurs with them.
    A row is changed if its label is new for these features, or is more frequent than in the parent
    at the cost of another one. Columns declared unique do not take part, except that a row with a
    known unique value and another label is changed too.
    """
    columns = tuple(name for name in comparable_columns(source, parent) if name != label)
    identifiers = [
        name
        for name, rule in source.declaration.columns.items()
        if rule.unique
        and name != label
        and name in source.column_names
        and name in parent.column_names
    ]
    known: set[int] = set()
    changed: set[int] = set()
    for chosen in [columns, *[(name,) for name in identifiers]]:
        if chosen:
            seen, other = _relabelled(source, parent, chosen, label=label, opened=opened)
            known |= seen
            changed |= other
    return Changes(
        known=len(known), changed=len(changed), rows=tuple(sorted(changed)[:_ROWS_NAMED])
    )


def _relabelled(
    source: OpenTable,
    parent: OpenTable,
    columns: tuple[str, ...],
    *,
    label: str,
    opened: Opened,
) -> tuple[set[int], set[int]]:
    numeric = numeric_columns(source, parent, (*columns, label))

    def keyed(table: OpenTable, *names: str) -> Any:
        return key(table, names, normalised=True, numeric=numeric)

    mine = source.table.select(ROW, f=keyed(source, *columns), l=keyed(source, label))
    theirs = parent.table.select(f=keyed(parent, *columns), l=keyed(parent, label))
    before = theirs.group_by("f", "l").aggregate(before=theirs.count())
    after = mine.group_by("f", "l").aggregate(after=mine.count())
    lost = before.left_join(after, ["f", "l"]).select(
        f=before.f, less=before.before > after.after.fill_null(0)
    )
    losing = lost.filter(lost.less).f
    window = ibis.window(group_by=[mine.f, mine.l], order_by=mine[ROW])
    ranked = mine.mutate(rank=ibis.row_number().over(window))
    joined = ranked.left_join(before, ["f", "l"]).select(
        ranked[ROW], ranked.f, ranked.rank, before=before.before.fill_null(0)
    )
    seen = joined.filter(joined.f.isin(theirs.f))
    marked = seen.select(
        ROW,
        changed=(seen["rank"] >= seen.before) & ((seen.before == 0) | seen.f.isin(losing)),
    )
    collected = opened.engine.collect(marked)
    rows = collected[ROW].to_pylist()
    flags = collected["changed"].to_pylist()
    return set(rows), {row for row, flag in zip(rows, flags, strict=True) if flag is not False}
