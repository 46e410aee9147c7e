"""What can stand on the stack of the symbolic machine. Nothing here is ever an object of a library.

Containers are mutable and may hold themselves, as in a real unpickler: compare by identity, walk
with a visited set.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Scalar = None | bool | int | float | complex | str | bytes | bytearray


class Const(msgspec.Struct, eq=False):
    """A constant of the stream. Long bytes are views of the file, copied by nobody."""

    value: Scalar | memoryview
    offset: int = 0
    """Where a text or bytes of 24 or more begin; 0 for what is shorter, and for numbers."""
    form: Literal["", "str", "str8", "bytearray"] = ""
    """What a view, or bytes, stand for: bytes, if nothing is said; text too long to be decoded; an
    8-bit string of Python 2 that is not ASCII (text or bytes, as the loader's `encoding` says); a
    bytearray."""


class Global(msgspec.Struct, eq=False):
    """A name that the stream reaches. `module` and `name` as `find_class` of the standard library
    would look them up (after the mapping of Python 2 names where the protocol asks for it)."""

    module: str
    name: str
    offset: int = 0
    raw: tuple[str, str] = ("", "")
    """As the stream spells it."""

    @property
    def dotted(self) -> str:
        """`module.name`."""
        return f"{self.module}.{self.name}"


class Computed(msgspec.Struct, eq=False):
    """A name that is not constant (STACK_GLOBAL on made-up strings), or an extension code."""

    what: str
    offset: int = 0


class Tuple(msgspec.Struct, eq=False):
    """A tuple."""

    items: tuple[Value, ...]


class List(msgspec.Struct, eq=False):
    """A list that the stream made itself."""

    items: list[Value] = msgspec.field(default_factory=list)
    elided: int = 0
    """Numbers and short texts beyond the first 100,000 items: counted and not kept."""


class Dict(msgspec.Struct, eq=False):
    """A dict that the stream made itself: pairs in order, a later key may repeat an earlier one."""

    items: list[tuple[Value, Value]] = msgspec.field(default_factory=list)
    elided: int = 0
    """Pairs of short texts and numbers beyond the first 100,000. A name may be among them."""


class Set(msgspec.Struct, eq=False):
    """A set or frozenset that the stream made itself."""

    items: list[Value] = msgspec.field(default_factory=list)
    frozen: bool = False
    elided: int = 0
    """As in a list."""


class Made(msgspec.Struct, eq=False):
    """What a call gives: `function(*args, **kwargs)`, or `cls.__new__(cls, *args, **kwargs)`.

    What was done to it afterwards is kept in the order in which it was done.
    """

    function: Value
    args: Value
    """A Tuple wherever the stream is well formed."""
    kwargs: Value | None
    by: str
    """Opcode: REDUCE, NEWOBJ, NEWOBJ_EX, INST, OBJ."""
    offset: int
    states: list[Value] = msgspec.field(default_factory=list)
    """BUILD."""
    appended: list[Value] = msgspec.field(default_factory=list)
    """APPEND, APPENDS, ADDITEMS."""
    pairs: list[tuple[Value, Value]] = msgspec.field(default_factory=list)
    """SETITEM, SETITEMS."""
    elided: int = 0
    """Of `appended` and `pairs`, as in a list and a dict."""


class Persistent(msgspec.Struct, eq=False):
    """PERSID, BINPERSID: whatever the loader's `persistent_load` gives."""

    id: Value
    offset: int = 0


class Buffered(msgspec.Struct, eq=False):
    """NEXT_BUFFER: out of band, given by the loader."""

    offset: int = 0


class Block(msgspec.Struct, eq=False):
    """Raw bytes of an array that a loader (joblib) reads from between the opcodes."""

    offset: int
    size: int


Value = Const | Global | Computed | Tuple | List | Dict | Set | Made | Persistent | Buffered | Block
