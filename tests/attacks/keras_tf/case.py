"""What an attack on Keras or TensorFlow is: bytes, their name, and the rule that must see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Case:
    """One technique or advisory."""

    name: str
    build: Callable[[], bytes]
    rule: str
    path: str = "model.keras"
    ends: str = "fail"
    """The verdict that is right."""
