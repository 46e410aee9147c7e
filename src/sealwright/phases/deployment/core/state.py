"""All that a decision rests on beside the request: replaced as a whole when it changes."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from sealwright.evidence.predicates.serving import OnLoss
from sealwright.phases.deployment.core.known import KeyCache
from sealwright.phases.deployment.core.limits import Limiter
from sealwright.phases.deployment.core.restrictions import Restrictions
from sealwright.phases.deployment.core.snapshot import Opened
from sealwright.phases.deployment.core.stops import NOTHING, Stops
from sealwright.phases.deployment.core.tokens import TokenCache


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the gateway knows. Make the next one with `dataclasses.replace`.

    The limiters, restrictions and caches are the only parts that change in place; all are
    bounded.
    """

    pepper: bytes = field(repr=False)
    """Secret of the API keys' HMACs."""
    salt: bytes = field(repr=False)
    """Secret that shares clients out among versions; the same after a restart."""
    snapshot: Opened | None = None
    stops: Stops = NOTHING
    log_lost: bool = False
    """Whether decision records cannot be made durable."""
    monitor_lost: bool = False
    running: frozenset[str] = frozenset()
    """Digests whose runtime is ready."""
    max_rows: int = 1000
    max_body: int = 1024 * 1024
    """Bytes."""
    server_version: str = ""
    """What `GET /v2` says."""
    limiter: Limiter = field(default_factory=Limiter, repr=False)
    refusals: Limiter = field(default_factory=Limiter, repr=False)
    """Refusals by client, or by peer before a client is known: those beyond are still answered,
    and counted, but no longer recorded one by one."""
    restrictions: Restrictions = field(default_factory=Restrictions, repr=False)
    tokens: TokenCache = field(default_factory=TokenCache, repr=False)
    verified: KeyCache = field(default_factory=KeyCache, repr=False)


def first_state(
    *, pepper: bytes, max_rows: int = 1000, max_body: int = 1024 * 1024, server_version: str = ""
) -> State:
    """What a gateway knows when it starts: nothing is served without a snapshot."""
    return State(
        pepper=pepper,
        salt=hmac.digest(pepper, b"sealwright: share of clients", "sha256"),
        max_rows=max_rows,
        max_body=max_body,
        server_version=server_version,
    )


def lost(state: State, *, now: float) -> str | None:
    """The reason why nothing may be answered now although a snapshot is there, or None."""
    opened = state.snapshot
    if opened is None:
        return "snapshot-missing"
    losses = opened.snapshot.losses
    if losses.ledger == "stop" and now >= opened.expires:
        return "ledger-lost"
    if losses.log == "stop" and state.log_lost:
        return "log-lost"
    if losses.monitor == "stop" and state.monitor_lost:
        return "monitor-lost"
    return None


def alarms(state: State, *, now: float) -> tuple[tuple[str, OnLoss], ...]:
    """What is lost now, with what the policy says to it."""
    if state.snapshot is None:
        return ()
    losses = state.snapshot.snapshot.losses
    found: list[tuple[str, OnLoss]] = []
    if now >= state.snapshot.expires:
        found.append(("ledger-lost", losses.ledger))
    if state.log_lost:
        found.append(("log-lost", losses.log))
    if state.monitor_lost:
        found.append(("monitor-lost", losses.monitor))
    return tuple(found)
