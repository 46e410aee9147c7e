"""What a check observed, in the words that all checks share."""

from __future__ import annotations

from typing import Literal

import msgspec

Result = Literal["passed", "warned", "failed", "inconclusive"]
"""What an examination concluded. Only `passed` (and `warned`, where a policy says so) satisfies."""

Severity = Literal["info", "low", "medium", "high", "critical"]
Confidence = Literal["low", "medium", "high"]


class Finding(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True
):
    """One observation by a check."""

    rule: str
    severity: Severity
    message: str
    confidence: Confidence = "high"
    location: str = ""
    """Where: a path, `path:line`, a column, a row range."""
    offset: int | None = None
    """Byte within what `location` names, where that says more."""
    remediation: str = ""
    atlas: tuple[str, ...] = ()
    """MITRE ATLAS technique ids."""
