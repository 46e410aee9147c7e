"""Attacks in safetensors files: what lies outside the tensors, and headers that are read in two
ways."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from tests.attacks.tensors.case import Attack

GOOD: dict[str, Any] = {"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}


def raw(header: bytes, data: bytes, *, length: int | None = None) -> bytes:
    """A file with this header; `length`: what it says of it."""
    return (len(header) if length is None else length).to_bytes(8, "little") + header + data


def of(header: dict[str, Any], data: bytes = bytes(8)) -> bytes:
    """A file by its header as a value."""
    return raw(json.dumps(header).encode(), data)


def _entry(**changes: Any) -> dict[str, Any]:
    return {"w": {**GOOD["w"], **changes}}


_LENGTH = frozenset({"SW-ST-001", "SW-FMT-007"})
_HEADER = frozenset({"SW-ST-002"})
_TENSOR = frozenset({"SW-ST-003"})
_OFFSETS = frozenset({"SW-ST-004"})
_TWICE = b'{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"w":{"dtype":"I32","shape":[2],'
_TWICE += b'"data_offsets":[0,8]}}'

CASES = (
    Attack(
        name="a header of 2**62 bytes",
        file="m.safetensors",
        build=partial(raw, b"{}", b"", length=1 << 62),
        rules=_LENGTH,
    ),
    Attack(
        name="a pickle after the last tensor",
        file="m.safetensors",
        build=partial(of, GOOD, bytes(8) + b"\x80\x04cposix\nsystem\n(Vid\ntR."),
        rules=_OFFSETS,
    ),
    Attack(
        name="a hole between tensors",
        file="m.safetensors",
        build=partial(
            of,
            {**GOOD, "v": {"dtype": "F32", "shape": [2], "data_offsets": [64, 72]}},
            bytes(8) + b"payload!" * 7 + bytes(8),
        ),
        rules=_OFFSETS,
    ),
    Attack(
        name="two tensors in one place",
        file="m.safetensors",
        build=partial(of, {**GOOD, "v": GOOD["w"]}),
        rules=_OFFSETS,
    ),
    Attack(
        name="a tensor outside the file",
        file="m.safetensors",
        build=partial(of, _entry(shape=[1 << 40], data_offsets=[0, 1 << 42])),
        rules=_OFFSETS,
    ),
    Attack(
        name="a shape that overflows",
        file="m.safetensors",
        build=partial(of, _entry(shape=[1 << 62, 4])),
        rules=_TENSOR,
    ),
    Attack(
        name="a tensor that occurs twice",
        file="m.safetensors",
        build=partial(raw, _TWICE, bytes(8)),
        rules=_HEADER,
    ),
    Attack(
        name="an unknown type",
        file="m.safetensors",
        build=partial(of, _entry(dtype="OBJ")),
        rules=_TENSOR,
    ),
    Attack(
        name="metadata that is no text",
        file="m.safetensors",
        build=partial(of, {"__metadata__": {"a": {"b": 1}}, **GOOD}),
        rules=frozenset({"SW-ST-005"}),
    ),
    Attack(
        name="a header after other bytes",
        file="m.safetensors",
        build=partial(raw, b'\x00\x00{"w":1}', b""),
        rules=_HEADER | _LENGTH,
    ),
)
