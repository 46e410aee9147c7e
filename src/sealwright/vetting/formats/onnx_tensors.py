"""Tensors of an ONNX model: where their data lies, and whether it fits their type and shape."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import msgspec

from sealwright.vetting.formats import onnx_rules as rules
from sealwright.vetting.formats.onnx_tables import ELEMENT_BITS, EXTERNAL, STRING
from sealwright.vetting.interface import Buffer, Rule, quoted
from sealwright.vetting.protobuf import (
    Message,
    count_fixed,
    count_varints,
    signed,
    varints,
)

MAX_RANK = 64
_MAX_LOCATION = 1024
_FLOAT, _INT64, _DOUBLE, _UINT32, _UINT64, _COMPLEX64, _COMPLEX128 = 1, 7, 11, 12, 13, 14, 15
_STORES = (
    "raw_data",
    "float_data",
    "int32_data",
    "string_data",
    "int64_data",
    "double_data",
    "uint64_data",
)
Report = Callable[[Rule, str], None]


def examine_tensor(data: Buffer, tensor: Message, report: Report) -> int:
    """Reports what is wrong with one TensorProto; gives how many of its bytes are numbers."""
    entries = tensor.each("external_data")
    place = tensor.number("data_location")
    name = quoted(tensor.text("name"))
    if place not in (0, EXTERNAL):
        report(rules.TENSOR, f"tensor {name} has data location {place}")
    elif place == EXTERNAL or entries:
        _external(data, entries, name, report)
    else:
        problem = _content_problem(data, tensor)
        if problem:
            report(rules.TENSOR, f"tensor {name}: {problem}")
    return sum(span.size for store in _STORES for span in tensor.spans.get(store, ()))


class External(msgspec.Struct, frozen=True, kw_only=True):
    """Where a tensor that is kept in another file says that it lies."""

    name: str
    location: str
    offset: int
    length: int | None
    """None: to the end of the file."""
    needed: int | None
    """Bytes that its type and shape need; None where they do not say."""


def external(data: Buffer, tensor: Message) -> External | None:
    """The place of a tensor in another file; None where it names none, or one that leads
    elsewhere.
    """
    named = _entries(data, tensor.each("external_data"))
    locations, offsets, lengths = (named.get(key, []) for key in ("location", "offset", "length"))
    if len(locations) != 1 or _escapes(locations[0]) or len(offsets) > 1 or len(lengths) > 1:
        return None
    dims = _dims(data, tensor)
    bits = ELEMENT_BITS.get(tensor.number("data_type"))
    needed = None
    if bits is not None and len(dims) <= MAX_RANK and all(extent >= 0 for extent in dims):
        needed = (prod(dims) * bits + 7) // 8
    return External(
        name=tensor.text("name"),
        location=locations[0],
        offset=_number(offsets[0]) if offsets else 0,
        length=_number(lengths[0]) if lengths else None,
        needed=needed,
    )


def _number(text: str) -> int:
    """A decimal number; -1, which fits nowhere, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else -1


def _entries(data: Buffer, entries: list[Message]) -> dict[str, list[str]]:
    named: dict[str, list[str]] = {}
    for entry in entries:
        spans = entry.spans.get("value", [])
        texts = [bytes(data[span.start : span.end]) for span in spans] or [b""]
        named.setdefault(entry.text("key"), []).extend(
            text[: _MAX_LOCATION + 1].decode("utf-8", "replace") for text in texts
        )
    return named


def _external(data: Buffer, entries: list[Message], name: str, report: Report) -> None:
    named = _entries(data, entries)
    locations = named.get("location", [])
    if len(locations) != 1:
        report(rules.ESCAPE, f"tensor {name} names {len(locations)} external files instead of one")
        return
    location = locations[0]
    if _escapes(location):
        report(rules.ESCAPE, f"tensor {name} reads {quoted(location)}")
        return
    for key in ("offset", "length"):
        values = named.get(key, [])
        if len(values) > 1 or any(_number(value) < 0 for value in values):
            report(rules.OUTSIDE, f"tensor {name} has the {key} {quoted(' '.join(values))}")
    report(rules.EXTERNAL, f"tensors are kept in {quoted(location)}")


def _escapes(location: str) -> bool:
    """Anything but a plain relative path; this covers runtimes' own marks for memory addresses."""
    plain = all(char.isalnum() or char in "._-/ " for char in location)
    parts = location.removeprefix("./").split("/")
    return (
        not plain
        or len(location) > _MAX_LOCATION
        or any(part.strip() in ("", ".", "..") for part in parts)
    )


def _dims(data: Buffer, tensor: Message) -> list[int]:
    """The shape; no more than one extent beyond `MAX_RANK`, however many are there."""
    found: list[int] = []
    for span in tensor.spans.get("dims", ())[: MAX_RANK + 1]:
        found += [signed(n) for n in varints(data, span, limit=MAX_RANK + 1 - len(found))]
    return found


def described(data: Buffer, tensor: Message) -> str:
    """Name, element type by its number, and shape: what tells two models apart."""
    dims = _dims(data, tensor)
    return f"{tensor.text('name')} type {tensor.number('data_type')} {dims[:MAX_RANK]}"


def _content_problem(data: Buffer, tensor: Message) -> str:
    """Why type, shape and data disagree; nothing if they do not."""
    if tensor.has("segment"):
        return "it is a segment of a tensor"
    dims = _dims(data, tensor)
    if len(dims) > MAX_RANK or any(extent < 0 for extent in dims):
        return f"its shape must be at most {MAX_RANK} extents, none negative"
    elements = 1
    for extent in dims:
        elements *= extent
    kind = tensor.number("data_type")
    if kind not in ELEMENT_BITS and kind != STRING:
        return f"unknown element type {kind}"
    stores = [store for store in _STORES if tensor.has(store)]
    if len(stores) > 1:
        return f"its data is given twice: {' and '.join(stores)}"
    if not stores:
        return "" if elements == 0 else f"it has no data for {elements} elements"
    if stores == ["raw_data"]:
        if kind == STRING:
            return "text cannot be raw data"
        (span,) = tensor.spans["raw_data"][-1:]
        needed = (elements * ELEMENT_BITS[kind] + 7) // 8
        return "" if span.size == needed else f"{span.size} bytes of data where {needed} belong"
    store, needed = _typed_store(kind, elements)
    if stores != [store]:
        return f"element type {kind} cannot be in {stores[0]}"
    held = _count(data, tensor, store)
    return "" if held == needed else f"{held} values in {store} where {needed} belong"


def _typed_store(kind: int, elements: int) -> tuple[str, int]:
    """The field that holds elements of a type, and how many values it needs (onnx.proto)."""
    if kind in (_FLOAT, _COMPLEX64):
        return "float_data", elements * (2 if kind == _COMPLEX64 else 1)
    if kind in (_DOUBLE, _COMPLEX128):
        return "double_data", elements * (2 if kind == _COMPLEX128 else 1)
    if kind == _INT64:
        return "int64_data", elements
    if kind in (_UINT32, _UINT64):
        return "uint64_data", elements
    if kind == STRING:
        return "string_data", elements
    each = {4: 2, 2: 4}.get(ELEMENT_BITS[kind], 1)
    return "int32_data", (elements + each - 1) // each


def _count(data: Buffer, tensor: Message, store: str) -> int:
    spans = tensor.spans[store]
    if store == "string_data":
        return len(spans)
    if store in ("float_data", "double_data"):
        return sum(count_fixed(span, width=4 if store == "float_data" else 8) for span in spans)
    return sum(count_varints(data, span) for span in spans)
