"""The admin listener: health, readiness and metrics for machines, orders for operators. Raw ASGI.

It listens on loopback alone, in the controller. Orders need an API key or token with the action
`admin`; errors are RFC 9457 problems. Who is refused is told why only after saying who they are.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import re
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Protocol

import msgspec

from sealwright.errors import EvidenceError, Refused, SealwrightError, UsageError
from sealwright.phases.deployment.core.authenticate import Denied, authenticate
from sealwright.phases.deployment.core.callers import Caller, rate_for
from sealwright.phases.deployment.core.request import Broken, Request, read_head
from sealwright.phases.deployment.core.snapshot import Opened
from sealwright.phases.deployment.core.tokens import TokenCache
from sealwright.project.serving.metrics import CONTENT_TYPE, Family, render
from sealwright.project.serving.orders import ORDERS, Order, concerns

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

MAX_BODY: Final = 64 * 1024
BODY_SECONDS: Final = 10.0
MOST_ALERTS: Final = 1000
EVERYTHING: Final = "*"
PREFIX: Final = "/admin/v1/"
_HOST = re.compile(r"\[?([0-9A-Za-z.:]+?)\]?(?::[0-9]{1,5})?")


class Desk(Protocol):
    """What the controller offers to this listener."""

    @property
    def opened(self) -> Opened | None:
        """The snapshot in force."""

    @property
    def pepper(self) -> bytes:
        """Secret of the API keys' HMACs."""

    @property
    def name(self) -> str:
        """The name that this system's model is served under."""

    def readiness(self) -> dict[str, bool]:
        """What must be there before requests are answered."""

    def models(self) -> list[dict[str, Any]]:
        """What is served and what is refused, each with its `name`."""

    def families(self) -> Iterable[Family]:
        """The metrics."""

    async def alerts(self, limit: int) -> list[dict[str, Any]]:
        """The newest alerts, oldest first."""

    async def order(self, order: Order, *, client: str) -> dict[str, Any]:
        """Does it and says what came of it; SealwrightError as the commands."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, media type, body and further header fields."""

    status: int
    kind: str
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Problem(Exception):
    """An answer that ends the request."""

    def __init__(
        self, status: int, kind: str, detail: str, *, advice: str = "", headers: Any = ()
    ) -> None:
        super().__init__(detail)
        said: dict[str, Any] = {
            "type": f"urn:sealwright:problem:{kind}",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
        }
        if advice:
            said["advice"] = advice
        self.answer = Answer(status, "application/problem+json", _json(said), tuple(headers))


