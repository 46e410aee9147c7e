"""What an operator may order over the admin API; done by the same functions as the commands.

Each order is signed by the installation's key, with the caller's name in the reason. The unsafe
direction (release, resume) goes through the gate as it does for a person at the keyboard.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec

from sealwright.errors import UsageError
from sealwright.phases.deployment.record import served_name
from sealwright.project.core import Project
from sealwright.project.named import Named
from sealwright.project.resolve import MODEL, resolve
from sealwright.project.serving import halt, releases, withdraw
from sealwright.project.serving.stopfile import EVERYTHING, one_line

_STOP_WORDS: Final = 300
_DIGITS = re.compile(r"[0-9a-f]{8,64}")


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a POST."""

    reason: str


class Release(Order, frozen=True, kw_only=True):
    """`model`: the word `model`, or digits of a digest."""

    model: str = MODEL
    role: Literal["champion", "canary", "shadow"] = "champion"
    percent: int = 100


class Rollback(Order, frozen=True, kw_only=True):
    """`to`: digits of an earlier version; empty for the newest that may be served."""

    name: str
    to: str = ""


class Revoke(Order, frozen=True, kw_only=True):
    """`artifact`: the word `model`, a data set's name, or digits of a digest."""

    artifact: str


class Stop(Order, frozen=True, kw_only=True):
    """`name`: under which it is served; `*` for everything."""

    name: str = EVERYTHING


class Resume(Order, frozen=True, kw_only=True):
    """`name`: under which it is served; `*` for everything."""

    name: str = EVERYTHING


ORDERS: Final[dict[str, type[Order]]] = {
    "release": Release,
    "rollback": Rollback,
    "revoke": Revoke,
    "stop": Stop,
    "resume": Resume,
}
"""Last part of the path → the body."""

Answer = dict[str, Any]


def concerns(order: Order, *, name: str) -> str:
    """The name that a caller must be allowed to operate on, `*` for all. `name`: this system's."""
    if isinstance(order, Rollback | Stop | Resume):
        return order.name
    return name if isinstance(order, Release) else EVERYTHING


def perform(project: Project, order: Order, *, signer: str, client: str) -> Answer:
    """Does what is ordered and says what came of it. Errors as the functions of the commands."""
    # A stop is never refused for its words.
    words = one_line(order.reason)[:_STOP_WORDS] if isinstance(order, Stop) else order.reason
    reason = asked_by(words, client)
    for kind, do in _DOES.items():
        if isinstance(order, kind):
            return do(project, order, reason, signer)
    raise UsageError(f"there is no order {type(order).__name__}")


def asked_by(reason: str, client: str) -> str:
    """The reason as it goes on record."""
    if not reason.strip():
        raise UsageError("the reason is empty", advice="say why, in words")
    return f"{reason} (asked by {client} over the admin API)"


def _release(project: Project, order: Any, reason: str, signer: str) -> Answer:
    done = releases.release(
        project,
        _artifact(project, order.model),
        signer=signer,
        reason=reason,
        role=order.role,
        percent=order.percent,
    )
    return _routed(done)


def _rollback(project: Project, order: Any, reason: str, signer: str) -> Answer:
    return _routed(
        releases.rollback(project, order.name, reason=reason, signer=signer, to=order.to)
    )


def _revoke(project: Project, order: Any, reason: str, signer: str) -> Answer:
    artifact = order.artifact
    if artifact not in project.lifecycle.data:
        _check_reference(artifact)
    found = withdraw.named(project, artifact)
    done = withdraw.revoke(project, found, reason=reason, signer=signer)
    return {
        "entry": done.recorded.index,
        "digest": found.digest,
        "fallen": [
            {"name": each.route.name, "version": each.route.version, "reason": each.reason}
            for each in done.fallen
        ],
    }


def _stop(project: Project, order: Any, reason: str, signer: str) -> Answer:
    """The file was written before anybody waited for the ledger."""
    done = halt.record_stop(project, order.name, reason=reason, signer=signer)
    return {"name": order.name, "stopped": True, "entries": [item.index for item in done]}


def _resume(project: Project, order: Any, reason: str, signer: str) -> Answer:
    done = halt.resume(project, order.name, reason=reason, signer=signer)
    return {"name": order.name, "entries": [item.index for item in done.restored]}


_DOES: Final[dict[type[Order], Callable[[Project, Any, str, str], Answer]]] = {
    Release: _release,
    Rollback: _rollback,
    Revoke: _revoke,
    Stop: _stop,
    Resume: _resume,
}


def _artifact(project: Project, reference: str) -> Named:
    _check_reference(reference)
    return resolve(project, reference)


def _check_reference(reference: str) -> None:
    """No paths: whoever calls from elsewhere has no business with names of files here."""
    if reference != MODEL and not _DIGITS.fullmatch(reference):
        raise UsageError(
            f"{reference!r:.80} names no artifact here",
            advice=f"use `{MODEL}`, a data set's name, or 8 or more digits of a digest",
        )


def _routed(done: releases.Released) -> Answer:
    return {
        "entry": done.recorded.index,
        "name": done.route.name,
        "version": done.route.version,
        "digest": done.route.digest,
        "role": done.route.role,
        "percent": done.route.percent,
        "replaces": done.replaces,
    }


def name_of(project: Project) -> str:
    """The name that this system's model is served under."""
    return served_name(project.lifecycle)
