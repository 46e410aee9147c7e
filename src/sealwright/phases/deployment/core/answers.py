"""How answers look: status, header fields and body, the same way from every stage."""

from __future__ import annotations

from typing import Final

from sealwright.phases.deployment.core import oip_metadata
from sealwright.phases.deployment.core.decision import Answered, Headers, Refused, Trace
from sealwright.phases.deployment.core.limits import (
    Verdict,
    limit_field,
    policy_field,
    retry_after,
)
from sealwright.phases.deployment.core.reasons import REASONS

_JSON: Final = (b"content-type", b"application/json")
_FRESH: Final = (b"cache-control", b"no-store")
_PLAIN: Final = (b"x-content-type-options", b"nosniff")
_CHALLENGE: Final = (b"www-authenticate", b'Bearer realm="sealwright"')
_CLOSE: Final = (b"connection", b"close")

_CLOSING: Final = frozenset(
    {
        "framing-ambiguous",
        "length-malformed",
        "length-needed",
        "header-malformed",
        "header-duplicate",
        "head-too-large",
        "body-too-large",
        "body-not-allowed",
        "body-slow",
        "body-incomplete",
        "expectation",
        "upgrade",
    }
)
"""After these nobody can be sure where the next request on the connection begins."""


def one_line(text: str) -> str:
    """`text` as one printable line of at most 300 characters."""
    return "".join(c if c.isprintable() else " " for c in text[:300])


def fields(trace: Trace, body: bytes, extra: Headers = ()) -> Headers:
    """The header fields of an answer."""
    first = (
        _JSON,
        (b"content-length", b"%d" % len(body)),
        (b"x-decision-id", trace.id.encode()),
        _FRESH,
        _PLAIN,
    )
    if trace.correlation:
        return (*first, (b"x-correlation-id", trace.correlation.encode()), *extra)
    return (*first, *extra)


def limit_fields(verdict: Verdict) -> Headers:
    """RateLimit and RateLimit-Policy, and Retry-After where the caller must wait."""
    limits = (
        (b"ratelimit-policy", policy_field(verdict)),
        (b"ratelimit", limit_field(verdict)),
    )
    if verdict.admitted:
        return limits
    return (*limits, (b"retry-after", b"%d" % retry_after(verdict)))


def refuse(
    trace: Trace, reason: str, *, detail: str = "", extra: Headers = (), recorded: bool = True
) -> Refused:
    """A refusal. `reason`: key of `reasons.REASONS`; `detail`: more for the caller, one line."""
    status, text = REASONS[reason]
    body = oip_metadata.error(f"{text}: {detail}" if detail else text)
    if status == 401:
        extra = (*extra, _CHALLENGE)
    elif status == 503 and not any(name == b"retry-after" for name, _ in extra):
        extra = (*extra, (b"retry-after", b"1"))
    if reason in _CLOSING:
        extra = (*extra, _CLOSE)
    return Refused(
        trace=trace,
        status=status,
        reason=reason,
        headers=fields(trace, body, extra),
        body=body,
        recorded=recorded,
    )


def answer(
    trace: Trace, body: bytes, *, status: int = 200, extra: Headers = (), recorded: bool = True
) -> Answered:
    """An answer that needs nothing further."""
    return Answered(
        trace=trace,
        status=status,
        headers=fields(trace, body, extra),
        body=body,
        recorded=recorded,
    )
