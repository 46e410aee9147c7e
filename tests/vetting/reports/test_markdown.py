"""The comment on a pull request: nothing in it is Markdown, HTML, a link or a mention but ours."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sealwright.vetting.interface import observe
from sealwright.vetting.reports.interface import LEFT_OUT
from sealwright.vetting.reports.markdown import code, escaped, render
from sealwright.vetting.reports.text import render as plain
from tests.vetting.reports import sample

FENCED = re.compile(r"^(`{3,})text\n.*?^\1$", re.MULTILINE | re.DOTALL)


def test_it_says_what_a_reviewer_needs() -> None:
    text = render(sample.everything())
    assert text.startswith("## ❌ Model scan: fail\n")
    assert "| ❌ fail | <code>models&#47;evil&#46;pt</code> | torch&#45;zip&#44; zip | 1 |" in text
    assert "SW-TST-001 fail, critical: models/evil.pt!a/data.pkl (byte 41)" in text
    assert text.count("do: do not load it") == 4
    assert "✅" in render(sample.harmless())
    assert "<details" not in render(sample.harmless())


def test_hostile_names_have_no_effect() -> None:
    text = render(sample.hostile())
    block = FENCED.search(text)
    assert block is not None
    outside = text.replace(block[0], "")
    assert not re.search(r"[`@\[\]]|https:|<img|\\", outside)
    assert outside.count("## ") == 1
    assert set(re.findall(r"</?[a-z]+", outside)) == {
        *("<code", "</code", "<details", "</details", "<summary", "</summary", "<sub", "</sub"),
    }
    assert all(char == "\n" or char.isprintable() for char in text)
    rows = [line for line in outside.splitlines() if line.startswith("| ")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 5 for row in rows)


@given(st.text())
def test_escaped_text_has_no_character_that_markdown_knows(text: str) -> None:
    shown = re.sub(r"&#\d+;", "", escaped(text))
    assert all(char == " " or unicodedata.category(char)[0] in "LN" for char in shown)
    assert code(text).startswith("<code>")
    assert code(text).count("<") == 2


@given(st.lists(st.text(alphabet="`~ab\n "), max_size=5))
def test_no_message_ends_the_fenced_block(messages: list[str]) -> None:
    seen = [observe(sample.CALLS, each, location="a") for each in ["x", *messages]]
    text = render(sample.scanned(sample.member("a", *seen)))
    block = FENCED.search(text)
    assert block is not None
    assert text.index("</details>") == block.end() + 2


@pytest.mark.parametrize("length", [10, 5_000])
def test_it_fits_into_a_comment(length: int) -> None:
    files = [
        sample.member(
            f"{n}{'x' * length}.pkl",
            *(observe(sample.CALLS, "y" * length, location=f"{n}{'x' * length}") for _ in range(9)),
        )
        for n in range(300)
    ]
    assert len(render(sample.scanned(*files))) < 65_536


def test_everything_was_said_to_be_examined_although_files_were_left_out() -> None:
    rule = replace(sample.NOTE, id=LEFT_OUT)
    seen = observe(rule, "3 files were left out: *.md", location="m|`")
    made = replace(
        sample.scanned(sample.member("m", seen, formats=("folder",)), sample.member("m/a.pkl")),
        exclude=("*.md", "<b>"),
    )
    text = render(made)
    assert "Everything was examined" not in text
    assert "Not covered" in text
    for shown in ("&#42;&#46;md", "&#60;b&#62;", "3 files were left out"):
        assert shown in text
    assert "Everything was examined" in render(replace(sample.harmless(), exclude=("*.md",)))
    (first, *_) = plain(made)
    assert "everything was examined" not in first.text
