"""Reads GGUF models without ggml: every key, value and tensor, and where each byte belongs.

Layout: ggml/docs/gguf.md, versions 2 and 3, either byte order. Counts and lengths are held against
the bytes that are there before anything is read or allocated.
"""

from __future__ import annotations

import hashlib
import struct

import msgspec

from sealwright.errors import MalformedError
from sealwright.vetting.formats import gguf_rules as rules
from sealwright.vetting.formats.gguf_tables import (
    ARRAY,
    BLOCKS,
    BOOL,
    MOST_TYPES,
    SCALARS,
    SMALLEST,
    STRING,
)
from sealwright.vetting.formats.gguf_texts import Texts, examine_texts, keep_text
from sealwright.vetting.interface import Buffer, Examining, Fit, Format, Member, quoted
from sealwright.vetting.settings import tell_setting

MAGIC = b"GGUF"
ALIGNMENT = "general.alignment"
MAX_ARRAY_DEPTH = 4
MAX_DIMENSIONS = 4
MAX_KEY = 65_535
_CHUNK = 1 << 20
_STEPS = 64
"""What a key or a tensor costs; models have some thousands of them."""
_MAX_TOLD = 1 << 16
"""Bytes of a text from which on only its digest is told."""
_LARGEST = (1 << 63) - 1


class _Cursor(msgspec.Struct):
    data: Buffer
    at: int
    order: str

    def room(self, size: int, what: str) -> None:
        """Raises `MalformedError` where the file ends before `size` more bytes."""
        left = len(self.data) - self.at
        if size > left:
            raise MalformedError(f"{what} at byte {self.at} needs {size} bytes, {left} are left")

    def number(self, code: str, what: str) -> int:
        """One whole number."""
        size = struct.calcsize("<" + code)
        self.room(size, what)
        (value,) = struct.unpack_from(self.order + code, self.data, self.at)
        self.at += size
        return int(value)

    def text(self, what: str) -> bytes:
        """One counted string."""
        length = self.number("Q", what)
        self.room(length, what)
        self.at += length
        return bytes(self.data[self.at - length : self.at])


class _Tensor(msgspec.Struct, frozen=True):
    name: str
    offset: int
    size: int


def recognise(member: Member) -> Fit:
    """By the magic bytes."""
    return "strong" if member.data[:4] == MAGIC and len(member.data) >= 8 else "no"


def examine(examining: Examining) -> None:
    """Reads header, metadata and tensor infos, and accounts for every byte of the file."""
    data = examining.data
    if len(data) < 8:
        raise MalformedError("the file ends within its header")
    little = int.from_bytes(data[4:8], "little")
    order = "<" if little & 0xFFFF else ">"
    cursor = _Cursor(data, 4, order)
    version = cursor.number("I", "the version")
    if version not in (2, 3):
        examining.find(rules.VERSION, f"version {version}; examined are 2 and 3", offset=4)
        return
    tensors = cursor.number("Q", "the tensor count")
    keys = cursor.number("Q", "the metadata count")
    cursor.room(keys * 13, f"{keys} metadata entries")
    alignment, texts = _metadata(examining, cursor, keys)
    cursor.room(tensors * 24, f"{tensors} tensor entries")
    placed = _tensors(examining, cursor, tensors, alignment)
    examining.parsed += cursor.at
    if placed is not None:
        _account(examining, cursor.at, placed, alignment)
    examine_texts(texts, examining)


def _metadata(examining: Examining, cursor: _Cursor, count: int) -> tuple[int, Texts]:
    """What matters later: the alignment, and texts that programs act on."""
    alignment, texts = 32, Texts()
    seen: set[bytes] = set()
    for _ in range(count):
        start = cursor.at
        examining.session.spend(_STEPS)
        raw = cursor.text("a metadata key")
        key = _name(raw, start, limit=MAX_KEY)
        if raw in seen:
            examining.find(rules.METADATA, f"the key {quoted(key)} occurs again", offset=start)
        seen.add(raw)
        kind = cursor.number("I", "a value's type")
        place = cursor.at
        value = _value(examining, cursor, kind, depth=0)
        written = memoryview(cursor.data)[place : cursor.at]
        _tell(examining, key, kind, value, written, cursor.order)
        keep_text(texts, examining, key, kind, written, order=cursor.order)
        if key == ALIGNMENT:
            alignment = _alignment(examining, kind, value, place)
    return alignment, texts


