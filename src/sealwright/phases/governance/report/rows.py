"""What all rows of the report share."""

from __future__ import annotations

from typing import Final

import msgspec

from sealwright.evidence.predicates.governance import Tier

NOT_STATED: Final = "not stated"
"""What stands where the evidence is silent."""


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every record of the report: unknown fields are refused."""


class SystemInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The system that the report is about."""

    name: str
    purpose: str
    tier: Tier


class LedgerInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The ledger as of which the report stands; `root` is base64, `checkpoint` the signed note."""

    origin: str
    size: int
    root: str
    checkpoint: str


class Named(Row, frozen=True, kw_only=True):
    """An artifact: its digest (hex sha256) and the name it was given."""

    digest: str
    name: str


class Fact(Row, frozen=True, kw_only=True):
    """A name and what the evidence says for it."""

    name: str
    value: str
