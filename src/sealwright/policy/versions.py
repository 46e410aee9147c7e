"""Tool versions, compared as dotted numbers; what is not one is never new enough."""

from __future__ import annotations

import re

_DOTTED = re.compile(r"v?(\d{1,9}(?:\.\d{1,9}){0,7})(?:[+-].*)?", re.ASCII)
_PRE_RELEASE = re.compile(r"v?[\d.]+-", re.ASCII)


def numbers(version: str) -> tuple[int, ...] | None:
    """`1.10.0` → (1, 10); None where it is not a dotted number.

    A build suffix (`+…`) is dropped; a pre-release (`-rc1`) is older than its release, so it is
    refused rather than guessed at.
    """
    found = _DOTTED.fullmatch(version)
    if found is None or _PRE_RELEASE.match(version):
        return None
    parts = [int(part) for part in found.group(1).split(".")]
    while parts and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def not_older(version: str, *, than: str) -> bool:
    """Whether `version` is `than` or newer; False if either cannot be read."""
    left, right = numbers(version), numbers(than)
    return left is not None and right is not None and left >= right