def _tell(
    examining: Examining,
    key: str,
    kind: int,
    value: bytes | int | None,
    raw: memoryview,
    order: str,
) -> None:
    """The entry as a setting; arrays by their digest."""
    shown: str | int | float
    code = SCALARS.get(kind, "")
    if isinstance(value, bytes) and len(value) <= _MAX_TOLD:
        shown = value.decode("utf-8", "replace")
    elif isinstance(value, int):
        shown = value
    elif code:
        (shown,) = struct.unpack_from(order + code, raw)
    else:
        shown = f"{len(raw)} bytes, sha256 {hashlib.sha256(raw).hexdigest()[:32]}"
    tell_setting(key, shown, examining)


def _name(raw: bytes, offset: int, *, limit: int) -> str:
    if not 1 <= len(raw) <= limit:
        raise MalformedError(f"the name at byte {offset} has {len(raw)} bytes; 1 to {limit} may be")
    if b"\0" in raw:
        # C readers end the name there, others do not: the two see different keys.
        raise MalformedError(f"the name at byte {offset} holds a zero byte")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedError(f"the name at byte {offset} is not UTF-8") from error


def _alignment(examining: Examining, kind: int, value: bytes | int | None, offset: int) -> int:
    if kind == 4 and isinstance(value, int) and value > 0 and value & (value - 1) == 0:
        return value
    message = f"{ALIGNMENT} must be a power of two, as an unsigned 32-bit number"
    examining.find(rules.METADATA, message, offset=offset)
    return 32


def _value(examining: Examining, cursor: _Cursor, kind: int, *, depth: int) -> bytes | int | None:
    """Reads one value; whole numbers and strings are returned, arrays are only walked."""
    examining.session.spend()
    if kind == STRING:
        return cursor.text("a string")
    if kind == ARRAY:
        _array(examining, cursor, depth=depth + 1)
        return None
    code = SCALARS.get(kind)
    if code is None:
        raise MalformedError(f"byte {cursor.at}: {kind} is no value type")
    if code in "fd":
        cursor.room(SMALLEST[kind], "a number")
        cursor.at += SMALLEST[kind]
        return None
    value = cursor.number(code, "a number")
    if kind == BOOL and value > 1:
        raise MalformedError(f"byte {cursor.at - 1}: {value} is no truth value")
    return value


