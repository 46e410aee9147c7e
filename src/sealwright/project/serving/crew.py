"""The children of an installation together: a runtime per served version, gateway, monitor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from functools import partial
from typing import Final

from sealwright.errors import CannotLook
from sealwright.evidence.predicates.serving import ServedModel
from sealwright.lifecycle.check_deployment import address
from sealwright.project.serving import launches
from sealwright.project.serving.children import Child, Launch, Trouble
from sealwright.project.serving.journal import Journal
from sealwright.project.serving.launches import House
from sealwright.project.serving.publish import Published
from sealwright.traffic import Report

HOPELESS, HOPELESS_SECONDS = 3, 15.0
"""So many deaths of a gateway that never listened, so long after the start: it is no use."""
_HEARD: Final = ("gateway", "monitor")
"""Children whose reports reach the ledger."""
LAST_WORDS: Final = 2
LINGER: Final = 1.0
"""Seconds that a runtime outlives its version: the gateway obeys within a tenth of that, and tells
callers why, not that nobody is there. A gateway that does not obey has nobody to ask then."""


class Crew:
    """Starts and ends children, and knows where the gateway listens.

    `report` takes what they report, `trouble` what happens to them, `hopeless` why the gateway
    cannot be kept alive.
    """

    def __init__(
        self,
        house: House,
        *,
        journal: Journal,
        report: Callable[[Report], None],
        trouble: Callable[[Trouble], None],
        hopeless: Callable[[str], None],
    ) -> None:
        self.runtimes: dict[str, Child] = {}
        """Digest → the runtime of that version."""
        self.port = 0
        """Where the gateway listens; 0 until it does."""
        self._house = house
        self._journal = journal
        self._report, self._trouble, self._hopeless = report, trouble, hopeless
        self._published: Published | None = None
        self._next: Published | None = None
        """What is prepared; None when it was arranged."""
        self._served: dict[str, ServedModel] = {}
        self._leaving: list[Child] = []
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._words: dict[str, list[str]] = {}
        self._began = 0.0
        self._deaths = 0
        self._ending = False
        self.gateway = self._child("gateway", self._launch_gateway)
        self.monitor = self._child("monitor", self._launch_monitor)

    def begin(self) -> None:
        """Starts monitor and gateway. `arrange` may come before or after."""
        self._began = asyncio.get_running_loop().time()
        self._start(self.monitor)
        self._start(self.gateway)

    async def end(self) -> None:
        """Ends all. The gateway first: its last decisions are reported, and its observations go to
        a monitor that is still there."""
        self._ending = True  # what the follower of the ledger still arranges does not start
        self.gateway.stop()
        if task := self._tasks.get(self.gateway.name):
            await asyncio.wait([task])
        for child in (self.monitor, *self.runtimes.values(), *self._leaving):
            child.stop()
        if self._tasks:  # what was let go of a moment ago
            await asyncio.wait(self._tasks.values())

    def arrange(self, published: Published, *, without: Collection[str]) -> None:
        """One runtime for each version that is served, but for the digests `without`; no other. The
        monitor hears of what changed."""
        before, self._published, self._next = self._published, published, None
        wanted = _wanted(published, without)
        for digest in [each for each in self.runtimes if each not in wanted]:
            child = self.runtimes.pop(digest)
            self._leaving.append(child)
            asyncio.get_running_loop().call_later(LINGER, self._let_go, child)
        known, self._served = self._served, wanted
        for digest, model in wanted.items():
            if digest not in self.runtimes:
                self.runtimes[digest] = self._taken_back(digest) or self._runtime(digest)
            elif digest in known and known[digest].contract != model.contract:
                self.runtimes[digest].kill("it is asked in another way now")
        if before is None or before.watched != published.watched:
            self.monitor.tell(self._launch_monitor().settings)

    def prepare(self, published: Published, *, without: Collection[str]) -> bool:
        """Starts the runtimes of what is to be served next, and stops none; whether all that are
        new are ready."""
        self._next = published
        new = [each for each in _wanted(published, without) if each not in self._served]
        for digest in new:
            if digest not in self.runtimes:
                self.runtimes[digest] = self._taken_back(digest) or self._runtime(digest)
        return all(self.runtimes[digest].known.ready for digest in new)

    def _runtime(self, digest: str) -> Child:
        child = self._child(_runtime_name(digest), partial(self._launch, digest))
        self._start(child)
        return child

    def _taken_back(self, digest: str) -> Child | None:
        """A runtime of this version that was about to go, if there is one."""
        for child in self._leaving:
            if child.name == _runtime_name(digest):
                self._leaving.remove(child)
                return child
        return None

    def _let_go(self, child: Child) -> None:
        if child in self._leaving:  # else it was taken back meanwhile
            self._leaving.remove(child)
            child.stop()

    def kill_runtime(self, digest: str, why: str) -> None:
        """Kills a runtime at once; it comes back only through `arrange`."""
        child = self.runtimes.pop(digest, None)
        if child is not None:
            child.kill(why)
            child.stop()

    def missing(self) -> list[str]:
        """What is not ready of all that should run now."""
        children = [self.gateway, self.monitor, *self.runtimes.values()]
        found = [child.name for child in children if not child.known.ready and not child.given_up]
        return found if self.port or "gateway" in found else ["gateway", *found]

    async def learn_port(self) -> None:
        """A gateway that is started again listens where the first one did."""
        while not self.port:
            await self.gateway.changed.wait()
            self.gateway.changed.clear()
            self.port = int(self.gateway.known.gauges.get("port", 0))

    def _child(self, name: str, launch: Callable[[], Launch]) -> Child:
        return Child(
            name,
            launch=launch,
            heartbeat_seconds=self._house.lifecycle.monitoring.heartbeat_seconds,
            report=self._report if name in _HEARD else _unheard,
            trouble=self._hear_trouble,
            words=partial(self._hear, name),
        )

    def _start(self, child: Child) -> None:
        if self._ending:
            child.stop()
        before = self._tasks.get(child.name)

        async def run() -> None:
            if before is not None:
                await asyncio.wait({before})  # two of one name would share a socket
            await child.run()

        self._tasks[child.name] = asyncio.create_task(run())

    def _launch_gateway(self) -> Launch:
        port = self.port or address(self._house.lifecycle.deployment.listen)[1]
        published = self._published
        sequence = published.opened.snapshot.sequence if published is not None else 0
        return launches.gateway(self._house, port=port, sequence=sequence)

    def _launch_monitor(self) -> Launch:
        watched = self._published.watched if self._published is not None else ()
        return launches.monitor(self._house, watched)

    def _launch(self, digest: str) -> Launch:
        for published in (self._published, self._next):
            model = _wanted(published, ()).get(digest) if published is not None else None
            if model is not None and published is not None:
                return launches.runtime(self._house, model, published.files.get(digest, ()))
        raise CannotLook("it is not served any more")

    def _hear(self, name: str, text: str) -> None:
        self._journal.write(name, text)
        self._words.setdefault(name, []).append(text.strip())
        del self._words[name][:-LAST_WORDS]

    def _hear_trouble(self, trouble: Trouble) -> None:
        self._trouble(trouble)
        if trouble.child != self.gateway.name:
            return
        self._deaths += not self.port
        late = asyncio.get_running_loop().time() - self._began > HOPELESS_SECONDS
        if trouble.kind == "given-up" or (late and self._deaths >= HOPELESS):
            self._hopeless("; ".join(self._words.get(trouble.child, ())) or trouble.detail)


def _unheard(_: Report) -> None:
    """A runtime runs a model: what it says about anything but itself is nobody's word."""


def _wanted(published: Published, without: Collection[str]) -> dict[str, ServedModel]:
    return {
        model.digest: model
        for model in published.opened.snapshot.models
        if model.digest in published.opened.digests and model.digest not in without
    }


def _runtime_name(digest: str) -> str:
    return f"runtime {digest[:12]}"
