"""All that is watched about callers: observations in, alerts and restrictions out.

    seen = clients.observe(batch.observations, now=now)      a batch at a time
    seen = clients.tick(now)                                 every heartbeat

Time is given; the only thing read or written outside is the accounts' file, in `load` and `save`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sealwright.phases.monitoring import respond
from sealwright.phases.monitoring.clients import counters, tell, wealth
from sealwright.phases.monitoring.clients.accounts import (
    KINDS,
    NEAR,
    ODD,
    Account,
    Accounts,
    Loaded,
    Traces,
)
from sealwright.phases.monitoring.clients.history import MAX_CLIENTS, Histories
from sealwright.phases.monitoring.clients.index import SERIES, Index, Series
from sealwright.phases.monitoring.clients.judge import Cases, Judge, WatchedCases
from sealwright.phases.monitoring.clients.reference import (
    Reference,
    Rows,
    reference,
)
from sealwright.phases.monitoring.clients.tell import Told
from sealwright.phases.monitoring.pieces import CONTINUED
from sealwright.phases.monitoring.respond import LEVELS, RENEW, Pressure
from sealwright.phases.monitoring.settings import WatchedModel
from sealwright.traffic import Level, Observation, Restriction

OWN_PART: Final = 0.5
"""Thresholds that each case of a caller's own in a series of several accounts is worth: two of them
flag, four slow down, eight block."""

MAX_SERIES: Final = 1024
"""Series of which is remembered what was told."""


@dataclass(slots=True)
class Seen:
    """What came out of a batch."""

    alerts: list[Told] = field(default_factory=list)
    restrictions: list[Restriction] = field(default_factory=list)


class Clients:
    """The detectors that count by caller."""

    def __init__(self, secret: bytes, *, clients: int = MAX_CLIENTS) -> None:
        self._accounts = Accounts(secret)
        self._histories = Histories(clients)
        self._judge = Judge(self._accounts, self._histories)
        self._denied = counters.Denied()
        self._rate = counters.Rate()
        self._models: dict[str, WatchedCases] = {}
        self._strongest: Level = "throttle"
        self._series: dict[int, int] = {}
        """Cell → steps of its series that were told."""
        self.cases = 0
        self.odd_shapes = 0
        self._highest = [0.0] * KINDS

    def configure(self, models: Sequence[WatchedModel], *, response: Level) -> None:
        """What is served now, and the strongest answer that is given without a person."""
        self._strongest = response
        held = self._models
        self._models = {}
        for model in models:
            if model.profile is None:
                continue
            before = held.get(model.digest)
            if before is None or before.known.profile != model.profile:
                known = reference(model.profile)
                before = WatchedCases(model.digest, known, Index(known))
            self._models[model.digest] = before

    def load(self, path: Path) -> Loaded:
        """Takes over the accounts of a process before this one."""
        return self._accounts.load(path)

    def save(self, path: Path) -> bool:
        """Writes the accounts if something changed; CannotLook where that is impossible."""
        if self._accounts.changed:
            self._accounts.save(path)
            return True
        return False

    def observe(self, observations: Sequence[Observation], *, now: float) -> Seen:
        """Looks at a batch."""
        seen = Seen()
        gathered: dict[str, Cases] = defaultdict(Cases)
        for observation in observations:
            self._count(observation, seen)
            self._gather(observation, gathered)
        touched: set[str] = set()
        for digest, cases in gathered.items():
            self._look(self._models[digest], cases, seen, now=now)
            touched.update(cases.clients)
        for client in sorted(touched):
            account, traces = self._accounts.get(client)
            self._respond(account, traces, seen, now=now)
        return seen

    def tick(self, now: float) -> Seen:
        """Ends what is over, and renews what is not."""
        seen = Seen()
        for account, traces in self._accounts.restricted():
            self._respond(account, traces, seen, now=now)
        return seen

    def restrictions(self, now: float) -> list[Restriction]:
        """All that are in force, for a gateway that has just connected."""
        return [
            self._restriction(account, traces, now=now)
            for account, traces in self._accounts.restricted()
        ]

    def counters(self) -> dict[str, float]:
        """Numbers that only grow."""
        return {
            "cases": self.cases,
            "odd_shapes": self.odd_shapes,
            "evictions": self._histories.evicted,
            "accounts_forgotten": self._accounts.forgotten,
        }

    def gauges(self) -> dict[str, float]:
        """For each detector its largest sum since the last call, its threshold and its alarm."""
        found: dict[str, float] = {
            "clients_tracked": len(self._histories),
            "accounts": len(self._accounts),
        }
        for place, name in respond.DETECTORS.items():
            found[f"detector_statistic/{name}"] = self._highest[place]
            found[f"detector_threshold/{name}"] = wealth.THRESHOLD
            found[f"detector_alarm/{name}"] = float(self._highest[place] >= wealth.THRESHOLD)
        self._highest = [0.0] * KINDS
        return found

    def _count(self, observation: Observation, seen: Seen) -> None:
        at, client = observation.at, observation.client
        burst = self._denied.add(
            client, observation.status, at=at, correlation=observation.correlation
        )
        if burst is not None:
            seen.alerts.append(tell.of_refusals(burst, limit=counters.BURST, now=at))
        if client and observation.status != CONTINUED:
            surge = self._rate.add(client, at=at)
            if surge is not None:
                limit = max(counters.LEAST_RATE, counters.RATE_FACTOR * surge.usual)
                seen.alerts.append(tell.of_surge(surge, limit=limit, now=at))

    def _gather(self, observation: Observation, gathered: dict[str, Cases]) -> None:
        model = self._models.get(observation.model)
        rows = observation.rows
        if model is None or not rows or not observation.features or not observation.client:
            return
        if len(observation.features) != rows * model.known.width * 4:
            self.odd_shapes += 1
            return
        cases = gathered[observation.model]
        cases.parts.append(observation.features)
        cases.clients += [observation.client] * rows
        cases.correlations += [observation.correlation] * rows
        if observation.what_if:
            cases.what_if.add(observation.client)

    def _look(self, model: WatchedCases, cases: Cases, seen: Seen, *, now: float) -> None:
        moved = model.scaled(cases)
        places = cases.places()
        self.cases += moved.shape[0]
        winnings = self._judge.winnings(model, moved, places).T.tolist()
        for client, rows in places.items():
            account, traces = self._accounts.get(client)
            traces.what_if, traces.model = client in cases.what_if, model.digest
            self._add(account, traces, [(winnings[r], cases.correlations[r]) for r in rows])
            self._volume(account, traces, model.known, len(rows), seen, now=now)
        self._across(model, moved, cases, seen, now=now)

    def _add(
        self, account: Account, traces: Traces, cases: Sequence[tuple[list[float], str]]
    ) -> None:
        if not any(account.wealth):
            traces.correlation = None
        for won, correlation in cases:
            if traces.correlation != correlation and max(won) > 0:
                traces.correlation = correlation if traces.correlation is None else ""
            for place in range(KINDS):
                if won[place]:
                    account.wealth[place] = wealth.add(account.wealth[place], won[place])
        for place, total in enumerate(account.wealth):
            if total > self._highest[place]:
                self._highest[place] = total

    def _volume(
        self,
        account: Account,
        traces: Traces,
        known: Reference,
        rows: int,
        seen: Seen,
        *,
        now: float,
    ) -> None:
        account.rows += rows
        step = counters.volume_step(account.rows, profile_rows=known.rows)
        if step > account.volume:
            account.volume = step
            limit = counters.VOLUME_START * known.rows * 10 ** (step - 1)
            seen.alerts.append(
                tell.of_volume(traces.client, traces.model, rows=account.rows, limit=limit, now=now)
            )

    def _across(
        self, model: WatchedCases, moved: Rows, cases: Cases, seen: Seen, *, now: float
    ) -> None:
        """Series that are split over several accounts; declared what-if callers are left out."""
        if cases.what_if:
            kept = [row for row, c in enumerate(cases.clients) if c not in cases.what_if]
            clients = [cases.clients[row] for row in kept]
            correlations = [cases.correlations[row] for row in kept]
            found = model.index.add(moved[kept], clients, correlations)
        else:
            found = model.index.add(moved, cases.clients, cases.correlations)
        for series in found.values():
            self._blame(series)
            self._tell_series(model, series, seen, now=now)

    def _blame(self, series: Series) -> None:
        """What the series is worth is held against everybody who is part of it, as far as the own
        part goes: nobody is slowed down by copies that others make of a case or two."""
        whole = min(wealth.CEILING, series.cases / SERIES)
        for client, own in series.parties.items():
            worth = min(whole, own * OWN_PART) * wealth.THRESHOLD
            account, traces = self._accounts.get(client)
            if account.wealth[NEAR] < worth:
                account.wealth[NEAR] = worth
                traces.correlation = traces.correlation or series.correlation

    def _tell_series(self, model: WatchedCases, series: Series, seen: Seen, *, now: float) -> None:
        step = series.cases // SERIES
        if step <= self._series.get(series.cell, 0):
            return
        if len(self._series) > MAX_SERIES:
            self._series.clear()
        self._series[series.cell] = max(step, 2 * self._series.get(series.cell, 0))
        seen.alerts.append(tell.of_series(series, model.digest, now=now))

    def _respond(self, account: Account, traces: Traces, seen: Seen, *, now: float) -> None:
        if not account.level and not account.told and max(account.wealth) < wealth.THRESHOLD:
            return
        step = respond.step(account, what_if=traces.what_if, strongest=self._strongest, now=now)
        if step is not None:
            if LEVELS.index(step.after) > LEVELS.index(step.before):
                account.told |= 1 << step.pressure.leading
            seen.alerts.append(tell.of_step(step, account, traces, now=now))
        self._told(account, traces, seen, now=now)
        if step is not None or (account.level and traces.until - now < RENEW):
            seen.restrictions.append(self._restriction(account, traces, now=now))

    def _told(self, account: Account, traces: Traces, seen: Seen, *, now: float) -> None:
        """A detector that crosses its threshold is told once, until its sum is halved."""
        for place in range(KINDS):
            bit = 1 << place
            share = respond.DECLARED if traces.what_if and place != ODD else 1.0
            limit = share * wealth.THRESHOLD
            if account.wealth[place] >= limit and not account.told & bit:
                account.told |= bit
                seen.alerts.append(tell.of_detector(place, account, traces, now=now))
            elif account.wealth[place] < respond.HALF * limit:
                account.told &= ~bit

    def _restriction(self, account: Account, traces: Traces, *, now: float) -> Restriction:
        held: Pressure = respond.pressure(account, what_if=traces.what_if)
        made = respond.restriction(traces.client, account, held, now=now)
        traces.until = made.until
        return made
