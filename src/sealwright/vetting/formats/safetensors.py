"""Reads a safetensors header strictly: what two readers could read in two ways is refused.

Layout: 8 bytes little-endian header length, a JSON header, tensor bytes without holes to the end of
the file (huggingface/safetensors, README, "Format"). The tensors are numbers and are not parsed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from sealwright.vetting.formats.active_texts import examine_text
from sealwright.vetting.interface import (
    Buffer,
    Examining,
    Fit,
    Format,
    Member,
    Rule,
    quoted,
)
from sealwright.vetting.settings import tell_setting

MAX_HEADER = 100_000_000
"""The format's own limit."""
MAX_HEADER_READ = 16 * 1024 * 1024
MAX_TENSORS = 200_000
MAX_RANK = 32
MAX_NAME = 1024
MAX_METADATA_VALUE = 64 * 1024
_BITS = {
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0"), 8),
    **dict.fromkeys(("F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 16),
    **dict.fromkeys(("I32", "U32", "F32"), 32),
    **dict.fromkeys(("I64", "U64", "F64", "C64"), 64),
}
_ATLAS = ("AML.T0076", "AML.T0011.000")

LENGTH = Rule(
    id="SW-ST-001",
    effect="fail",
    severity="high",
    title="The header length does not fit the file",
    remediation="do not load it; get the file again from its source",
    why="Readers take the length as it stands: one that is too large exhausts memory, one that is "
    "too small hides what follows.",
    example="a header of 2^60 bytes in a file of 1 KiB",
    atlas=_ATLAS,
    cwe=(130,),
)
HEADER = Rule(
    id="SW-ST-002",
    effect="fail",
    severity="high",
    title="The header is not one unambiguous JSON object",
    remediation="write the file again with the safetensors library",
    why="Readers disagree about repeated keys and text that is not JSON: one checks a tensor that "
    "another never sees.",
    example='{"a": {…}, "a": {…}}',
    atlas=_ATLAS,
    cwe=(436,),
)
TENSOR = Rule(
    id="SW-ST-003",
    effect="fail",
    severity="high",
    title="A tensor's entry is wrong: its fields, type, shape or size",
    remediation="write the file again with the safetensors library",
    why="A tensor whose shape does not fit its bytes has a reader take memory that does not "
    "belong to it.",
    example="shape [1000000] and four bytes",
    atlas=_ATLAS,
    cwe=(125,),
)
OFFSETS = Rule(
    id="SW-ST-004",
    effect="fail",
    severity="high",
    title="Tensors overlap, leave holes or do not end where the file ends",
    remediation="do not load it: bytes outside all tensors can carry anything",
    why="Bytes that belong to no tensor can hold another file; tensors that overlap change each "
    "other.",
    example="a pickle between two tensors",
    atlas=_ATLAS,
    cwe=(125,),
)
METADATA = Rule(
    id="SW-ST-005",
    effect="fail",
    severity="medium",
    title="The metadata is not text by text",
    remediation="keep only short text in __metadata__",
    why="Programs read the entries and show or use them; nobody checks them.",
    example='"__metadata__": {"note": …}',
    atlas=_ATLAS,
)
LIMIT = Rule(
    id="SW-ST-006",
    effect="inconclusive",
    severity="medium",
    title="The header is larger than is examined",
    remediation="split the file into shards",
    why="What lies beyond the limit was not examined.",
    example="a header of 200 MB",
    cwe=(400,),
)
EMPTY = Rule(
    id="SW-ST-007",
    effect="warn",
    severity="low",
    title="The file holds no tensor",
    remediation="check that the right file was written",
    why="There is nothing in the file that a model could be made of.",
    example="{}",
)


class _Wrong(Exception):
    """Stops the reading at the first thing that makes the rest meaningless."""

    def __init__(self, rule: Rule, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message


def recognise(member: Member) -> Fit:
    """By the brace after the eight bytes of the header's length, which no text has there, and what
    may follow it in JSON."""
    data = member.data
    if len(data) < 10 or data[8:9] != b"{" or data[9] not in b' \t\r\n"}':
        return "no"
    length = int.from_bytes(data[:8], "little")
    return "strong" if length <= MAX_HEADER or data[7] == 0 else "no"


def examine(work: Examining) -> None:
    """Checks the header against itself and against the size of the file."""
    data = work.data
    size = len(data)
    try:
        length = _header_length(data, size)
        header = _decode(bytes(data[8 : 8 + length]))
        metadata = header.pop("__metadata__", {})
        _metadata(metadata, work)
        _tensors(header, size - 8 - length, work)
    except _Wrong as wrong:
        work.find(wrong.rule, wrong.message)
        return
    work.parsed = 8 + length
    work.numbers = size - work.parsed


def _header_length(data: Buffer, size: int) -> int:
    if size < 10:
        raise _Wrong(LENGTH, f"{size} bytes are too few for a safetensors file")
    length = int.from_bytes(data[:8], "little")
    if length > MAX_HEADER or length > size - 8 or length < 2:
        raise _Wrong(LENGTH, f"the header is said to have {length} bytes in a file of {size}")
    if length > MAX_HEADER_READ:
        raise _Wrong(LIMIT, f"the header has {length} bytes; at most {MAX_HEADER_READ} are read")
    return length


def _decode(raw: bytes) -> dict[str, Any]:
    text = raw.rstrip(b" ")
    if not (text.startswith(b"{") and text.endswith(b"}")):
        raise _Wrong(HEADER, "the header must start with { and end with } and spaces")
    if any(byte < 0x20 for byte in text):
        raise _Wrong(HEADER, "the header holds control characters")
    try:
        value = json.loads(
            text.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
    except RecursionError as error:
        raise _Wrong(HEADER, "the header is nested too deeply") from error
    except ValueError as error:
        raise _Wrong(HEADER, f"the header is not strict JSON: {quoted(str(error))}") from error
    if not isinstance(value, dict):
        raise _Wrong(HEADER, "the header is not a JSON object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("an object has the same key twice")
    return table


def _refuse_number(text: str) -> NoReturn:
    raise ValueError(f"{text[:20]} is not a whole number")


def _metadata(value: Any, work: Examining) -> None:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise _Wrong(METADATA, "__metadata__ must map text to text")
    for key, text in value.items():
        tell_setting(f"metadata {key}", text, work)
        examine_text(text, work, where=f"metadata {key}")
        if len(text) > MAX_METADATA_VALUE:
            work.find(
                METADATA,
                f"metadata {quoted(key)} has {len(text)} characters; at most {MAX_METADATA_VALUE}",
            )


def _tensors(header: Mapping[str, Any], available: int, work: Examining) -> None:
    if len(header) > MAX_TENSORS:
        raise _Wrong(LIMIT, f"{len(header)} tensors; at most {MAX_TENSORS} are examined")
    spans: list[tuple[int, int, str]] = []
    wrong = False
    for tensor, entry in header.items():
        problem = _entry_problem(tensor, entry)
        if problem:
            wrong = True
            work.find(TENSOR, f"tensor {quoted(tensor)}: {problem}")
        else:
            work.fact("tensor", f"{tensor} {entry['dtype']} {entry['shape']}")
            start, end = entry["data_offsets"]
            spans.append((start, end, tensor))
    if wrong:
        return
    position = 0
    for start, end, tensor in sorted(spans):
        if start != position:
            kind = "overlaps the one before" if start < position else "leaves a hole before it"
            message = f"tensor {quoted(tensor)} {kind}: starts at {start}, not {position}"
            raise _Wrong(OFFSETS, message)
        position = end
    if position != available:
        raise _Wrong(OFFSETS, f"tensors end at {position}, the file's data at {available}")
    if not spans:
        work.find(EMPTY, "no tensor is listed")


def _entry_problem(tensor: str, entry: Any) -> str:
    """Why an entry is refused; nothing if it holds together."""
    if not 1 <= len(tensor) <= MAX_NAME or not tensor.isprintable():
        return f"its name must be 1 to {MAX_NAME} printable characters"
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        return "it must have dtype, shape and data_offsets and nothing else"
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _BITS:
        return f"unknown dtype {quoted(str(dtype))}"
    if not _sizes(shape) or len(shape) > MAX_RANK:
        return f"its shape must be at most {MAX_RANK} whole numbers"
    if not _sizes(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        return "its data_offsets must be a start and an end"
    bits = _BITS[dtype]
    for extent in shape:
        bits *= extent
    if bits != 8 * (offsets[1] - offsets[0]):
        return f"shape and dtype need {bits} bits, its offsets hold {8 * (offsets[1] - offsets[0])}"
    return ""


def _sizes(value: Any) -> bool:
    """A list of whole numbers that fit 63 bits. `True` is no number here."""
    return isinstance(value, list) and all(type(n) is int and 0 <= n < 1 << 63 for n in value)


FORMAT = Format(
    id="safetensors",
    title="safetensors",
    examines=(
        "Header length, JSON without duplicate keys, dtype, shape and offsets of every tensor, no "
        "overlap, no hole, nothing after the last tensor. The numbers themselves are not judged."
    ),
    extensions=(".safetensors",),
    recognise=recognise,
    examine=examine,
    rules=(LENGTH, HEADER, TENSOR, OFFSETS, METADATA, LIMIT, EMPTY),
)
