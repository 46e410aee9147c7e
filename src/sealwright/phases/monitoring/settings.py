"""What the controller tells the monitor: one JSON line at its start, and one for each change."""

from __future__ import annotations

import msgspec

from sealwright.evidence.predicates.monitoring import Disagreement, Profile
from sealwright.lifecycle.model import Monitoring


class WatchedModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One served version and what its traffic is compared with."""

    digest: str
    name: str
    profile: Profile | None = None
    """None: nobody signed one; drift cannot be seen and that is alarmed."""
    shadow: str = ""
    disagreement: Disagreement | None = None


class MonitorSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that the monitor works from; a later line replaces the earlier one."""

    socket: str
    """Unix socket that the gateway connects to."""
    state: str
    """File in which it keeps what it knows of callers, so that a restart forgives nobody."""
    secret: str
    """Hex key under which callers' names are kept in that file."""
    monitoring: Monitoring
    models: tuple[WatchedModel, ...]
