"""Decides what happens to a request: authenticate, admit, authorise, limit, check.

    admit   stage one, all that needs no body
    check   stage two, the body
    decide  both, for whoever has the whole request at hand

Pure but for the limiters and caches that `State` holds. `conclude.py` goes on with the scores.
"""

from __future__ import annotations

from sealwright.phases.deployment.core.admit import admit
from sealwright.phases.deployment.core.check import check, withdrawn
from sealwright.phases.deployment.core.decision import (
    Admitted,
    Answered,
    CaseAsked,
    Forward,
    Refused,
)
from sealwright.phases.deployment.core.request import Request
from sealwright.phases.deployment.core.state import State

__all__ = ["admit", "check", "decide", "withdrawn"]


def decide(state: State, request: Request, body: bytes) -> Refused | Answered | CaseAsked | Forward:
    """Both stages. `body` is looked at only if stage one is passed."""
    decision = admit(state, request)
    return check(state, decision, body) if isinstance(decision, Admitted) else decision
