"""Every reason for which a caller is refused: its HTTP status and what the caller is told.

The keys are machine-readable, appear in decision records and label metrics; there are no others.
Several reasons share one text where the difference would help whoever guesses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class Reason(NamedTuple):
    """What a refusal looks like from outside."""

    status: int
    text: str


_WHO = Reason(401, "a valid credential is needed: Authorization: Bearer ...")
_NOT_YOURS = Reason(403, "not allowed")

REASONS: Final[Mapping[str, Reason]] = {
    # the head of the request
    "request-malformed": Reason(400, "not an HTTP/1.1 request"),
    "head-slow": Reason(408, "the request did not arrive in time"),
    "path-malformed": Reason(400, "the path holds characters that no path here has"),
    "path-unknown": Reason(404, "no such path"),
    "method-not-allowed": Reason(405, "this path does not take that method"),
    "query-not-allowed": Reason(400, "no path here takes a query"),
    "head-too-large": Reason(431, "too many or too large header fields"),
    "header-malformed": Reason(400, "a header field is malformed"),
    "header-duplicate": Reason(400, "a header field that may be there once is there twice"),
    "framing-ambiguous": Reason(400, "the length of the body is stated in more than one way"),
    "length-malformed": Reason(400, "Content-Length is not a number of bytes"),
    "length-needed": Reason(411, "the length of the body must be stated"),
    "body-too-large": Reason(413, "the body is too large"),
    "body-not-allowed": Reason(400, "this request takes no body"),
    "body-slow": Reason(408, "the body did not arrive in time"),
    "body-incomplete": Reason(400, "the body ended before its stated length"),
    "media-type": Reason(415, "the body must be application/json, not encoded further"),
    "expectation": Reason(417, "no expectations are met; send the body at once"),
    "upgrade": Reason(400, "the connection is not upgraded"),
    "host-malformed": Reason(400, "one Host field is needed"),
    "correlation-malformed": Reason(
        400, "X-Correlation-Id is 1 to 64 characters of A-Z a-z 0-9 . _ -"
    ),
    # who asks
    "credential-missing": _WHO,
    "credential-malformed": _WHO,
    "key-unknown": _WHO,
    "key-forged": _WHO,
    "key-expired": _WHO,
    "token-refused": _WHO,
    "token-malformed": _WHO,
    "token-forged": _WHO,
    "token-expired": _WHO,
    "token-claims": _WHO,
    # what may be asked
    "action-not-granted": _NOT_YOURS,
    "model-not-granted": _NOT_YOURS,
    "caller-blocked": Reason(403, "blocked"),
    "model-unknown": Reason(404, "no such model or version"),
    "case-unreadable": Reason(503, "the case cannot be looked up now"),
    "case-unknown": Reason(404, "no such case"),
    "version-shadow": Reason(403, "this version gives no answers"),
    "model-refused": Reason(403, "not served"),
    "stopped": Reason(403, "stopped"),
    "limit-reached": Reason(429, "too many requests"),
    "limiter-full": Reason(429, "too many callers"),
    # what serving rests on
    "snapshot-missing": Reason(503, "nothing can be decided yet"),
    "ledger-lost": Reason(503, "serving has stopped: what it rests on is out of date"),
    "log-lost": Reason(503, "serving has stopped: decisions cannot be recorded"),
    "monitor-lost": Reason(503, "serving has stopped: nobody watches the traffic"),
    "overloaded": Reason(503, "too much at once; try again"),
    "runtime-lost": Reason(503, "the model cannot be reached"),
    "runtime-slow": Reason(503, "the model did not answer in time"),
    "runtime-answer": Reason(503, "the model gave no usable answer"),
    # the body
    "body-malformed": Reason(400, "the body is not an inference request"),
}
"""Reason → status and text."""

GRANTED: Final = "granted"
"""The reason in the record of a request that was answered."""
