"""The data plane: each request goes through the core's stages; here is what needs a clock or I/O.

    admit ─▶ body ─▶ check ─▶ runtime ─▶ conclude ─▶ record on disk ─▶ answer ─▶ shadow, monitor

Nothing that a runtime says but its scores gets any further than `upstream`.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sealwright.errors import CannotLook
from sealwright.phases.deployment.core.admit import RECORDED_REFUSALS, admit
from sealwright.phases.deployment.core.answers import refuse
from sealwright.phases.deployment.core.cases import answer_case
from sealwright.phases.deployment.core.check import check
from sealwright.phases.deployment.core.conclude import account, conclude, failed
from sealwright.phases.deployment.core.decision import (
    Admitted,
    Answered,
    CaseAsked,
    Concluded,
    DecisionRecord,
    Forward,
    Refused,
    Trace,
)
from sealwright.phases.deployment.core.oip import Problem, read_scores
from sealwright.phases.deployment.core.request import Request
from sealwright.phases.deployment.core.state import State
from sealwright.phases.deployment.gateway.cases import answer_secret, look_up, open_cases
from sealwright.phases.deployment.gateway.counters import Counters
from sealwright.phases.deployment.gateway.exchange import SLOW, Receive, Scope, Send
from sealwright.phases.deployment.gateway.log import DecisionLog, LogLost
from sealwright.phases.deployment.gateway.protocol import REFUSAL
from sealwright.phases.deployment.gateway.shadow import Shadow
from sealwright.phases.deployment.gateway.upstream import UpstreamError, Upstreams

MAX_IN_FLIGHT: Final = 256
"""Requests that are past stage one."""

Answer = Refused | Answered | Concluded
_REASONS: Final[dict[str, str]] = {
    "lost": "runtime-lost",
    "slow": "runtime-slow",
    "answer": "runtime-answer",
}


class DecisionIds:
    """Ids that no other process and no other request has: 12 random hex digits and a number."""

    __slots__ = ("_next", "_process")

    def __init__(self) -> None:
        self._process = secrets.token_hex(6)
        self._next = 0

    def __call__(self) -> str:
        """The next one."""
        self._next += 1
        return f"{self._process}-{self._next:08x}"


class GatewayApp:
    """A raw ASGI app. Give it requests of `GuardedProtocol`."""

    def __init__(
        self,
        *,
        state: Callable[[], State],
        log: DecisionLog,
        upstreams: Upstreams,
        shadow: Shadow,
        reviews: Path,
        counters: Counters,
        patience: float,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._state = state
        self._log = log
        self._upstreams = upstreams
        self._shadow = shadow
        self._reviews = reviews
        self._counters = counters
        self.patience = patience
        """Seconds that a connection gives a caller to send a head, and then a body."""
        self._now = now
        self._monotonic = monotonic
        self._ids = DecisionIds()
        self.in_flight = 0
        """Requests that are past stage one now."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, one answer; or none to a client that has gone."""
        began = self._monotonic()
        request = Request(
            method=scope["method"],
            path=scope["raw_path"],
            query=scope["query_string"],
            headers=scope["headers"],
            peer=scope["client"][0] if scope["client"] else "",
            id=self._ids(),
            now=self._now(),
            monotonic=began,
        )
        refusal = scope.get("extensions", {}).get(REFUSAL)
        if refusal is not None:
            decision: Refused | Answered | CaseAsked | Admitted = self._refuse_bytes(
                request, refusal
            )
        else:
            decision = admit(self._state(), request)
        if not isinstance(decision, Admitted):
            await self._settle(decision, began, send)
        elif self.in_flight >= MAX_IN_FLIGHT:
            overloaded = refuse(decision.trace, "overloaded", extra=decision.headers)
            await self._settle(overloaded, began, send)
        else:
            self.in_flight += 1
            try:
                await self._infer(decision, began, receive, send)
            finally:
                self.in_flight -= 1

    def _refuse_bytes(self, request: Request, reason: str) -> Refused:
        counted = self._state().refusals.take(
            ("", request.peer), rate=RECORDED_REFUSALS, now=request.monotonic
        )
        trace = Trace(id=request.id, at=request.now)
        return refuse(trace, reason, recorded=counted.admitted)

    async def _settle(
        self,
        decision: Refused | Answered | CaseAsked,
        began: float,
        send: Send,
        forward: Forward | None = None,
    ) -> None:
        """Records and gives an answer that rests on no scores."""
        if isinstance(decision, CaseAsked):
            decision = self._look_up(decision)
        latency = self._monotonic() - began
        record, observation = account(decision, latency_us=int(latency * 1e6), forward=forward)
        self._count(record.reason, record.outcome, latency)
        if not decision.recorded:
            if isinstance(decision, Refused):
                self._counters.add("unrecorded")
                self._shadow.observe(observation)
            await _give(decision, send)
            return
        lost = await self._recorded(record, decision.trace)
        self._shadow.observe(observation)
        await _give(decision if isinstance(decision, Refused) else lost or decision, send)

    def _look_up(self, asked: CaseAsked) -> Answered | Refused:
        secret = answer_secret(self._state().pepper)
        try:
            return answer_case(asked, look_up(self._reviews, asked.case, secret=secret))
        except CannotLook:
            return refuse(asked.trace, "case-unreadable", extra=asked.headers)

    async def _infer(self, admitted: Admitted, began: float, receive: Receive, send: Send) -> None:
        body = await self._body(admitted, receive)
        if body is None:
            self._counters.add("gone")
            return
        if isinstance(body, Refused):
            await self._settle(body, began, send)
            return
        forward = check(self._state(), admitted, body)
        if isinstance(forward, Refused):
            await self._settle(forward, began, send)
            return
        outcome = await self._ask(forward, began)
        if isinstance(outcome, Refused):
            await self._settle(outcome, began, send, forward)
            return
        latency = self._monotonic() - began
        refused = await self._opened(outcome) or await self._recorded(outcome.record, outcome.trace)
        if refused is not None:
            self._count(refused.reason, "refused", latency)
            await _give(refused, send)
            return
        self._count(outcome.record.reason, outcome.record.outcome, latency)
        await _give(outcome, send)
        self._shadow.follow(forward, outcome.observation)

    async def _body(self, admitted: Admitted, receive: Receive) -> bytes | Refused | None:
        """The body; None if the client has gone, a refusal if it is slow or too long."""
        pieces, size, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                if message.get(SLOW, False):
                    return refuse(admitted.trace, "body-slow", extra=admitted.headers)
                return None
            pieces.append(message["body"])
            size += len(message["body"])
            more = message.get("more_body", False)
            if size > admitted.max_body:
                return refuse(admitted.trace, "body-too-large", extra=admitted.headers)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def _ask(self, forward: Forward, began: float) -> Concluded | Refused:
        try:
            answer = await self._upstreams.infer(forward.served.model, forward.body)
        except UpstreamError as error:
            return failed(forward, _REASONS[error.failure])
        scores = read_scores(answer, rows=forward.rows)
        if isinstance(scores, Problem):
            return failed(forward, "runtime-answer")
        return conclude(
            self._state(),
            forward,
            scores,
            now=self._now(),
            latency_us=int((self._monotonic() - began) * 1e6),
        )

    async def _opened(self, outcome: Concluded) -> Refused | None:
        """Cases lie open before anybody hears of them; a refusal where they cannot."""
        if not outcome.cases:
            return None
        try:
            await asyncio.to_thread(open_cases, self._reviews, outcome.cases)
        except CannotLook:
            return refuse(outcome.trace, "log-lost")
        return None

    async def _recorded(self, record: DecisionRecord, trace: Trace) -> Refused | None:
        """None once the record is on disk, or where the policy serves without."""
        try:
            await self._log.append(record)
        except LogLost:
            opened = self._state().snapshot
            if opened is None or opened.snapshot.losses.log == "stop":
                return refuse(trace, "log-lost")
        return None

    def _count(self, reason: str, outcome: str, latency: float) -> None:
        self._counters.add(f"requests/{reason}")
        self._counters.add(outcome)
        self._counters.latencies.add(latency)


async def _give(answer: Answer, send: Send) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": answer.body})
