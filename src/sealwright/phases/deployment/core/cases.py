"""What a client is told about a case that people decide."""

from __future__ import annotations

from typing import Literal

import msgspec

from sealwright.phases.deployment.core.answers import answer, refuse
from sealwright.phases.deployment.core.decision import Answered, CaseAsked, Refused


class CaseOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What the review queue knows of a case. `decision` is `none` while it is open, and after
    people rejected it: then the client decides without us."""

    case: str
    client: str
    """Who asked the question that the case is about."""
    name: str
    status: Literal["open", "closed"]
    decision: Literal["positive", "negative", "none"] = "none"
    at: str = ""
    """When it was closed, UTC."""


_encode = msgspec.json.Encoder().encode


def answer_case(asked: CaseAsked, found: CaseOutcome | None) -> Answered | Refused:
    """The answer to `GET /v2/models/{name}/cases/{id}`.

    Somebody else's case, and one of another model, is as unknown as one that never was.
    """
    if (
        found is None
        or found.case != asked.case
        or found.client != asked.trace.client
        or found.name != asked.trace.name
    ):
        return refuse(asked.trace, "case-unknown", extra=asked.headers)
    closed = found.status == "closed"
    body = _encode(
        {
            "model_name": found.name,
            "case": found.case,
            "status": found.status,
            "decision": found.decision if closed else "none",
            "at": found.at if closed else "",
        }
    )
    return answer(asked.trace, body, extra=asked.headers)
