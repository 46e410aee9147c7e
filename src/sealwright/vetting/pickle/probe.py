"""Whether bytes act as a pickle: followed and not judged, to tell pickles from text and numbers."""

from __future__ import annotations

from typing import Literal

import msgspec

from sealwright.vetting.interface import Buffer
from sealwright.vetting.pickle.machine import StreamSpent, run
from sealwright.vetting.pickle.opcodes import HIGHEST_PROTOCOL, KNOWN
from sealwright.vetting.pickle.trace import Called, Changed, Reached, Trace
from sealwright.vetting.pickle.values import Computed, Global, Made, Persistent, Value
from sealwright.vetting.session import Steps

STEPS = 3_000_000
"""Opcodes that are followed to find out; what is still a pickle then is one."""
_PADDING = b"\0\t\n\r\x1a "

Act = Literal["nothing", "data", "names", "calls"]
"""What bytes do as pickles that follow each other: break; hold only data to their end; look up
names; call or change something."""


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """What came of following bytes as pickles."""

    act: Act
    whole: bool
    """Every stream reached its STOP, and nothing but padding follows."""


def headed(data: Buffer, position: int = 0) -> bool:
    """Whether a PROTO opcode of a known protocol stands here, and another opcode after it."""
    head = bytes(data[position : position + 3])
    return len(head) == 3 and head[0] == 0x80 and head[1] <= HIGHEST_PROTOCOL and head[2] in KNOWN


def probe(
    data: Buffer,
    *,
    start: int = 0,
    steps: int = STEPS,
    streams: int = 10_000,
    previous: Trace | None = None,
) -> Probe:
    """Follows the pickles from `start` on, one after the other, with the memo of `previous`."""
    budget = Steps(steps)
    position, act, broken = start, "nothing", False
    for _ in range(streams):
        if position >= len(data) or data[position] not in KNOWN:
            break
        try:
            trace = run(data, start=position, session=budget, previous=previous)
        except StreamSpent as spent:
            return Probe(act="calls", whole=not spent.trace.broken)
        act = max(act, _act(trace), key=_ORDER.index)
        broken = bool(trace.broken)
        if broken or act == "calls":
            break
        position, previous = trace.end, trace
    whole = position > start and not broken and not _rest(data, position)
    return Probe(act=act, whole=whole)  # type: ignore[arg-type]


_ORDER = ("nothing", "data", "names", "calls")


def _rest(data: Buffer, position: int) -> bytes:
    """What is left but for padding, as far as a short look goes."""
    return bytes(data[position : position + 4096]).strip(_PADDING)


def _act(trace: Trace) -> Act:
    act: Act = "nothing" if trace.broken else "data"
    for event in (*trace.events, *(event for inner in trace.inner for event in inner.events)):
        if isinstance(event, Called):
            if _importable(event.made.function):
                return "calls"
        elif isinstance(event, Changed):
            if _importable(event.target):
                return "calls"
        elif isinstance(event, Reached) and _importable(event.target):
            # A code that no program registered ends the stream where it stands.
            unregistered = trace.broken and isinstance(event.target, Computed)
            act = act if unregistered else "names"
    return act


def _importable(value: Value) -> bool:
    """Whether a name could be one of Python's: a text that happens to begin with c has spaces."""
    while isinstance(value, Made):
        value = value.function
    if isinstance(value, Global):
        return all(part.isidentifier() for part in f"{value.module}.{value.name}".split("."))
    return isinstance(value, Computed | Persistent)


def would_act(data: Buffer) -> bool:
    """Whether a loader that takes these bytes for a pickle would import something, or read all."""
    if headed(data):
        found = probe(data, steps=100_000)
        return found.act in ("names", "calls") or found.whole
    return probe(data, steps=100_000).act == "calls"


def result(data: Buffer) -> Value | None:
    """What the one pickle in these bytes gives; None where it breaks or is too long to tell."""
    try:
        trace = run(data, session=Steps(STEPS))
    except StreamSpent:
        return None
    return None if trace.broken else trace.result


def is_text(data: Buffer) -> bool:
    """Whether the first bytes are letters and blanks, in whatever encoding."""
    return not any(byte < 0x20 and byte not in b"\t\n\r\x0c\x1b" for byte in data[:4096])
