"""Values of variables are taken out of words: as they stand, spelled otherwise, cut off."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.phases.model.redact import SHORTEST, redactor
from sealwright.sandbox.interface import Log, Violation
from sealwright.sandbox.recorder import MAX_DETAIL

SECRET = 'p@ss/"w\u00f6rd"\n+second line'


@pytest.mark.parametrize(
    "spelled",
    [SECRET, SECRET.upper(), repr(SECRET), ascii(SECRET), quote(SECRET, safe=""), "x+second line"],
)
def test_every_spelling_becomes_the_name(spelled: str) -> None:
    told = redactor({"TOKEN": SECRET}).text(f"before {spelled} after")
    assert "[TOKEN]" in told
    assert "second" not in told.lower()
    assert told.startswith("before ")
    assert told.endswith(" after")


def test_short_values_stay_since_they_are_in_every_word() -> None:
    assert redactor({"N": "run", "E": ""}).text("it runs") == "it runs"
    assert redactor({}).text("it runs") == "it runs"


def test_the_longer_of_two_values_goes_first() -> None:
    redact = redactor({"SHORT": "abcd", "LONG": "abcd-efgh"})
    assert redact.text("abcd-efgh abcd") == "[LONG] [SHORT]"


def test_what_was_cut_off_is_no_hint() -> None:
    redact = redactor({"TOKEN": "s3cr3t-token-value"})
    cut = ("read /etc/" + "x" * MAX_DETAIL)[: MAX_DETAIL - 6] + "s3cr3t"
    (violation,) = redact.violations((Violation(kind="file", detail=cut),))
    assert violation.detail.endswith("x[TOKEN]")
    log = redact.log(Log(tail="token-value and more", size=1 << 20, sha256="00" * 32))
    assert log.tail == "[TOKEN] and more"
    whole = redact.log(Log(tail="values and s3cr3t", size=17, sha256="00" * 32))
    assert whole.tail == "values and s3cr3t"  # nothing was cut off: these are words of their own


@given(value=st.text(min_size=SHORTEST, max_size=40), before=st.text(max_size=20), after=st.text())
def test_no_value_stands_in_what_is_told(value: str, before: str, after: str) -> None:
    told = redactor({"A": value}).text(before + value + after)
    left = told.replace("[A]", "\0")
    assert not re.search(re.escape(value), left) or value in "[A]\0"
