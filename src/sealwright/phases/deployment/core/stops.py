"""The STOP file: who can write it can stop a model, with nothing else working.

One JSON object per line: {"model": name or "*", "reason": text, "at": time}. Whatever cannot be
read stops everything: a half-written wish to stop is a wish to stop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

MAX_BYTES: Final = 256 * 1024
_REASON: Final = 300


class _Line(msgspec.Struct):
    model: str
    reason: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stops:
    """What is stopped. `everything` is the reason why all is, or None."""

    everything: str | None = None
    models: Mapping[str, str] = field(default_factory=dict)

    def reason(self, name: str) -> str | None:
        """Why this model is stopped, or None."""
        return self.everything if self.everything is not None else self.models.get(name)


NOTHING: Final = Stops()
_decoder: Final = msgspec.json.Decoder(_Line)


def read_stops(data: bytes | None) -> Stops:
    """What the STOP file's bytes stop. None: there is no file. Empty: everything stops."""
    if data is None:
        return NOTHING
    if len(data) > MAX_BYTES:
        return Stops(everything="the stop file is too large to be read")
    everything: str | None = None
    models: dict[str, str] = {}
    lines = [line for line in data.split(b"\n") if line.strip()]
    for line in lines:
        try:
            said = _decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return Stops(everything="the stop file holds a line that cannot be read")
        reason = _clean(said.reason)
        if said.model == "*":
            everything = reason
        elif not said.model:
            return Stops(everything="the stop file holds a line that names no model")
        else:
            models[said.model] = reason
    if not lines:
        return Stops(everything="the stop file is empty")
    return Stops(everything=everything, models=models)


def _clean(reason: str) -> str:
    """One printable line for callers."""
    return "".join(c if c.isprintable() else " " for c in reason[:_REASON]) or "no reason given"
