"""API keys that were verified under the snapshot in force: a HMAC less for each further request.

Only that a text is a certain key is remembered, never whether it may be used: its end is looked at
with every request, and another snapshot, which is how a revocation arrives, empties the memory.
"""

from __future__ import annotations

import hashlib

from sealwright.phases.deployment.core.snapshot import KnownKey, Opened


class KeyCache:
    """Verified Authorization values by sha256; it keeps no credential, and a bounded number."""

    __slots__ = ("_held", "_pepper", "_snapshot", "capacity")

    def __init__(self, *, capacity: int = 4096) -> None:
        self.capacity = capacity
        self._snapshot: Opened | None = None
        self._pepper = b""
        self._held: dict[bytes, KnownKey] = {}

    def __len__(self) -> int:
        return len(self._held)

    def find(self, authorization: bytes, *, snapshot: Opened, pepper: bytes) -> KnownKey | None:
        """The key that this very value was found to be under this very snapshot and pepper."""
        if snapshot is not self._snapshot or pepper != self._pepper:
            self._held.clear()
            self._snapshot, self._pepper = snapshot, pepper
        return self._held.get(hashlib.sha256(authorization).digest())

    def put(self, authorization: bytes, known: KnownKey) -> None:
        """Remembers what `find` did not find and a HMAC then proved."""
        while len(self._held) >= self.capacity:
            del self._held[next(iter(self._held))]
        self._held[hashlib.sha256(authorization).digest()] = known
