"""Compares labels with the parent version's: the same row with another label needs a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis

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
    views = [
        _relabelled(source, parent, chosen, label=label)
        for chosen in [columns, *[(name,) for name in identifiers]]
        if chosen
    ]
    if not views:
        return Changes(known=0, changed=0, rows=())
    rows = ibis.union(*views) if len(views) > 1 else views[0]
    by_row = rows.group_by(ROW).aggregate(changed=rows.changed.fill_null(True).any())
    counted = opened.engine.collect(
        by_row.aggregate(known=by_row.count(), changed=by_row.changed.sum())
    ).to_pylist()[0]
    first = by_row.filter(by_row.changed).order_by(ROW).select(ROW).limit(_ROWS_NAMED)
    return Changes(
        known=int(counted["known"]),
        changed=int(counted["changed"] or 0),
        rows=tuple(int(row) for row in opened.engine.collect(first)[ROW].to_pylist()),
    )


def _relabelled(
    source: OpenTable,
    parent: OpenTable,
    columns: tuple[str, ...],
    *,
    label: str,
) -> Any:
    """Ibis table of rows (ROW) whose `columns` the parent knows, and whether they are `changed`."""
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
    return seen.select(
        ROW,
        changed=(seen["rank"] >= seen.before) & ((seen.before == 0) | seen.f.isin(losing)),
    )
