"""The runtime's answers, as raw ASGI: nothing between the server and the model.

Inference runs in the event loop. One row takes tens of microseconds, and handing it to a thread
took 73 more where that was measured; the engine has one thread, so requests would wait for each
other anyway. A model that does not come back is ended by the kernel, and the controller starts the
next process.
"""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

import msgspec

from sealwright.errors import CannotLook, SealwrightError, UsageError
from sealwright.inference.scoring import ScoringModel
from sealwright.phases.deployment.runtime.protocol import (
    longest_body,
    read_request,
    write_answer,
    write_error,
    write_metadata,
)
from sealwright.phases.deployment.settings import RuntimeSettings

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Answer = tuple[int, bytes]

VERSION_DIGITS: Final = 12
_JSON: Final = (b"content-type", b"application/json")


class TooLarge(UsageError):
    """A body longer than any good request."""


class Gone(SealwrightError):
    """The client went away before its request was whole."""


class RuntimeApp:
    """One model, asked over HTTP. `counters` only grow."""

    __slots__ = ("_deadline", "_longest", "_model", "_routes", "_settings", "_version", "counters")

    def __init__(self, settings: RuntimeSettings, model: ScoringModel) -> None:
        self._settings, self._model = settings, model
        self._deadline = settings.deadline_seconds
        self._longest = longest_body(settings)
        self._version = version = settings.digest[:VERSION_DIGITS]
        self.counters = {"requests": 0.0, "rows": 0.0, "refused": 0.0, "failed": 0.0}
        name = settings.contract.name
        metadata = write_metadata(settings.contract, version=version)
        ready = msgspec.json.encode({"name": name, "ready": True})
        self._routes: dict[str, bytes | None] = {
            "/v2": b'{"name":"sealwright-runtime","version":"2","extensions":[]}',
            "/v2/health/live": b'{"live":true}',
            "/v2/health/ready": b'{"live":true,"ready":true}',
        }
        for base in (f"/v2/models/{name}", f"/v2/models/{name}/versions/{version}"):
            self._routes |= {base: metadata, f"{base}/ready": ready, f"{base}/infer": None}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request. Never raises for what a client sends."""
        if scope["type"] != "http":
            raise UsageError(f"the runtime speaks HTTP, not {scope['type']}")
        try:
            status, body = await self._answer(scope, receive)
        except Gone:
            return
        length = (b"content-length", str(len(body)).encode("ascii"))
        await send({"type": "http.response.start", "status": status, "headers": [_JSON, length]})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Message, receive: Receive) -> Answer:
        path, method = scope["path"], scope["method"]
        if path not in self._routes:
            return 404, write_error("this runtime has no such model or path")
        fixed = self._routes[path]
        if method != ("GET" if fixed is not None else "POST"):
            return 405, write_error(f"{method:.16} is not answered here")
        if fixed is not None:
            return 200, fixed
        self.counters["requests"] += 1
        try:
            return 200, self._infer(await _body(receive, longest=self._longest))
        except TooLarge as error:
            status, text = 413, error.message
        except UsageError as error:
            status, text = 400, error.message
        except CannotLook as error:  # what the model gave is no score
            self.counters["failed"] += 1
            return 500, write_error(error.message)
        except MemoryError:
            self.counters["failed"] += 1
            return 500, write_error("not enough memory for this request")
        self.counters["refused"] += 1
        return status, write_error(text)

    def _infer(self, body: bytes) -> bytes:
        contract = self._settings.contract
        asked = read_request(body, width=self._model.features, max_rows=self._settings.max_rows)
        # SIGALRM is left at its default, which ends the process: the kernel needs no lock of ours.
        signal.setitimer(signal.ITIMER_REAL, self._deadline)
        try:
            scores = self._model.scores(asked.rows)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
        self.counters["rows"] += len(scores)
        return write_answer(scores, contract=contract, version=self._version, id=asked.id)


async def _body(receive: Receive, *, longest: int) -> bytes:
    message = await receive()
    if message["type"] != "http.request":
        raise Gone("the client went away")
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False) and len(body) <= longest:
        return body
    parts, size = [body], len(body)
    while message.get("more_body", False) and size <= longest:
        message = await receive()
        if message["type"] != "http.request":
            raise Gone("the client went away")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
    if size > longest:
        raise TooLarge(f"at most {longest} bytes are taken")
    return b"".join(parts)
