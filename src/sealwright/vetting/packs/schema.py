"""What a pack file holds: one canonical JSON object, strict."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from sealwright.vetting.pickle.policy import Change, Role

Text = Annotated[str, msgspec.Meta(max_length=4000)]
Name = Annotated[str, msgspec.Meta(max_length=300)]


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Names with the same entry: module → qualified names."""

    role: Role
    args: Text = "any"
    state: Text = "none"
    changes: tuple[Change, ...] = ()
    hashable: bool = False
    names: dict[Name, tuple[Name, ...]]


class Pack(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One policy pack."""

    format: Literal["sealwright pickle pack 1"] = "sealwright pickle pack 1"
    pack: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
    """Its name: that of the library it speaks for."""
    library: Text
    versions: tuple[Text, ...] = ()
    """Versions of the library whose source was read."""
    modules: tuple[Name, ...] = ()
    """Top-level modules that it speaks for: a name there without an entry was left out on
    purpose."""
    groups: tuple[Group, ...]
