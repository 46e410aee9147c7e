"""The loops of a serving installation: follow the ledger, keep children alive, watch, record.

    follow   the ledger's head, five times a second ──▶ a new snapshot, runtimes, monitor settings
    watch    the files of what is served            ──▶ STOP file, runtime killed, incident
    alerts   what waits for the alert file          ──▶ on disk
    record   what waits for the ledger              ──▶ on record; an automatic rollback, rarely

Each works at its own pace in threads of its own, so that none waits for another: a revocation
reaches the gateway while somebody else records, and callers are answered meanwhile.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from sealwright.clock import Clock, format_time
from sealwright.errors import CannotLook, SealwrightError
from sealwright.evidence.finding import Severity
from sealwright.evidence.predicates.monitoring import Alert, Detector
from sealwright.evidence.predicates.serving import ServedModel
from sealwright.project.core import Project
from sealwright.project.serving import halt, orders
from sealwright.project.serving.aside import aside
from sealwright.project.serving.automatic import roll_back_where_due
from sealwright.project.serving.children import Trouble
from sealwright.project.serving.crew import Crew
from sealwright.project.serving.intake import Intake, Names
from sealwright.project.serving.journal import Journal
from sealwright.project.serving.launches import House
from sealwright.project.serving.publish import Draft, NotInForce, Published, Publisher
from sealwright.project.serving.reopening import Reopening
from sealwright.project.serving.stopfile import read_stops
from sealwright.project.serving.tokens import refresh_keys
from sealwright.project.serving.watch import PAUSE as WATCH_PAUSE
from sealwright.project.serving.watch import Files, Tampered, Watch

POLL: Final = 0.2
"""Seconds between two looks at the ledger's head."""
RENEWALS: Final = 4
"""How often a snapshot is renewed within its validity."""
WRITE_PAUSE: Final = 0.1
MAKE_SECONDS: Final = 30.0
"""How long a release waits for its runtime while the version before it answers."""
LAST_SECONDS: Final = 10.0
"""How long the end waits for whoever holds the ledger."""
KEYS_EVERY: Final = 600.0
"""Seconds between two fetches of an issuer's keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signers:
    """Which principals the installation signs as."""

    deployment: str
    monitoring: str


class Controller:
    """One serving installation. `run` it; it ends when `stopping` is set or nothing can go on."""

    def __init__(
        self,
        house: House,
        *,
        open_project: Callable[[], Project],
        signers: Signers,
        intake: Intake,
        journal: Journal,
        clock: Clock,
        valid_for: timedelta,
    ) -> None:
        self.house = house
        self.intake = intake
        self.journal = journal
        self.published: Published | None = None
        self.lost = ""
        """Why the ledger cannot be followed now; empty while it can."""
        self.stopping = asyncio.Event()
        self._clock = clock
        self._valid_for = valid_for
        self._signers = signers
        self._open_project = open_project
        self._publisher = Publisher(
            house.layout, open_project, signer=signers.deployment, valid_for=valid_for
        )
        self._recorder = Reopening(open_project)
        self._recording = asyncio.Lock()
        self._waiting_since: float | None = None
        self._watch = Watch(self._files)
        self._failure: SealwrightError | None = None
        self.crew = Crew(
            house,
            journal=journal,
            report=intake.take,
            trouble=self._trouble,
            hopeless=self._give_up,
        )

    # --- the whole

    async def run(self, *, others: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Publishes, starts everything, and goes on until `stopping`. `others` runs beside it (the
        admin listener). Raises what makes it impossible to begin, or to go on."""
        try:
            self._take(await asyncio.to_thread(self._publisher.publish))
            loops = [self._follow(), self._look_after_files(), self._write_alerts()]
            loops += [self._write_ledger(), self._refresh_keys(), self._learn_port(), others()]
            running = [asyncio.create_task(each) for each in loops]
            self.crew.begin()
            stopped = asyncio.create_task(self.stopping.wait())
            try:
                await asyncio.wait({stopped, *running}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await self.crew.end()
                for task in (stopped, *running):
                    task.cancel()
                results = await asyncio.gather(*running, return_exceptions=True)
        finally:
            await self._close()
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError):
                raise result
        if self._failure is not None:
            raise self._failure

    def now(self) -> datetime:
        """The present."""
        return self._clock()

    def _give_up(self, why: str) -> None:
        self._failure = CannotLook(
            f"the gateway does not stay alive: {why}", advice=f"see {self.journal.path}"
        )
        self.stopping.set()

    async def _learn_port(self) -> None:
        await self.crew.learn_port()
        await asyncio.Event().wait()

    async def _close(self) -> None:
        await asyncio.to_thread(self.intake.write_alerts)
        try:
            async with asyncio.timeout(LAST_SECONDS), self._recording:
                with suppress(SealwrightError):
                    await aside(partial(self._flush, last=True))
                await aside(self._recorder.close)
        except TimeoutError:
            self.journal.say("not everything is on record: somebody else holds the ledger")
        await asyncio.to_thread(self._publisher.close)

    # --- the ledger and the snapshot

    async def _follow(self) -> None:
        clock = asyncio.get_running_loop().time
        every = self._valid_for.total_seconds() / RENEWALS
        renew_at = clock() + every
        while True:
            await asyncio.sleep(POLL)
            try:
                size = await asyncio.to_thread(self._publisher.size)
                assert self.published is not None
                if size == self.published.size and clock() < renew_at and not self.lost:
                    continue
                draft = await asyncio.to_thread(self._publisher.draft)
                if self._waits(draft, clock()):
                    if clock() >= renew_at:
                        await asyncio.to_thread(self._publisher.renew, draft)
                        renew_at = clock() + every
                    continue
                published = await asyncio.to_thread(self._publisher.put, draft)
            except NotInForce as error:
                self._failure = error
                self.stopping.set()
                return
            except SealwrightError as error:
                self._lose(error)
                continue
            renew_at = clock() + every
            if self.lost:
                self.lost = ""
                self.journal.say("the ledger can be followed again")
            self._take(published)

    def _waits(self, draft: Draft, now: float) -> bool:
        """Whether a release waits until its runtime is ready: the version before answers meanwhile.
        Whatever takes something away never waits, and a release not for long."""
        if not draft.adds or self.crew.prepare(draft.published, without=self._watch.changed):
            self._waiting_since = None
            return False
        if self._waiting_since is None:
            self._waiting_since = now
        return now - self._waiting_since < MAKE_SECONDS

    def _lose(self, error: SealwrightError) -> None:
        if not self.lost:
            until = self.published.opened.snapshot.expires if self.published else "now"
            self.journal.say(
                f"no new snapshot: {error.message}; the last one holds until {until}, then the "
                "policy's answer to a lost ledger"
            )
            self.alarm("health", "critical", "the ledger cannot be followed", error.message)
        self.lost = error.message

    def _take(self, published: Published) -> None:
        """Brings everything in line with a snapshot that lies in its place already."""
        before = self.published
        self.published = published
        snapshot = published.opened.snapshot
        self.intake.names = Names(
            system=self.intake.names.system,
            models={model.digest: model.name for model in snapshot.models},
        )
        self.crew.arrange(published, without=self._watch.changed)
        if before is not None:
            self._tell_changes(before, published)

    def _tell_changes(self, before: Published, now: Published) -> None:
        old = {(model.name, model.version) for model in before.opened.snapshot.models}
        new = {(model.name, model.version) for model in now.opened.snapshot.models}
        reasons = {(each.name, each.version): each.reason for each in now.opened.snapshot.refused}
        for name, version in sorted(old - new):
            why = reasons.get((name, version), "it is not routed any more")
            self.journal.say(f"{name} {version} is not served any more: {why}")
        for name, version in sorted(new - old):
            self.journal.say(f"{name} {version} is served")

    def _trouble(self, trouble: Trouble) -> None:
        """What happened to a child. The alert is about the system, never about a model: whoever can
        crash a runtime with a request must not be able to take its model out of service for good.
        """
        detector: Detector = "silent" if trouble.kind == "silent" else "health"
        severity: Severity = "medium" if trouble.kind in ("exited", "start") else "high"
        if trouble.kind == "given-up":
            severity = "critical"
        title = f"{trouble.child} {_KINDS[trouble.kind]}"
        self.journal.say(f"{title}: {trouble.detail}")
        self.alarm(detector, severity, title, trouble.detail)

    # --- files

    def _files(self, digest: str) -> Files:
        assert self.published is not None
        return Files(
            folder=self.house.layout.models / digest,
            entries=self.published.files.get(digest, ()),
        )

    async def _look_after_files(self) -> None:
        while True:
            assert self.published is not None
            models = self.published.opened.snapshot.models
            self._forget_resumed(models)
            for found in await asyncio.to_thread(self._watch.look, models):
                await self._stop_tampered(found)
            await asyncio.sleep(WATCH_PAUSE)

    def _forget_resumed(self, models: tuple[ServedModel, ...]) -> None:
        """Somebody took the stop away: what was changed is looked at anew, and started if it is
        whole."""
        if not self._watch.changed:
            return
        stops = read_stops(self.house.layout)
        for model in models:
            if model.digest in self._watch.changed and stops.reason(model.name) is None:
                self._watch.forget(model.digest)
        assert self.published is not None
        self.crew.arrange(self.published, without=self._watch.changed)

    async def _stop_tampered(self, found: Tampered) -> None:
        self.crew.kill_runtime(found.digest, "its files were changed")
        reason = f"the files of version {found.digest[:12]} are not those that were admitted"
        try:
            await asyncio.to_thread(self._stop_file, found.name, reason)
        except SealwrightError as error:
            self.journal.say(error.message)
        self.journal.say(f"{found.name} is stopped: {reason}: {found.what}")
        self.alarm(
            "integrity",
            "critical",
            f"{found.name}: {reason}",
            found.what,
            model=found.digest,
            stops=True,
            atlas=("AML.T0076",),
        )

    def _stop_file(self, name: str, reason: str) -> None:
        halt.stop(self.house.layout, name, reason=reason, clock=self._clock)

    # --- what is written

    def alarm(
        self,
        detector: Detector,
        severity: Severity,
        title: str,
        detail: str,
        *,
        model: str = "",
        stops: bool = False,
        atlas: tuple[str, ...] = (),
    ) -> None:
        """An alert of the controller's own."""
        alert = Alert(
            id=secrets.token_hex(8),
            detector=detector,
            severity=severity,
            title=title[:200],
            detail=detail[:2000],
            response="stop" if stops else "none",
            atlas=atlas,
            at=format_time(self._clock()),
        )
        self.intake.alarm(alert, model=model, anew=bool(model))

    async def _write_alerts(self) -> None:
        while True:
            await asyncio.to_thread(self.intake.write_alerts)
            await asyncio.sleep(WRITE_PAUSE)

    async def _write_ledger(self) -> None:
        while True:
            await asyncio.sleep(WRITE_PAUSE)
            if self.intake.busy and not self.lost:
                async with self._recording:
                    try:
                        await aside(self._flush)
                    except SealwrightError as error:
                        self.journal.write("serve", f"nothing can be recorded: {error.message}")

    def _flush(self, *, last: bool = False) -> None:
        project = self._recorder.project(self.house.layout)
        wrote = self.intake.flush(project, signer=self._signers.monitoring, last=last)
        if wrote and not last:
            for text in roll_back_where_due(project, signer=self._signers.deployment):
                self.journal.say(text)

    async def order(self, order: orders.Order, *, client: str) -> dict[str, Any]:
        """What an operator ordered. A stop is in the file before anybody waits for the ledger."""
        if isinstance(order, orders.Stop):
            reason = orders.asked_by(order.reason, client)
            await asyncio.to_thread(self._stop_file, order.name, reason)
        async with self._recording:
            return await aside(partial(self._perform, order, client))

    def _perform(self, order: orders.Order, client: str) -> dict[str, Any]:
        try:
            project = self._recorder.project(self.house.layout)
            return orders.perform(project, order, signer=self._signers.deployment, client=client)
        except SealwrightError as error:
            if isinstance(order, orders.Stop):  # it is stopped, whatever the ledger says
                return {"name": order.name, "stopped": True, "not_recorded": error.message}
            raise

    async def _refresh_keys(self) -> None:
        if self.house.lifecycle.deployment.tokens is None:
            await asyncio.Event().wait()
        while True:
            trouble = await asyncio.to_thread(self._refresh)
            if trouble:
                self.journal.say(f"the token issuer's keys are those of before: {trouble}")
            await asyncio.sleep(KEYS_EVERY)

    def _refresh(self) -> str:
        with self._open_project() as project:
            return refresh_keys(project)


_KINDS: Final = {
    "silent": "was silent and is started again",
    "exited": "ended and is started again",
    "garbage": "said what is no report, and is started again",
    "start": "cannot be started",
    "given-up": "is given up",
}
