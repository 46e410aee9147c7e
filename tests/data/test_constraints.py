import math
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sealwright.errors import InputMissing, UsageError
from sealwright.evidence.predicates.data import CheckResult
from sealwright.lifecycle.model import ColumnRule, Labels, Scalar
from sealwright.phases.data.checks.interface import ColumnCheck, TableCheck, judge, worst
from sealwright.phases.data.checks.registry import COLUMN_CHECKS, TABLE_CHECKS
from sealwright.phases.data.constraints import examine_constraints
from tests.data.support import one_column, opened, result, source, write_csv

EDGES: list[tuple[str, dict[str, Any], list[Any], int, int | None, str]] = [
    # check, rule, values, examined, violations, result
    ("pattern", {"type": "string", "pattern": "[0-9]{5}"}, ["12345"], 1, 0, "passed"),
    ("pattern", {"type": "string", "pattern": "[0-9]{5}"}, ["12345\n"], 1, 1, "failed"),
    ("pattern", {"type": "string", "pattern": "^[0-9]{5}$"}, ["12345\n"], 1, 1, "failed"),
    ("pattern", {"type": "string", "pattern": "[0-9]{5}"}, ["x12345", "123456"], 2, 2, "failed"),
    ("pattern", {"type": "string", "pattern": "a|b"}, ["ax", "xb", "a"], 3, 2, "failed"),
    ("pattern", {"type": "string", "pattern": ".*"}, ["a\nb"], 1, 1, "failed"),
    ("pattern", {"type": "string", "pattern": "(?m)^a$"}, ["a\nb"], 1, 1, "failed"),
    ("pattern", {"type": "string", "pattern": ".*"}, [""], 1, 1, "failed"),
    ("pattern", {"type": "string", "pattern": "a", "required": False}, ["", "a"], 1, 0, "passed"),
    ("range", {"type": "number", "min": 0, "max": 1}, ["0", "1", "-0.0"], 3, 0, "passed"),
    ("range", {"type": "number", "min": 0, "max": 1}, ["nan"], 1, 1, "failed"),
    ("range", {"type": "number", "min": 0}, ["NaN", "1"], 2, 1, "failed"),
    ("range", {"type": "number", "max": 0}, ["", "0"], 2, 1, "failed"),
    ("range", {"type": "number", "min": 0}, ["inf"], 1, 1, "failed"),
    ("range", {"type": "number", "min": 0, "required": False}, ["nan", "", "1"], 1, 0, "passed"),
    ("range", {"type": "number", "min": 0, "required": False}, ["nan", ""], 0, 0, "inconclusive"),
    ("range", {"type": "integer", "min": 0.5, "max": 1.5}, ["0", "1", "2"], 3, 2, "failed"),
    ("range", {"type": "integer", "max": 2**53}, [str(2**53 + 1)], 1, 1, "failed"),
    ("range", {"type": "integer", "min": 0}, ["abc"], 1, 1, "failed"),
    ("set", {"type": "string", "values": ["a", "b"]}, ["a", "", "A"], 3, 2, "failed"),
    ("set", {"type": "string", "values": ["a"], "required": False}, ["a", ""], 1, 0, "passed"),
    ("set", {"type": "integer", "values": [0, 1]}, ["0", "1"], 2, 0, "passed"),
    ("set", {"type": "number", "values": [0.5]}, ["0.5", "nan"], 2, 1, "failed"),
    ("set", {"type": "boolean", "values": [True]}, ["true", "false"], 2, 1, "failed"),
    ("set", {"type": "date", "values": ["2026-01-02"]}, ["2026-01-02"], 1, 0, "passed"),
    (
        "set",
        {"type": "timestamp", "values": ["2026-01-02T12:00:00+02:00"]},
        ["2026-01-02T10:00:00Z"],
        1, 0, "passed",
    ),
    ("unique", {"type": "string", "unique": True}, ["a", "b"], 2, 0, "passed"),
    ("unique", {"type": "string", "unique": True}, ["a", "a", "a"], 3, 2, "failed"),
    ("unique", {"type": "string", "unique": True}, ["", ""], 2, 2, "failed"),
    ("unique", {"type": "number", "unique": True}, ["nan", "1"], 2, 1, "failed"),
    ("unique", {"type": "string", "unique": True, "required": False}, ["", "a"], 1, 0, "passed"),
    ("not-null", {"type": "string"}, ["a", ""], 2, 1, "failed"),
    ("not-null", {"type": "number"}, ["nan", "1"], 2, 1, "failed"),
    ("type", {"type": "integer"}, ["1", "1.0"], 2, 1, "failed"),
    ("type", {"type": "number"}, ["1", "inf", "1e400", "1,5"], 4, 3, "failed"),
    ("type", {"type": "number", "required": False}, ["", "1"], 1, 0, "passed"),
    ("type", {"type": "number", "required": False}, ["", ""], 0, 0, "inconclusive"),
    ("type", {"type": "number"}, [], 0, None, "inconclusive"),
    ("not-null", {"type": "number"}, [], 0, None, "inconclusive"),
    ("range", {"type": "number", "min": 0}, [], 0, None, "inconclusive"),
    ("set", {"type": "string", "values": ["a"]}, [], 0, None, "inconclusive"),
    ("unique", {"type": "string", "unique": True}, [], 0, None, "inconclusive"),
    ("pattern", {"type": "string", "pattern": ".*"}, [], 0, None, "inconclusive"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "rule", "values", "n", "violations", "outcome"), EDGES)
