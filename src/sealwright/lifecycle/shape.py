"""Whether a parsed TOML document has the shape of a record: every mistake, not only the first.

msgspec stops at the first mistake and knows no places; the type descriptions are its own
(`msgspec.inspect`), so this never disagrees with `model.py` about what is allowed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import date, time
from typing import Any

import msgspec.inspect as kinds

from sealwright.lifecycle.documentation import help_for
from sealwright.lifecycle.positions import Path
from sealwright.lifecycle.problem import Problem, did_you_mean, dotted, nearest, shown

MAX_INTEGER = 2**53 - 1
"""Larger whole numbers have no exact form in the canonical JSON that evidence is written in."""


def find_problems(value: object, kind: kinds.Type, path: Path = ()) -> Iterator[Problem]:
    """All ways in which `value` (from tomllib) is not of `kind`, in no particular order."""
    description = ""
    if isinstance(kind, kinds.Metadata):
        description = (kind.extra_json_schema or {}).get("description", "")
        kind = kind.type
    if isinstance(kind, kinds.UnionType):
        kind = _member(kind, value)
    match kind, value:
        case kinds.StructType(), dict():
            yield from _in_struct(value, kind, path)
        case kinds.DictType(), dict():
            yield from _in_table(value, kind, path)
        case kinds.ListType(), list():
            yield from _in_list(value, kind, path)
        case kinds.StrType(), str():
            yield from _in_text(value, kind, path, description)
        case kinds.LiteralType(), str():
            yield from _in_choice(value, kind, path)
        case kinds.BoolType(), bool():
            return
        case ((kinds.IntType() | kinds.FloatType()), bool()):
            yield _wrong_type(value, kind, path)
        case kinds.IntType(), int():
            yield from _in_number(value, kind, path)
        case kinds.FloatType(), int() | float():
            yield from _in_number(value, kind, path)
        case _:
            yield _wrong_type(value, kind, path)


def _member(union: kinds.UnionType, value: object) -> kinds.Type:
    """The member of a union that a value is meant for; the union itself if there is none."""
    members = [each for each in union.types if not isinstance(each, kinds.NoneType)]
    if len(members) == 1:
        return members[0]
    for classes, wanted in (
        (bool, kinds.BoolType),
        (int, kinds.IntType),
        ((int, float), kinds.FloatType),
        (str, kinds.StrType),
        (list, kinds.ListType),
    ):
        if isinstance(value, bool) and wanted is not kinds.BoolType:
            continue
        if isinstance(value, classes):
            for member in members:
                if isinstance(member, wanted):
                    return member
    return union


def _in_struct(
    value: Mapping[str, object], kind: kinds.StructType, path: Path
) -> Iterator[Problem]:
    known = {each.encode_name: each for each in kind.fields}
    where = _table(path)
    misspelled: set[str | None] = set()
    for name, inner in value.items():
        if name in known:
            yield from find_problems(inner, known[name].type, (*path, name))
        else:
            absent = [each for each in known if each not in value]
            misspelled.add(nearest(name, absent))
            advice = did_you_mean(name, absent)
            yield Problem((*path, name), f"unknown key {shown(name)} in {where}", advice, at="key")
    for name, each in known.items():
        if each.required and name not in value and name not in misspelled:
            yield Problem(
                path,
                f"{where} lacks the key {shown(name)}",
                f"add {name}: {help_for(kind.cls, name)}",
            )


def _in_table(value: Mapping[str, object], kind: kinds.DictType, path: Path) -> Iterator[Problem]:
    yield from _size(value, kind, path, "entry", "entries")
    for name, inner in value.items():
        for problem in find_problems(name, kind.key_type, (*path, name)):
            yield Problem(problem.path, f"the key {problem.message}", problem.advice, at="key")
        yield from find_problems(inner, kind.value_type, (*path, name))


def _in_list(value: list[object], kind: kinds.ListType, path: Path) -> Iterator[Problem]:
    yield from _size(value, kind, path, "item", "items")
    for index, inner in enumerate(value):
        yield from find_problems(inner, kind.item_type, (*path, index))


def _in_text(value: str, kind: kinds.StrType, path: Path, description: str) -> Iterator[Problem]:
    name = dotted(path)
    if "\x00" in value:
        yield Problem(path, f"{name}: text may not hold a NUL character")
    elif kind.min_length is not None and len(value) < kind.min_length:
        need = "" if kind.min_length == 1 else f", expected at least {kind.min_length} characters"
        yield Problem(path, f"{name}: the text is {'empty' if not value else 'too short'}{need}")
    elif kind.max_length is not None and len(value) > kind.max_length:
        yield Problem(path, f"{name}: {len(value)} characters, expected at most {kind.max_length}")
    elif kind.pattern is not None and re.search(kind.pattern, value) is None:
        wanted = description or f"text that matches {kind.pattern}"
        yield Problem(path, f"{name}: expected {wanted}; found {shown(value)}")


def _in_choice(value: str, kind: kinds.LiteralType, path: Path) -> Iterator[Problem]:
    known = [str(each) for each in kind.values]
    if value not in known:
        choices = ", ".join(map(shown, known))
        message = f"{dotted(path)}: {shown(value)} is not one of {choices}"
        yield Problem(path, message, did_you_mean(value, known))


def _in_number(
    value: int | float, kind: kinds.IntType | kinds.FloatType, path: Path
) -> Iterator[Problem]:
    name = dotted(path)
    if not math.isfinite(value):
        yield Problem(path, f"{name}: {value} is not a finite number")
    elif isinstance(value, int) and abs(value) > MAX_INTEGER:
        yield Problem(path, f"{name}: the number is larger than {MAX_INTEGER}")
    elif kind.ge is not None and value < kind.ge:
        yield Problem(path, f"{name}: {value} is too small, expected at least {kind.ge}")
    elif kind.gt is not None and value <= kind.gt:
        yield Problem(path, f"{name}: {value} is too small, expected more than {kind.gt}")
    elif kind.le is not None and value > kind.le:
        yield Problem(path, f"{name}: {value} is too large, expected at most {kind.le}")
    elif kind.lt is not None and value >= kind.lt:
        yield Problem(path, f"{name}: {value} is too large, expected less than {kind.lt}")


def _size(
    value: Mapping[str, object] | list[object],
    kind: kinds.DictType | kinds.ListType,
    path: Path,
    one: str,
    many: str,
) -> Iterator[Problem]:
    if kind.min_length is not None and len(value) < kind.min_length:
        unit = one if kind.min_length == 1 else many
        yield Problem(path, f"{dotted(path)}: expected at least {kind.min_length} {unit}")
    if kind.max_length is not None and len(value) > kind.max_length:
        yield Problem(
            path, f"{dotted(path)}: {len(value)} {many}, expected at most {kind.max_length}"
        )


def _wrong_type(value: object, kind: kinds.Type, path: Path) -> Problem:
    """Says the types and not the value, which may be a secret in the wrong place."""
    advice = ""
    if isinstance(kind, kinds.StrType | kinds.LiteralType) and isinstance(
        value, bool | int | float | date | time
    ):
        advice = 'write "yes" or "no", in quotes' if isinstance(value, bool) else "put it in quotes"
    elif isinstance(kind, kinds.ListType):
        advice = "write it in square brackets: [ … ]"
    message = f"{dotted(path)}: expected {expected(kind)}, found {_found(value)}"
    return Problem(path, message, advice)


def expected(kind: kinds.Type) -> str:
    """A type as people say it."""
    if isinstance(kind, kinds.Metadata):
        return expected(kind.type)
    if isinstance(kind, kinds.UnionType):
        names = [expected(each) for each in kind.types if not isinstance(each, kinds.NoneType)]
        return " or ".join(dict.fromkeys(names))
    if isinstance(kind, kinds.ListType):
        return f"a list of {plural(kind.item_type)}"
    names_of: dict[type[Any], str] = {
        kinds.StrType: "text",
        kinds.LiteralType: "text",
        kinds.IntType: "a whole number",
        kinds.FloatType: "a number",
        kinds.BoolType: "true or false",
    }
    return names_of.get(type(kind), "a table")


def plural(kind: kinds.Type) -> str:
    """The items of a list as people say them."""
    while isinstance(kind, kinds.Metadata):
        kind = kind.type
    names_of: dict[type[Any], str] = {
        kinds.StrType: "texts",
        kinds.IntType: "whole numbers",
        kinds.FloatType: "numbers",
        kinds.StructType: "tables",
    }
    return names_of.get(type(kind), "values")


def _found(value: object) -> str:
    for classes, name in (
        (bool, "true or false"),
        (int, "a whole number"),
        (float, "a number with a fraction"),
        (str, "text"),
        (list, "a list"),
        (dict, "a table"),
        (date, "a date"),
        (time, "a time"),
    ):
        if isinstance(value, classes):
            return name
    return "something else"


def _table(path: Path) -> str:
    return f"[{dotted(path)}]" if path else "the file"
