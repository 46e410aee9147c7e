"""Attacks in GGUF files, most of them after advisories of llama.cpp."""

from __future__ import annotations

import struct
from functools import partial

from tests.attacks.tensors.case import Attack

STRING, ARRAY, U32 = 8, 9, 4


def text(value: str | bytes) -> bytes:
    """A counted string."""
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(raw)) + raw


def pair(key: str, kind: int, value: bytes) -> bytes:
    """One metadata entry."""
    return text(key) + struct.pack("<I", kind) + value


def array(kind: int, *values: bytes) -> bytes:
    """An array of values of one type."""
    return struct.pack("<IQ", kind, len(values)) + b"".join(values)


def info(
    name: str = "w", *, shape: tuple[int, ...] = (8,), kind: int = 0, offset: int = 0
) -> bytes:
    """One tensor info."""
    extents = b"".join(struct.pack("<Q", each) for each in shape)
    return text(name) + struct.pack("<I", len(shape)) + extents + struct.pack("<IQ", kind, offset)


def model(
    *pairs: bytes,
    infos: tuple[bytes, ...] = (),
    data: bytes = b"",
    version: int = 3,
    keys: int | None = None,
    tensors: int | None = None,
    alignment: int = 32,
) -> bytes:
    """A file; `keys` and `tensors` are the counts that it claims."""
    head = b"GGUF" + struct.pack(
        "<IQQ",
        version,
        len(infos) if tensors is None else tensors,
        len(pairs) if keys is None else keys,
    )
    raw = head + b"".join(pairs) + b"".join(infos)
    return raw + bytes(-len(raw) % alignment) + data if infos else raw


_MALFORMED = frozenset({"SW-GGUF-001"})
_TENSOR = frozenset({"SW-GGUF-002"})
_LAYOUT = frozenset({"SW-GGUF-003"})
_METADATA = frozenset({"SW-GGUF-004"})
_TEMPLATE = "{{ ''.__class__.__mro__[1].__subclasses__() }}"
_ONE = bytes(32)
_deep = b"".join(struct.pack("<IQ", ARRAY, 1) for _ in range(10_000)) + struct.pack("<IQ", 0, 0)

