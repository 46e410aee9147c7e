"""Every check on declared constraints, in one list: what is not here does not exist."""

from __future__ import annotations

from sealwright.phases.data.checks import (
    allowed_set,
    columns,
    not_null,
    pattern,
    reference,
    row_count,
    unique,
    value_range,
    value_type,
)
from sealwright.phases.data.checks.interface import ColumnCheck, TableCheck

TABLE_CHECKS: tuple[TableCheck, ...] = (row_count.CHECK, columns.MISSING, columns.UNDECLARED)

COLUMN_CHECKS: tuple[ColumnCheck, ...] = (
    value_type.CHECK,
    not_null.CHECK,
    unique.CHECK,
    value_range.CHECK,
    allowed_set.CHECK,
    pattern.CHECK,
    reference.CHECK,
)
