"""What is held against each caller, in few bytes: it outlives the caller's cases and a restart.

Kept under HMAC(secret, client), so that the file names nobody. Bounded: when it is full, those with
the least evidence go, and the most that was ever forgotten (`Accounts.floor`) is what a caller
without an account starts with. So nobody gains by filling the table.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from sealwright.errors import TamperError
from sealwright.files import write_atomically

MAX_ACCOUNTS: Final = 20_000
DROPPED_AT_ONCE: Final = 16
"""One in so many accounts goes when the table is full."""
MAX_FILE: Final = 64 * 1024 * 1024
MAC: Final = 32
NAMES: Final = 4096

NEAR, SELF, ODD = 0, 1, 2
"""Places of the three sums of evidence."""
KINDS: Final = 3


class Account(msgspec.Struct, array_like=True, kw_only=True):
    """One caller. `wealth`: the sums of evidence, in the order NEAR, SELF, ODD."""

    wealth: list[float] = msgspec.field(default_factory=lambda: [0.0] * KINDS)
    level: int = 0
    """Place in `respond.LEVELS`."""
    raised: float = 0.0
    """Unix seconds when the level was last raised or confirmed."""
    rows: int = 0
    """Cases that were answered, ever."""
    told: int = 0
    """Bit of each sum whose alarm was raised and is not over."""
    volume: int = 0
    """Steps of volume that were told."""


class Traces(msgspec.Struct, kw_only=True):
    """What is known of a caller only while this process lives."""

    client: str
    correlation: str | None = None
    """Id that all requests behind the evidence carried; None before the first, empty if mixed."""
    what_if: bool = False
    odd_rate: float = 0.0
    """Share of odd cases, the newest weighing most."""
    cases: int = 0
    until: float = 0.0
    """Until when the gateway was told to restrict the caller."""
    model: str = ""


class _File(msgspec.Struct, array_like=True, kw_only=True, forbid_unknown_fields=True):
    version: int
    floor: list[float]
    accounts: dict[bytes, Account]


class Loaded(NamedTuple):
    """What `Accounts.load` found."""

    accounts: int
    problem: str
    """Why a file that is there could not be believed; empty if all is well."""


class Accounts:
    """All accounts of an installation."""

    def __init__(self, secret: bytes, *, limit: int = MAX_ACCOUNTS) -> None:
        self._secret = secret
        self._limit = limit
        self._held: dict[bytes, Account] = {}
        self._names: dict[str, bytes] = {}
        self.traces: dict[bytes, Traces] = {}
        self.floor = [0.0] * KINDS
        self.forgotten = 0
        self.changed = False

    def __len__(self) -> int:
        return len(self._held)

    def key(self, client: str) -> bytes:
        """What a caller is kept under."""
        found = self._names.get(client)
        if found is None:
            if len(self._names) >= NAMES:
                self._names.clear()
            found = hmac.digest(self._secret, b"client:" + client.encode(), "sha256")[:16]
            self._names[client] = found
        return found

    def get(self, client: str) -> tuple[Account, Traces]:
        """The account of a caller, opened if there is none."""
        key = self.key(client)
        account = self._held.get(key)
        if account is None:
            if len(self._held) >= self._limit:
                self._make_room()
            account = self._held[key] = Account(wealth=list(self.floor))
        traces = self.traces.get(key)
        if traces is None:
            traces = self.traces[key] = Traces(client=client)
            self._forget_traces()
        self.changed = True
        return account, traces

    def evidence(self, client: str) -> float:
        """The largest sum held against a caller."""
        account = self._held.get(self.key(client))
        return max(account.wealth) + account.level if account is not None else 0.0

    def restricted(self) -> Iterator[tuple[Account, Traces]]:
        """Everybody at a level above none whose name is known to this process."""
        for key, traces in list(self.traces.items()):
            account = self._held.get(key)
            if account is not None and account.level:
                yield account, traces

    def _make_room(self) -> None:
        weight = sorted(
            self._held.items(), key=lambda item: (item[1].level, max(item[1].wealth), item[1].rows)
        )
        for key, account in weight[: max(1, self._limit // DROPPED_AT_ONCE)]:
            self.floor = [max(pair) for pair in zip(self.floor, account.wealth, strict=True)]
            del self._held[key]
            self.traces.pop(key, None)
            self.forgotten += 1

    def _forget_traces(self) -> None:
        if len(self.traces) <= self._limit:
            return
        for key in [key for key in self.traces if key not in self._held]:
            del self.traces[key]

    def save(self, path: Path) -> None:
        """Writes all accounts, whole or not at all; CannotLook where that is impossible."""
        body = msgspec.msgpack.encode(_File(version=1, floor=self.floor, accounts=self._held))
        write_atomically(path, self._seal(body) + body, mode=0o600)
        self.changed = False

    def load(self, path: Path) -> Loaded:
        """Takes over what was saved. A file that is not ours, or changed, is not believed."""
        try:
            data = _read(path)
        except FileNotFoundError:
            return Loaded(0, "")
        except OSError as error:
            return Loaded(0, f"it cannot be read: {error.strerror}")
        try:
            held = self._opened(data)
        except (TamperError, msgspec.MsgspecError) as error:
            return Loaded(0, str(error))
        self._held, self.floor = held.accounts, held.floor
        return Loaded(len(self._held), "")

    def _opened(self, data: bytes) -> _File:
        seal, body = data[:MAC], data[MAC:]
        if not hmac.compare_digest(seal, self._seal(body)):
            raise TamperError("it was not written by this installation, or was changed")
        held = msgspec.msgpack.decode(body, type=_File)
        if held.version != 1 or len(held.floor) != KINDS:
            raise TamperError("it has another form")
        if any(len(account.wealth) != KINDS for account in held.accounts.values()):
            raise TamperError("it has another form")
        return held

    def _seal(self, body: bytes) -> bytes:
        return hmac.new(self._secret, b"accounts:" + body, hashlib.sha256).digest()


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise OSError(27, f"it is larger than {MAX_FILE} bytes")
    return data
