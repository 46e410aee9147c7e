"""Reads SentencePiece tokenizers (tokenizer.model, spiece.model): pieces of text with scores, no
code.

Layout: sentencepiece_model.proto. Beside the pieces a model holds how it was trained and how text
is normalized; those are walked for their encoding.
"""

from __future__ import annotations

from collections.abc import Iterator

from sealwright.errors import MalformedError
from sealwright.vetting.interface import Buffer, Examining, Fit, Format, Member, Rule

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_PIECES, _MESSAGES = 1, frozenset((2, 3, 4, 5))
_PIECE = {1: _BYTES, 2: _FIXED32, 3: _VARINT}
"""Field of a piece → wire type: its text, score and kind."""
_PROBED = 8
MAX_PIECE = 65_536

MALFORMED = Rule(
    id="SW-SPM-001",
    effect="fail",
    severity="medium",
    title="The tokenizer is not a well-formed SentencePiece model",
    why=(
        "The reader of these files is native code. Bytes that the library does not write are "
        "damage, or an attempt to make the reader fail."
    ),
    example="tokenizer.model whose last piece is longer than the file",
    remediation="get the tokenizer again from its source",
    atlas=("AML.T0076",),
    cwe=(20,),
)

Field = tuple[int, int, int, int]
"""Number, wire type, start and end of the value."""


def recognise(member: Member) -> Fit:
    """The first fields are pieces: a text, a score, perhaps a kind."""
    data = member.data
    if bytes(data[:1]) != b"\x0a" or len(data) < 8:
        return "no"
    probed = 0
    try:
        for number, wire, start, end in _fields(data, 0, len(data)):
            if number != _PIECES or wire != _BYTES:
                return "strong" if probed else "no"
            if not _is_piece(data, start, end):
                return "no"
            probed += 1
            if probed == _PROBED:
                return "strong"
    except MalformedError:
        return "no"
    return "strong" if probed else "no"


def _is_piece(data: Buffer, start: int, end: int) -> bool:
    """A text and a score; at most each field once."""
    if end - start > MAX_PIECE:
        return False
    seen: list[int] = []
    for number, wire, _, _ in _fields(data, start, end):
        if _PIECE.get(number) != wire or number in seen:
            return False
        seen.append(number)
    return 1 in seen and 2 in seen


def examine(examining: Examining) -> None:
    """Walks every piece and the encoding of all other parts."""
    data = examining.data
    for number, wire, start, end in _fields(data, 0, len(data)):
        examining.session.spend()
        if wire == _BYTES and number == _PIECES:
            if not _is_piece(data, start, end):
                raise MalformedError(f"the piece at byte {start} is not a text with a score")
        elif wire == _BYTES and number in _MESSAGES:
            for _ in _fields(data, start, end):
                examining.session.spend()
        else:
            raise MalformedError(
                f"field {number} at byte {start} belongs to no SentencePiece model"
            )
    examining.parsed += len(data)


def _fields(data: Buffer, start: int, end: int) -> Iterator[Field]:
    """The fields of one message. Raises `MalformedError` where they do not end with it."""
    position = start
    while position < end:
        key, position = _varint(data, position, end)
        number, wire = key >> 3, key & 7
        size = 0
        if wire == _VARINT:
            begin = position
            _, position = _varint(data, position, end)
            yield number, wire, begin, position
            continue
        if wire == _BYTES:
            size, position = _varint(data, position, end)
        elif wire in (_FIXED32, _FIXED64):
            size = 4 if wire == _FIXED32 else 8
        else:
            raise MalformedError(f"byte {position} has wire type {wire}")
        if number == 0 or size > end - position:
            raise MalformedError(f"the field at byte {position} is longer than what holds it")
        yield number, wire, position, position + size
        position += size


def _varint(data: Buffer, position: int, end: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if position >= end:
            break
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise MalformedError(f"a number at byte {position} does not end")


FORMAT = Format(
    id="sentencepiece",
    title="SentencePiece tokenizer",
    examines="Every piece with its score, and the encoding of all other parts. It holds no code.",
    recognise=recognise,
    examine=examine,
    malformed=MALFORMED,
    rules=(MALFORMED,),
)
