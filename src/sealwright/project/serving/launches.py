"""With which settings the gateway, the monitor and each runtime are started."""

from __future__ import annotations

import base64
import hmac
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from sealwright.evidence.keys import PublicKey
from sealwright.evidence.predicates.common import FileEntry
from sealwright.evidence.predicates.serving import ServedModel
from sealwright.lifecycle.check_deployment import address
from sealwright.lifecycle.model import Lifecycle
from sealwright.phases.deployment.runtime import isolate
from sealwright.phases.deployment.settings import GatewaySettings, RuntimeSettings, runtime_socket
from sealwright.phases.monitoring.settings import MonitorSettings, WatchedModel
from sealwright.project.layout import Layout
from sealwright.project.serving.children import Launch

GATEWAY: Final = "sealwright.phases.deployment.gateway"
MONITOR: Final = "sealwright.phases.monitoring"
_KEPT: Final = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "HOME", "SEALWRIGHT_DRILL")
"""Environment variables that children inherit: no passphrase, no secret of a webhook."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What all children of one installation are started from."""

    layout: Layout
    lifecycle: Lifecycle
    sockets: Path
    """Private folder of this controller's sockets; its path is short."""
    key: PublicKey
    """Who signs snapshots."""
    pepper: bytes


def gateway(house: House, *, port: int, sequence: int) -> Launch:
    """One gateway process with a decision log of its own. `port` 0: any; `sequence`: the number of
    the last snapshot."""
    layout, deployment = house.layout, house.lifecycle.deployment
    host, _ = address(deployment.listen)
    settings = GatewaySettings(
        gateway=secrets.token_hex(8),
        host=host,
        port=port,
        certificate=_below(layout, deployment.certificate),
        certificate_key=_below(layout, deployment.certificate_key),
        snapshot=str(layout.snapshot),
        sequence=sequence,
        snapshot_keys=(base64.b64encode(house.key.der).decode(),),
        stop_file=str(layout.stop_file),
        sockets=str(house.sockets),
        monitor_socket=_monitor_socket(house),
        log_folder=str(layout.decision_log),
        reviews=str(layout.reviews),
        pepper=house.pepper.hex(),
        max_rows=deployment.max_rows,
        heartbeat_seconds=house.lifecycle.monitoring.heartbeat_seconds,
    )
    return _module(GATEWAY, settings)


def monitor(house: House, watched: tuple[WatchedModel, ...]) -> Launch:
    """The monitor, for what is served now."""
    settings = MonitorSettings(
        socket=_monitor_socket(house),
        state=str(house.layout.serving / "monitor.state"),
        secret=hmac.digest(house.pepper, b"sealwright: names of callers", "sha256").hex(),
        monitoring=house.lifecycle.monitoring,
        models=watched,
    )
    return _module(MONITOR, settings)


def runtime(house: House, model: ServedModel, files: tuple[FileEntry, ...]) -> Launch:
    """One served version. Unsupported where this machine offers no isolation."""
    settings = RuntimeSettings(
        digest=model.digest,
        folder=str(house.layout.models / model.digest),
        files=files,
        contract=model.contract,
        socket=runtime_socket(str(house.sockets), model.digest),
        max_rows=house.lifecycle.deployment.max_rows,
        heartbeat_seconds=house.lifecycle.monitoring.heartbeat_seconds / 2,
    )
    started = isolate.command(settings)
    return Launch(argv=started.argv, env=started.env, settings=msgspec.json.encode(settings))


def _module(name: str, settings: msgspec.Struct) -> Launch:
    # Isolated: no environment variable and no file in the current folder becomes code.
    argv = (sys.executable, "-I", "-m", name)
    return Launch(argv=argv, env=_environment(os.environ), settings=msgspec.json.encode(settings))


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    return {name: own[name] for name in _KEPT if name in own}


def _monitor_socket(house: House) -> str:
    return str(house.sockets / "monitor.sock")


def _below(layout: Layout, path: str) -> str:
    return str(layout.root / path) if path else ""
