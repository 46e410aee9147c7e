"""The query engine in a cage: DuckDB in memory, behind Ibis, that reaches the staged files only.

No extensions are loaded or fetched, no other path can be opened, the configuration is locked
before the first byte of data is read, and each query has a time limit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import ibis
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sealwright.errors import CannotLook, LimitReached
from sealwright.evidence.predicates.common import Tool

_CAGE = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "temp_directory": "",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an examination may use. Reaching a limit is an error, never a pass."""

    file_bytes: int = 2 << 30
    """Bytes of one file."""
    rows: int = 50_000_000
    columns: int = 2_000
    record_bytes: int = 1 << 20
    """Bytes of one CSV record."""
    uncompressed_bytes: int = 16 << 30
    """What a Parquet file says it holds when unpacked."""
    memory_mb: int = 2_048
    seconds: float = 600.0
    """For one query."""
    sample_rows: int = 20_000
    """Rows that the label check looks at; more are sampled, and the result says so."""
    quarantine_rows: int = 10_000


class Engine:
    """A caged DuckDB connection. Use `start`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, limits: Limits) -> None:
        """Takes over a connection that is locked already."""
        self._connection = connection
        self.limits = limits

    def run(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Runs one statement and returns its rows; errors as for `collect`."""
        with self._bounded():
            return self._connection.execute(sql, list(parameters)).fetchall()

    def table(self, name: str) -> Any:
        """An Ibis table over a table or view of the engine, `name` being an SQL identifier."""
        with self._bounded():
            empty: pa.Table = self._connection.sql(f"FROM {name} LIMIT 0").to_arrow_table()
        return ibis.table(ibis.Schema.from_pyarrow(empty.schema), name=name)

    def collect(self, expression: Any) -> pa.Table:
        """Evaluates an Ibis expression into an Arrow table.

        Raises LimitReached when memory or time runs out, CannotLook for anything else the engine
        refuses. Messages of the engine may quote data, so they are not passed on.
        """
        # Ibis writes the query, and the caged connection runs it: no second way in.
        sql = str(ibis.to_sql(expression, dialect="duckdb"))
        with self._bounded():
            found = self._connection.sql(sql).to_arrow_table()
        # The engine sums into 128 bits, which Arrow knows as decimals: back to what was asked for.
        return found.cast(expression.schema().to_pyarrow())

    def arrays(self, expression: Any, columns: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
        """Columns of a table expression as numpy arrays of equal length, in the table's order.

        Numbers with NULLs become float64 with NaN; text, dates and NULLs in them are objects.
        """
        collected = self.collect(expression.select(*columns))
        return {name: np.asarray(collected[name].to_numpy()) for name in columns}

    @contextmanager
    def _bounded(self) -> Iterator[None]:
        timer = threading.Timer(self.limits.seconds, self._connection.interrupt)
        timer.daemon = True
        timer.start()
        try:
            yield
        except duckdb.InterruptException as error:
            raise LimitReached(
                f"a query took longer than {self.limits.seconds:g} seconds",
                advice="examine a smaller data set, or raise the limit",
            ) from error
        except duckdb.OutOfMemoryException as error:
            raise LimitReached(
                f"a query needed more than {self.limits.memory_mb} MB",
                advice="examine a smaller data set, or raise the limit",
            ) from error
        except duckdb.Error as error:
            # `from None`: the engine's text quotes cells of the data.
            raise CannotLook(f"the query engine refused: {type(error).__name__}") from None
        finally:
            timer.cancel()


@contextmanager
def start(
    *,
    paths: Sequence[str],
    limits: Limits,
    functions: Mapping[str, Callable[[Any], Any]] | None = None,
) -> Iterator[Engine]:
    """A new engine in memory that can open `paths` and nothing else; closed at the end.

    `functions` map text to text over Arrow arrays; queries call them by name.
    """
    connection = duckdb.connect(
        ":memory:", config={**_CAGE, "memory_limit": f"{limits.memory_mb}MB"}
    )
    try:
        connection.execute("SET TimeZone = 'UTC'")
        # Untyped, because the enumeration behind "arrow" moves between versions of the engine.
        untyped: Any = connection
        for name, function in (functions or {}).items():
            untyped.create_function(name, function, ["VARCHAR"], "VARCHAR", type="arrow")
        listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
        connection.execute(f"SET allowed_paths = [{listed}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield Engine(connection, limits)
    finally:
        connection.close()


def tool() -> Tool:
    """The engine as evidence names it."""
    return Tool(name="duckdb+ibis", version=f"{duckdb.__version__}+{ibis.__version__}")


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"