class Admin:
    """The ASGI application."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._tokens = TokenCache()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        try:
            answer = await self._answer(scope, receive)
        except Problem as problem:
            answer = problem.answer
        except SealwrightError as error:
            answer = _problem_of(error).answer
        await send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": [
                    (b"content-type", answer.kind.encode()),
                    (b"content-length", b"%d" % len(answer.body)),
                    (b"cache-control", b"no-store"),
                    (b"x-content-type-options", b"nosniff"),
                    *answer.headers,
                ],
            }
        )
        body = b"" if scope["method"] == "HEAD" else answer.body
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        path, method = scope["path"], scope["method"]
        head = read_head(
            Request(
                method=method,
                path=scope.get("raw_path") or path.encode(),
                headers=scope["headers"],
                id="admin",
                now=time.time(),
                monotonic=time.monotonic(),
                version="1.0" if scope.get("http_version") == "1.0" else "1.1",
            )
        )
        if isinstance(head, Broken):
            raise Problem(400, "malformed", f"the request's head is malformed: {head.reason}")
        _check_host(scope["headers"])
        if path in _OPEN:
            _check_method(method, "GET")
            return self._open(path)
        if not path.startswith(PREFIX):
            raise Problem(404, "unknown", "there is no such path")
        what = path.removeprefix(PREFIX)
        caller = self._caller(head.authorization)
        if what in ("models", "alerts"):
            _check_method(method, "GET")
            return await self._look(what, caller, scope["query_string"])
        if what not in ORDERS:
            raise Problem(404, "unknown", "there is no such path")
        _check_method(method, "POST")
        if not head.json:
            raise Problem(415, "media-type", "the body must be application/json")
        if head.length > MAX_BODY:
            raise Problem(413, "too-large", f"the body may have {MAX_BODY} bytes")
        return await self._order(what, caller, await _body(receive))

    def _open(self, path: str) -> Answer:
        """What needs no key: machines on this host ask."""
        if path == "/metrics":
            return Answer(200, CONTENT_TYPE, render(self._desk.families()).encode())
        if path == "/readyz":
            checks = self._desk.readiness()
            ready = all(checks.values())
            return _ok({"ready": ready, "checks": checks}, status=200 if ready else 503)
        return _ok({"live": True})

    def _caller(self, authorization: bytes) -> Caller:
        opened = self._desk.opened
        if opened is None:
            raise Problem(503, "not-ready", "nothing can be decided yet")
        who = authenticate(
            authorization,
            snapshot=opened,
            pepper=self._desk.pepper,
            tokens=self._tokens,
            now=time.time(),
        )
        if isinstance(who, Denied):
            fields = ((b"www-authenticate", b"Bearer"),)
            raise Problem(401, "unauthenticated", "a valid credential is needed", headers=fields)
        if not any("admin" in each.actions for each in who.permits):
            raise Problem(403, "not-granted", "this key may not operate")
        return who

    async def _look(self, what: str, caller: Caller, query: bytes) -> Answer:
        if what == "models":
            _check_query(query, allowed="")
            listed = self._desk.models()
            return _ok([each for each in listed if rate_for(caller, "admin", each["name"])])
        if not rate_for(caller, "admin", EVERYTHING):
            raise Problem(403, "not-granted", "alerts are about all models")
        limit = _check_query(query, allowed="limit")
        return _ok(await self._desk.alerts(limit))

    async def _order(self, what: str, caller: Caller, body: bytes) -> Answer:
        try:
            order = msgspec.json.decode(body, type=ORDERS[what])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Problem(400, "malformed", f"the body is not a {what} order: {error}") from error
        if not rate_for(caller, "admin", concerns(order, name=self._desk.name)):
            raise Problem(403, "not-granted", "this key may not operate on that")
        return _ok(await self._desk.order(order, client=caller.client))


_OPEN: Final = ("/healthz", "/livez", "/readyz", "/metrics")


def _ok(value: Any, *, status: int = 200) -> Answer:
    return Answer(status, "application/json", _json(value))


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=True, allow_nan=False) + "\n").encode()


def _problem_of(error: SealwrightError) -> Problem:
    if isinstance(error, UsageError):
        return Problem(400, "usage", error.message, advice=error.advice)
    if isinstance(error, Refused):
        return Problem(409, "refused", error.message, advice=error.advice)
    kind = "evidence" if isinstance(error, EvidenceError) else "cannot-look"
    return Problem(503, kind, error.message, advice=error.advice)


def _check_method(method: str, wanted: str) -> None:
    if method != wanted and not (wanted == "GET" and method == "HEAD"):
        fields = ((b"allow", wanted.encode()),)
        raise Problem(405, "method", f"this path takes {wanted}", headers=fields)


def _check_host(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """A web page whose name leads to this machine must not get an answer (DNS rebinding)."""
    host = next((value.decode("latin-1") for name, value in headers if name == b"host"), "")
    found = _HOST.fullmatch(host)
    name = found[1] if found else ""
    try:
        near = name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        near = False
    if not near:
        raise Problem(421, "host", "this listener is for this machine; ask it by its address")


def _check_query(query: bytes, *, allowed: str) -> int:
    """The one number that a query may give; MOST_ALERTS where there is none."""
    if not query:
        return MOST_ALERTS
    found = re.fullmatch(rb"([a-z]+)=([0-9]{1,4})", query)
    if found is None or found[1].decode() != allowed or not 1 <= int(found[2]) <= MOST_ALERTS:
        raise Problem(400, "query", f"the query may be limit=1 to {MOST_ALERTS} of alerts, no more")
    return int(found[2])


async def _body(receive: Receive) -> bytes:
    data = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise Problem(400, "malformed", "the body ended early")
                data += message.get("body", b"")
                if len(data) > MAX_BODY:
                    raise Problem(413, "too-large", f"the body may have {MAX_BODY} bytes")
                if not message.get("more_body"):
                    return bytes(data)
    except TimeoutError as error:
        raise Problem(408, "slow", "the body did not arrive in time") from error
