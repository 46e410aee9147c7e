"""JSON texts and JSON lines: parsed once, and given to every check of documents."""

from __future__ import annotations

from sealwright.errors import MalformedError
from sealwright.patterns import regex
from sealwright.vetting.documents import (
    NOT_JSON,
    RULES,
    examine_document,
    examine_json,
    parse_json,
    report_notices,
)
from sealwright.vetting.formats import yaml_text
from sealwright.vetting.interface import Buffer, Examining, Fit, Format, Member
from sealwright.vetting.texts import Notice, decode_text

_BEGINNING = regex(rb'[ \t\r\n]*+(?:\{[ \t\r\n]*+["}]|\[[ \t\r\n]*+(?:[\[\]{"tfnN0-9-]|Inf))')
_SECTION = regex(rb"[ \t\r\n]*+\[\[?[A-Za-z0-9_.\" -]++\]\]?[ \t]*+(?:#[^\n]*+)?\r?\n[^\]}]")
"""A table of TOML: `[1]` and a line after it."""
_BOM = b"\xef\xbb\xbf"
MAX_LINES = 200_000


def begins_as_json(data: Buffer) -> bool:
    """Whether the first bytes are those of an object or an array."""
    head = bytes(data[:4096]).removeprefix(_BOM)
    return _BEGINNING.match(head) is not None and _SECTION.match(head) is None


def recognise(member: Member) -> Fit:
    """Strong where it begins and ends as an object or array does; without a zero byte near by."""
    data = member.data
    if not begins_as_json(data) or b"\0" in bytes(data[:4096]):
        return "no"
    tail = bytes(data[max(0, len(data) - 4096) :]).rstrip()
    return "strong" if tail[-1:] in (b"}", b"]") else "weak"


def examine(examining: Examining) -> None:
    """One document, or one in each line, or YAML that begins like JSON."""
    text = decode_text(examining.data)
    examining.parsed = len(examining.data)
    try:
        examine_json(text, examining)
    except MalformedError as error:
        if not (_examine_lines(text, examining) or _examine_yaml(text, examining)):
            raise error from None


def _examine_lines(text: str, examining: Examining) -> bool:
    """JSON lines; False where the first line is no document of its own."""
    lines = [line for line in text.splitlines() if line.strip()]
    noticed: list[Notice] = []
    try:
        parse_json(lines[0], examining.session)
    except (MalformedError, IndexError):
        return False
    if len(lines) > MAX_LINES:
        examining.gap(f"{len(lines)} JSON lines; {MAX_LINES} were examined")
    for line in lines[:MAX_LINES]:
        examine_document(parse_json(line, examining.session, noticed=noticed), examining)
    report_notices(noticed, examining)
    return True


def _examine_yaml(text: str, examining: Examining) -> bool:
    """What is not JSON but YAML all the same; False where it is neither."""
    try:
        yaml_text.examine_text(text, examining)
    except MalformedError:
        return any(seen.rule in yaml_text.RULES for seen in examining.observations)
    return True


FORMAT = Format(
    id="json",
    title="JSON",
    examines=(
        "Syntax, repeated keys, and every check of documents: configurations, tokenizers, trees of "
        "boosters, schemas. Also one document per line, and YAML that begins like JSON."
    ),
    extensions=(".json", ".jsonl", ".ndjson", ".webmanifest"),
    recognise=recognise,
    examine=examine,
    malformed=NOT_JSON,
    rules=(*RULES, *yaml_text.RULES),
)
