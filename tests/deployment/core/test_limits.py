"""The limiter: never more than its rate and its burst, never a debt forgiven, never much memory."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from sealwright.phases.deployment.core.limits import (
    Limiter,
    Verdict,
    limit_field,
    policy_field,
    retry_after,
)
from sealwright.phases.deployment.core.restrictions import (
    SMALLEST_FACTOR,
    Restrictions,
    blocked,
    coarsened,
    factor,
)
from sealwright.traffic import Level, Restriction

WHO = ("ward-7", "small")


def test_a_minutes_worth_at_once_then_one_at_a_time() -> None:
    limiter = Limiter()
    verdicts = [limiter.take(WHO, rate=6, now=100.0) for _ in range(8)]
    assert [verdict.admitted for verdict in verdicts] == [True] * 6 + [False] * 2
    assert [verdict.remaining for verdict in verdicts] == [5, 4, 3, 2, 1, 0, 0, 0]
    assert verdicts[-1].retry_after == 10.0
    assert not limiter.take(WHO, rate=6, now=109.9).admitted
    assert limiter.take(WHO, rate=6, now=110.0).admitted
    assert not limiter.take(WHO, rate=6, now=110.1).admitted


def test_buckets_are_apart() -> None:
    limiter = Limiter()
    assert limiter.take(("a", "small"), rate=1, now=0.0).admitted
    assert not limiter.take(("a", "small"), rate=1, now=0.0).admitted
    assert limiter.take(("a", "large"), rate=1, now=0.0).admitted
    assert limiter.take(("b", "small"), rate=1, now=0.0).admitted


def test_a_clock_that_goes_back_forgives_nothing() -> None:
    limiter = Limiter()
    for _ in range(6):
        limiter.take(WHO, rate=6, now=1000.0)
    assert not limiter.take(WHO, rate=6, now=10.0).admitted
    assert not limiter.take(WHO, rate=6, now=1000.0).admitted


@given(
    rate=st.floats(0.01, 5000),
    steps=st.lists(st.floats(0, 20), min_size=1, max_size=150),
)
def test_no_more_is_admitted_than_rate_and_burst_allow(rate: float, steps: list[float]) -> None:
    limiter, now, times = Limiter(), 50.0, list[float]()
    burst = max(rate, 1.0)
    for step in steps:
        now += step
        for _ in range(3):
            if limiter.take(WHO, rate=rate, now=now).admitted:
                times.append(now)
    for first in range(len(times)):
        for last in range(first, len(times)):
            span = times[last] - times[first]
            assert last - first + 1 <= rate * span / 60 + burst + 1e-3


@given(st.lists(st.tuples(st.floats(0, 30), st.sampled_from([0.1, 1, 7, 60, 600])), max_size=60))
def test_what_a_caller_is_told_is_true(steps: list[tuple[float, float]]) -> None:
    limiter, now = Limiter(), 0.0
    for step, rate in steps:
        now += step
        verdict = limiter.take(WHO, rate=rate, now=now)
        told = retry_after(verdict)
        assert told >= 1
        if not verdict.admitted:
            assert verdict.remaining == 0
            copy = Limiter()
            copy._due = dict(limiter._due)
            assert copy.take(WHO, rate=rate, now=now + told).admitted
        else:
            copy = Limiter()
            copy._due = dict(limiter._due)
            again = [copy.take(WHO, rate=rate, now=now).admitted for _ in range(8)]
            assert sum(again) == min(8, verdict.remaining)


def test_a_throttled_caller_still_gets_through_now_and_then() -> None:
    limiter = Limiter()
    assert limiter.take(WHO, rate=0.5, now=0.0).admitted
    refused = limiter.take(WHO, rate=0.5, now=60.0)
    assert not refused.admitted
    assert refused.retry_after == 60.0
    assert limiter.take(WHO, rate=0.5, now=120.0).admitted


def test_memory_is_bounded_and_only_who_owes_nothing_is_forgotten() -> None:
    limiter = Limiter(capacity=3)
    for name in "abc":
        limiter.take((name, ""), rate=60, now=0.0)
    crowded = limiter.take(("d", ""), rate=60, now=0.5)
    assert crowded.full
    assert not crowded.admitted
    assert len(limiter) == 3
    # a second later all three are square: one gives way
    assert limiter.take(("d", ""), rate=60, now=1.0).admitted
    assert len(limiter) == 3


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdefgh"), st.floats(0, 40), st.sampled_from([0.5, 2, 30])),
        max_size=120,
    )
)
def test_eviction_never_forgives(steps: list[tuple[str, float, float]]) -> None:
    """Whatever a crowded limiter admits, one with room for all would have admitted, too."""
    crowded, roomy, now = Limiter(capacity=3), Limiter(), 0.0
    for who, step, rate in steps:
        now += step
        before = dict(roomy._due)
        if crowded.take((who, ""), rate=rate, now=now).admitted:
            assert roomy.take((who, ""), rate=rate, now=now).admitted
        else:
            roomy._due = before
        assert len(crowded) <= 3


def test_header_texts_are_structured_fields_of_the_draft() -> None:
    limiter = Limiter()
    first = limiter.take(WHO, rate=60, now=0.0)
    assert policy_field(first) == b'"requests";q=60;w=60'
    assert limit_field(first) == b'"requests";r=59;t=60'
    for _ in range(59):
        limiter.take(WHO, rate=60, now=0.0)
    refused = limiter.take(WHO, rate=60, now=0.25)
    assert limit_field(refused) == b'"requests";r=0;t=1'
    assert retry_after(refused) == 1
    # Retry-After is not before the end of the window that RateLimit tells
    assert retry_after(Verdict(False, 1, 0, 60.0, 12.3)) == 13
    assert limit_field(Verdict(False, 1, 0, 60.0, 12.3)) == b'"requests";r=0;t=13'


def restriction(
    level: Level, *, client: str = "x", until: float = 100.0, by: float = 0.5
) -> Restriction:
    return Restriction(client=client, level=level, until=until, reason="drill", factor=by)


def test_a_restriction_holds_until_it_ends_or_is_lifted() -> None:
    known = Restrictions()
    known.put(restriction("throttle"), now=0.0)
    assert known.of("x", now=99.9) == restriction("throttle")
    assert known.of("x", now=100.0) is None
    assert known.of("y", now=0.0) is None
    known.put(restriction("none"), now=0.0)
    assert known.of("x", now=0.0) is None
    known.put(restriction("flag", until=math.nan), now=0.0)
    assert known.of("x", now=0.0) is None


def test_each_level_does_what_the_milder_ones_do() -> None:
    levels: tuple[Level, ...] = ("flag", "coarsen", "throttle", "block")
    effects = [
        (coarsened(said), factor(said) < 1, blocked(said)) for said in map(restriction, levels)
    ]
    assert effects == [
        (False, False, False),
        (True, False, False),
        (True, True, False),
        (True, True, True),
    ]
    assert (coarsened(None), factor(None), blocked(None)) == (False, 1.0, False)


@given(st.floats())
def test_an_odd_factor_is_never_a_wider_limit(by: float) -> None:
    assert SMALLEST_FACTOR <= factor(restriction("throttle", by=by)) <= 1.0


def test_restrictions_are_bounded_and_the_strong_ones_stay() -> None:
    known = Restrictions(capacity=2)
    known.put(restriction("block", client="a"), now=0.0)
    known.put(restriction("flag", client="b"), now=0.0)
    known.put(restriction("throttle", client="c"), now=0.0)
    assert len(known) == 2
    assert known.of("b", now=0.0) is None
    known.put(restriction("flag", client="d"), now=0.0)
    assert known.of("d", now=0.0) is None
    assert known.of("a", now=0.0) is not None
    assert known.of("c", now=0.0) is not None
    # room that ended restrictions leave is used
    known.put(restriction("flag", client="d", until=300.0), now=200.0)
    assert known.of("d", now=200.0) is not None
