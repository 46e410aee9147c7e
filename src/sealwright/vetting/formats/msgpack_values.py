"""MessagePack as values: where each begins and ends, walked without recursion.

Layout: the MessagePack specification of 2017-08 (github.com/msgpack/msgpack/blob/master/spec.md).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import msgspec

from sealwright.errors import MalformedError
from sealwright.vetting.interface import Buffer

MAX_DEPTH = 512
INT, NIL, BOOL, FLOAT, TEXT, BYTES, EXTENSION, ARRAY, MAP = range(9)
_SIZED = {0xCA: (FLOAT, 4), 0xCB: (FLOAT, 8)} | {
    code: (INT, size) for base in (0xCC, 0xD0) for code, size in enumerate((1, 2, 4, 8), base)
}
"""First byte → kind and bytes after it."""
_COUNTED = {
    **{0xC4 + step: (BYTES, form) for step, form in enumerate((">B", ">H", ">I"))},
    **{0xC7 + step: (EXTENSION, form) for step, form in enumerate((">B", ">H", ">I"))},
    **{0xD9 + step: (TEXT, form) for step, form in enumerate((">B", ">H", ">I"))},
    **{0xDC + step: (ARRAY, form) for step, form in enumerate((">H", ">I"))},
    **{0xDE + step: (MAP, form) for step, form in enumerate((">H", ">I"))},
}
"""First byte → kind, and how its length or count is written."""
_SHORT = 64
_WATCHED = frozenset((b"nd", b"kind", b"data"))


class Item(msgspec.Struct):
    """One value, or the head of a map or an array: `start` to `end` are its bytes without the
    head; `extra` is a count, the type of an extension, or a truth value."""

    kind: int
    start: int
    end: int
    extra: int = 0


class Frame(msgspec.Struct):
    """A map or an array that is not at its end."""

    left: int
    """Keys and values that are still to come."""
    is_map: bool
    key: bytes | None = None
    seen: dict[bytes, Item] = msgspec.field(default_factory=dict)
    """Values of the keys that make an array of msgpack-numpy."""


def walk(
    data: Buffer, spend: Callable[[int], None], take: Callable[[Item, Frame | None], None]
) -> int:
    """Gives every value to `take`, and every map at its end with its frame; where the root ends.
    MalformedError where the bytes end before it does."""
    root = Item(kind=NIL, start=0, end=0)
    frames = [Frame(left=1, is_map=False)]
    at = 0
    while frames:
        frame = frames[-1]
        if not frame.left:
            frames.pop()
            if frame.is_map:
                take(root, frame)
            continue
        spend(1)
        item = item_at(data, at)
        at = item.end
        is_key = frame.is_map and frame.left % 2 == 0
        frame.left -= 1
        if is_key:
            short = item.kind in (TEXT, BYTES) and item.end - item.start <= 8
            frame.key = bytes(data[item.start : item.end]) if short else None
        elif frame.is_map and frame.key in _WATCHED:
            frame.seen[frame.key] = item
        if item.kind in (MAP, ARRAY):
            _deeper(frames, item, len(data) - at)
        else:
            take(item, None)
    return at


def _deeper(frames: list[Frame], item: Item, room: int) -> None:
    values = item.extra * (2 if item.kind == MAP else 1)
    if values > room:
        raise MalformedError(f"{values} values at byte {item.end}, and {room} bytes are left")
    if len(frames) >= MAX_DEPTH:
        raise MalformedError(f"values nested more than {MAX_DEPTH} deep at byte {item.end}")
    frames.append(Frame(left=values, is_map=item.kind == MAP))


def item_at(data: Buffer, at: int) -> Item:
    """The value at `at`. MalformedError where the bytes end before it does."""
    code = _byte(data, at)
    at += 1
    if code <= 0x7F or code >= 0xE0:
        return Item(INT, at, at)
    if code <= 0x9F:
        return Item(MAP if code <= 0x8F else ARRAY, at, at, code & 15)
    if code <= 0xBF:
        return Item(TEXT, at, _fits(data, at, code & 31))
    if code in _SIZED:
        kind, size = _SIZED[code]
        return Item(kind, at, _fits(data, at, size))
    if code in _COUNTED:
        return _counted(data, at, *_COUNTED[code])
    if 0xD4 <= code <= 0xD8:
        return Item(EXTENSION, at + 1, _fits(data, at + 1, 1 << (code - 0xD4)), _byte(data, at))
    if code == 0xC1:
        raise MalformedError(f"byte {at - 1} is c1, which MessagePack never uses")
    return Item(NIL if code == 0xC0 else BOOL, at, at, code & 1)


def _counted(data: Buffer, at: int, kind: int, form: str) -> Item:
    start = _fits(data, at, struct.calcsize(form))
    (length,) = struct.unpack_from(form, data, at)
    if kind in (ARRAY, MAP):
        return Item(kind, start, start, length)
    if kind == EXTENSION:
        return Item(kind, start + 1, _fits(data, start + 1, length), _byte(data, start))
    return Item(kind, start, _fits(data, start, length))


def _byte(data: Buffer, at: int) -> int:
    if at >= len(data):
        raise MalformedError(f"the file ends at byte {len(data)}, within a value")
    return data[at]


def _fits(data: Buffer, at: int, size: int) -> int:
    """The end of `size` bytes from `at` on."""
    if size > len(data) - at:
        raise MalformedError(f"{size} bytes at byte {at}, and {len(data) - at} are left")
    return at + size


def short_value(data: Buffer) -> Any:
    """The one value in these bytes, if it is short: lists, counts, floats (as 0.0), texts, and the
    item of bytes. None for anything else."""
    try:
        value, end = _value(data, 0, depth=2)
    except MalformedError:
        return None
    return value if end == len(data) else None


def _value(data: Buffer, at: int, *, depth: int) -> tuple[Any, int]:
    item = item_at(data, at)
    if item.kind == BYTES:
        return item, item.end
    if item.kind == FLOAT:
        return 0.0, item.end
    if item.kind == TEXT and item.end - item.start <= _SHORT:
        return bytes(data[item.start : item.end]).decode("utf-8", "replace"), item.end
    if item.kind == INT and (item.end > item.start or data[at] <= 0x7F):
        held = bytes(data[item.start : item.end]) or bytes(data[at : at + 1])
        return int.from_bytes(held, "big"), item.end
    if item.kind != ARRAY or item.extra > _SHORT or not depth:
        raise MalformedError(f"not a short value at byte {at}")
    values, at = [], item.end
    for _ in range(item.extra):
        value, at = _value(data, at, depth=depth - 1)
        values.append(value)
    return values, at
