"""What can stand on the stack of the symbolic machine. Nothing here is ever an object of a library.

Containers are mutable and may hold themselves, as in a real unpickler: compare by identity, walk
with a visited set.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Scalar = None | bool | int | float | complex | str | bytes | bytearray


@dataclass(slots=True, eq=False)
class Const:
    """A constant of the stream. Long bytes are views of the file, copied by nobody."""

    value: Scalar | memoryview
    offset: int = 0
    """Where a text or bytes of 24 or more begin; 0 for what is shorter, and for numbers."""
    form: Literal["", "str", "str8", "bytearray"] = ""
    """What a view, or bytes, stand for: bytes, if nothing is said; text too long to be decoded; an
    8-bit string of Python 2 that is not ASCII (text or bytes, as the loader's `encoding` says); a
    bytearray."""


@dataclass(slots=True, eq=False)
class Global:
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


@dataclass(slots=True, eq=False)
class Computed:
    """A name that is not constant (STACK_GLOBAL on made-up strings), or an extension code."""

    what: str
    offset: int = 0


@dataclass(slots=True, eq=False)
class Tuple:
    """A tuple."""

    items: tuple[Value, ...]


@dataclass(slots=True, eq=False)
class List:
    """A list that the stream made itself."""

    items: list[Value] = field(default_factory=list)
    elided: int = 0
    """Numbers and short texts beyond the first 100,000 items: counted and not kept."""


@dataclass(slots=True, eq=False)
class Dict:
    """A dict that the stream made itself: pairs in order, a later key may repeat an earlier one."""

    items: list[tuple[Value, Value]] = field(default_factory=list)
    elided: int = 0
    """Pairs of short texts and numbers beyond the first 100,000. A name may be among them."""


@dataclass(slots=True, eq=False)
class Set:
    """A set or frozenset that the stream made itself."""

    items: list[Value] = field(default_factory=list)
    frozen: bool = False
    elided: int = 0
    """As in a list."""


@dataclass(slots=True, eq=False)
class Made:
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
    states: list[Value] = field(default_factory=list)
    """BUILD."""
    appended: list[Value] = field(default_factory=list)
    """APPEND, APPENDS, ADDITEMS."""
    pairs: list[tuple[Value, Value]] = field(default_factory=list)
    """SETITEM, SETITEMS."""
    elided: int = 0
    """Of `appended` and `pairs`, as in a list and a dict."""


@dataclass(slots=True, eq=False)
class Persistent:
    """PERSID, BINPERSID: whatever the loader's `persistent_load` gives."""

    id: Value
    offset: int = 0


@dataclass(slots=True, eq=False)
class Buffered:
    """NEXT_BUFFER: out of band, given by the loader."""

    offset: int = 0


@dataclass(slots=True, eq=False)
class Block:
    """Raw bytes of an array that a loader (joblib) reads from between the opcodes."""

    offset: int
    size: int


Value = Const | Global | Computed | Tuple | List | Dict | Set | Made | Persistent | Buffered | Block
