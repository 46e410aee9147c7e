"""Attacks in MessagePack files."""

from __future__ import annotations

from tests.attacks.tensors import pickles
from tests.attacks.tensors.case import Attack

MSGPACK_NUMPY = "msgpack 1.2.4 with msgpack-numpy 0.4.8"


def text(value: str) -> bytes:
    """A text of at most 255 bytes."""
    held = value.encode()
    return (bytes([0xA0 | len(held)]) if len(held) < 32 else bytes([0xD9, len(held)])) + held


def raw(value: bytes) -> bytes:
    """Bytes."""
    return b"\xc5" + len(value).to_bytes(2, "big") + value


def mapping(**values: bytes) -> bytes:
    """A map of texts to values that are written already."""
    return bytes([0x80 | len(values)]) + b"".join(text(k) + v for k, v in values.items())


def objects(data: bytes, *, in_bytes: bool = True) -> bytes:
    """A map with an array of msgpack-numpy that holds objects; keys in bytes or in text."""
    fields = {
        "nd": b"\xc3",
        "type": text("|O"),
        "kind": raw(b"O") if in_bytes else text("O"),
        "shape": b"\x91\x01",
        "data": data,
    }
    key = (lambda name: raw(name.encode())) if in_bytes else text
    array = bytes([0x80 | len(fields)]) + b"".join(key(k) + v for k, v in fields.items())
    return mapping(weights=array)


CASES = (
    Attack(
        name="an array of objects",
        file="weights.msgpack",
        build=lambda: objects(raw(pickles.calls())),
        rules=frozenset({"SW-MSG-002"}),
        executed_by=MSGPACK_NUMPY,
    ),
    Attack(
        name="an array of objects as old versions write it, all texts",
        file="weights.msgpack",
        build=lambda: objects(text(pickles.calls().decode()), in_bytes=False),
        rules=frozenset({"SW-MSG-002"}),
        executed_by=f"{MSGPACK_NUMPY}, raw=True",
    ),
    Attack(
        name="bytes that are a pickle",
        file="state.msgpack",
        build=lambda: mapping(step=b"\x01", state=raw(b"\x80\x02" + pickles.calls())),
        rules=frozenset({"SW-PKL-001", "SW-PKL-002"}),
    ),
    Attack(
        name="an extension that is a pickle",
        file="state.msgpack",
        build=lambda: mapping(
            state=b"\xc7" + bytes([len(pickles.calls()) + 2, 42]) + b"\x80\x02" + pickles.calls()
        ),
        rules=frozenset({"SW-PKL-001", "SW-PKL-002"}),
    ),
)
