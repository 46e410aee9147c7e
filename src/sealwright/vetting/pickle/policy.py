"""What a pickle may do: exact names with roles and argument predicates, from policy packs.

Nothing is allowed by a module, a prefix or a pattern. The scanner's judge and the loader at run
time hold the same `Policy`, so that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

Role = Literal["class", "reduce", "constant"]
"""`class`: may be built (NEWOBJ, REDUCE, copyreg._reconstructor) as its `args` say, be given a
state where its entry says so, and stand as a value; `reduce`: a function that may be called with
arguments that its predicate takes, and may not stand as a value; `constant`: may stand as a value
(a dtype, a ufunc, a plain function that the object keeps) and is never called by the stream."""
Change = Literal["append", "setitem", "add"]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One allowed name."""

    name: str
    """Exact: module, a dot, qualified name."""
    role: Role
    args: str = "any"
    """What the call's arguments must be: a signature (`signatures.py`) or a predicate by name
    (`predicates.py`)."""
    state: str = "none"
    """What BUILD may set: `none`, `dict` (a dict with plain names, written into `__dict__`),
    `slots` (that, or a pair of dicts), `any` (any judged data, for a reviewed `__setstate__`), a
    signature of one argument, or a predicate by name."""
    changes: frozenset[str] = frozenset()
    """Of append, setitem, add: what the stream may do to an object of the class."""
    hashable: bool = False
    """Its hash and comparison are known to run no other code, so it may be a key."""


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """What is known to be dangerous. Only labels: what is in no pack is refused all the same."""

    name: str
    """Exact name, or a module with all that is below it (`os.*`)."""
    what: str
    """What an attacker does with it, in a few words."""
    atlas: tuple[str, ...] = ()
    cwe: tuple[int, ...] = ()
    code: bool = False
    """It makes code from bytes of the file (cloudpickle, dill, marshal)."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """All packs together."""

    entries: Mapping[tuple[str, str], Entry] = msgspec.field(default_factory=dict)
    """(module, qualified name) → its entry."""
    labels: Mapping[str, Label] = msgspec.field(default_factory=dict)
    packs: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Pack name → hex sha256 of its bytes."""
    covers: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Top-level module → the pack that speaks for it: a name there that has no entry was left
    out."""

    def entry(self, module: str, name: str) -> Entry | None:
        """The entry of exactly this name."""
        return self.entries.get((module, name))

    def label(self, module: str, name: str) -> Label | None:
        """What is known of a name: of itself, of a module above it, or of what a dotted path
        through another module ends in (`sklearn.utils.os.system`)."""
        if f"{module}.{name}" in PLAIN:
            return None
        parts = f"{module}.{name}".split(".")[:32]
        for start in range(len(parts)):
            rest = parts[start:]
            if start and rest[0] not in SYSTEM:
                continue
            found = self.labels.get(".".join(rest)) if start == 0 or len(rest) > 1 else None
            if found is not None:
                return found
            for end in range(len(rest) - 1, 0, -1):
                found = self.labels.get(".".join(rest[:end]) + ".*")
                if found is not None:
                    return found
        return None


SYSTEM = frozenset(
    [
        "builtins",
        "commands",
        "ctypes",
        "importlib",
        "marshal",
        "nt",
        "os",
        "pickle",
        "posix",
        "posixpath",
        "pty",
        "runpy",
        "shutil",
        "socket",
        "subprocess",
        "sys",
        "types",
    ]
)
"""Modules that are looked for inside longer dotted paths, too: libraries re-export them by
import."""
PLAIN = frozenset(["os.stat_result", "os.terminal_size", "torch._dynamo.decorators._DimRange"])
"""Tuples of numbers in modules that are dangerous otherwise."""
