"""Carries alerts to the webhook, beside whoever raises them: nobody waits for a receiver."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Sequence
from http.client import HTTPException
from typing import Final

import msgspec

from sealwright.clock import Clock
from sealwright.phases.monitoring.webhook import (
    RETRY_ON,
    Notice,
    Target,
    backoff,
    payload,
    post,
)

QUEUE: Final = 256
TOGETHER: Final = 32
"""Alerts in one message at most."""
ATTEMPTS: Final = 6
REPEAT_SECONDS: Final = 300.0
"""What was said in the same words about the same is not sent again before that."""
REMEMBERED: Final = 1024


class Delivery:
    """A thread that empties a bounded queue; the oldest message gives way."""

    def __init__(self, target: Target, *, secret: bytes, clock: Clock) -> None:
        self._target, self._secret, self._clock = target, secret, clock
        self._waiting: deque[Notice] = deque()
        self._state = threading.Condition()
        self._hurry = threading.Event()
        self._closed = False
        self._recent: OrderedDict[tuple[str, str, str], float] = OrderedDict()
        self._counts = {"sent": 0, "failed": 0, "dropped": 0, "repeated": 0}
        self._unsaid = 0
        self._thread = threading.Thread(target=self._run, name="webhook", daemon=True)
        self._thread.start()

    def offer(self, notice: Notice) -> None:
        """Takes an alert, unless the same was said a moment ago."""
        with self._state:
            if self._closed:
                return
            if self._is_repeated(notice):
                self._counts["repeated"] += 1
                return
            if len(self._waiting) >= QUEUE:
                self._waiting.popleft()
                self._counts["dropped"] += 1
                self._unsaid += 1
            self._waiting.append(notice)
            self._state.notify()

    def counters(self) -> dict[str, float]:
        """webhook_sent, _failed, _dropped and _repeated: alerts, not messages."""
        with self._state:
            return {f"webhook_{name}": float(count) for name, count in self._counts.items()}

    def close(self, patience: float) -> None:
        """Sends what waits for at most `patience` seconds; then the last attempt ends."""
        with self._state:
            self._closed = True
            self._state.notify()
        self._thread.join(patience)
        self._hurry.set()  # no more waiting between attempts
        self._thread.join(1.0)

    def _is_repeated(self, notice: Notice) -> bool:
        key = (notice.fingerprint, notice.alert.severity, notice.alert.response)
        now = self._clock().timestamp()
        last = self._recent.get(key)
        if last is not None and 0 <= now - last < REPEAT_SECONDS:
            return True
        self._recent[key] = now
        self._recent.move_to_end(key)
        while len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)
        return False

    def _run(self) -> None:
        while True:
            with self._state:
                while not self._waiting and not self._closed:
                    self._state.wait()
                if not self._waiting:
                    return
                count = min(TOGETHER, len(self._waiting))
                notices = [self._waiting.popleft() for _ in range(count)]
                unsaid, self._unsaid = self._unsaid, 0
            arrived = self._deliver(notices, unsaid)
            with self._state:
                self._counts["sent" if arrived else "failed"] += len(notices)

    def _deliver(self, notices: Sequence[Notice], unsaid: int) -> bool:
        body = msgspec.json.encode(payload(notices, receiver="sealwright", dropped=unsaid))
        for attempt in range(ATTEMPTS):
            now = self._clock().timestamp()
            try:
                status = post(self._target, body, secret=self._secret, now=now)
            except (OSError, HTTPException):
                status = 503
            if 200 <= status < 300:
                return True
            if status not in RETRY_ON or self._hurry.is_set():
                return False
            self._hurry.wait(backoff(attempt))
        return False
