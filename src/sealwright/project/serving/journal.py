"""The serving log: what the controller and its children say in words, bounded in size and pace."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from sealwright.clock import Clock, format_time

FILE_LIMIT: Final = 4 * 1024 * 1024
"""Bytes after which a new file is begun; one older file is kept."""
LONGEST: Final = 2000
"""Characters of a line that are kept."""
PACE: Final = 100
"""Lines of one speaker within `PACE_SECONDS`; what is more is counted, not written."""
PACE_SECONDS: Final = 10.0


class Journal:
    """Writes `TIME SPEAKER: TEXT` lines. Never raises: a full disk must not stop a stop.

    `also` is called with each line of the controller itself (speaker `serve`), for a terminal.
    """

    def __init__(
        self, path: Path, *, clock: Clock, also: Callable[[str], None] | None = None
    ) -> None:
        self.path = path
        self._clock = clock
        self._also = also
        self._lock = threading.Lock()
        self._paces: dict[str, tuple[float, int]] = {}

    def say(self, text: str) -> None:
        """A line of the controller's own."""
        self.write("serve", text)
        if self._also is not None:
            with suppress(OSError):  # a terminal that is gone, a disk that is full
                self._also(text)

    def write(self, speaker: str, text: str) -> None:
        """A line of `speaker`, unless it has said too much of late."""
        now = self._clock()
        with self._lock:
            since, said = self._paces.get(speaker, (0.0, 0))
            left_out = 0
            if abs(now.timestamp() - since) >= PACE_SECONDS:  # a clock may be set back
                left_out = max(0, said - PACE)
                since, said = now.timestamp(), 0
            self._paces[speaker] = (since, said + 1)
            if said >= PACE:
                return
            lines = [f"{left_out} lines were left out"] if left_out else []
            stamp = format_time(now)
            self._append(
                "".join(f"{stamp} {speaker}: {_seen(line)}\n" for line in (*lines, text)).encode()
            )

    def _append(self, data: bytes) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self.path.exists() and self.path.stat().st_size + len(data) > FILE_LIMIT:
                self.path.replace(self.path.with_name(f"{self.path.name}.1"))
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(self.path, flags, 0o600)
            try:
                os.write(descriptor, data)
            finally:
                os.close(descriptor)
        except OSError:
            return  # words for people; what must not be lost is in the ledger and the alerts


def _seen(text: str) -> str:
    """One line without anything that a terminal would obey."""
    short = text if len(text) <= LONGEST else text[:LONGEST] + "…"
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in short)
