"""Where an installation keeps what: one place that knows the names below `.sealwright/`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from sealwright.errors import InputMissing

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
    def imports(self) -> Path:
        """Models from outside by artifact digest, from the moment they were brought in:
        quarantine."""
        return self.state / "imports"

    @property
    def signatures(self) -> Path:
        """OMS bundles by artifact digest."""
        return self.state / "signatures"

    @property
    def models(self) -> Path:
        """Copies of released models by artifact digest: what is served is read from here."""
        return self.state / "models"

    @property
    def serving(self) -> Path:
        """What a serving installation keeps: snapshot, decision log, alerts, review queue."""
        return self.state / "serving"

    @property
    def stop_file(self) -> Path:
        """While it is there nothing is served; it works with the ledger out of reach."""
        return self.serving / "STOP"

    @property
    def snapshot(self) -> Path:
        """The newest signed snapshot."""
        return self.serving / "snapshot.json"

    @property
    def decision_log(self) -> Path:
        """Hash-chained segments of decision records."""
        return self.serving / "decisions"

    @property
    def alerts(self) -> Path:
        """Alerts as OCSF findings, one JSON object a line."""
        return self.serving / "alerts.jsonl"

    @property
    def reviews(self) -> Path:
        """Cases that wait for people."""
        return self.serving / "reviews"

    @property
    def pepper(self) -> Path:
        """The secret under which API keys are kept as HMACs."""
        return self.keys / "pepper"

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
