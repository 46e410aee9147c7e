"""What the gateway tells the controller, on standard output; a controller that is slow to read
never makes a caller wait."""

from __future__ import annotations

import os
import queue
import secrets
import threading
from typing import Final, Literal

from sealwright.clock import Clock, format_time
from sealwright.evidence.finding import Severity
from sealwright.evidence.predicates.monitoring import Alert
from sealwright.traffic import AlertReport, Report, encode_report

MAX_WAITING: Final = 256
CLOSE_SECONDS: Final = 1.0

Cause = Literal["log", "integrity", "silent", "health"]
"""Detectors of the alerts that a gateway raises by itself."""


class Reports:
    """Lines on a descriptor, written by a thread; what does not fit is dropped."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting: queue.Queue[bytes] = queue.Queue(MAX_WAITING)
        self._thread = threading.Thread(target=self._write, name="reports", daemon=True)
        self._thread.start()
        self.dropped = 0
        """Reports that nobody got."""

    def send(self, report: Report) -> None:
        """Hands a report over."""
        try:
            self._waiting.put_nowait(encode_report(report))
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """Waits a little for what is under way."""
        try:
            self._waiting.put(b"", timeout=CLOSE_SECONDS)
        except queue.Full:
            return
        self._thread.join(CLOSE_SECONDS)

    def _write(self) -> None:
        while line := self._waiting.get():
            view = memoryview(line)
            try:
                while view:
                    view = view[os.write(self._descriptor, view) :]
            except OSError:
                return  # nobody is there; our standard input ends, too


class Alarms:
    """Alerts about the gateway's own condition: one when something begins, not one per request."""

    def __init__(self, reports: Reports, *, clock: Clock) -> None:
        self._reports = reports
        self._clock = clock
        self._standing: dict[Cause, str] = {}

    def set(self, cause: Cause, title: str, *, severity: Severity, stops: bool) -> None:
        """Something is so; an alert goes out if it was not so, or not like this, before."""
        if self._standing.get(cause) == title:
            return
        self._standing[cause] = title
        self._reports.send(
            AlertReport(
                alert=Alert(
                    id=secrets.token_hex(8),
                    detector=cause,
                    severity=severity,
                    title=title,
                    response="stop" if stops else "none",
                    at=format_time(self._clock()),
                )
            )
        )

    def clear(self, cause: Cause) -> None:
        """It is so no more."""
        self._standing.pop(cause, None)
