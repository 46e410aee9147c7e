"""What one pickle would do, in the order in which it would do it."""

from __future__ import annotations

from typing import Literal

import msgspec

from sealwright.vetting.pickle.values import (
    Computed,
    Const,
    Dict,
    Global,
    List,
    Made,
    Persistent,
    Set,
    Value,
)


class Reached(msgspec.Struct, frozen=True):
    """A global was looked up (imported)."""

    target: Global | Computed
    offset: int


class Called(msgspec.Struct, frozen=True):
    """Something was called: `made.function`, `made.args`, `made.kwargs`."""

    made: Made
    offset: int


class Changed(msgspec.Struct, frozen=True):
    """Something that the stream did not make as a plain container was changed, or a state was set.

    `how`: build (BUILD: `items` is one state), append (`items`), setitem (`items` are keys and
    values in turn), add (ADDITEMS).
    """

    target: Value
    how: Literal["build", "append", "setitem", "add"]
    items: tuple[Value, ...]
    offset: int


class Asked(msgspec.Struct, frozen=True):
    """`persistent_load` was called."""

    persistent: Persistent
    offset: int


Event = Reached | Called | Changed | Asked


class Trace(msgspec.Struct, kw_only=True):
    """One stream from its first opcode to STOP or to where it breaks."""

    start: int
    end: int
    """Offset after STOP, or where it broke."""
    resume: int = 0
    """Where a loader reads on that has read the last frame as a whole: `end`, or behind it."""
    events: list[Event] = msgspec.field(default_factory=list)
    result: Value | None = None
    broken: str = ""
    """Why it did not reach STOP: what the unpickler would raise there; empty if it did."""
    protocol: int = 0
    oddities: list[tuple[int, str]] = msgspec.field(default_factory=list)
    """(offset, what): forms that no pickler writes and the unpickler takes."""
    blocks: int = 0
    """Bytes of raw array blocks between the opcodes."""
    inner: list[Trace] = msgspec.field(default_factory=list)
    """Whole pickles that the loader reads from between the opcodes (joblib's object arrays), and
    the same stream as another loader reads it (`crossed`)."""
    files: list[tuple[int, str]] = msgspec.field(default_factory=list)
    """(offset, name): other files that the loader would open (arrays of joblib before 0.10)."""
    crossed: bool = False
    """An argument reaches beyond the end of its frame: loaders disagree on what it is."""
    first_block: int = -1
    """Offset of the first thing that only joblib's loader reads between the opcodes; -1: none."""
    sparse: int = -1
    """Offset behind the first memo number far higher than a pickler could give; -1: none."""
    payloads: list[Const] = msgspec.field(default_factory=list)
    """Constants whose first bytes could be those of another file: candidates for a closer look."""
    memo: tuple[list[Value], dict[int, Value]] = msgspec.field(default_factory=lambda: ([], {}))
    """The memo at the end (from 0 on, and scattered): a loader that reads on with the same
    unpickler finds it there."""


Plain = List | Dict | Set
