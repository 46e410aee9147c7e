"""Puts failing rows aside in a file, so that people can look at them and nothing is lost."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sealwright.evidence.digest import sha256_hex
from sealwright.evidence.predicates.data import Quarantine
from sealwright.files import write_atomically
from sealwright.phases.data.reading import ROW, UNPARSED, UNPARSED_TEXT


def write_quarantine(
    path: Path,
    *,
    records: Sequence[Mapping[str, Any]],
    problems: Sequence[Sequence[str]],
    total: int,
    columns: Sequence[str],
) -> Quarantine:
    """Writes `records` and, for each, the ids of the checks it failed (`problems`) to a CSV file.

    Columns: `__row__`, `__checks__`, `__failing_rows_in_all__` (`total`), then the data as it was
    read, with the original text where that was no value. The file appears whole or not at all,
    readable by its owner only. Raises CannotLook if it cannot be written.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([ROW, "__checks__", "__failing_rows_in_all__", *columns])
    for record, failed in zip(records, problems, strict=True):
        original = dict(zip(record[UNPARSED], record[UNPARSED_TEXT], strict=True))
        cells = [original.get(name, _text(record[name])) for name in columns]
        writer.writerow([record[ROW], " ".join(failed), total, *cells])
    data = text.getvalue().encode("utf-8")
    write_atomically(path, data, mode=0o600)
    return Quarantine(name=path.name, sha256=sha256_hex(data), rows=len(records))


def _text(value: Any) -> str:
    if value is None:
        return ""
    return repr(value) if isinstance(value, float) else str(value)