def _array(examining: Examining, cursor: _Cursor, *, depth: int) -> None:
    if depth > MAX_ARRAY_DEPTH:
        raise MalformedError(f"arrays are nested more than {MAX_ARRAY_DEPTH} deep")
    kind = cursor.number("I", "an array's type")
    count = cursor.number("Q", "an array's length")
    if kind not in SMALLEST:
        raise MalformedError(f"byte {cursor.at - 12}: {kind} is no value type")
    cursor.room(count * SMALLEST[kind], f"an array of {count} values")
    if kind == STRING:
        _strings(examining, cursor, count)
        return
    if kind == ARRAY:
        for _ in range(count):
            _value(examining, cursor, kind, depth=depth)
        return
    size = count * SMALLEST[kind]
    if kind == BOOL and bytes(cursor.data[cursor.at : cursor.at + size]).strip(b"\x00\x01"):
        raise MalformedError(f"byte {cursor.at}: an array of truth values holds others")
    examining.session.spend(1 + size // 4096)
    cursor.at += size


def _strings(examining: Examining, cursor: _Cursor, count: int) -> None:
    """Walks the strings of an array: a vocabulary has hundreds of thousands of them."""
    data, at, size = cursor.data, cursor.at, len(cursor.data)
    length = struct.Struct(cursor.order + "Q").unpack_from
    for done in range(count):
        if not done % 1024:
            examining.session.spend(4 * min(1024, count - done))
        end = at + 8
        if end <= size:
            end += length(data, at)[0]
        if end > size:
            cursor.at = at
            cursor.text("a string")  # says what is wrong
        at = end
    cursor.at = at


def _tensors(
    examining: Examining, cursor: _Cursor, count: int, alignment: int
) -> list[_Tensor] | None:
    """The tensors with their places, or nothing where a size is not known or impossible."""
    names: set[bytes] = set()
    placed: list[_Tensor] = []
    whole = True
    for _ in range(count):
        examining.session.spend(_STEPS)
        start = cursor.at
        raw = cursor.text("a tensor's name")
        name = _name(raw, start, limit=MAX_KEY)
        if raw in names:
            examining.find(rules.TENSOR, f"tensor {quoted(name)} occurs twice", offset=start)
        names.add(raw)
        rank = cursor.number("I", "a tensor's rank")
        if rank > MAX_DIMENSIONS:
            raise MalformedError(f"tensor {quoted(name)} has {rank} dimensions; at most 4 may be")
        extents = [cursor.number("Q", "a dimension") for _ in range(rank)]
        kind = cursor.number("I", "a tensor's type")
        offset = cursor.number("Q", "a tensor's offset")
        if kind not in BLOCKS and kind < MOST_TYPES:
            message = f"tensor {quoted(name)} has element type {kind}"
            examining.find(rules.UNKNOWN_TYPE, message, offset=start)
            whole = False
            continue
        examining.fact("tensor", f"{name} type {kind} {extents}")
        size, problem = _size(extents, kind)
        if not problem and offset % alignment:
            problem = f"its offset {offset} is no multiple of the alignment {alignment}"
        if problem:
            examining.find(rules.TENSOR, f"tensor {quoted(name)}: {problem}", offset=start)
            whole = False
        placed.append(_Tensor(name, offset, size))
    return placed if whole else None


def _size(extents: list[int], kind: int) -> tuple[int, str]:
    """Bytes of a tensor, or why there is no such tensor."""
    if kind not in BLOCKS:
        return 0, f"{kind} is no element type"
    block, size = BLOCKS[kind]
    elements = 1
    for extent in extents:
        if extent < 1:
            return 0, "a dimension is 0"
        elements *= extent
    if elements > _LARGEST or elements // block * size > _LARGEST:
        return 0, f"its {elements} elements are larger than any memory"
    if extents and extents[0] % block:
        return 0, f"its rows of {extents[0]} elements do not divide into blocks of {block}"
    if not extents and block != 1:
        return 0, f"a single element cannot have a type with blocks of {block}"
    return elements // block * size, ""


def _account(examining: Examining, header_end: int, placed: list[_Tensor], alignment: int) -> None:
    """Holds the tensors against the file: in order, padded, and nothing else."""
    size = len(examining.data)
    base = _padded(header_end, alignment)
    position = header_end
    for tensor in sorted(placed, key=lambda one: (one.offset, one.size)):
        start = base + tensor.offset
        end = start + tensor.size
        name = quoted(tensor.name)
        if end > size:
            message = f"tensor {name} ends at byte {end}, the file at {size}"
            examining.find(rules.TENSOR, message, offset=min(start, size))
            return
        if start < position:
            message = f"tensor {name} starts at byte {start}, within the one before it"
            examining.find(rules.LAYOUT, message, offset=start)
        else:
            _between(examining, position, start, alignment)
        examining.numbers += tensor.size
        position = max(position, end)
    _between(examining, position, size, alignment)


def _between(examining: Examining, start: int, end: int, alignment: int) -> None:
    """Bytes between tensors: padding with zeros up to the alignment and no more."""
    free = min(_padded(start, alignment), end)
    for at in range(start, free, _CHUNK):
        if bytes(examining.data[at : min(at + _CHUNK, free)]).strip(b"\x00"):
            free = start
            break
    examining.parsed += end - start
    if free < end:
        message = f"{end - free} bytes at byte {free} belong to no tensor"
        examining.find(rules.LAYOUT, message, offset=free)
        inside = memoryview(examining.data)[free:end]
        examining.session.visit(f"bytes {free}-{end}", inside, within=examining.member)


def _padded(position: int, alignment: int) -> int:
    return (position + alignment - 1) // alignment * alignment


FORMAT = Format(
    id="gguf",
    title="GGUF model",
    examines=(
        "Versions 2 and 3 in either byte order: all keys and values, types, dimensions, offsets "
        "and sizes of all tensors, no overlap, nothing outside them; chat templates as Jinja. The "
        "numbers are not judged. Versions 1 and older are not examined."
    ),
    extensions=(".gguf",),
    recognise=recognise,
    examine=examine,
    malformed=rules.MALFORMED,
    rules=rules.RULES,
)
