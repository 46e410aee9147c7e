"""The page of the predicates: every kind of statement with its fields."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import msgspec.inspect as kinds

from sealwright.cli.reference.markdown import document, field_helps, table
from sealwright.evidence.predicates import PREDICATES

_INTRODUCTION = """\
# Predicates

What a statement can say. Each is the predicate of an in-toto Statement v1, signed as a DSSE
envelope (`application/vnd.in-toto+json`). The short name is what policies and the command line use.
A predicate or field that is not listed here is refused.

Times are RFC 3339 in UTC. Digests are lower-case hexadecimal sha256. Sealwright writes canonical
JSON (RFC 8785) and reads nothing else.
"""


def page() -> str:
    """Every kind of statement with its fields."""
    lines = _INTRODUCTION.splitlines()
    records: dict[type, None] = {}
    for name, predicate in PREDICATES.items():
        lines += ["", f"## `{name}`", "", f"`{predicate.TYPE}`", "", _about(predicate), ""]
        lines += _fields(predicate)
        records.update(dict.fromkeys(_records(predicate)))
    lines += ["", "# Records inside predicates"]
    for record in sorted(records, key=lambda each: each.__name__):
        lines += ["", f"## {record.__name__}", "", _about(record), "", *_fields(record)]
    return document(lines)


def _about(record: type) -> str:
    return inspect.cleandoc(record.__doc__ or "")


def _fields(record: type) -> Iterator[str]:
    helps = field_helps(record)
    shape = kinds.type_info(record)
    assert isinstance(shape, kinds.StructType)
    return table(
        ("field", "type", "", "meaning"),
        (
            (
                f"`{each.encode_name}`",
                _type(each.type),
                "required" if each.required else "",
                helps.get(each.name, ""),
            )
            for each in shape.fields
        ),
    )


def _type(kind: kinds.Type) -> str:
    """A type as a reader of JSON names it."""
    match kind:
        case kinds.StructType():
            return f"[{kind.cls.__name__}](#{kind.cls.__name__.lower()})"
        case kinds.LiteralType():
            return ", ".join(f"`{each}`" for each in kind.values)
        case kinds.VarTupleType():
            return f"list of {_type(kind.item_type)}"
        case kinds.DictType():
            return f"object of {_type(kind.value_type)}"
        case kinds.UnionType():
            return " or ".join(
                _type(each) for each in kind.types if not isinstance(each, kinds.NoneType)
            )
        case kinds.AnyType():
            return "any"
    return {"Str": "text", "Int": "integer", "Float": "number", "Bool": "boolean"}[
        type(kind).__name__.removesuffix("Type")
    ]


def _records(record: type) -> Iterator[type]:
    """The records below one, itself left out."""
    shape = kinds.type_info(record)
    assert isinstance(shape, kinds.StructType)
    waiting: list[Any] = [field.type for field in shape.fields]
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, kinds.StructType):
            yield kind.cls
            waiting += [field.type for field in kind.fields]
        waiting += [
            inner
            for name in ("item_type", "value_type", "type")
            if isinstance(inner := getattr(kind, name, None), kinds.Type)
        ]
        waiting += getattr(kind, "types", ())
