"""What a person reviewed of a library: a TOML file that the builder merges."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

import msgspec

from sealwright.errors import ConfigError
from sealwright.vetting.pickle.policy import Change, Role


class ReviewedGroup(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Names with one reason. A name may carry its own arguments: `"date: (bytes); (int, int,
    int)"`."""

    why: Annotated[str, msgspec.Meta(min_length=10)]
    role: Role
    args: str = "any"
    state: str = "none"
    changes: tuple[Change, ...] = ()
    hashable: bool = False
    names: dict[str, tuple[str, ...]]


class Functions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Public functions of a module's source that objects may keep as values."""

    why: Annotated[str, msgspec.Meta(min_length=10)]
    modules: tuple[str, ...]
    leave_out: tuple[str, ...] = ()


class Reviewed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole file."""

    pack: str
    library: str
    modules: tuple[str, ...] = ()
    """Top-level modules whose classes are proved, and for which the pack speaks."""
    group: tuple[ReviewedGroup, ...] = ()
    functions: tuple[Functions, ...] = ()
    kinds: dict[str, str] = {}
    """Short name → kinds with `|`; `{name}` in arguments stands for them."""
    methods: dict[str, str] = {}
    """`module.Class.method` → `state: why` for __setstate__ and __getattribute__, `why` for
    __new__, __getattr__ and _missing_: they were read by a person and count as harmless."""
    bases: dict[str, str] = {}
    """`module.Class` without source → why it is harmless as a base, `setitem: why` and the like
    where objects take items."""
    decorators: dict[str, str] = {}
    """`module.function` → why what it gives back of a class is built as the class itself is."""
    skip: dict[str, str] = {}
    """Exact name or `module.*` → why it is left out although it could be proved; the longest one
    that fits counts, and nothing for a reason keeps what a shorter one leaves out."""
    left_out: dict[str, str] = {}
    """Pattern of whole modules (`transformers.models.*.modular_*`) → why they are not read."""
    spelled: dict[str, str] = {}
    """Module → another module under which real pickles name the same things."""


def read_reviewed(path: Path) -> Reviewed:
    """Reads the file; ConfigError with the place where it is wrong."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Reviewed)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise ConfigError(str(error), file=path) from error


def skipped(name: str, reviewed: Reviewed) -> str:
    """Why a name is left out; empty where it is not."""
    if name in reviewed.skip:
        return reviewed.skip[name]
    parts = name.split(".")
    for end in range(len(parts) - 1, 0, -1):
        reason = reviewed.skip.get(".".join(parts[:end]) + ".*")
        if reason is not None:
            return reason
    return ""


def holds_kept(module: str, reviewed: Reviewed) -> bool:
    """Whether any name of a module may be kept."""
    if any(fnmatchcase(module, pattern) for pattern in reviewed.left_out):
        return False
    inside = f"{module}."
    return not skipped(f"{module}.*", reviewed) or any(
        name.startswith(inside) and not why for name, why in reviewed.skip.items()
    )
