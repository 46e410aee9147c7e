"""Shapes that several predicates share. All records are frozen, slotted and dumb.

A predicate is a `Predicate` subclass with a `TYPE` (its URI). Field names are written to JSON as
they stand here unless an upstream type asks for camelCase. Times are RFC 3339 UTC text
(`clock.format_time`), digests are lower-case hex sha256, and every number that can be is an
integer; a float must be finite, since canonical JSON has no NaN.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every record inside a predicate: unknown fields are refused."""


class Predicate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every predicate."""

    TYPE: ClassVar[str] = ""


class Resource(Record, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """in-toto ResourceDescriptor: something referred to, by digest.

    `annotations.kind` says what it is to us: dataset, code, environment, model, config, file.
    """

    name: str = ""
    uri: str = ""
    digest: dict[str, str] = {}
    media_type: str = ""
    annotations: dict[str, str] = {}


class FileEntry(Record, frozen=True, kw_only=True):
    """One file of an artifact: POSIX path relative to its root, size in bytes, hex sha256."""

    path: str
    size: int
    sha256: str


class Tool(Record, frozen=True, kw_only=True, omit_defaults=True):
    """The program that did the work, and the digest of its rules where it has some."""

    name: str
    version: str
    digest: str = ""


JsonObject = dict[str, Any]
