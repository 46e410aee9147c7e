"""A request's head, and the rules that it must keep before anybody looks at what it asks.

Two readers of one request must not see two requests: a length stated twice, a field given twice, a
folded line or an unknown encoding is refused, never repaired.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

MAX_HEADERS: Final = 64
MAX_HEAD_BYTES: Final = 16 * 1024
"""Names and values together."""

_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9a-z-]{1,64}")
_VALUE: Final = bytes({*range(0x20, 0x7F), *range(0x80, 0x100), 0x09})
"""What a value may be made of: no line ends, so no folded lines, and no other controls."""

_CORRELATION = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_JSON = re.compile(rb'application/json(?:[ \t]*;[ \t]*charset="?utf-8"?)?', re.IGNORECASE)
_PLAIN_JSON: Final = b"application/json"
_LENGTH = re.compile(rb"[0-9]{1,10}")
_HOST = re.compile(rb"[A-Za-z0-9._:\[\]-]{1,255}")

_ONCE: Final = frozenset(
    {
        b"authorization",
        b"connection",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"host",
        b"transfer-encoding",
        b"x-correlation-id",
    }
)
"""Fields that mean something to us, and so may be there once."""

_USUAL: Final = _ONCE | {
    b"accept",
    b"accept-encoding",
    b"accept-language",
    b"user-agent",
    b"x-forwarded-for",
    b"x-forwarded-proto",
}
"""Names that need no look at their letters."""

_NEVER: Final = {
    b"expect": "expectation",
    b"upgrade": "upgrade",
    b"trailer": "header-malformed",
    b"http2-settings": "upgrade",
}


class Request(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A request's head as it came, with what the core may not find out by itself."""

    method: str
    path: bytes
    """Raw bytes of the path as on the request line, without the query, not decoded."""
    query: bytes = b""
    headers: Sequence[tuple[bytes, bytes]]
    """Names in lower case, in the order in which they came, duplicates included."""
    peer: str = ""
    """Address of who is connected: refusals of those who prove nothing are counted by it."""
    id: str
    """Decision id, given by the gateway: 16 to 40 of [a-z0-9-], never used before."""
    now: float
    """Unix seconds."""
    monotonic: float
    """Seconds of a clock that never goes back."""
    version: Literal["1.0", "1.1"] = "1.1"
    """HTTP version."""


class Head(msgspec.Struct, frozen=True, gc=False):
    """What the header fields say, once they keep the rules."""

    authorization: bytes = b""
    """Empty where there is none."""
    correlation: str = ""
    length: int = 0
    """Stated length of the body; 0 where there is none, -1 where it comes in chunks."""
    stated: bool = False
    """Whether the length is stated, or the body is said to come in chunks."""
    json: bool = False
    """Whether the body is said to be JSON in UTF-8."""


class Broken(msgspec.Struct, frozen=True):
    """The head breaks a rule; `reason` is a key of `reasons.REASONS`."""

    reason: str


def read_head(request: Request) -> Head | Broken:
    """The header fields that count, or the first rule that they break."""
    headers = request.headers
    if len(headers) > MAX_HEADERS:
        return Broken("head-too-large")
    names = b"".join([name for name, _ in headers])
    values = b"".join([value for _, value in headers])
    if len(names) + len(values) > MAX_HEAD_BYTES:
        return Broken("head-too-large")
    if values.translate(None, _VALUE):
        return Broken("header-malformed")
    fields = dict(headers)
    for name in fields.keys() - _USUAL:
        if name in _NEVER:
            return Broken(_NEVER[name])
        if _TOKEN.fullmatch(name) is None:
            return Broken("header-malformed")
    if len(fields) != len(headers):
        seen = [name for name, _ in headers]
        if any(seen.count(name) > 1 for name in _ONCE):
            return Broken("header-duplicate")
    return _read_fields(request, fields)


def _read_fields(request: Request, fields: dict[bytes, bytes]) -> Head | Broken:
    host = fields.get(b"host")
    if host is None:
        if request.version == "1.1":
            return Broken("host-malformed")
    elif _HOST.fullmatch(host) is None:
        return Broken("host-malformed")
    stated, coding = fields.get(b"content-length"), fields.get(b"transfer-encoding")
    if coding is not None:
        # Only one coding is understood, and it leaves no room for a stated length.
        if stated is not None or coding != b"chunked" or request.version == "1.0":
            return Broken("framing-ambiguous")
    elif stated is not None and _LENGTH.fullmatch(stated) is None:
        return Broken("length-malformed")
    correlation = fields.get(b"x-correlation-id", b"")
    if correlation == b"":
        if b"x-correlation-id" in fields:
            return Broken("correlation-malformed")
    elif _CORRELATION.fullmatch(correlation) is None:
        return Broken("correlation-malformed")
    kind = fields.get(b"content-type", b"")
    encoding = fields.get(b"content-encoding", b"identity")
    return Head(
        fields.get(b"authorization", b""),
        correlation.decode("ascii"),
        int(stated) if stated is not None else -1 if coding is not None else 0,
        stated is not None or coding is not None,
        encoding == b"identity" and (kind == _PLAIN_JSON or _JSON.fullmatch(kind) is not None),
    )
