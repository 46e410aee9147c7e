"""sha256 as lower-case hex: the only digest that names anything here."""

from __future__ import annotations

import hashlib
import re

_HEX = re.compile(r"[0-9a-f]{64}")


def sha256_hex(data: bytes) -> str:
    """Lower-case hex sha256 of `data`, 64 characters."""
    return hashlib.sha256(data).hexdigest()


def is_digest(text: str) -> bool:
    """Whether `text` is a lower-case hex sha256."""
    return _HEX.fullmatch(text) is not None
