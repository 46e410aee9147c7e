"""Whether the gateway lives and can answer: the only questions that need no credential."""

from __future__ import annotations

from sealwright.phases.deployment.core import oip_metadata
from sealwright.phases.deployment.core.answers import answer
from sealwright.phases.deployment.core.decision import Answered, Trace
from sealwright.phases.deployment.core.snapshot import Name, Served
from sealwright.phases.deployment.core.state import State, lost


def answer_health(state: State, trace: Trace) -> Answered:
    """`/v2/health/...`, which need no credential and say no more than yes or no."""
    if trace.operation == "live":
        return answer(trace, oip_metadata.live(), recorded=False)
    ready = is_ready(state, now=trace.at)
    body = oip_metadata.ready(ready=ready)
    return answer(trace, body, status=200 if ready else 503, recorded=False)


def is_ready(state: State, *, now: float) -> bool:
    """Whether every name can be asked; false where there is none."""
    if state.snapshot is None or lost(state, now=now) is not None or not state.snapshot.names:
        return False
    return all(_name_ready(state, name) for name in state.snapshot.names.values())


def can_answer(state: State, name: Name, served: Served) -> bool:
    """Whether this version of this name could be asked now, but for losses."""
    return state.stops.reason(name.name) is None and served.digest in state.running


def _name_ready(state: State, name: Name) -> bool:
    return name.champion is not None and can_answer(state, name, name.champion)
