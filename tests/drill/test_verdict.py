"""From what was found to a verdict."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.drill.declaration import Attempt, Trace
from sealwright.drill.verdict import Side, conclude

SEEN = (Trace("seen"),)


def attempt(word: str) -> Attempt:
    """`r` reached, `p` something stopped it, `d` something tells of it."""
    return Attempt(
        name=word or "-",
        reached="r" in word,
        prevention=SEEN if "p" in word else (),
        detection=SEEN if "d" in word else (),
    )


def side(*words: str, refused: str = "", error: str = "") -> Side:
    return Side(attempts=tuple(map(attempt, words)), refused=refused, error=error)


GOOD_TWIN = side("r")


@pytest.mark.parametrize(
    ("attack", "verdict", "prevented", "detected"),
    [
        (side("pd"), "prevented", True, True),
        (side("p"), "prevented", True, False),
        (side("pd", "pd"), "prevented", True, True),
        (side("pd", "rd"), "detected", False, True),
        (side("p", "rd"), "detected", False, False),
        (side("rd"), "detected", False, True),
        (side("d"), "detected", False, True),
        (side("rpd"), "detected", False, True),
        (side("rp"), "missed", False, False),
        (side("r"), "missed", False, False),
        (side(""), "missed", False, False),
        (side("pd", ""), "missed", False, False),
        (side("pd", refused="no"), "prevented", True, True),
        (side(), "error", False, False),
        (side(error="broke"), "error", False, False),
        (side("pd", error="broke"), "error", False, False),
        (side("r", error="broke"), "error", False, False),
    ],
)
def test_the_weakest_attempt_decides(
    attack: Side, verdict: str, prevented: bool, detected: bool
) -> None:
    found = conclude(attack, GOOD_TWIN)
    assert (found.verdict, found.prevented, found.detected) == (verdict, prevented, detected)
    assert found.twin_alarms == 0
    assert found.notes or (verdict, detected) == ("prevented", True)


@pytest.mark.parametrize(
    ("twin", "verdict", "alarms"),
    [
        (side("r"), "prevented", 0),
        (side("rd"), "prevented", 1),
        (side("pd"), "prevented", 2),
        (side(refused="no"), "prevented", 1),
        (side("r", refused="no"), "prevented", 1),
        (side(""), "error", 0),
        (side(), "error", 0),
        (side(error="broke"), "error", 0),
    ],
)
def test_the_twin_must_get_through_and_set_off_nothing(
    twin: Side, verdict: str, alarms: int
) -> None:
    found = conclude(side("pd"), twin)
    assert (found.verdict, found.twin_alarms) == (verdict, alarms)


def test_what_went_wrong_with_the_twin_hides_no_miss() -> None:
    assert conclude(side("r"), side(error="broke")).verdict == "missed"


WORDS = st.text(alphabet="rpd", max_size=3)
SIDES = st.builds(
    lambda words, refused, error: side(*words, refused=refused, error=error),
    st.lists(WORDS, max_size=4),
    st.sampled_from(["", "no"]),
    st.sampled_from(["", "broke"]),
)


@given(SIDES, SIDES)
def test_nothing_that_worked_is_called_prevented(attack: Side, twin: Side) -> None:
    found = conclude(attack, twin)
    if found.verdict == "prevented":
        assert attack.attempts
        assert not any(each.reached or not each.prevention for each in attack.attempts)
        assert not attack.error
        assert not twin.error
    if found.verdict == "detected":
        assert all(each.detection or each.prevention for each in attack.attempts)
    if any(each.detection or each.prevention for each in twin.attempts) or twin.refused:
        assert found.twin_alarms