def test_edge(
    tmp_path: Path,
    check: str,
    rule: dict[str, Any],
    values: list[Any],
    n: int,
    violations: int | None,
    outcome: str,
) -> None:
    with one_column(tmp_path, values, **rule) as tables:
        examined = examine_constraints("data", opened=tables)
    found = result(examined, f"x.{check}")
    assert (found.n, found.violations, found.result) == (n, violations, outcome)
    reported = [item for item in examined.findings if item.location.startswith("column x")]
    assert bool(reported) == any(
        item.result != "passed" for item in examined.checks if item.column == "x"
    )


def test_an_empty_table_never_passes(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "data.csv", ["x"], [])
    rules = {"x": ColumnRule(type="string", required=False)}
    with opened(data=source(path, columns=rules, min_rows=0)) as tables:
        examined = examine_constraints("data", opened=tables)
    assert result(examined, "row-count").result == "failed"
    assert worst([item.result for item in examined.checks]) == "failed"


@pytest.mark.parametrize(
    ("bounds", "outcome"),
    [
        ({"min_rows": 2}, "passed"),
        ({"min_rows": 3}, "failed"),
        ({"max_rows": 2}, "passed"),
        ({"max_rows": 1}, "failed"),
    ],
)
def test_row_count(tmp_path: Path, bounds: dict[str, int], outcome: str) -> None:
    path = write_csv(tmp_path / "data.csv", ["x"], [["1"], ["2"]])
    with opened(data=source(path, **bounds)) as tables:
        assert result(examine_constraints("data", opened=tables), "row-count").result == outcome


def test_missing_and_undeclared_columns_fail(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "data.csv", ["x", "extra"], [["1", "2"]])
    rules = {"x": ColumnRule(type="integer"), "y": ColumnRule(type="integer")}
    labels = Labels(column="z", method="by hand")
    with opened(
        data=source(path, columns=rules, labels=labels, sensitive=["s"], groups=["g"])
    ) as tables:
        examined = examine_constraints("data", opened=tables)
    outcomes = {item.id: item.result for item in examined.checks}
    assert outcomes["x.present"] == "passed"
    for name in ("y", "z", "s", "g"):
        assert outcomes[f"{name}.present"] == "failed"
    assert outcomes["undeclared"] == "failed"
    assert "extra" in result(examined, "undeclared").detail
    assert {"SW-DAT-COLUMN-MISSING", "SW-DAT-COLUMN-UNDECLARED"} <= {
        finding.rule for finding in examined.findings
    }


def test_a_set_without_column_rules_is_inconclusive(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "data.csv", ["x"], [["1"]])
    with opened(data=source(path)) as tables:
        examined = examine_constraints("data", opened=tables)
    assert worst([item.result for item in examined.checks]) == "inconclusive"


