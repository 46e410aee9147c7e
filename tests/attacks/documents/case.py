"""What an attack by a document is: the bytes, under which name, and what must be said about
them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Case:
    """One technique, with a payload that would only echo a word."""

    name: str
    data: bytes | Callable[[], bytes]
    rule: str
    """A rule that must be met."""
    path: str = "config.json"
    ends: str = "fail"
    """The verdict."""

    @property
    def bytes(self) -> bytes:
        """The file."""
        return self.data() if callable(self.data) else self.data


def text(value: Any) -> bytes:
    """A JSON document."""
    return json.dumps(value).encode()
