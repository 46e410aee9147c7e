"""Where alerts go beside the ledger: a file of OCSF findings, and a webhook.

    sink = AlertSink(layout.alerts, webhook=webhook_from(monitoring, os.environ))
    sink.write(alert, model=digest, entries=(recorded.index,))
    sink.close()

`write` returns when the line is on disk; the webhook is served by a thread and never waited for.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from sealwright.clock import Clock, system_clock
from sealwright.errors import CannotLook
from sealwright.evidence.predicates.monitoring import Alert
from sealwright.files import sync_folder
from sealwright.lifecycle.model import Monitoring
from sealwright.phases.monitoring.delivery import Delivery
from sealwright.phases.monitoring.ocsf import alert_of, finding, to_line
from sealwright.phases.monitoring.webhook import Notice, Target, secret_from, target

FILE_LIMIT: Final = 32 * 1024 * 1024
KEPT: Final = 4
"""Older files that are kept beside the newest: alerts.jsonl.1 … alerts.jsonl.4."""
LONGEST_LINE: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where messages go and the secret they are signed with."""

    target: Target
    secret: bytes

    def __repr__(self) -> str:
        return f"Webhook({self.target.scheme}://{self.target.host}:{self.target.port})"


def webhook_from(monitoring: Monitoring, environment: Mapping[str, str]) -> Webhook | None:
    """What `[monitoring]` says; None without a URL, UsageError for a bad one or no secret."""
    if not monitoring.webhook:
        return None
    secret = secret_from(monitoring.webhook_secret, environment)
    return Webhook(target(monitoring.webhook), secret)


class AlertSink:
    """Writes alerts to `path` and, if there is one, to a webhook. One process writes a file."""

    def __init__(
        self,
        path: Path,
        *,
        webhook: Webhook | None = None,
        clock: Clock = system_clock,
        limit: int = FILE_LIMIT,
    ) -> None:
        self.path = path
        self._limit = limit
        self._file = threading.Lock()
        self._written = 0
        self._failed = 0
        self._sender = (
            Delivery(webhook.target, secret=webhook.secret, clock=clock)
            if webhook is not None
            else None
        )

    def write(
        self, alert: Alert, *, model: str = "", entries: Sequence[int] = (), update: bool = False
    ) -> None:
        """Puts one alert into the file, durably, and on its way to the webhook.

        CannotLook where the file cannot be written; the webhook hears of it all the same.
        """
        line = to_line(finding(alert, model=model, entries=entries, update=update))
        try:
            with self._file:
                self._append(line)
                self._written += 1
        except OSError as error:
            self._failed += 1
            raise CannotLook(
                f"{self.path}: the alert cannot be written: {error.strerror}",
                advice="is the disk full? The alert itself: " + alert.title[:200],
            ) from error
        finally:
            if self._sender is not None:
                self._sender.offer(Notice(alert, model))

    def counters(self) -> dict[str, float]:
        """alerts_written, alerts_failed and, with a webhook, webhook_sent, _failed, _dropped,
        _repeated."""
        own: dict[str, float] = {
            "alerts_written": self._written,
            "alerts_failed": self._failed,
        }
        return own | (self._sender.counters() if self._sender is not None else {})

    def close(self, *, patience: float = 5.0) -> None:
        """Sends what waits, for at most `patience` seconds."""
        if self._sender is not None:
            self._sender.close(patience)

    def _append(self, line: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = not self.path.exists()
        if not fresh and self.path.stat().st_size + len(line) > self._limit:
            self._rotate()
            fresh = True
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self.path, flags, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                line = b"\n" + line  # a crash tore the last line: it ends here
            written = os.write(descriptor, line)
            if written != len(line):
                raise OSError(28, "only a part was written: no space left on device")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if fresh:
            sync_folder(self.path.parent)

    def _rotate(self) -> None:
        for number in range(KEPT - 1, 0, -1):
            older = _numbered(self.path, number)
            if older.exists():
                older.replace(_numbered(self.path, number + 1))
        self.path.replace(_numbered(self.path, 1))


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")


def read_alerts(path: Path, *, limit: int = 1000) -> tuple[list[dict[str, Any]], int]:
    """The newest `limit` findings, oldest first, and how many lines could not be read.

    Nothing where there is no file: nobody was alarmed yet.
    """
    found: deque[dict[str, Any]] = deque(maxlen=limit)
    odd = 0
    for number in range(KEPT, -1, -1):
        place = _numbered(path, number) if number else path
        for line in _lines(place):
            try:
                found.append(alert_of(line))
            except msgspec.MsgspecError:
                odd += 1
    return list(found), odd


def _lines(path: Path) -> Iterator[bytes]:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        while line := file.readline(LONGEST_LINE):
            if line.strip():
                yield line
