"""Opening a data set by hand: only a version on record, and never without a trace."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealwright.errors import Refused, UsageError
from sealwright.evidence.predicates.data import DatasetVersion
from sealwright.files import write_atomically
from sealwright.project.core import Project
from sealwright.project.resolve import data_set


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """An access on record, and where the rows are."""

    index: int
    path: Path
    rows: int


def open_data(
    project: Project,
    name: str,
    *,
    purpose: str,
    columns: Sequence[str] = (),
    out: Path | None = None,
    signer: str,
) -> Granted:
    """Records the access, then hands out the rows (to `out` as CSV) or their path.

    Raises Refused, and records the denial, for files that are no version on record; UsageError for
    columns that are not there.
    """
    from sealwright.phases.data import record
    from sealwright.phases.data.reading import Source, open_tables

    artifact = data_set(project, name)
    known = {
        item.statement.subjects[0].sha256
        for item in project.evidence()
        if isinstance(item.predicate, DatasetVersion)
    }
    reason = "" if artifact.digest in known else "these files are no version on record"
    declaration = project.lifecycle.data[name]
    chosen: list[str] = []
    arrays: dict[str, Any] = {}
    rows = 0
    if not reason:
        source = Source(declaration=declaration, artifact=artifact.files)
        with open_tables({name: source}) as opened:
            table = opened[name]
            chosen = list(columns) or list(table.column_names)
            if unknown := sorted(set(chosen) - set(table.column_names)):
                raise UsageError(
                    f"{name} has no column {', '.join(unknown)}",
                    advice=f"it has: {', '.join(table.column_names)}",
                )
            if out is not None:
                arrays = opened.engine.arrays(table.table, chosen)
            rows = table.rows
    recorded = project.record(
        record.access(
            name,
            artifact.files,
            actor=signer,
            purpose=purpose,
            outcome="denied" if reason else "granted",
            columns=columns,
            reason=reason,
            clock=project.clock,
        ),
        signer=signer,
    )
    if reason:
        raise Refused(
            f"{name}: {reason} (denial recorded as entry {recorded.index})",
            advice=f"`sealwright data add {name}` records them as a new version",
        )
    path = project.layout.root / declaration.path
    if out is not None:
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(chosen)
        writer.writerows(zip(*(arrays[column].tolist() for column in chosen), strict=True))
        write_atomically(out, text.getvalue().encode())
        path = out
    return Granted(index=recorded.index, path=path, rows=rows)
