"""What a runtime is told before it starts: its arguments, and its settings from standard input."""

from __future__ import annotations

import argparse
import math
import os
from dataclasses import dataclass
from typing import Final, get_args

import msgspec

from sealwright.errors import MalformedError
from sealwright.phases.deployment.settings import RuntimeSettings
from sealwright.sandbox.interface import Level

MAX_LINE: Final = 16 * 1024 * 1024
MAX_ROWS: Final = 100_000
MAX_DEADLINE: Final = 600.0
_CHUNK: Final = 1 << 16
_settings: Final = msgspec.json.Decoder(RuntimeSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """Where it was started. Without arguments it puts up what walls it can by itself."""

    level: Level
    memory_mb: int


def read_arguments(words: list[str]) -> Arguments:
    """From the command line that `isolate.command` made; ends the process with status 2 else."""
    parser = argparse.ArgumentParser(
        prog="sealwright.phases.deployment.runtime",
        description="Serves one model; started by `sealwright serve`, not by people.",
    )
    parser.add_argument("--level", choices=get_args(Level)[:2], default="landlock")
    parser.add_argument("--memory-mb", type=int, default=2048)
    told = parser.parse_args(words)
    return Arguments(level=told.level, memory_mb=max(256, told.memory_mb))


def read_line(descriptor: int) -> bytes | None:
    """The first line, or None if the stream ends before it; MalformedError for an endless one.

    Reads no further than the controller wrote in one piece; what follows means nothing here.
    """
    line = bytearray()
    while True:
        data = os.read(descriptor, _CHUNK)
        if not data:
            return None
        line += data
        end = line.find(b"\n")
        if end >= 0:
            return bytes(line[:end])
        if len(line) > MAX_LINE:
            raise MalformedError(f"the settings are longer than {MAX_LINE} bytes")


def read_settings(line: bytes) -> RuntimeSettings:
    """Settings that can be served from; MalformedError for anything else."""
    try:
        settings = _settings.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedError(f"not the settings of a runtime: {error}"[:300]) from error
    good = (
        1 <= settings.max_rows <= MAX_ROWS
        and 0 < settings.deadline_seconds <= MAX_DEADLINE
        and 0 < settings.heartbeat_seconds <= MAX_DEADLINE
        and len(settings.contract.features) > 0
        and settings.folder.startswith("/")
        and "\0" not in settings.folder + settings.socket
    )
    if not good or math.isnan(settings.deadline_seconds):
        raise MalformedError("a setting of the runtime is out of its bounds")
    return settings
