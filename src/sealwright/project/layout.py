"""Where an installation keeps what: one place that knows the names below `.sealwright/`."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from sealwright.errors import CannotLook, InputMissing
from sealwright.ledger.pin import sync_folder

LIFECYCLE_FILE = "sealwright.toml"
STATE_FOLDER = ".sealwright"
LOG_KEY = "log"
"""The name of the log's own key among those of the principals."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one installation; `root` is the folder of `sealwright.toml`."""

    root: Path

    @property
    def lifecycle(self) -> Path:
        """The user's declaration."""
        return self.root / LIFECYCLE_FILE

    @property
    def state(self) -> Path:
        """Everything that sealwright writes of its own."""
        return self.root / STATE_FOLDER

    @property
    def ledger(self) -> Path:
        """The ledger's database."""
        return self.state / "ledger.db"

    @property
    def trust(self) -> Path:
        """The newest trust root, as a signed envelope: hand a copy of it to your auditor."""
        return self.state / "trust.json"

    @property
    def keys(self) -> Path:
        """Private keys, unless they are kept elsewhere (SEALWRIGHT_KEYS)."""
        elsewhere = os.environ.get("SEALWRIGHT_KEYS")
        return Path(elsewhere) if elsewhere else self.state / "keys"

    @property
    def log_key(self) -> Path:
        """The log's own key."""
        return self.key(LOG_KEY)

    def key(self, principal: str) -> Path:
        """The private key of one principal."""
        return self.keys / f"{principal}.pem"

    @property
    def quarantine(self) -> Path:
        """Rows and files that were refused."""
        return self.state / "quarantine"

    @property
    def signatures(self) -> Path:
        """OMS bundles by artifact digest."""
        return self.state / "signatures"

    @property
    def work(self) -> Path:
        """Half-done work; safe to delete at any time."""
        return self.state / "work"

    @property
    def memory(self) -> Path:
        """What the last run did with which inputs: a cache, never evidence."""
        return self.state / "run.json"


def find_root(start: Path) -> Path:
    """The nearest folder at or above `start` with a `sealwright.toml` or a state folder."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / LIFECYCLE_FILE).is_file() or (folder / STATE_FOLDER).is_dir():
            return folder
    raise InputMissing(
        f"no {LIFECYCLE_FILE} in {start} or above it",
        advice="run `sealwright init` here, or name the folder with --dir",
    )


def write_atomically(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Replaces `path` so that a reader, or a crash, sees the old bytes or the new, never a mix.

    Durable on return. CannotLook if it cannot be written; what was there is untouched then.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, data, mode=mode)
        sync_folder(path.parent)
    except OSError as error:
        raise CannotLook(
            f"{path}: cannot be written: {error.strerror}",
            advice="is the folder writable, and the disk not full?",
        ) from error


def _replace(path: Path, data: bytes, *, mode: int) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
