"""Windows of live traffic: how much of one is anybody's, and what is left without each caller.

Counts of windows add up, over time and across processes, because all use the profile's cells.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from sealwright.errors import UsageError
from sealwright.phases.monitoring.comparisons import CountRow, p_of_slice
from sealwright.phases.monitoring.histogram import Cells, Counts, Grid

MAX_NAMED: Final = 4096
"""Callers of a window that are told apart; further ones share one account, on the safe side."""
MAX_KEPT: Final = 4_000_000
"""Cells of a window that are kept, to look at it without one caller; of more, every k-th case."""
FEWEST: Final = 16
"""With fewer cases than this left, nothing can be said without a caller."""
OTHERS: Final = ""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Window:
    """Cases that were looked at together, without those beyond a caller's share."""

    start: datetime
    end: datetime
    counts: Counts
    """Of all compared cases."""
    n: int
    left_out: int
    """Cases beyond their caller's share; in no count."""
    correlation: str
    """What all its cases were sent with, where that is the same."""
    cells: Cells
    clients: npt.NDArray[np.str_]
    """Who sent each case of `cells`."""


def close_window(
    grid: Grid,
    cells: Cells,
    clients: Sequence[str],
    *,
    start: datetime,
    end: datetime,
    max_share: float,
    correlations: Sequence[str] = (),
) -> Window:
    """The window of these cases, in which nobody has more than `max_share` of all."""
    if len(clients) != len(cells) or (correlations and len(correlations) != len(cells)):
        raise UsageError("a window needs one caller for each case")
    who = accounts(clients)
    kept = within_share(who, most=max(1, int(max_share * len(cells))))
    compared, by = cells[kept], np.array(who)[kept]
    step = max(1, -(-compared.size // MAX_KEPT))
    same = set(correlations)
    return Window(
        start=start,
        end=end,
        counts=grid.count(compared),
        n=len(compared),
        left_out=len(cells) - len(compared),
        correlation=same.pop() if len(same) == 1 else "",
        cells=compared[::step],
        clients=by[::step],
    )


def accounts(clients: Sequence[str]) -> list[str]:
    """Who each case counts for: its caller, or OTHERS for those seen after 4096 others."""
    if len(set(clients)) <= MAX_NAMED:
        return list(clients)
    named = set(list(dict.fromkeys(clients))[:MAX_NAMED])
    return [client if client in named else OTHERS for client in clients]


def within_share(clients: Sequence[str], *, most: int) -> npt.NDArray[np.bool_]:
    """Which cases count where nobody may have more than `most`: the first ones of each."""
    seen: Counter[str] = Counter()
    kept = np.ones(len(clients), dtype=np.bool_)
    for index, client in enumerate(clients):
        seen[client] += 1
        kept[index] = seen[client] <= most
    return kept


def add_counts(windows: Sequence[Window]) -> Counts:
    """The counts of several windows together."""
    found: Counts = np.sum([window.counts for window in windows], axis=0, dtype=np.int64)
    return found


def largest_caller(windows: Sequence[Window]) -> str:
    """Who sent the most of the compared cases."""
    names, often = np.unique(_clients(windows), return_counts=True)
    return str(names[int(np.argmax(often))]) if len(names) else OTHERS


def p_without(grid: Grid, index: int, windows: Sequence[Window], client: str) -> float:
    """p-value of one feature without the cases of `client`; 1 where too few are left."""
    others = _clients(windows) != client
    left = _cells(windows, index)[others]
    if len(left) < FEWEST:
        return 1.0
    return p_of_slice(grid, index, np.bincount(left, minlength=grid.reference.shape[1]))


def outlasts_everyone(grid: Grid, index: int, windows: Sequence[Window], *, level: float) -> bool:
    """Whether a feature differs from the reference at `level` without *each single* caller.

    So whoever sends whatever, it takes the cases of the others alone to make this true.
    """
    names, codes = np.unique(_clients(windows), return_inverse=True)
    column, width = _cells(windows, index), grid.reference.shape[1]
    table = np.bincount(codes * width + column, minlength=len(names) * width)
    by_client = table.reshape(len(names), width)
    # OTHERS may be anybody, so it goes with each of them.
    total: CountRow = by_client[names != OTHERS].sum(axis=0)
    by_client[names == OTHERS] = 0
    # The largest first: where one caller is behind it all, the answer is there.
    for mine in by_client[np.argsort(-by_client.sum(axis=1), kind="stable")]:
        left = total - mine
        if left.sum() < FEWEST or p_of_slice(grid, index, left) > level:
            return False
    return len(names) > 0


def _clients(windows: Sequence[Window]) -> npt.NDArray[np.str_]:
    parts = [window.clients for window in windows]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.str_)


def _cells(windows: Sequence[Window], index: int) -> npt.NDArray[np.int64]:
    parts = [window.cells[:, index] for window in windows]
    return np.concatenate(parts).astype(np.int64) if parts else np.empty(0, dtype=np.int64)
