from hypothesis import given
from hypothesis import strategies as st

from sealwright.phases.deployment.gateway.ring import Ring
from sealwright.traffic import Observation


def observation(number: int, size: int = 0) -> Observation:
    return Observation(
        at=float(number),
        client="c",
        model="m",
        name="n",
        outcome="answered",
        status=200,
        reason="granted",
        features=bytes(size),
    )


@given(st.lists(st.one_of(st.none(), st.integers(0, 40)), max_size=200), st.integers(1, 8))
def test_what_goes_in_comes_out_in_order_or_is_counted(
    moves: list[int | None], capacity: int
) -> None:
    """A number appends an observation of that size; None takes some."""
    ring = Ring(capacity, max_bytes=100)
    kept: list[float] = []
    came: list[float] = []
    for number, move in enumerate(moves):
        if move is None:
            came += [item.at for item in ring.take(3, most_bytes=50)]
        elif ring.append(observation(number, move)):
            kept.append(float(number))
        assert len(ring) <= capacity
    while taken := ring.take(1000, most_bytes=10**9):
        came += [item.at for item in taken]
    assert came == kept
    appended = sum(move is not None for move in moves)
    assert ring.dropped == appended - len(kept)


def test_a_full_one_drops_the_newest() -> None:
    ring = Ring(2)
    assert [ring.append(observation(n)) for n in range(4)] == [True, True, False, False]
    assert ring.dropped == 2
    assert [item.at for item in ring.take(10, most_bytes=10)] == [0.0, 1.0]


def test_one_observation_is_taken_however_large_it_is() -> None:
    ring = Ring(4)
    ring.append(observation(0, 100))
    ring.append(observation(1, 100))
    assert len(ring.take(10, most_bytes=10)) == 1
    assert len(ring.take(10, most_bytes=10)) == 1
    assert ring.take(10, most_bytes=10) == ()


def test_what_did_not_arrive_counts_as_dropped() -> None:
    ring = Ring(4)
    ring.append(observation(0))
    ring.lose(len(ring.take(10, most_bytes=10)))
    assert ring.dropped == 1
