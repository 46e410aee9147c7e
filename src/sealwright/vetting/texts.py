"""Text as documents hold it: its encodings, its limits, and what is odd about it."""

from __future__ import annotations

import codecs
from typing import Literal

import msgspec

from sealwright.errors import MalformedError
from sealwright.vetting.interface import Buffer
from sealwright.vetting.session import Spent

MAX_TEXT = 128 * 1024 * 1024
"""Bytes of one document."""
MAX_VALUES = 5_000_000
MAX_OBJECTS = 400_000
MAX_DEPTH = 256
MAX_DIGITS = 1_000
"""Of one whole number."""

NoticeKind = Literal["duplicate", "constant", "tag", "alias", "recursion", "merge"]


class Notice(msgspec.Struct, frozen=True):
    """Something about the text that its parsed value no longer shows."""

    kind: NoticeKind
    """`duplicate`: a key occurs again; `constant`: NaN or Infinity; `tag`: a YAML tag that is not
    of the core schema; `alias`: aliases that were not expanded, because of their number;
    `recursion`: an alias of a node that holds it; `merge`: the merge key `<<`."""
    text: str
    offset: int | None = None
    """Characters from the start of the text, where it is known."""


def whole_number(text: str) -> int:
    """A decimal number of bounded length; raises Spent beyond."""
    if len(text) > MAX_DIGITS:
        raise Spent(f"a number of {len(text)} digits; at most {MAX_DIGITS} are read")
    return int(text)


def decode_text(data: Buffer) -> str:
    """UTF-8 (a byte order mark is dropped), or UTF-16 with its mark. Raises MalformedError, and
    Spent beyond `MAX_TEXT`."""
    if len(data) > MAX_TEXT:
        raise Spent(f"a document of {len(data)} bytes; at most {MAX_TEXT} are read")
    raw = bytes(data)
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return raw.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedError(f"byte {error.start} is not {error.encoding} text") from None
