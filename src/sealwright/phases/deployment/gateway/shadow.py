"""After the answer: the shadow is asked where there is one, and the monitor gets its observation.

What waits for the shadow is bounded, and under load it is the first to go: the observation then
travels without the shadow's scores.
"""

from __future__ import annotations

import asyncio
import sys
from array import array
from collections.abc import Callable
from typing import Final

import msgspec

from sealwright.phases.deployment.core.decision import Forward
from sealwright.phases.deployment.core.oip import Problem, read_scores
from sealwright.phases.deployment.gateway.counters import Counters
from sealwright.phases.deployment.gateway.ring import Ring
from sealwright.phases.deployment.gateway.upstream import UpstreamError, Upstreams
from sealwright.traffic import Observation

MAX_WAITING: Final = 64
MAX_ASKED: Final = 4
"""Shadow requests under way at once."""


class Shadow:
    """The end of the request path."""

    def __init__(
        self, ring: Ring, *, upstreams: Upstreams, counters: Counters, busy: Callable[[], bool]
    ) -> None:
        self._ring = ring
        self._upstreams = upstreams
        self._counters = counters
        self._busy = busy
        self._waiting: asyncio.Queue[tuple[Forward, Observation]] = asyncio.Queue(MAX_WAITING)

    def observe(self, observation: Observation) -> None:
        """Hands an observation on as it is."""
        self._ring.append(observation)

    def follow(self, forward: Forward, observation: Observation) -> None:
        """Hands an observation on, after the shadow's answer where there is to be one."""
        if forward.shadow is None:
            self._ring.append(observation)
        elif self._busy() or self._waiting.full():
            self._counters.add("shadow_dropped")
            self._ring.append(observation)
        else:
            self._waiting.put_nowait((forward, observation))

    async def run(self) -> None:
        """Asks shadows until it is cancelled."""
        await asyncio.gather(*(self._work() for _ in range(MAX_ASKED)))

    async def _work(self) -> None:
        while True:
            forward, observation = await self._waiting.get()
            self._ring.append(await self._asked(forward, observation))

    async def _asked(self, forward: Forward, observation: Observation) -> Observation:
        assert forward.shadow is not None
        try:
            answer = await self._upstreams.infer(forward.shadow.model, forward.body)
        except UpstreamError:
            self._counters.add("shadow_failed")
            return observation
        scores = read_scores(answer, rows=forward.rows)
        if isinstance(scores, Problem):
            self._counters.add("shadow_failed")
            return observation
        self._counters.add("shadow_asked")
        packed = array("f", scores)
        if sys.byteorder == "big":
            packed.byteswap()
        return msgspec.structs.replace(
            observation, shadow=forward.shadow.digest, shadow_scores=packed.tobytes()
        )