def test_references(tmp_path: Path) -> None:
    here = write_csv(tmp_path / "data.csv", ["x", "y"], [["1", "a"], ["2", ""], ["9", "b"]])
    there = write_csv(tmp_path / "other.csv", ["id", "k"], [["1", "1"], ["2", "2"], ["", "3"]])
    number = ColumnRule(type="integer", required=False)
    rules = {
        "x": ColumnRule(type="integer", references="other.id"),
        "y": ColumnRule(type="string", required=False),
    }
    known = source(there, columns={"id": number, "k": number})
    with opened(data=source(here, columns=rules), other=known) as tables:
        found = result(examine_constraints("data", opened=tables), "x.reference")
    assert (found.n, found.violations, found.result) == (3, 1, "failed")

    def refused(expected: type[Exception], target: str, column: str = "x") -> None:
        kind = "integer" if column == "x" else "string"
        rule = ColumnRule(type=kind, references=target, required=False)  # type: ignore[arg-type]
        with (
            opened(data=source(here, columns={column: rule}), other=known) as tables,
            pytest.raises(expected),
        ):
            examine_constraints("data", opened=tables)

    refused(InputMissing, "nowhere.id")
    refused(UsageError, "other.nothing")
    refused(UsageError, "other.id", "y")


@pytest.mark.parametrize(
    "rule",
    [
        {"type": "string", "min": 0},
        {"type": "date", "max": 0},
        {"type": "number", "min": math.nan},
        {"type": "number", "max": math.inf},
        {"type": "number", "min": 2, "max": 1},
        {"type": "integer", "values": ["1"]},
        {"type": "integer", "values": [True]},
        {"type": "integer", "values": [2**63]},
        {"type": "number", "values": [math.nan]},
        {"type": "boolean", "values": [1]},
        {"type": "string", "values": [1]},
        {"type": "date", "values": ["yesterday"]},
        {"type": "string", "values": []},
        {"type": "integer", "pattern": "1"},
        {"type": "string", "pattern": "("},
        {"type": "string", "pattern": "a)|(b"},
        {"type": "string", "pattern": "a\\"},
        {"type": "string", "pattern": r"\Qa"},
        {"type": "string", "pattern": "(?=a)"},
        {"type": "string", "pattern": r"(a)\1"},
        {"type": "string", "pattern": "(((a{100}){100}){100})"},
        {"type": "string", "pattern": "a" * 1001},
    ],
)
def test_a_rule_without_sense_is_an_error(tmp_path: Path, rule: dict[str, Any]) -> None:
    with one_column(tmp_path, ["1"], **rule) as tables, pytest.raises(UsageError) as caught:
        examine_constraints("data", opened=tables)
    assert caught.value.message.startswith("data.data.columns.x: ")


