"""What a check is: a declaration that turns a rule into two row conditions, or into an answer.

The null policy is one for all: NULL, NaN and text that is no value are *missing*. Where a column is
required, a missing value is examined and violates every check of that column; where it is not, it
is not examined. No check passes on nothing: n = 0 is inconclusive.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import ibis

from sealwright.errors import UsageError
from sealwright.evidence.finding import Result, Severity
from sealwright.evidence.predicates.data import CheckResult
from sealwright.lifecycle.model import ColumnRule
from sealwright.phases.data.reading import Opened, OpenTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Row conditions of one check on one column, as Ibis boolean expressions."""

    expected: str
    """What was declared, for people."""
    examined: Any
    violation: Any
    """Only counts in rows that are examined; NULL counts as a violation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One column of one open table, with the rule it was declared with."""

    opened: Opened
    source: OpenTable
    name: str
    rule: ColumnRule

    @property
    def column(self) -> Any:
        """The Ibis column."""
        return self.source.table[self.name]

    @property
    def missing(self) -> Any:
        """Rows without a value: NULL, NaN, or text that is no value of the type."""
        column = self.column
        null = column.isnull()
        return (null | column.isnan()) if column.type().is_floating() else null

    @property
    def examined(self) -> Any:
        """Rows that checks of this column look at."""
        return ibis.literal(True) if self.rule.required else ~self.missing

    def condition(self, *, expected: str, violation: Any) -> Condition:
        """A condition on values, under the common null policy."""
        broken = violation | self.missing if self.rule.required else violation
        return Condition(expected=expected, examined=self.examined, violation=broken)

    def misdeclared(self, problem: str) -> UsageError:
        """The error for a rule that makes no sense."""
        return UsageError(
            f"data.{self.source.name}.columns.{self.name}: {problem}",
            advice="correct the column's rule",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnCheck:
    """A kind of check on one column. `build` answers None where the rule does not ask for it."""

    check: str
    rule: str
    """Id of the rule in findings."""
    severity: Severity
    title: str
    """What a violation is, after '12 of 309 rows '."""
    remediation: str
    needs_type: bool
    """Makes sense only where the column's physical type fits the declared one."""
    build: Callable[[Place], Condition | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCheck:
    """A kind of check on the whole table; answers one result per thing examined."""

    check: str
    rule: str
    severity: Severity
    title: str
    remediation: str
    examine: Callable[[OpenTable], Sequence[CheckResult]]


_ORDER: tuple[Result, ...] = ("passed", "warned", "inconclusive", "failed")


def worst(results: Sequence[Result]) -> Result:
    """The result of a whole: failed, else inconclusive, else warned, else passed; none at all is
    inconclusive."""
    return max(results, key=_ORDER.index) if results else "inconclusive"


def judge(*, n: int | None, violations: int | None) -> Result:
    """What counts mean. Nothing examined, missing or impossible counts: inconclusive."""
    if n is None or violations is None or n <= 0 or not 0 <= violations <= n:
        return "inconclusive"
    return "failed" if violations else "passed"
