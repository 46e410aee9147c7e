"""What an attack on a container is: how it is built, and which reader would find the payload."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Case:
    """One technique. The payload is a pickle that would echo a word."""

    name: str
    build: Callable[[], bytes]
    path: str = "model.zip"
    delivers: Callable[[bytes], bytes] | None = None
    """What a real reader gets out of it, where one is at hand; it holds the payload."""
    ends: tuple[str, ...] = ("fail",)
    """Verdicts that are right."""
