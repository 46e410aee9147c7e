"""The tutorial works: every block of it, done in order, prints what the page shows.

How blocks are written, and read, stands in `walkthrough.py`.
"""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

import pytest

from tests.docs.walkthrough import Block, Reader, blocks, commands, edited, unseen

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/tutorials/first-admission.md"


def test_the_tutorial_does_what_it_shows(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    said = {"PATH": programs, "HOME": str(home), "LANG": "C.UTF-8"}
    reader = Reader(ROOT, said | {"XDG_CACHE_HOME": os.environ["XDG_CACHE_HOME"]})
    for block in blocks(PAGE.read_text(encoding="utf-8")):
        reader.follow(block)
    # Nothing but what the pages asked for: no telemetry, no caches.
    assert sorted(p.name for p in home.iterdir()) == ["auditor", "tumour-check"]
    assert (home / "tumour-check/report.html").stat().st_size > 10_000
    assert (home / "auditor/ledger/checkpoint").exists()


def test_every_block_of_the_tutorial_is_done() -> None:
    found = list(blocks(PAGE.read_text(encoding="utf-8")))
    assert PAGE.read_text(encoding="utf-8").count("```") == 2 * len(found)
    for block in found:
        assert block.language == "console" or set(block.attributes) & {"file", "edit"}, block.line


def test_commands_outputs_and_exit_codes_are_told_apart() -> None:
    block = Block("console", {}, "$ one \\\n>   --two\nout\n$ false\n$ echo $?\n1\n", 10)
    first, second = commands(block)
    assert (first.text, first.shown, first.code) == ("one \\\n  --two", ("out",), 0)
    assert (second.text, second.shown, second.code) == ("false", (), 1)


@pytest.mark.parametrize(
    ("shown", "missing"),
    [
        (("one two", "four"), None),
        (("one …",), None),
        (("…", "four"), None),
        (("four", "three"), "three"),
        (("thre",), "thre"),
    ],
)
def test_shown_lines_are_found_in_order(shown: tuple[str, ...], missing: str | None) -> None:
    assert unseen(shown, "one two\nthree\nfour\n") == missing


def test_an_edit_sets_keys_in_their_own_table_and_adds_listed_tables() -> None:
    document = '[a]\n# k = 1\n\n[b]\nk = "TODO"\n'
    text = edited("\n" + document, '[b]\nk = "x"\n\n[a]\nk = 2\n\n[[c.d]]\ne = 1\n')
    assert tomllib.loads(text) == {"a": {"k": 2}, "b": {"k": "x"}, "c": {"d": [{"e": 1}]}}


def test_an_edit_of_a_key_that_is_not_there_is_an_error() -> None:
    with pytest.raises(AssertionError, match="0 lines for z"):
        edited("\n[a]\nk = 1\n", "[a]\nz = 1\n")
