"""Large batches in pieces, so that a caller with many cases never keeps the monitor from living."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from sealwright.traffic import Batch, Observation

MOST_ROWS: Final = 512
"""Cases that are looked at between two chances for heartbeat and settings."""
CONTINUED: Final = 100
"""Status of the further pieces of one request, which is counted once."""


def pieces(batch: Batch, *, most: int = MOST_ROWS) -> Iterator[Batch]:
    """The batch as batches of at most `most` cases, in order; one that is empty stays one."""
    held: list[Observation] = []
    rows = 0
    for observation in batch.observations:
        for part in _parts(observation, most):
            if held and rows + part.rows > most:
                yield Batch(observations=tuple(held), dropped=batch.dropped)
                held, rows = [], 0
            held.append(part)
            rows += max(1, part.rows)
    yield Batch(observations=tuple(held), dropped=batch.dropped)


def _parts(observation: Observation, most: int) -> Iterator[Observation]:
    rows = observation.rows
    if rows <= most or len(observation.features) % rows:
        yield observation
        return
    width = len(observation.features) // rows
    for start in range(0, rows, most):
        end = min(rows, start + most)
        yield msgspec.structs.replace(
            observation,
            rows=end - start,
            status=CONTINUED if start else observation.status,
            features=observation.features[start * width : end * width],
            scores=observation.scores[4 * start : 4 * end],
            shadow_scores=observation.shadow_scores[4 * start : 4 * end],
        )