def test_a_parquet_column_of_the_wrong_type_fails_in_every_row(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pq.write_table(pa.table({"x": ["1", "2"], "f": [math.inf, 1.0]}), path)
    rules = {"x": ColumnRule(type="integer", min=0, unique=True), "f": ColumnRule(type="number")}
    with opened(data=source(path, columns=rules)) as tables:
        examined = examine_constraints("data", opened=tables)
    kinds = {item.id: (item.result, item.violations) for item in examined.checks}
    assert kinds["x.type"] == ("failed", 2)
    assert kinds["x.range"] == kinds["x.unique"] == ("inconclusive", None)
    assert kinds["f.type"] == ("failed", 1)


@pytest.mark.parametrize(
    ("n", "violations", "outcome"),
    [
        (1, 0, "passed"),
        (1, 1, "failed"),
        (0, 0, "inconclusive"),
        (None, 0, "inconclusive"),
        (1, None, "inconclusive"),
        (1, 2, "inconclusive"),
        (1, -1, "inconclusive"),
    ],
)
def test_counts_that_say_nothing_never_pass(
    n: int | None, violations: int | None, outcome: str
) -> None:
    assert judge(n=n, violations=violations) == outcome


def test_the_worst_result_is_that_of_the_whole() -> None:
    assert worst([]) == "inconclusive"
    assert worst(["passed", "warned"]) == "warned"
    assert worst(["warned", "inconclusive", "passed"]) == "inconclusive"
    assert worst(["inconclusive", "failed", "passed"]) == "failed"


def test_every_check_says_what_to_do() -> None:
    checks: list[ColumnCheck | TableCheck] = [*COLUMN_CHECKS, *TABLE_CHECKS]
    assert len({item.check for item in checks}) == len(checks)
    assert len({item.rule for item in checks}) == len(checks)
    assert all(item.title and item.remediation for item in checks)


# A naive oracle for the whole null policy, in plain Python over the CSV's text.

TEXTS = ["", "0", "1", "-1", "2", "1.5", "nan", "NaN", "x", "a", "b", "12345\n", "é", " 1", "1e3"]
rules = st.builds(
    ColumnRule,
    type=st.sampled_from(["integer", "number", "string"]),
    required=st.booleans(),
    unique=st.booleans(),
    min=st.none() | st.sampled_from([-1, 0, 0.5, 1]),
    max=st.none() | st.sampled_from([0, 1, 1.5, 1000]),
    pattern=st.none() | st.sampled_from(["[0-9]+", "a|b", ".", "é"]),
    values=st.none() | st.just(["placeholder"]),
)
_INTEGER = re.compile(r"-?[0-9]+")
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


def parsed(text: str, kind: str) -> Any:
    if text == "":
        return None
    if kind == "string":
        return text
    if kind == "integer":
        return int(text) if _INTEGER.fullmatch(text) else None
    if text.lower() == "nan":
        return math.nan
    return float(text) if _DECIMAL.fullmatch(text) else None


def expected(texts: list[str], rule: ColumnRule, check: str) -> tuple[int, int]:
    values = [parsed(text, rule.type) for text in texts]
    seen: set[Any] = set()
    n = violations = 0
    for text, value in zip(texts, values, strict=True):
        missing = value is None or value != value
        if check == "type":
            unparsed = text != "" and value is None
            n += rule.required or text != ""
            violations += unparsed
            continue
        if missing and not rule.required:
            continue
        n += 1
        if missing:
            violations += 1
        elif check == "unique":
            violations += value in seen
            seen.add(value)
        elif check == "range":
            low = rule.min if rule.min is not None else -math.inf
            high = rule.max if rule.max is not None else math.inf
            violations += not low <= value <= high
        elif check == "set":
            violations += value not in (rule.values or [])
        elif check == "pattern":
            violations += re.fullmatch(rule.pattern or "", value) is None
    return n, violations


def sensible(rule: ColumnRule) -> ColumnRule:
    """The generated rule without what its type has no room for."""
    numeric = rule.type != "string"
    allowed: dict[str, list[Scalar]] = {
        "integer": [0, 1],
        "number": [0, 1.5],
        "string": ["a", "12345\n"],
    }
    return ColumnRule(
        type=rule.type,
        required=rule.required,
        unique=rule.unique,
        min=rule.min if numeric else None,
        max=rule.max if numeric else None,
        pattern=None if numeric else rule.pattern,
        values=allowed[rule.type] if rule.values else None,
    )


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts=st.lists(st.sampled_from(TEXTS), max_size=8), rule=rules)
def test_counts_agree_with_a_naive_reading(
    tmp_path: Path, texts: list[str], rule: ColumnRule
) -> None:
    rule = sensible(rule)
    assume(rule.min is None or rule.max is None or rule.min <= rule.max)
    path = write_csv(tmp_path / "data.csv", ["id", "x"], [[i, t] for i, t in enumerate(texts)])
    declared = {"id": ColumnRule(type="integer"), "x": rule}
    with opened(data=source(path, columns=declared)) as tables:
        examined = examine_constraints("data", opened=tables)
    found: list[CheckResult] = [
        item for item in examined.checks if item.column == "x" and item.check != "missing-column"
    ]
    assert found
    for item in found:
        n, violations = expected(texts, rule, item.check)
        assert (item.n, item.violations or 0) == (n, violations), item
        outcome = "inconclusive" if n == 0 else "failed" if violations else "passed"
        assert item.result == outcome
