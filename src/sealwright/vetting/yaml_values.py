"""Reads YAML as events, and makes plain values of them: no tag is ever obeyed, no alias
multiplied.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from sealwright.errors import MalformedError
from sealwright.vetting.interface import Buffer
from sealwright.vetting.session import Session, Spent
from sealwright.vetting.texts import MAX_DEPTH, Notice, decode_text, whole_number

MAX_EVENTS = 1_500_000
MAX_EXPANDED = 1_000_000
"""Values of one document with every alias written out."""
MAX_YAML = 32 * 1024 * 1024
"""Bytes."""
CORE = "tag:yaml.org,2002:"
PLAIN_TAGS = frozenset(
    CORE + name
    for name in (
        [
            "binary",
            "bool",
            "float",
            "int",
            "map",
            "merge",
            "null",
            "omap",
            "pairs",
            "seq",
            "set",
            "str",
            "timestamp",
            "value",
        ]
    )
)
"""Tags of YAML's own types: a safe loader makes plain data of them."""


class _Node(msgspec.Struct):
    """A collection that is being read, or a finished one that an alias can name."""

    value: Any
    anchor: str | None = None
    size: int = 1
    height: int = 1
    key: Any = None
    has_key: bool = False
    merged: list[Any] = msgspec.field(default_factory=list)


class _Reading(msgspec.Struct):
    session: Session
    noticed: list[Notice]
    documents: list[Any] = msgspec.field(default_factory=list)
    stack: list[_Node] = msgspec.field(default_factory=list)
    anchors: dict[str, _Node] = msgspec.field(default_factory=dict)


def parse_yaml(
    data: Buffer | str,
    session: Session,
    *,
    noticed: list[Notice] | None = None,
    documents: list[Any] | None = None,
) -> list[Any]:
    """The documents of a YAML text, as plain values. A tagged value stands as if it had no tag.

    Tags, duplicate keys, merge keys and aliases that were not expanded are appended to `noticed`,
    also where the text breaks later on: MalformedError. Raises Spent beyond the limits.
    """
    text = data if isinstance(data, str) else decode_text(data)
    if len(text) > MAX_YAML:
        raise Spent(f"YAML of {len(text)} characters; at most {MAX_YAML} are read")
    reading = _Reading(
        session,
        noticed=[] if noticed is None else noticed,
        documents=[] if documents is None else documents,
    )
    for event in _events(text):
        session.spend(8)
        _take(reading, event)
    return reading.documents


def _events(text: str) -> Iterator[Any]:
    """What the parser sees, one by one; raises MalformedError where the text is not YAML."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for count, event in enumerate(yaml.parse(text, Loader=loader)):
            if count > MAX_EVENTS:
                raise Spent(f"YAML of more than {MAX_EVENTS} events")
            yield event
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "damaged"
        raise MalformedError(f"not YAML{place}: {problem}") from None


def _take(reading: _Reading, event: Any) -> None:
    kind = type(event).__name__
    match kind:
        case "DocumentStartEvent":
            reading.anchors = {}
        case "ScalarEvent":
            _tagged(reading, event)
            node = _Node(_scalar(event), anchor=event.anchor)
            _finish(reading, node, merge=event.implicit[0] and event.value == "<<")
        case "SequenceStartEvent" | "MappingStartEvent":
            _tagged(reading, event)
            made: Any = [] if kind == "SequenceStartEvent" else {}
            reading.stack.append(_Node(made, anchor=event.anchor))
            if len(reading.stack) > MAX_DEPTH:
                raise Spent(f"the document is nested more than {MAX_DEPTH} deep")
        case "SequenceEndEvent" | "MappingEndEvent":
            node = reading.stack.pop()
            for merged in node.merged:
                _merge(reading, node.value, merged)
            _finish(reading, node)
        case "AliasEvent":
            _finish(reading, _aliased(reading, event), alias=True)
        case _:
            return


def _tagged(reading: _Reading, event: Any) -> None:
    tag = event.tag
    if tag and tag != "!" and tag not in PLAIN_TAGS:
        reading.noticed.append(Notice("tag", tag, event.start_mark.index))


def _aliased(reading: _Reading, event: Any) -> _Node:
    """What an alias stands for; a placeholder where it would hold itself or grow without bound."""
    offset = event.start_mark.index
    node = reading.anchors.get(event.anchor)
    if node is None:
        open_ones = {one.anchor for one in reading.stack}
        kind = "recursion" if event.anchor in open_ones else None
        if kind is None:
            raise MalformedError(f"not YAML: the alias at character {offset} names no anchor")
        reading.noticed.append(Notice("recursion", event.anchor, offset))
        return _Node(None)
    expanded = node.size + sum(one.size for one in reading.stack)
    if expanded > MAX_EXPANDED:
        reading.noticed.append(Notice("alias", event.anchor, offset))
        return _Node(None)
    if node.height + len(reading.stack) > MAX_DEPTH:
        raise Spent(f"the document is nested more than {MAX_DEPTH} deep")
    return _Node(node.value, size=node.size, height=node.height)


def _finish(reading: _Reading, node: _Node, *, alias: bool = False, merge: bool = False) -> None:
    """Puts a value where it belongs: as a key, a value, an item, or the document."""
    if node.anchor and not alias:
        reading.anchors[node.anchor] = node
    if not reading.stack:
        reading.documents.append(node.value)
        return
    parent = reading.stack[-1]
    parent.size += node.size
    parent.height = max(parent.height, node.height + 1)
    if isinstance(parent.value, list):
        parent.value.append(node.value)
    elif not parent.has_key:
        parent.key, parent.has_key = (_MERGE if merge else _key(node.value)), True
    else:
        parent.has_key = False
        if parent.key is _MERGE:
            reading.noticed.append(Notice("merge", "<<"))
            parent.merged.append(node.value)
            return
        if parent.key in parent.value:
            reading.noticed.append(Notice("duplicate", parent.key))
        parent.value[parent.key] = node.value


_MERGE = object()


def _merge(reading: _Reading, target: dict[str, Any], value: Any) -> None:
    """What the merge key adds: of each mapping the keys that are not there yet."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            reading.session.spend(len(one))
            for key, inner in one.items():
                target.setdefault(key, inner)


def _key(value: Any) -> str:
    """Keys are texts here: `1: a` has the key "1", and a collection stands by its kind."""
    if isinstance(value, dict | list):
        return f"({type(value).__name__})"
    return value if isinstance(value, str) else str(value)


def _scalar(event: Any) -> Any:
    """The plain value of a scalar: what a safe loader gives for the usual spellings."""
    text: str = event.value
    if not event.implicit[0]:
        return text
    lowered = text.lower()
    if lowered in ("", "~", "null"):
        return None
    if lowered in ("true", "yes", "on"):
        return True
    if lowered in ("false", "no", "off"):
        return False
    if text[0] in "+-.0123456789":
        return _number(text)
    return text


def _number(text: str) -> Any:
    digits = text.removeprefix("-").removeprefix("+")
    if digits.isascii() and digits.isdigit():
        return whole_number(text)
    if any(mark in digits for mark in ".eE") and len(text) < 64:
        try:
            return float(text)
        except ValueError:
            return text
    return text
