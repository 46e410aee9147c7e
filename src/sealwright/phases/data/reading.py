"""Opens declared data sets as tables of one caged engine.

All sets that are compared with one another are opened together, because the engine is locked
before it reads. Row numbers (`__row__`, from 1) count data rows through all files of a set in path
order, and are what findings and quarantine files name.
"""

# ruff: noqa: S608 - every name in a query went through `quoted`, every path through `literal`;
# cells of data never enter a query.
from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sealwright.errors import CannotLook, InputMissing, LimitReached, TamperError, Unsupported
from sealwright.evidence.manifest import Artifact, manifest_digest
from sealwright.evidence.predicates.data import Column
from sealwright.lifecycle.model import DataSet
from sealwright.phases.data import csv_structure
from sealwright.phases.data.engine import Engine, Limits, literal, quoted, start
from sealwright.phases.data.folding import FOLD, fold_array
from sealwright.phases.data.staging import Staged, stage
from sealwright.phases.data.types import parse_sql

ROW = "__row__"
UNPARSED = "__unparsed__"
"""Names of the columns whose text in this row is no value of the declared type."""
UNPARSED_TEXT = "__unparsed_text__"
"""That text, in the same order."""
RESERVED = (ROW, UNPARSED, UNPARSED_TEXT)

Format = Literal["csv", "parquet"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A data set to open: what was declared, and the artifact whose bytes it must be."""

    declaration: DataSet
    artifact: Artifact


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTable:
    """A data set as the engine sees it."""

    name: str
    declaration: DataSet
    artifact: Artifact
    table: Any
    """Ibis table: the columns, then ROW, UNPARSED and UNPARSED_TEXT."""
    columns: tuple[Column, ...]
    rows: int

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the data's own columns, in file order."""
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Data sets that lie open in one engine."""

    engine: Engine
    tables: dict[str, OpenTable]

    def __getitem__(self, name: str) -> OpenTable:
        """The table of that name; InputMissing if it is not open."""
        try:
            return self.tables[name]
        except KeyError:
            raise InputMissing(
                f"data set {name!r} is not open", advice="declare it, or check its spelling"
            ) from None


@contextmanager
def open_tables(sources: Mapping[str, Source], *, limits: Limits | None = None) -> Iterator[Opened]:
    """Opens all `sources` by name.

    Every file is read once, checked against its digest in the artifact, and only those bytes are
    parsed. Raises TamperError if content and digest disagree, CannotLook (naming file and line)
    for files that are malformed, Unsupported for other formats, LimitReached beyond `limits`.
    """
    limits = limits or Limits()
    with ExitStack() as stack:
        staged = {
            name: _stage_all(stack, source, limits=limits) for name, source in sources.items()
        }
        paths = [item.path for files in staged.values() for item in files]
        engine = stack.enter_context(
            start(paths=paths, limits=limits, functions={FOLD: fold_array})
        )
        tables = {
            name: _load(engine, name, index, source, staged[name])
            for index, (name, source) in enumerate(sources.items())
        }
        yield Opened(engine=engine, tables=tables)


def _stage_all(stack: ExitStack, source: Source, *, limits: Limits) -> tuple[Staged, ...]:
    artifact = source.artifact
    if artifact.root is None:
        raise InputMissing("the data set's files are not at hand, only its manifest")
    if manifest_digest(artifact.files) != artifact.digest:
        raise TamperError("the data set's file list is not what its digest says")
    if not artifact.files:
        raise InputMissing(f"{artifact.root}: no files", advice="put CSV or Parquet files there")
    staged = []
    for entry in sorted(artifact.files, key=lambda item: item.path):
        path = _locate(artifact.root, entry.path)
        item = stage(path, expected=entry, max_bytes=limits.file_bytes)
        stack.callback(item.close)
        staged.append(item)
    return tuple(staged)


def _locate(root: Path, relative: str) -> Path:
    return root / relative if root.is_dir() else root


def _format(files: tuple[Staged, ...]) -> Format:
    formats = set()
    for item in files:
        suffix = Path(item.name).suffix.lower()
        parquet = item.head(4) == b"PAR1"
        if suffix not in (".csv", ".parquet") or parquet != (suffix == ".parquet"):
            raise Unsupported(
                f"{item.name}: neither a .csv file nor a .parquet file",
                advice="a data set is one CSV or Parquet file, or a folder of one kind only",
            )
        formats.add(suffix)
    if len(formats) > 1:
        raise Unsupported(
            "the data set mixes CSV and Parquet files", advice="keep to one format in a folder"
        )
    return "csv" if formats == {".csv"} else "parquet"


def _load(
    engine: Engine, name: str, index: int, source: Source, files: tuple[Staged, ...]
) -> OpenTable:
    internal = f"t{index}"
    if _format(files) == "csv":
        _load_csv(engine, internal, source.declaration, files)
    else:
        _load_parquet(engine, internal, files)
    table = engine.table(internal)
    rules = source.declaration.columns
    columns = tuple(
        Column(
            name=column,
            type=str(kind),
            nullable=not (column in rules and rules[column].required),
        )
        for column, kind in table.schema().items()
        if column not in RESERVED
    )
    ((rows,),) = engine.run(f"SELECT count(*) FROM {internal}")
    return OpenTable(
        name=name,
        declaration=source.declaration,
        artifact=source.artifact,
        table=table,
        columns=columns,
        rows=int(rows),
    )


def _load_csv(
    engine: Engine, internal: str, declaration: DataSet, files: tuple[Staged, ...]
) -> None:
    limits = engine.limits
    header: tuple[str, ...] = ()
    total = 0
    for item in files:
        structure = csv_structure.examine(
            item.chunks(),
            name=item.name,
            max_columns=limits.columns,
            max_record=limits.record_bytes,
        )
        if header and structure.header != header:
            raise CannotLook(
                f"{item.name}:1: the header differs from that of {files[0].name}",
                advice="all files of a data set have the same columns in the same order",
            )
        total += structure.rows
        if total > limits.rows:
            raise LimitReached(f"{item.name}: more than {limits.rows} rows in all")
        if not header:
            header = structure.header
            engine.run(_create_csv_table(internal, header, declaration))
        engine.run(
            f"INSERT INTO {internal} "
            + _select_csv(item, header, declaration, offset=total - structure.rows)
        )
        ((count,),) = engine.run(f"SELECT count(*) FROM {internal}")
        if count != total:
            raise CannotLook(
                f"{item.name}: the engine reads {count - total + structure.rows} rows where "
                f"{structure.rows} are written",
                advice="report this file's shape; it has more than one reading",
            )


def _create_csv_table(internal: str, header: tuple[str, ...], declaration: DataSet) -> str:
    typed = ", ".join(f"{_parsed(name, declaration)} AS {quoted(name)}" for name in header)
    blank = ", ".join(f"NULL::VARCHAR AS {quoted(name)}" for name in header)
    return (
        f"CREATE TABLE {internal} AS SELECT {typed}, 0::BIGINT AS {ROW}, "
        f"[]::VARCHAR[] AS {UNPARSED}, []::VARCHAR[] AS {UNPARSED_TEXT} "
        f"FROM (SELECT {blank}) LIMIT 0"
    )


def _parsed(name: str, declaration: DataSet) -> str:
    rule = declaration.columns.get(name)
    return parse_sql(quoted(name), declared=rule.type) if rule else quoted(name)


def _select_csv(item: Staged, names: tuple[str, ...], declaration: DataSet, *, offset: int) -> str:
    text = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    reader = (
        f"read_csv({literal(item.path)}, columns = {{{text}}}, auto_detect = false, header = true, "
        "delim = ',', quote = '\"', escape = '\"', comment = '', nullstr = '', encoding = 'utf-8', "
        "strict_mode = true, null_padding = false, ignore_errors = false, parallel = false, "
        f"max_line_size = {1 << 22})"
    )
    typed = ", ".join(f"{_parsed(name, declaration)} AS {quoted(name)}" for name in names)
    checked = [
        name
        for name in names
        if name in declaration.columns and declaration.columns[name].type != "string"
    ]

    def gathered(value: str) -> str:
        cases = ", ".join(
            f"CASE WHEN {quoted(name)} IS NOT NULL AND ({_parsed(name, declaration)}) IS NULL "
            f"THEN {literal(name) if value == 'name' else quoted(name)} END"
            for name in checked
        )
        return f"list_filter([{cases}]::VARCHAR[], lambda cell: cell IS NOT NULL)"

    return (
        f"SELECT {typed}, row_number() OVER () + {offset}, {gathered('name')}, {gathered('text')} "
        f"FROM {reader}"
    )


def _load_parquet(engine: Engine, internal: str, files: tuple[Staged, ...]) -> None:
    limits = engine.limits
    selects, offset, columns = [], 0, None
    for item in files:
        path = literal(item.path)
        ((rows, unpacked),) = engine.run(
            "SELECT (SELECT num_rows FROM parquet_file_metadata("
            f"{path})), (SELECT sum(total_uncompressed_size) FROM parquet_metadata({path}))"
        )
        if offset + rows > limits.rows or (unpacked or 0) > limits.uncompressed_bytes:
            raise LimitReached(f"{item.name}: {rows} rows, {unpacked} bytes when unpacked")
        described = engine.run(f"DESCRIBE SELECT * FROM read_parquet({path})")
        shape = [(row[0], row[1]) for row in described]
        if len(shape) > limits.columns:
            raise LimitReached(f"{item.name}: {len(shape)} columns; at most {limits.columns}")
        csv_structure.check_names([name for name, _ in shape], place=item.name)
        if columns is not None and shape != columns:
            raise CannotLook(
                f"{item.name}: columns differ from those of {files[0].name}",
                advice="all files of a data set have the same columns in the same order",
            )
        columns = shape
        names = ", ".join(quoted(name) for name, _ in shape)
        # A view, not a copy: the engine streams from the sealed bytes.
        selects.append(
            f"SELECT {names}, file_row_number + {offset + 1} AS {ROW}, "
            f"[]::VARCHAR[] AS {UNPARSED}, []::VARCHAR[] AS {UNPARSED_TEXT} "
            f"FROM read_parquet({path}, file_row_number = true)"
        )
        offset += int(rows)
    engine.run(f"CREATE VIEW {internal} AS " + " UNION ALL ".join(selects))
