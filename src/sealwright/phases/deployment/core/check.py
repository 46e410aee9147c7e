"""Stage two: what is in the body, and whether what should answer it still may."""

from __future__ import annotations

from sealwright.phases.deployment.core.answers import one_line, refuse
from sealwright.phases.deployment.core.decision import Admitted, Forward, Refused, Trace
from sealwright.phases.deployment.core.oip import Problem, read_infer, runtime_body
from sealwright.phases.deployment.core.snapshot import REPLACED, Served, choose_shadow
from sealwright.phases.deployment.core.state import State, lost


def check(state: State, admitted: Admitted, body: bytes) -> Refused | Forward:
    """Stage two. `state`: as it is now, since the body may have taken its time to come."""
    trace, limits = admitted.trace, admitted.headers
    if len(body) > admitted.max_body:
        return refuse(trace, "body-too-large", extra=limits)
    if admitted.length >= 0 and len(body) != admitted.length:
        return refuse(trace, "body-incomplete", extra=limits)
    gone = withdrawn(state, trace, now=trace.at)
    if gone is not None:
        return gone
    request = read_infer(body, admitted.served.face, max_rows=admitted.max_rows)
    if isinstance(request, Problem):
        return refuse(trace, "body-malformed", detail=request.text, extra=limits)
    return Forward(
        trace=trace,
        served=admitted.served,
        shadow=_shadow(state, admitted),
        body=runtime_body(request),
        rows=request.rows,
        values=request.values,
        request_id=request.id,
        outputs=request.outputs,
        coarse=admitted.coarse,
        headers=limits,
    )


def _shadow(state: State, admitted: Admitted) -> Served | None:
    """The shadow that sees this request. It takes what the champion takes, or it sees nothing."""
    served, opened = admitted.served, state.snapshot
    name = opened.names.get(admitted.trace.name) if opened is not None else None
    if name is None or name.shadow is None or admitted.explicit:
        return None
    shadow = choose_shadow(
        name, answering=served.digest, request=admitted.trace.id, salt=state.salt
    )
    if shadow is None or shadow.digest not in state.running:
        return None
    same = shadow.model.contract.features == served.model.contract.features
    return shadow if same else None


def withdrawn(state: State, trace: Trace, *, now: float) -> Refused | None:
    """The refusal that is due if what was to answer may not do so any more, or None.

    Asked again before the runtime is asked and before an answer leaves: no answer leaves after a
    revocation has arrived here, however long it was under way. What a release replaced meanwhile
    answers what it was asked.
    """
    gone = lost(state, now=now)
    if gone is not None:
        return refuse(trace, gone)
    stop = state.stops.reason(trace.name)
    if stop is not None:
        return refuse(trace, "stopped", detail=stop)
    opened = state.snapshot
    if opened is None or trace.digest not in opened.digests:
        refused = None if opened is None else opened.refused.get((trace.name, trace.version))
        if refused is not None and refused.reason.startswith(REPLACED):
            return None
        return refuse(
            trace,
            "model-refused",
            detail="withdrawn just now" if refused is None else one_line(refused.reason),
        )
    return None