CASES = (
    Attack(
        name="a metadata count of 2**60",
        file="model.gguf",
        build=partial(model, keys=1 << 60),
        rules=_MALFORMED,
    ),
    Attack(
        name="a tensor count of 2**60",
        file="model.gguf",
        build=partial(model, tensors=1 << 60),
        rules=_MALFORMED,
    ),
    Attack(
        name="a count that wraps when it is multiplied",
        file="model.gguf",
        build=partial(model, tensors=(1 << 64) // 24 + 1),
        rules=_MALFORMED,
    ),
    Attack(
        name="a key of 2**63 bytes",
        file="model.gguf",
        build=partial(model, struct.pack("<Q", 1 << 63) + bytes(16)),
        rules=_MALFORMED,
    ),
    Attack(
        name="a string of 2**64 - 1 bytes",
        file="model.gguf",
        build=partial(model, pair("general.name", STRING, struct.pack("<Q", (1 << 64) - 1))),
        rules=_MALFORMED,
    ),
    Attack(
        name="an array of 2**61 numbers",
        file="model.gguf",
        build=partial(model, pair("a", ARRAY, struct.pack("<IQ", 10, 1 << 61))),
        rules=_MALFORMED,
    ),
    Attack(
        name="arrays nested without end",
        file="model.gguf",
        build=partial(model, pair("a", ARRAY, _deep)),
        rules=_MALFORMED,
    ),
    Attack(
        name="a value of an unknown type",
        file="model.gguf",
        build=partial(model, pair("a", 99, bytes(8))),
        rules=_MALFORMED,
    ),
    Attack(
        name="dimensions that overflow",
        file="model.gguf",
        build=partial(model, infos=(info(shape=(1 << 62, 4)),), data=_ONE),
        rules=_TENSOR,
    ),
    Attack(
        name="dimensions whose product wraps to a small number",
        file="model.gguf",
        build=partial(model, infos=(info(shape=(1 << 33, 1 << 33)),), data=_ONE),
        rules=_TENSOR,
    ),
    Attack(
        name="a dimension of 0",
        file="model.gguf",
        build=partial(model, infos=(info(shape=(8, 0)),), data=_ONE),
        rules=_TENSOR,
    ),
    Attack(
        name="five dimensions",
        file="model.gguf",
        build=partial(model, infos=(info(shape=(1, 1, 1, 1, 8)),), data=_ONE),
        rules=_MALFORMED,
    ),
    Attack(
        name="a rank of 2**32 - 1",
        file="model.gguf",
        build=partial(model, infos=(text("w") + b"\xff\xff\xff\xff" + bytes(32),)),
        rules=_MALFORMED,
    ),
    Attack(
        name="a tensor outside the file",
        file="model.gguf",
        build=partial(model, infos=(info(offset=1 << 40),), data=_ONE),
        rules=_TENSOR,
    ),
    Attack(
        name="an offset that wraps",
        file="model.gguf",
        build=partial(model, infos=(info(offset=(1 << 64) - 32),), data=_ONE),
        rules=_TENSOR,
    ),
    Attack(
        name="an offset that is not aligned",
        file="model.gguf",
        build=partial(model, infos=(info(offset=4),), data=bytes(64)),
        rules=_TENSOR,
    ),
    Attack(
        name="an element type that is none",
        file="model.gguf",
        build=partial(model, infos=(info(kind=0xFFFFFFFF),), data=_ONE),
        rules=_TENSOR,
    ),
    Attack(
        name="rows that are no whole blocks",
        file="model.gguf",
        build=partial(model, infos=(info(shape=(33,), kind=8),), data=bytes(64)),
        rules=_TENSOR,
    ),
    Attack(
        name="two tensors in one place",
        file="model.gguf",
        build=partial(model, infos=(info("a"), info("b")), data=_ONE),
        rules=_LAYOUT,
    ),
    Attack(
        name="two tensors of one name",
        file="model.gguf",
        build=partial(model, infos=(info("a"), info("a", offset=32)), data=bytes(64)),
        rules=_TENSOR,
    ),
    Attack(
        name="a pickle between two tensors",
        file="model.gguf",
        build=partial(
            model,
            infos=(info("a"), info("b", offset=128)),
            data=_ONE + b"\x80\x04cposix\nsystem\n(Vtouch pwned\ntR.".ljust(96, b".") + _ONE,
        ),
        rules=_LAYOUT,
    ),
    Attack(
        name="a payload after the last tensor",
        file="model.gguf",
        build=partial(model, infos=(info(),), data=_ONE + b"#!/bin/sh\ntouch pwned\n" * 8),
        rules=_LAYOUT,
    ),
    Attack(
        name="a payload in the padding",
        file="model.gguf",
        build=partial(model, infos=(info(shape=(4,)),), data=bytes(16) + b"payload in pad.."),
        rules=_LAYOUT,
    ),
    Attack(
        name="a payload after metadata without tensors",
        file="model.gguf",
        build=lambda: model(pair("general.name", STRING, text("x"))) + b"\x7fELF" * 64,
        rules=_LAYOUT,
    ),
    Attack(
        name="a chat template that reaches the interpreter (CVE-2024-34359)",
        file="model.gguf",
        build=partial(model, pair("tokenizer.chat_template", STRING, text(_TEMPLATE))),
        rules=frozenset({"SW-JINJA-001"}),
        executed_by="jinja2 without a sandbox, as llama-cpp-python before 0.2.72 rendered it",
    ),
    Attack(
        name="a harmful template under another name",
        file="model.gguf",
        build=partial(model, pair("tokenizer.chat_template.tool_use", STRING, text(_TEMPLATE))),
        rules=frozenset({"SW-JINJA-001"}),
    ),
    Attack(
        name="a harmful template in an array of one text",
        file="model.gguf",
        build=partial(
            model, pair("tokenizer.chat_template", ARRAY, array(STRING, text(_TEMPLATE)))
        ),
        rules=frozenset({"SW-JINJA-001"}),
        executed_by="transformers takes an array of one text for the text",
    ),
    Attack(
        name="a harmful template among others in an array within an array",
        file="model.gguf",
        build=partial(
            model,
            pair(
                "tokenizer.chat_templates",
                ARRAY,
                array(
                    ARRAY,
                    array(U32, bytes(4), bytes(4)),
                    array(STRING, text("{{ x }}"), text(_TEMPLATE)),
                ),
            ),
        ),
        rules=frozenset({"SW-JINJA-001"}),
    ),
    Attack(
        name="a template as an array of bytes",
        file="model.gguf",
        build=partial(
            model,
            pair("tokenizer.chat_template.x", ARRAY, array(0, *(bytes([c]) for c in b"{{ x }}"))),
        ),
        rules=frozenset({"SW-GGUF-007"}),
    ),
    Attack(
        name="a tokenizer in an array",
        file="model.gguf",
        build=partial(
            model,
            pair(
                "tokenizer.huggingface.json",
                ARRAY,
                array(STRING, text('{"auto_map": {"AutoTokenizer": "a.B"}}')),
            ),
        ),
        rules=frozenset({"SW-GGUF-007"}),
    ),
    Attack(
        name="a key that occurs twice",
        file="model.gguf",
        build=partial(
            model,
            pair("tokenizer.chat_template", STRING, text("{{ x }}")),
            pair("tokenizer.chat_template", STRING, text(_TEMPLATE)),
        ),
        rules=_METADATA,
    ),
    Attack(
        name="an alignment of 0",
        file="model.gguf",
        build=partial(model, pair("general.alignment", U32, bytes(4))),
        rules=_METADATA,
    ),
    Attack(
        name="an alignment of 3",
        file="model.gguf",
        build=partial(model, pair("general.alignment", U32, struct.pack("<I", 3))),
        rules=_METADATA,
    ),
    Attack(
        name="an alignment that is a text",
        file="model.gguf",
        build=partial(model, pair("general.alignment", STRING, text("32"))),
        rules=_METADATA,
    ),
    Attack(
        name="a file of five bytes",
        file="model.gguf",
        build=lambda: b"GGUF\x03",
        rules=_MALFORMED | {"SW-FMT-007"},
    ),
)
