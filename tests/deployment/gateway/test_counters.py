from hypothesis import given
from hypothesis import strategies as st

from sealwright.phases.deployment.gateway.counters import BOUNDS, Counters, Latencies


@given(st.lists(st.floats(0.0001, 20), min_size=1, max_size=300), st.floats(0.01, 1))
def test_a_quantile_is_within_its_class(seconds: list[float], share: float) -> None:
    latencies = Latencies()
    for value in seconds:
        latencies.add(value)
    exact = sorted(seconds)[max(0, -int(-share * len(seconds) // 1) - 1)]
    assert exact / 1.0001 <= latencies.quantile(share) <= exact * 1.5001


def test_without_any_it_is_zero() -> None:
    assert Latencies().quantile(0.5) == 0.0


def test_beyond_the_last_class_it_is_the_last_bound() -> None:
    latencies = Latencies()
    latencies.add(1e9)
    assert latencies.quantile(0.5) == BOUNDS[-1]


def test_counts_only_grow_and_names_are_kept() -> None:
    counters = Counters()
    counters.add("answered")
    counters.add("answered", 2)
    assert counters.all() == {"answered": 3.0}
