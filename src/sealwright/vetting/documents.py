"""Parses JSON and YAML without building anything but plain values, and hands them to every check.

A configuration is the same wherever it stands: in a file, a zip, an attribute of HDF5, metadata.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from sealwright.errors import MalformedError
from sealwright.patterns import regex
from sealwright.vetting.interface import Buffer, Examining, Member, Rule, quoted
from sealwright.vetting.session import Session, Spent
from sealwright.vetting.texts import (
    MAX_DEPTH,
    MAX_OBJECTS,
    MAX_TEXT,
    MAX_VALUES,
    Notice,
    decode_text,
    whole_number,
)
from sealwright.vetting.yaml_values import parse_yaml

__all__ = ["parse_yaml"]

DUPLICATE = Rule(
    id="SW-DOC-001",
    effect="review",
    severity="medium",
    title="A key occurs twice in one object",
    remediation="keep one of the two, after you have found out who wrote the other",
    why="Readers disagree: some take the first value, some the last. One program can check a "
    "harmless value while another one acts on the other. No library writes such a document.",
    example='{"class_name": "Dense", "class_name": "Lambda"}',
    atlas=("AML.T0074",),
    cwe=(436,),
)
NOT_JSON = Rule(
    id="SW-DOC-002",
    effect="fail",
    severity="medium",
    title="The text is not the document that it starts as",
    remediation="get it again from its source; a damaged configuration is not loaded",
    why="The text starts as a JSON document and breaks off or goes on as something else. What a "
    "lenient reader makes of it is not known.",
    example='{"model_type": "bert", …',
    atlas=("AML.T0076",),
)
RULES = (DUPLICATE, NOT_JSON)


def examine_document(value: Any, examining: Examining, *, what: str = "") -> None:
    """Gives a parsed document to every document check that applies.

    `what`: the part of the member that it is, if it is not all of it (`attribute model_config`).
    Then findings have the location `path#what`.
    """
    from sealwright.vetting.checks import DOCUMENT_CHECKS
    from sealwright.vetting.settings import tell_document

    work = part(examining, what) if what else examining
    tell_document(value, work, what=what)
    for check in DOCUMENT_CHECKS:
        if check.applies(value, work.member):
            check.examine(value, work)


def examine_json(data: Buffer | str, examining: Examining, *, what: str = "") -> Any:
    """Parses JSON, reports what is odd about its text, gives it to every check, and returns it.

    Raises MalformedError where it is not JSON and Spent where it is larger than is parsed.
    """
    noticed: list[Notice] = []
    value = parse_json(data, examining.session, noticed=noticed)
    report_notices(noticed, part(examining, what) if what else examining)
    examine_document(value, examining, what=what)
    return value


def part(examining: Examining, what: str) -> Examining:
    """The same examination, with `#what` in the location of its findings."""
    member = examining.member
    inner = Member(
        path=f"{member.path}#{what}", data=member.data, depth=member.depth, declared=member.name
    )
    return Examining(
        inner,
        examining.session,
        observations=examining.observations,
        gaps=examining.gaps,
        facts=examining.facts,
    )


def report_notices(noticed: list[Notice], examining: Examining) -> None:
    """Reports duplicate keys, at most 20 of them."""
    for notice in [one for one in noticed if one.kind == "duplicate"][:20]:
        message = f"the key {quoted(notice.text)} occurs again in the same object"
        examining.find(DUPLICATE, message, offset=notice.offset)


def parse_json(data: Buffer | str, session: Session, *, noticed: list[Notice] | None = None) -> Any:
    """The value of a JSON text (RFC 8259, and NaN and Infinity as many libraries write them).

    Of repeated keys the last one counts, as in Python. What is odd is appended to `noticed`. Raises
    MalformedError, and Spent beyond the limits on bytes, values, nesting and digits.
    """
    text = data if isinstance(data, str) else decode_text(data)
    check_size(text, session)
    seen: list[Notice] = [] if noticed is None else noticed

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(items)
        if len(made) != len(items):
            keys: set[str] = set()
            for key, _ in items:
                if key in keys:
                    seen.append(Notice("duplicate", key))
                keys.add(key)
        return made

    def constant(name: str) -> float:
        seen.append(Notice("constant", name))
        return {"NaN": math.nan, "Infinity": math.inf}.get(name, -math.inf)

    try:
        return json.loads(
            text, object_pairs_hook=pairs, parse_constant=constant, parse_int=whole_number
        )
    except RecursionError:
        raise Spent(f"the document is nested more than {MAX_DEPTH} deep") from None
    except json.JSONDecodeError as error:
        raise MalformedError(f"not JSON at character {error.pos}: {error.msg}") from None


_STRINGS = regex(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_NO_BRACKET = regex(r"[^\[\]{}]+")


def check_size(text: str, session: Session) -> None:
    """Raises Spent where a text would parse to more values or deeper than is allowed.

    What stands in double quotes does not count.
    """
    if len(text) > MAX_TEXT:
        raise Spent(f"a document of {len(text)} characters; at most {MAX_TEXT} are read")
    values = text.count(",") + text.count("[") + text.count(":")
    if values > MAX_VALUES or text.count("{") > MAX_OBJECTS:
        raise Spent(f"a document of more than {MAX_VALUES} values or {MAX_OBJECTS} objects")
    session.spend(1 + values // 8)
    depth = 0
    for bracket in _NO_BRACKET.sub("", _STRINGS.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            raise Spent(f"the document is nested more than {MAX_DEPTH} deep")


_HOLDERS = frozenset((dict, list))


def walk_document(
    value: Any, session: Session, *, arrays: bool = False, limit: int = 2_000_000
) -> Iterator[tuple[str, Any]]:
    """Every object of a document with its path (`layers[3].config`), each before what it holds.
    Scalars, and arrays without `arrays`, are for the caller to look at, in what holds them.

    Raises Spent after `limit` objects and arrays.
    """
    pending: list[tuple[str, Any]] = [("", value)]
    count = 0
    while pending:
        path, one = pending.pop()
        inner: list[tuple[str, Any]] = []
        if isinstance(one, dict):
            yield path, one
            dot = f"{path}." if path else ""
            inner = [(f"{dot}{key}", x) for key, x in one.items() if type(x) in _HOLDERS]
        elif isinstance(one, list) and arrays:
            yield path, one
            inner = [(f"{path}[{n}]", x) for n, x in enumerate(one) if type(x) in _HOLDERS]
        elif isinstance(one, list):
            # A tokenizer holds half a million pairs: what holds only scalars is not followed.
            inner = [
                (f"{path}[{n}]", x)
                for n, x in enumerate(one)
                if type(x) in _HOLDERS
                and (type(x) is dict or not _HOLDERS.isdisjoint(map(type, x)))
            ]
        count += 1 + len(inner)
        if count > limit:
            raise Spent(f"a document of more than {limit} objects and arrays")
        session.spend(1 + len(inner) + len(one) // 64 if isinstance(one, dict | list) else 1)
        pending.extend(reversed(inner))
