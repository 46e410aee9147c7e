"""TOML texts: parsed, and given to every check of documents."""

from __future__ import annotations

import re
from contextlib import suppress

from sealwright.errors import MalformedError
from sealwright.patterns import regex
from sealwright.vetting.documents import examine_document
from sealwright.vetting.formats.text import is_text
from sealwright.vetting.interface import Examining, Fit, Format, Member, Rule
from sealwright.vetting.session import Spent
from sealwright.vetting.texts import MAX_DEPTH, decode_text

MAX_TOML = 1 << 20
"""Bytes; the parser is slow."""
_SECTION = regex(rb"(?m)^[ \t]*+\[\[?[A-Za-z0-9_.\" -]++\]\]?[ \t]*+(?:#.*+)?\r?$")
_PAIR = regex(rb"(?m)^[ \t]*+[A-Za-z0-9_.\"-]++[ \t]*+=[ \t]*+[\"'\[{0-9tf]")

NOT_TOML = Rule(
    id="SW-TOML-001",
    effect="inconclusive",
    severity="low",
    title="The file is not TOML, although its name says so",
    remediation="correct it, or give it the extension of what it is",
    why="It was not examined to its end, and what a lenient reader makes of it is not known.",
    example="a = [1, 2",
    atlas=("AML.T0076",),
)


def recognise(member: Member) -> Fit:
    """Weak: by its extension, or by a table and a pair."""
    if not is_text(member.data):
        return "no"
    head = bytes(member.data[:8192])
    if member.extension == ".toml" or (_SECTION.search(head) and _PAIR.search(head)):
        return "weak"
    return "no"


def examine(examining: Examining) -> None:
    """The whole file. Only a file that is called TOML must be TOML."""
    if len(examining.data) > MAX_TOML:
        raise Spent(f"TOML of {len(examining.data)} bytes; at most {MAX_TOML} are read")
    text = decode_text(examining.data)
    examining.session.spend(len(text))
    examining.parsed = len(examining.data)
    if examining.member.extension == ".toml":
        _examine_text(text, examining)
        return
    with suppress(MalformedError):
        _examine_text(text, examining)


def _examine_text(text: str, examining: Examining) -> None:
    import tomllib

    if max(text.count("["), text.count("{")) > 20_000 or _nested(text):
        raise Spent(f"TOML with too many arrays, or nested more than {MAX_DEPTH} deep")
    try:
        value = tomllib.loads(text)
    except RecursionError:
        raise Spent(f"TOML nested more than {MAX_DEPTH} deep") from None
    except ValueError as error:
        raise MalformedError(f"not TOML: {error}"[:300]) from None
    examine_document(value, examining)


def _nested(text: str) -> bool:
    """Whether keys with very many dots make very deep tables."""
    return re.search(r"(?:[^\s.=\[\]\"]{0,64}\.){200}", text) is not None


FORMAT = Format(
    id="toml",
    title="TOML",
    examines="Syntax, and every check of documents.",
    extensions=(".toml",),
    recognise=recognise,
    examine=examine,
    malformed=NOT_TOML,
    rules=(NOT_TOML,),
)
