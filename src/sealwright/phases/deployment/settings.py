"""What the controller tells the gateway and a runtime when it starts them: one JSON line each."""

from __future__ import annotations

import msgspec

from sealwright.evidence.predicates.common import FileEntry
from sealwright.evidence.predicates.serving import Contract


class GatewaySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that a gateway process starts from. Paths are absolute."""

    gateway: str
    """Random id of this process and its decision log."""
    host: str
    port: int
    """0: any free port; the gateway's first heartbeat tells it as the gauge `port`."""
    certificate: str = ""
    certificate_key: str = ""
    snapshot: str
    """File of the signed snapshot, replaced atomically by the controller."""
    sequence: int = 0
    """Number of the controller's last snapshot: none before it is taken."""
    snapshot_keys: tuple[str, ...]
    """Base64 DER public keys; a snapshot that none of them signed is not taken."""
    stop_file: str
    sockets: str
    """Folder of the runtimes' sockets: `<first 16 hex digits of the digest>.sock`."""
    monitor_socket: str
    log_folder: str
    reviews: str
    """Folder of cases that wait for people."""
    pepper: str
    """Hex secret of the API keys' HMACs."""
    max_rows: int = 1000
    max_body: int = 1024 * 1024
    heartbeat_seconds: float = 2.0
    patience_seconds: float = 10.0
    """For the head of a request to arrive, and then for its body."""


class RuntimeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that a model runtime starts from."""

    digest: str
    folder: str
    """The model's folder; nothing but `files` may be in it."""
    files: tuple[FileEntry, ...]
    """The admitted files: their manifest digest is `digest`."""
    contract: Contract
    socket: str
    """Unix socket that it listens on."""
    max_rows: int = 1000
    deadline_seconds: float = 5.0
    """A model that needs longer for a request ends its process: nothing else stops native code."""
    heartbeat_seconds: float = 0.5


def runtime_socket(folder: str, digest: str) -> str:
    """Where the runtime of a model listens."""
    return f"{folder}/{digest[:16]}.sock"
