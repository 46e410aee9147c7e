"""What the parts of a serving installation tell each other: records and frames, no behaviour.

    gateway ── Observation ──▶ monitor          over a Unix socket, as frames
    gateway ◀── Restriction ── monitor          back over the same socket
    controller ── settings ──▶ any child        JSON lines on its standard input, which stays open
    controller ◀── Report ──── any child        one JSON line each on its standard output

A child ends when its standard input does: nobody serves without the controller being there to stop
it. Frames are a 4-byte big-endian length and msgpack. Nothing here is evidence.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from sealwright.errors import MalformedError
from sealwright.evidence.predicates.monitoring import Alert
from sealwright.evidence.predicates.operation import MonitorWindow
from sealwright.evidence.predicates.serving import DecisionLogHead

MAX_FRAME: Final = 16 * 1024 * 1024

Level = Literal["none", "flag", "coarsen", "throttle", "block"]
"""Answers to a suspicious caller, from the mildest."""

Outcome = Literal["answered", "abstained", "held", "refused", "failed"]
"""answered: scores were given; abstained: at least one case goes without a decision; held: a case
waits for people; refused: we said no; failed: the runtime did not answer."""


class Observation(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """One request, as the gateway saw it."""

    at: float
    """Unix seconds."""
    client: str
    """Who asked; empty before authentication."""
    model: str
    """Digest of the version that answered; empty where none did."""
    name: str
    outcome: Outcome
    status: int
    """HTTP status."""
    reason: str
    """Machine-readable reason, as in the decision record."""
    rows: int = 0
    features: bytes = b""
    """rows x d little-endian float32, in the contract's order; empty where nothing was scored."""
    scores: bytes = b""
    """rows little-endian float32, before rounding."""
    shadow: str = ""
    """Digest of the shadow that was asked, too."""
    shadow_scores: bytes = b""
    correlation: str = ""
    what_if: bool = False


class Batch(msgspec.Struct, frozen=True, array_like=True, kw_only=True, tag=True):
    """Gateway → monitor, at least every heartbeat; an empty one says that the gateway lives."""

    observations: tuple[Observation, ...]
    dropped: int = 0
    """Observations lost since the gateway started."""


class Restriction(msgspec.Struct, frozen=True, array_like=True, kw_only=True, tag=True):
    """Monitor → gateway: how to treat one caller from now on; level `none` lifts it."""

    client: str
    level: Level
    until: float
    """Unix seconds; it ends by itself then."""
    reason: str
    factor: float = 1.0
    """throttle: what the caller's limit is multiplied with, in (0, 1]."""


Frame = Batch | Restriction


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A child lives. `ready` once it can do its work; `counters` only grow."""

    process: str
    at: float
    ready: bool
    counters: dict[str, float] = {}
    gauges: dict[str, float] = {}


class AlertReport(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A detector saw something. `model`: digest it is about; empty for the system."""

    alert: Alert
    model: str = ""


class WindowReport(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A window whose result must be on record."""

    window: MonitorWindow
    model: str


class HeadReport(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """How far the decision log has come, durably."""

    head: DecisionLogHead


Report = Heartbeat | AlertReport | WindowReport | HeadReport

_encoder = msgspec.msgpack.Encoder()
_frames = msgspec.msgpack.Decoder(Frame)
_reports = msgspec.json.Decoder(Report)
_LENGTH = struct.Struct(">I")


def frame(message: Frame) -> bytes:
    """A message with its length in front."""
    body = _encoder.encode(message)
    return _LENGTH.pack(len(body)) + body


class FrameReader:
    """Takes bytes as they come and gives whole messages; MalformedError for anything else."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterable[Frame]:
        """The messages that are complete now."""
        self._buffer += data
        found: list[Frame] = []
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length > MAX_FRAME:
                raise MalformedError(f"a frame of {length} bytes; at most {MAX_FRAME}")
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                break
            try:
                found.append(_frames.decode(bytes(self._buffer[_LENGTH.size : end])))
            except msgspec.MsgspecError as error:
                raise MalformedError(f"not a frame of ours: {error}") from error
            del self._buffer[:end]
        return found


def encode_report(report: Report) -> bytes:
    """One line for the controller."""
    return msgspec.json.encode(report) + b"\n"


def decode_report(line: bytes) -> Report:
    """A child's line; MalformedError for anything else."""
    try:
        report: Report = _reports.decode(line)
    except msgspec.MsgspecError as error:
        raise MalformedError(f"not a report: {error}") from error
    return report
