"""What each case of a batch says about its caller: winnings of the bets, for all cases at once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sealwright.phases.monitoring.clients import wealth
from sealwright.phases.monitoring.clients.accounts import KINDS, NEAR, ODD, SELF, Accounts
from sealwright.phases.monitoring.clients.history import KEPT_ROWS, Histories
from sealwright.phases.monitoring.clients.index import Index
from sealwright.phases.monitoring.clients.reference import (
    Numbers,
    Reference,
    Rows,
    share_farther,
    share_nearer,
)
from sealwright.phases.monitoring.profile import from_typical, scaled

OTHERS: Final = 64
"""Callers seen last, of whose odd cases the usual share is taken."""
FEWEST_OTHERS: Final = 2
ODD_MEMORY: Final = 1 / 8
"""Weight of a caller's newest case in its share of odd ones."""

Places = dict[str, list[int]]
"""Client → its cases' places in the batch, in order."""


@dataclass(slots=True)
class Cases:
    """The scored cases of a batch that one model answered."""

    parts: list[bytes] = field(default_factory=list)
    """Features of each request."""
    clients: list[str] = field(default_factory=list)
    """One entry per case."""
    correlations: list[str] = field(default_factory=list)
    """One entry per case."""
    what_if: set[str] = field(default_factory=set)

    def places(self) -> Places:
        """Which cases are whose."""
        found: Places = defaultdict(list)
        for row, client in enumerate(self.clients):
            found[client].append(row)
        return found


@dataclass(slots=True)
class WatchedCases:
    """A model whose cases are judged."""

    digest: str
    known: Reference
    index: Index

    def scaled(self, cases: Cases) -> Rows:
        """The cases in units of the profile, n x d."""
        raw = np.frombuffer(b"".join(cases.parts), dtype="<f4").reshape(-1, self.known.width)
        return scaled(raw, self.known.profile)


class Judge:
    """Compares cases with the profile, with their caller's earlier ones and with others'."""

    __slots__ = ("_accounts", "_histories")

    def __init__(self, accounts: Accounts, histories: Histories) -> None:
        self._accounts = accounts
        self._histories = histories

    def winnings(self, model: WatchedCases, moved: Rows, places: Places) -> Numbers:
        """KINDS x n log-winnings; a repeat wins and loses nothing."""
        known, nearest = model.known, self._nearest(model, moved, places)
        won = np.zeros((KINDS, moved.shape[0]))
        again: NDArray[np.bool_] = np.asarray(nearest == 0, dtype=np.bool_)
        if known.near.size:
            judged = np.isfinite(nearest) & ~again
            shares = share_nearer(known, nearest[judged])
            won[NEAR, judged] = wealth.near_copies(shares)
            won[SELF, judged] = wealth.neighbours(shares)
        if known.typical.size:
            shares = share_farther(known, from_typical(moved))
            self._note_odd(wealth.is_odd(shares).tolist(), again.tolist(), places)
            usual = self._usual(places, moved.shape[0])
            won[ODD] = np.where(again, 0.0, wealth.odd_cases(shares, usual=usual))
        return won

    def _nearest(self, model: WatchedCases, moved: Rows, places: Places) -> Numbers:
        """Each case's distance to its caller's nearest earlier one; nan where none are kept."""
        found = np.full(moved.shape[0], np.nan)
        keep = min(KEPT_ROWS, model.known.rows)
        for client, rows in places.items():
            account, _ = self._accounts.get(client)
            history = self._histories.get(
                (client, model.digest),
                width=model.known.width,
                keep=keep,
                known=account.rows > 0,
                weight=self._accounts.evidence,
            )
            if history is not None:
                found[rows] = history.nearest(moved[rows])
        return found

    def _note_odd(self, odd: list[bool], again: list[bool], places: Places) -> None:
        for client, rows in places.items():
            _, traces = self._accounts.get(client)
            for row in rows:
                if not again[row]:
                    weight = max(ODD_MEMORY, 1 / (traces.cases + 1))
                    traces.odd_rate += weight * (odd[row] - traces.odd_rate)
                    traces.cases += 1

    def _usual(self, places: Places, count: int) -> Numbers:
        """For each case, the mean share of odd cases of the other callers seen last."""
        rates = {}
        for client, _ in self._histories.recent(OTHERS):
            _, traces = self._accounts.get(client)
            if traces.cases:
                rates[client] = traces.odd_rate
        total = sum(rates.values())
        usual = np.zeros(count)
        for client, rows in places.items():
            own = rates.get(client)
            others = len(rates) - (own is not None)
            if others >= FEWEST_OTHERS:
                usual[rows] = (total - (own or 0.0)) / others
        return usual
