"""How long work tells what it is doing, without knowing who listens."""

from __future__ import annotations

from typing import Literal, Protocol

Outcome = Literal["done", "current", "warned", "failed"]


class Progress(Protocol):
    """Receives steps as they start and end. Calls come from one thread."""

    def start(self, step: str) -> None:
        """A step begins."""

    def note(self, text: str) -> None:
        """Something within the step that a person would want to read."""

    def end(self, step: str, outcome: Outcome, detail: str = "") -> None:
        """The step ended."""


class Silent:
    """Nobody listens."""

    def start(self, step: str) -> None:
        """Ignored."""

    def note(self, text: str) -> None:
        """Ignored."""

    def end(self, step: str, outcome: Outcome, detail: str = "") -> None:
        """Ignored."""
