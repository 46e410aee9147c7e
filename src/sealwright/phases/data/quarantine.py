"""Puts failing rows aside in a file, so that people can look at them and nothing is lost."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sealwright.errors import CannotLook
from sealwright.evidence.digest import sha256_hex
from sealwright.evidence.predicates.data import Quarantine
from sealwright.phases.data.reading import RESERVED, ROW, UNPARSED, UNPARSED_TEXT, Opened, OpenTable


def write_quarantine(
    path: Path,
    *,
    problems: Mapping[int, Sequence[str]],
    total: int,
    opened: Opened,
    source: OpenTable,
) -> Quarantine:
    """Writes the rows in `problems` (row number → check ids) to the CSV file `path`.

    Columns: `row`, `checks`, `failing_rows_in_all` (`total`), then the data as it was read, with
    the original text where that was no value. The file appears whole or not at all, readable by
    its owner only. Raises CannotLook if it cannot be written.
    """
    wanted = source.table.filter(source.table[ROW].isin(list(problems))).order_by(ROW)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["row", "checks", "failing_rows_in_all", *source.column_names])
    for record in opened.engine.collect(wanted).to_pylist():
        original = dict(zip(record[UNPARSED], record[UNPARSED_TEXT], strict=True))
        cells = [
            original.get(name, _text(value))
            for name, value in record.items()
            if name not in RESERVED
        ]
        writer.writerow([record[ROW], " ".join(problems[record[ROW]]), total, *cells])
    data = text.getvalue().encode("utf-8")
    _write_whole(path, data)
    return Quarantine(name=path.name, sha256=sha256_hex(data), rows=len(problems))


def _text(value: Any) -> str:
    if value is None:
        return ""
    return repr(value) if isinstance(value, float) else str(value)


def _write_whole(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(
            temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise CannotLook(
            f"{path}: the quarantine file cannot be written: {error.strerror}",
            advice="check that the folder exists and can be written to",
        ) from error
