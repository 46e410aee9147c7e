"""RFC 8785 canonical JSON: one spelling per value, and nothing else is accepted as evidence.

JSON decoders take duplicate keys, spare blanks and odd numbers; two readers can then see two
things in the same bytes. So bytes are decoded only if encoding the result gives them back.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

import rfc8785

from sealwright.errors import LimitReached, MalformedError

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 64


def encode(value: Any) -> bytes:
    """The RFC 8785 bytes of `value` (dicts, lists, tuples, str, bool, None, int, finite float).

    Raises MalformedError for NaN, infinities, integers beyond 2^53 and anything JSON cannot say.
    """
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise MalformedError(f"cannot be written as canonical JSON: {error}") from error


def decode(data: bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> Any:
    """Reads canonical JSON; refuses every other spelling of it.

    Raises LimitReached above `max_bytes` or `max_depth`, MalformedError for bytes that are not
    JSON or not in canonical form.
    """
    if len(data) > max_bytes:
        raise LimitReached(f"JSON of {len(data)} bytes; at most {max_bytes} are read")
    try:
        value = json.loads(data.decode("utf-8"), parse_constant=_no_constant, parse_int=_integer)
    except RecursionError as error:
        raise LimitReached(f"JSON nested deeper than {max_depth}") from error
    except ValueError as error:
        raise MalformedError(f"not JSON: {error}") from error
    if _depth(value, stop=max_depth) > max_depth:
        raise LimitReached(f"JSON nested deeper than {max_depth}")
    if encode(value) != data:
        raise MalformedError(
            "JSON is not in canonical form (RFC 8785)",
            advice="the bytes were changed, or written by a program that does not canonicalise",
        )
    return value


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a JSON number")


def _integer(text: str) -> int | float:
    """JSON has one kind of number: beyond 2^53 digits without a point are a float's spelling."""
    return int(text) if len(text) < 16 else _safe(float(text))


def _safe(number: float) -> int | float:
    return int(number) if abs(number) < 2**53 else number


def _depth(value: Any, *, stop: int) -> int:
    """Levels of nesting; stops counting one past `stop`."""
    level, layer = 0, [value]
    while layer and level <= stop:
        inner: list[Any] = []
        for item in layer:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        if not any(isinstance(item, dict | list) for item in layer):
            break
        level += 1
        layer = inner
    return level
