"""The paths and methods that exist, matched on raw bytes.

Names are of [a-z0-9._-], so no path that exists needs decoding: a percent sign, a semicolon, an
empty segment or a dot segment is never repaired into one that does.
"""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

NAME: Final = r"[a-z0-9][a-z0-9._-]{0,62}"
VERSION: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
CASE: Final = r"[A-Za-z0-9][A-Za-z0-9-]{0,63}"

Operation = Literal["live", "ready", "server", "model", "model-ready", "infer", "case"]
"""What a path and its method ask for."""


class Route(msgspec.Struct, frozen=True, gc=False):
    """A path that exists. `model`, `version` and `case` are empty where it has none."""

    operation: Operation
    model: str = ""
    version: str = ""
    case: str = ""

    @property
    def method(self) -> str:
        """The one method that it takes."""
        return "POST" if self.operation == "infer" else "GET"


_LIVE, _READY, _SERVER = Route("live"), Route("ready"), Route("server")
_FIXED: Final = {b"/v2": _SERVER, b"/v2/health/live": _LIVE, b"/v2/health/ready": _READY}
_CHARACTERS: Final = re.compile(rb"[A-Za-z0-9._/-]{1,256}")
"""A path of these is no path here, but no attempt at one that has to be decoded either."""
_MODEL: Final = re.compile(
    rf"/v2/models/({NAME})(?:/cases/({CASE})|(?:/versions/({VERSION}))?(/infer|/ready)?)".encode()
)


def route(path: bytes) -> Route | str:
    """Which path this is, or the reason (a key of `reasons.REASONS`) why it is none."""
    fixed = _FIXED.get(path)
    if fixed is not None:
        return fixed
    match = _MODEL.fullmatch(path)
    if match is None:
        return "path-unknown" if _CHARACTERS.fullmatch(path) else "path-malformed"
    name, case, version, rest = match.groups(b"")
    operation: Operation = "model"
    if case:
        operation = "case"
    elif rest:
        operation = "infer" if rest == b"/infer" else "model-ready"
    return Route(operation, name.decode(), version.decode(), case.decode())
