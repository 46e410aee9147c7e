"""One attack: the file it makes, and what has to be said of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """A file that must not pass. Payloads create an empty file or do nothing."""

    name: str
    file: str
    build: Callable[[], bytes]
    rules: frozenset[str]
    """Rules of which at least one must be met, and is enough to fail or to be reviewed."""
    executed_by: str = ""
    """A real loader that ran the payload when it was tried by hand, with its version."""
