from __future__ import annotations

import sys
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from sealwright.readable import readable


@given(st.text())
def test_readable_text_stays_as_it_is(text: str) -> None:
    once = readable(text)
    assert readable(once, limit=100_000) == once
    assert all(c.isprintable() or c in "\n\t\u00a0\u3000" or c.isspace() for c in once)


def test_a_long_text_says_how_much_is_left_out() -> None:
    assert readable("x" * 5_000).endswith("… (3,000 more characters)")
    assert readable("ab", limit=2) == "ab"


def test_hidden_characters_are_spelled_out_and_no_others() -> None:
    hidden = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    for character in map(chr, range(sys.maxunicode + 1)):
        stays = character in "\n\t" or unicodedata.category(character) not in hidden
        assert (readable(character) == character) == stays, hex(ord(character))
