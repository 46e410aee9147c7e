"""TensorFlow checkpoints: the table of variables (`.index`) and the numbers themselves (`.data-…`).

The table is a sorted string table of LevelDB (doc/table_format.md) with BundleEntryProto values.
"""

from __future__ import annotations

from collections.abc import Iterator

from sealwright.errors import LimitReached, MalformedError
from sealwright.patterns import regex
from sealwright.vetting.formats import tensorflow_rules as rules
from sealwright.vetting.formats.tensorflow_schema import SCHEMA
from sealwright.vetting.interface import Buffer, Examining, Fit, Format, Member
from sealwright.vetting.protobuf import Budget, read_message
from sealwright.vetting.session import Spent

_MAGIC = bytes.fromhex("57fb808b247547db")
_FOOTER = 48
_TRAILER = 5
_MAX_KEY = 4096
_SHARD = regex(r".+\.data-\d{5}-of-\d{5}")


def recognise_index(member: Member) -> Fit:
    """By the magic number at the end."""
    size = len(member.data)
    return "strong" if size >= _FOOTER and bytes(member.data[size - 8 :]) == _MAGIC else "no"


def recognise_shard(member: Member) -> Fit:
    """Plain numbers have no mark: only the name tells, and any other format goes first."""
    return "weak" if _SHARD.fullmatch(member.name) else "no"


def examine_index(examining: Examining) -> None:
    """Every entry of the table: the place and size of a variable in a shard."""
    data = examining.data
    footer = len(data) - _FOOTER
    if footer < 0:
        raise MalformedError("shorter than the footer of a table")
    _, position = _handle(data, footer, len(data))
    (start, size), _ = _handle(data, position, len(data))
    entries = 0
    for _, value in _block(data, start, size):
        place, _ = _handle(value, 0, len(value))
        for key, entry in _block(data, *place):
            examining.session.spend(4)
            kind = "BundleEntry" if key else "BundleHeader"
            try:
                message = read_message(entry, kind=kind, schema=SCHEMA, budget=Budget())
            except LimitReached as error:
                raise Spent(error.message) from None
            for what in message.strange[:5]:
                new = what.startswith("unknown field")
                examining.find(rules.NEWER if new else rules.STRANGE, f"{kind}: {what}")
            entries += 1
    if not entries:
        raise MalformedError("a table of variables without a header")
    examining.parsed = len(data)


def examine_shard(examining: Examining) -> None:
    """Counts the numbers."""
    examining.numbers = len(examining.data)


def _handle(data: Buffer, position: int, end: int) -> tuple[tuple[int, int], int]:
    """Offset and size of a block, and the position behind them."""
    offset, position = _number(data, position, end)
    size, position = _number(data, position, end)
    return (offset, size), position


def _number(data: Buffer, position: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while position < end and shift < 64:
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return value, position
    raise MalformedError(f"a number at byte {position} is cut off or too long")


def _block(data: Buffer, start: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a block, whose keys share beginnings."""
    end = start + size
    if end + _TRAILER > len(data) or size < 4:
        raise MalformedError(f"a block of {size} bytes at {start} is not in the file")
    if data[end] != 0:
        raise MalformedError(f"the block at {start} is compressed, which TensorFlow does not do")
    restarts = int.from_bytes(bytes(data[end - 4 : end]), "little")
    limit = end - 4 - 4 * restarts
    if limit < start:
        raise MalformedError(f"the block at {start} has {restarts} restarts")
    position, key = start, b""
    while position < limit:
        shared, position = _number(data, position, limit)
        own, position = _number(data, position, limit)
        length, position = _number(data, position, limit)
        if shared > len(key) or position + own + length > limit or shared + own > _MAX_KEY:
            raise MalformedError(f"an entry at byte {position} reaches beyond its block")
        key = key[:shared] + bytes(data[position : position + own])
        position += own
        yield key, bytes(data[position : position + length])
        position += length


INDEX = Format(
    id="tensorflow-checkpoint",
    title="TensorFlow checkpoint index",
    examines="The table of variables: its blocks and the fields of every entry.",
    extensions=(".index",),
    recognise=recognise_index,
    examine=examine_index,
    malformed=rules.MALFORMED,
    rules=rules.RULES,
)
SHARD = Format(
    id="tensorflow-shard",
    title="TensorFlow checkpoint data",
    examines="Nothing but its size: numbers that are read at the places that the index names.",
    extensions=(),
    recognise=recognise_shard,
    examine=examine_shard,
)
FORMATS = (INDEX, SHARD)
