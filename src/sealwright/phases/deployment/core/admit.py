"""Stage one: everything that needs no body, so that a stranger's body is never read.

Its order: the form of the head, who asks, what they may ask, whether it is served, how often.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from msgspec.structs import replace

from sealwright.evidence.predicates.serving import Action
from sealwright.phases.deployment.core import oip_metadata
from sealwright.phases.deployment.core.answers import answer, limit_fields, one_line, refuse
from sealwright.phases.deployment.core.authenticate import Denied, authenticate
from sealwright.phases.deployment.core.callers import Caller, knows, largest_rate, rate_for
from sealwright.phases.deployment.core.decision import (
    Admitted,
    Answered,
    CaseAsked,
    Headers,
    Refused,
    Trace,
)
from sealwright.phases.deployment.core.health import answer_health, can_answer
from sealwright.phases.deployment.core.request import Broken, Head, Request, read_head
from sealwright.phases.deployment.core.restrictions import blocked, coarsened, factor
from sealwright.phases.deployment.core.routes import Route, route
from sealwright.phases.deployment.core.snapshot import (
    Opened,
    Served,
    choose,
    metadata_body,
)
from sealwright.phases.deployment.core.state import State, lost

RECORDED_REFUSALS: Final = 600
"""Refusals of one client or peer in a minute that are recorded one by one."""

RECORDED_STRANGERS: Final = 6000
"""Refusals in a minute of all strangers that are recorded one by one: addresses are cheap."""

_ACTIONS: Final[dict[str, Action]] = {
    "model": "metadata",
    "model-ready": "metadata",
    "infer": "infer",
    "case": "infer",
}
_MAX_PEER: Final = 64


def admit(state: State, request: Request) -> Refused | Answered | CaseAsked | Admitted:
    """Stage one. `Admitted` is the only way to the body."""
    head = read_head(request)
    if isinstance(head, Broken):
        return _refuse_peer(state, request, Trace(id=request.id, at=request.now), head.reason)
    found = route(request.path)
    if isinstance(found, str):
        trace = Trace(id=request.id, at=request.now, correlation=head.correlation)
        return _refuse_peer(state, request, trace, found)
    trace = Trace(
        id=request.id,
        at=request.now,
        correlation=head.correlation,
        operation=found.operation,
        name=found.model,
        version=found.version,
        sequence=0 if state.snapshot is None else state.snapshot.snapshot.sequence,
    )
    wrong = _check_form(request, head, found, max_body=state.max_body)
    if wrong:
        extra = ((b"allow", found.method.encode()),) if wrong == "method-not-allowed" else ()
        return _refuse_peer(state, request, trace, wrong, extra)
    if found.operation in ("live", "ready"):
        return answer_health(state, trace)
    if state.snapshot is None:
        return _refuse_peer(state, request, trace, "snapshot-missing")
    who = authenticate(
        head.authorization,
        snapshot=state.snapshot,
        pepper=state.pepper,
        tokens=state.tokens,
        now=request.now,
        keys=state.verified,
    )
    if isinstance(who, Denied):
        return _refuse_peer(state, request, replace(trace, key=who.key), who.reason)
    asked = _Asked(state, state.snapshot, request, head, found, who)
    return _admit_caller(asked, trace)


def _check_form(request: Request, head: Head, found: Route, *, max_body: int) -> str:
    """The reason why a request to a path that exists cannot be understood, or ""."""
    if request.method != found.method:
        return "method-not-allowed"
    if request.query:
        return "query-not-allowed"
    if found.method == "GET":
        return "body-not-allowed" if head.length else ""
    if not head.stated:
        return "length-needed"
    if not head.json:
        return "media-type"
    return "body-too-large" if head.length > max_body else ""


def _refuse_peer(
    state: State, request: Request, trace: Trace, reason: str, extra: Headers = ()
) -> Refused:
    """Refuses somebody who has proved nothing. Records are limited by address, answers are not:
    who shares an address with a flood still gets in."""
    recorded = record_stranger(state, peer=request.peer, monotonic=request.monotonic)
    return refuse(trace, reason, extra=extra, recorded=recorded)


def record_stranger(state: State, *, peer: str, monotonic: float) -> bool:
    """Whether the refusal of somebody who has proved nothing is recorded by itself."""
    # The whole last: one address that floods does not use up what others' refusals need.
    return all(
        state.refusals.take(bucket, rate=rate, now=monotonic).admitted
        for bucket, rate in (
            (("", peer[:_MAX_PEER] or "?"), RECORDED_REFUSALS),
            (("", ""), RECORDED_STRANGERS),
        )
    )


class _Asked(NamedTuple):
    """What a caller who is known asks, and of whom."""

    state: State
    opened: Opened
    request: Request
    head: Head
    route: Route
    caller: Caller


def _admit_caller(asked: _Asked, trace: Trace) -> Refused | Answered | CaseAsked | Admitted:
    """The part of stage one that follows once the caller is known."""
    state, caller, operation = asked.state, asked.caller, asked.route.operation
    restriction = state.restrictions.of(caller.client, now=trace.at)
    trace = replace(
        trace,
        client=caller.client,
        key=caller.key,
        what_if=caller.what_if,
        restriction="none" if restriction is None else restriction.level,
    )
    rate = _rate(asked)
    if not rate:
        known = knows(caller, trace.name) or not trace.name
        return _refuse(asked, trace, "action-not-granted" if known else "model-not-granted")
    if blocked(restriction):
        return _refuse(asked, trace, "caller-blocked")
    if operation != "model-ready":
        gone = lost(state, now=trace.at)
        if gone is not None:
            return _refuse(asked, trace, gone)
    # What became of a case may be asked whatever has happened to the model since.
    served = None if operation in ("server", "case") else _find(asked, trace)
    if isinstance(served, Refused):
        return served
    bucket = trace.name if operation == "infer" else ""
    verdict = state.limiter.take(
        (caller.client, bucket), rate=rate * factor(restriction), now=asked.request.monotonic
    )
    limits = limit_fields(verdict)
    if not verdict.admitted:
        reason = "limiter-full" if verdict.full else "limit-reached"
        return _refuse(asked, trace, reason, extra=limits)
    if operation == "infer" and served is not None:
        return _admit_infer(asked, trace, served, limits, coarse=coarsened(restriction))
    return _answer_other(asked, trace, served, limits)


def _rate(asked: _Asked) -> int:
    """Requests per minute that the caller may make of this kind; 0 where it may not at all."""
    action = _ACTIONS.get(asked.route.operation)
    if action is None:
        return largest_rate(asked.caller)
    return rate_for(asked.caller, action, asked.route.model)


def _refuse(
    asked: _Asked, trace: Trace, reason: str, *, detail: str = "", extra: Headers = ()
) -> Refused:
    counted = asked.state.refusals.take(
        (asked.caller.client, ""), rate=RECORDED_REFUSALS, now=asked.request.monotonic
    )
    return refuse(trace, reason, detail=detail, extra=extra, recorded=counted.admitted)


def _find(asked: _Asked, trace: Trace) -> Served | Refused:
    """The version that answers, or why none does."""
    opened, route_ = asked.opened, asked.route
    name, version = route_.model, route_.version
    if route_.operation == "infer":
        stop = asked.state.stops.reason(name)
        if stop is not None:
            return _refuse(asked, trace, "stopped", detail=stop)
    entry = opened.names.get(name)
    served: Served | None = None
    if entry is not None:
        if version and entry.shadow is not None and entry.shadow.model.version == version:
            return _refuse(asked, trace, "version-shadow")
        served = (
            entry.versions.get(version)
            if version
            else choose(entry, client=asked.caller.client, salt=asked.state.salt)
        )
    if served is not None:
        return served
    refused = opened.refused.get((name, version))
    if refused is not None:
        return _refuse(
            asked,
            replace(trace, version=refused.version),
            "model-refused",
            detail=one_line(refused.reason),
        )
    # Whether a model exists is for those to know who may read what it is.
    listing = rate_for(asked.caller, "metadata", name) > 0
    return _refuse(asked, trace, "model-unknown" if listing else "model-not-granted")


def _answer_other(
    asked: _Asked, trace: Trace, served: Served | None, limits: Headers
) -> Answered | CaseAsked:
    """What needs neither body nor runtime."""
    if asked.route.operation == "case":
        return CaseAsked(trace=trace, case=asked.route.case, headers=limits)
    if served is None:
        body = oip_metadata.server_metadata(asked.state.server_version)
        return answer(trace, body, extra=limits)
    if asked.route.operation == "model":
        body = metadata_body(asked.opened.names[trace.name], served)
        return answer(trace, body, extra=limits)
    ready = lost(asked.state, now=trace.at) is None and can_answer(
        asked.state, asked.opened.names[trace.name], served
    )
    body = oip_metadata.model_ready(trace.name, ready=ready)
    return answer(trace, body, status=200 if ready else 503, extra=limits)


def _admit_infer(
    asked: _Asked, trace: Trace, served: Served, limits: Headers, *, coarse: bool
) -> Refused | Admitted:
    model = served.model
    trace = replace(trace, version=model.version, digest=model.digest)
    if model.digest not in asked.state.running:
        return _refuse(asked, trace, "runtime-lost", extra=limits)
    return Admitted(
        trace=trace,
        caller=asked.caller,
        served=served,
        explicit=bool(asked.route.version),
        length=asked.head.length,
        max_body=asked.state.max_body,
        max_rows=asked.state.max_rows,
        coarse=coarse,
        headers=limits,
    )
