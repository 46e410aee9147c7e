"""What one pickle would do, in the order in which it would do it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

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


@dataclass(frozen=True, slots=True)
class Reached:
    """A global was looked up (imported)."""

    target: Global | Computed
    offset: int


@dataclass(frozen=True, slots=True)
class Called:
    """Something was called: `made.function`, `made.args`, `made.kwargs`."""

    made: Made
    offset: int


@dataclass(frozen=True, slots=True)
class Changed:
    """Something that the stream did not make as a plain container was changed, or a state was set.

    `how`: build (BUILD: `items` is one state), append (`items`), setitem (`items` are keys and
    values in turn), add (ADDITEMS).
    """

    target: Value
    how: Literal["build", "append", "setitem", "add"]
    items: tuple[Value, ...]
    offset: int


@dataclass(frozen=True, slots=True)
class Asked:
    """`persistent_load` was called."""

    persistent: Persistent
    offset: int


Event = Reached | Called | Changed | Asked


@dataclass(slots=True, kw_only=True)
class Trace:
    """One stream from its first opcode to STOP or to where it breaks."""

    start: int
    end: int
    """Offset after STOP, or where it broke."""
    resume: int = 0
    """Where a loader reads on that has read the last frame as a whole: `end`, or behind it."""
    events: list[Event] = field(default_factory=list)
    result: Value | None = None
    broken: str = ""
    """Why it did not reach STOP: what the unpickler would raise there; empty if it did."""
    protocol: int = 0
    oddities: list[tuple[int, str]] = field(default_factory=list)
    """(offset, what): forms that no pickler writes and the unpickler takes."""
    blocks: int = 0
    """Bytes of raw array blocks between the opcodes."""
    inner: list[Trace] = field(default_factory=list)
    """Whole pickles that the loader reads from between the opcodes (joblib's object arrays), and
    the same stream as another loader reads it (`crossed`)."""
    files: list[tuple[int, str]] = field(default_factory=list)
    """(offset, name): other files that the loader would open (arrays of joblib before 0.10)."""
    crossed: bool = False
    """An argument reaches beyond the end of its frame: loaders disagree on what it is."""
    first_block: int = -1
    """Offset of the first thing that only joblib's loader reads between the opcodes; -1: none."""
    payloads: list[Const] = field(default_factory=list)
    """Constants whose first bytes could be those of another file: candidates for a closer look."""
    memo: tuple[list[Value], dict[int, Value]] = field(default_factory=lambda: ([], {}))
    """The memo at the end (from 0 on, and scattered): a loader that reads on with the same
    unpickler finds it there."""


Plain = List | Dict | Set
