"""Texts in the metadata of a GGUF model that programs act on: chat templates and tokenizers."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import islice

import msgspec

from sealwright.vetting.formats import gguf_rules as rules
from sealwright.vetting.formats.gguf_tables import ARRAY, SMALLEST, STRING
from sealwright.vetting.interface import Examining, quoted

TEMPLATE = "tokenizer.chat_template"
TOKENIZER = "tokenizer.huggingface.json"
_MOST = 64
"""Texts of one array that are examined; models have a handful of templates."""


class Texts(msgspec.Struct):
    """What was found so far: keys and their texts."""

    templates: list[tuple[str, bytes]] = msgspec.field(default_factory=list)
    tokenizers: list[bytes] = msgspec.field(default_factory=list)
    others: list[tuple[str, bytes]] = msgspec.field(default_factory=list)


def keep_text(
    known: Texts, examining: Examining, key: str, kind: int, raw: memoryview, *, order: str
) -> None:
    """Keeps the texts of one entry. `raw`: its value as it stands in the file, read before."""
    if not key.startswith(TEMPLATE) and key != TOKENIZER:
        if kind == STRING:
            known.others += [(key, text) for text in _strings(raw, kind, order)]
        return
    # Readers in Python take an array of one text for the text itself.
    if kind != STRING and (key in (TEMPLATE, TOKENIZER) or key.startswith(TEMPLATE + ".")):
        what = "an array" if kind == ARRAY else f"a value of type {kind}"
        examining.find(rules.TEXT_TYPE, f"{quoted(key)} is {what}")
    found = list(islice(_strings(raw, kind, order), _MOST + 1))
    if len(found) > _MOST:
        examining.gap(f"{quoted(key)} holds more than {_MOST} texts")
    for text in found[:_MOST]:
        if key == TOKENIZER:
            known.tokenizers.append(text)
        else:
            known.templates.append((key, text))


def _strings(raw: memoryview, kind: int, order: str) -> Iterator[bytes]:
    """Every text of a value, those within arrays as well."""
    at = 0
    pending = [(kind, 1)]
    while pending:
        inner, left = pending.pop()
        if not left:
            continue
        if inner not in (STRING, ARRAY):
            at += left * SMALLEST[inner]
            continue
        pending.append((inner, left - 1))
        if inner == STRING:
            (length,) = struct.unpack_from(order + "Q", raw, at)
            at += 8 + length
            yield bytes(raw[at - length : at])
        else:
            pending.append(struct.unpack_from(order + "IQ", raw, at))
            at += 12


def examine_texts(known: Texts, examining: Examining) -> None:
    """Templates as Jinja, tokenizers as configurations, the rest as texts of any configuration."""
    from sealwright.vetting import documents
    from sealwright.vetting.formats.active_texts import examine_text
    from sealwright.vetting.formats.jinja import examine_template

    for key, raw in known.templates:
        examine_template(raw.decode("utf-8", "replace"), examining, where=key)
    for raw in known.tokenizers:
        documents.examine_json(raw, examining, what=f"metadata {TOKENIZER}")
    for key, raw in known.others:
        examine_text(raw.decode("utf-8", "replace"), examining, where=f"metadata {key}")
