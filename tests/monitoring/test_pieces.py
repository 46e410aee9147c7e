"""Batches of any size are cut without losing, doubling or mixing a case."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sealwright.phases.monitoring.pieces import CONTINUED, pieces
from sealwright.traffic import Batch
from tests.monitoring.clients.world import observed, refused


@given(
    sizes=st.lists(st.integers(0, 40), max_size=12),
    most=st.integers(1, 30),
    dropped=st.integers(0, 9),
)
def test_every_case_is_in_one_piece_and_in_order(sizes: list[int], most: int, dropped: int) -> None:
    maker = np.random.default_rng(1)
    batch = Batch(
        observations=tuple(
            observed(f"c{number}", maker.normal(size=(size, 3))) if size else refused("", 401)
            for number, size in enumerate(sizes)
        ),
        dropped=dropped,
    )
    cut = list(pieces(batch, most=most))
    assert cut, "an empty batch says that the gateway lives"
    parts = [part for piece in cut for part in piece.observations]
    assert {piece.dropped for piece in cut} == {dropped}
    assert all(sum(part.rows for part in piece.observations) <= most for piece in cut)
    assert all(len(part.features) == part.rows * 12 for part in parts)
    for name in ("features", "scores"):
        assert b"".join(getattr(part, name) for part in parts) == b"".join(
            getattr(whole, name) for whole in batch.observations
        )
    assert sum(part.status != CONTINUED for part in parts) == len(sizes)


def test_a_length_that_does_not_fit_is_left_to_who_counts_such() -> None:
    odd = observed("odd", np.zeros((40, 3)))
    odd = type(odd)(
        **{name: getattr(odd, name) for name in odd.__struct_fields__} | {"features": b"12345"}
    )
    (piece,) = pieces(Batch(observations=(odd,)), most=10)
    assert piece.observations == (odd,)
