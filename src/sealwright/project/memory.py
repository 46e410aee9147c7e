"""What earlier runs did with which inputs: a cache that saves work and proves nothing.

Losing or forging it does no harm: the gate looks at the ledger alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import msgspec

from sealwright.files import write_atomically

_MAX_BYTES = 4 * 1024 * 1024
_KEPT = 8
"""Inputs per step: going back to an earlier state finds its evidence again."""


class Remembered(msgspec.Struct, frozen=True):
    """A step's inputs and the envelope digests of what it recorded."""

    inputs: str
    evidence: tuple[str, ...]


class _File(msgspec.Struct, frozen=True):
    version: int
    steps: dict[str, tuple[Remembered, ...]]


@dataclass(slots=True)
class Memory:
    """The steps of earlier runs by id, the newest of each last."""

    path: Path
    steps: dict[str, tuple[Remembered, ...]]

    @classmethod
    def load(cls, path: Path) -> Memory:
        """What is remembered; nothing where the file is missing, damaged or of another version."""
        try:
            with path.open("rb") as file:
                found = msgspec.json.decode(file.read(_MAX_BYTES), type=_File)
        except (OSError, msgspec.DecodeError):
            return cls(path, {})
        return cls(path, dict(found.steps) if found.version == 1 else {})

    def recall(self, step: str, inputs: str) -> tuple[str, ...]:
        """Envelope digests of what the step recorded for these inputs; empty if it never did."""
        for item in self.steps.get(step, ()):
            if item.inputs == inputs:
                return item.evidence
        return ()

    def remember(self, step: str, *, inputs: str, evidence: tuple[str, ...]) -> None:
        """Keeps a finished step, at once and whole."""
        others = [item for item in self.steps.get(step, ()) if item.inputs != inputs]
        self.steps[step] = (*others[1 - _KEPT :], Remembered(inputs, evidence))
        value = msgspec.to_builtins(_File(1, self.steps))
        write_atomically(self.path, json.dumps(value, indent=1, sort_keys=True).encode())
