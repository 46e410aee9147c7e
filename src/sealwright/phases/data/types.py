"""What a declared column type means, in a CSV cell and in a Parquet column.

The declaration decides, nothing is guessed: a CSV cell is a value of its type or a violation, and
a Parquet column has a fitting physical type or all its rows are violations.
"""

from __future__ import annotations

from typing import Any, Literal

from sealwright.phases.data.engine import literal

DeclaredType = Literal["integer", "number", "string", "boolean", "date", "timestamp"]

_NUMBER = r"\A[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?\z"
_FORMS: dict[str, tuple[str, str]] = {
    "integer": (r"\A-?[0-9]{1,19}\z", "BIGINT"),
    "number": (_NUMBER, "DOUBLE"),
    "boolean": (r"\A(true|false|True|False|TRUE|FALSE)\z", "BOOLEAN"),
    "date": (r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\z", "DATE"),
    "timestamp": (
        r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?"
        r"(Z|[+-][0-9]{2}:[0-9]{2})?\z",
        "TIMESTAMP",
    ),
}
_NAN = r"\A[nN][aA][nN]\z"

_PHYSICAL: dict[str, tuple[str, ...]] = {
    "integer": ("is_integer",),
    "number": ("is_integer", "is_floating", "is_decimal"),
    "string": ("is_string",),
    "boolean": ("is_boolean",),
    "date": ("is_date",),
    "timestamp": ("is_timestamp",),
}


def parse_sql(column: str, *, declared: DeclaredType) -> str:
    """SQL that reads the text in `column` (quoted already) as a value, or NULL where it is none.

    integer: decimal digits, 64 bits. number: decimal, finite in 64 bits, or NaN in any case.
    boolean: true or false. date, timestamp: ISO 8601; an offset is applied, the result is UTC.
    """
    if declared == "string":
        return column
    form, kind = _FORMS[declared]
    cast = f"TRY_CAST({column} AS {kind})"
    matches = f"regexp_matches({column}, {literal(form)})"
    if declared == "number":
        return (
            f"CASE WHEN {matches} AND isfinite({cast}) THEN {cast} "
            f"WHEN regexp_matches({column}, {literal(_NAN)}) THEN 'nan'::DOUBLE END"
        )
    if declared == "timestamp":
        # A plain cast would drop the offset; epoch microseconds are UTC.
        cast = f"make_timestamp(epoch_us(TRY_CAST({column} AS TIMESTAMPTZ)))"
    return f"CASE WHEN {matches} THEN {cast} END"


def fits(column: Any, *, declared: DeclaredType) -> bool:
    """Whether an Ibis column's physical type can hold the declared type."""
    kind = column.type()
    return any(getattr(kind, test)() for test in _PHYSICAL[declared])
