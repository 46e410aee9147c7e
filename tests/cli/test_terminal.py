"""Nothing that comes from elsewhere drives the terminal: it is seen, and obeyed by nobody."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.cli import show_error
from sealwright.cli.render import LineProgress, emit, mark, styled, visible
from sealwright.errors import UsageError
from tests.cli.console import Console

SPOOF = "\x1b[2K\x1b[1A\x1b[32mADMITTED\x1b[0m\r\x9b2J\x7f\u202egnp.exe\u200b"
HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def obeyed(text: str) -> set[str]:
    """Characters that a terminal would obey, or not show."""
    return {char for char in text if unicodedata.category(char) in HIDDEN} - set("\n\t")


@given(st.text())
def test_every_character_of_a_line_can_be_seen(text: str) -> None:
    shown = visible(f"name {text}")
    assert shown.startswith("name ")
    assert not obeyed(shown)
    assert "\n" not in shown


@given(st.text())
def test_only_our_own_colours_are_colours(text: str) -> None:
    shown = visible(f"{mark('failed')} {text} {styled(text, bold=True)}")
    assert obeyed(shown) == {"\x1b"}
    assert shown.count("\x1b") == 5  # red, bold, end; bold, end
    assert shown.startswith("\x1b[31m\x1b[1mXX\x1b[0m ")


def test_what_looks_like_our_own_mark_is_no_mark() -> None:
    forged = f"\x02{'0' * 16}:green:1:ADMITTED\x03{'0' * 16}:"
    assert "\x1b" not in visible(forged)


def test_ordinary_text_of_any_language_stays_as_it_is() -> None:
    text = "Łódź, 東京, naïve – «été»"
    assert visible(text) == text


def test_an_answer_cannot_be_forged_by_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    emit({}, [f"{SPOOF}\nADMITTED"], style="text")
    shown = capsys.readouterr().out
    assert not obeyed(shown)
    assert shown.count("\n") == 1


def test_json_has_the_whole_text_in_characters_that_nothing_obeys(
    capsys: pytest.CaptureFixture[str],
) -> None:
    emit({"name": SPOOF}, [], style="json")
    shown = capsys.readouterr().out
    assert json.loads(shown) == {"name": SPOOF}
    assert not obeyed(shown)


def test_an_error_and_its_advice_are_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    show_error(UsageError(f"no {SPOOF}\nVERIFIED", advice=f"use {SPOOF}"))
    shown = capsys.readouterr().err
    assert not obeyed(shown)
    assert "\nVERIFIED" not in shown


def test_the_notes_of_a_step_are_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    progress = LineProgress()
    progress.start(SPOOF)
    progress.note(SPOOF)
    progress.end(SPOOF, "done", SPOOF)
    assert not obeyed(capsys.readouterr().out)


def test_a_training_script_cannot_write_on_the_terminal(examined: Console) -> None:
    script = examined.folder / "train.py"
    script.write_text(script.read_text() + f"\nprint({SPOOF!r})\n")
    answer = examined("train", "--verbose", expect=None)
    assert "ADMITTED⟨U+001B⟩" in answer.out
    assert not obeyed(answer.out)
