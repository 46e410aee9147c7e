"""Builds small data sets on disk and opens them, as the tests of the data phase need."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sealwright.evidence.predicates.data import CheckResult
from sealwright.evidence.tree import identify
from sealwright.lifecycle.model import ColumnRule, DataSet
from sealwright.phases.data.constraints import Examined
from sealwright.phases.data.engine import Limits
from sealwright.phases.data.reading import Opened, Source, open_tables

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


def declare(path: str = "data.csv", **fields: Any) -> DataSet:
    return DataSet(
        path=path, **{"source": "a test", "licence": "CC0-1.0", "legal_basis": "none", **fields}
    )


def write_csv(path: Path, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    return path


def source(path: Path, **fields: Any) -> Source:
    return Source(declaration=declare(path.name, **fields), artifact=identify(path))


@contextmanager
def opened(limits: Limits | None = None, /, **sources: Source) -> Iterator[Opened]:
    with open_tables(sources, limits=limits) as tables:
        yield tables


@contextmanager
def one_column(folder: Path, cells: Sequence[Any], /, **rule: Any) -> Iterator[Opened]:
    """A set `data` with column x under `rule`, and a line number `id` so that no line is blank."""
    path = write_csv(folder / "data.csv", ["id", "x"], [[i, cell] for i, cell in enumerate(cells)])
    rules = {"id": ColumnRule(type="integer"), "x": ColumnRule(**rule)}
    with opened(data=source(path, columns=rules)) as tables:
        yield tables


def result(examined: Examined, check: str) -> CheckResult:
    (found,) = [item for item in examined.checks if item.id == check]
    return found
