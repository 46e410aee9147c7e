"""All pages: links lead somewhere, commands exist, the house is as it is drawn, words are kept."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from sealwright.cli import cli
from sealwright.demo.story import SCENES

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"(?:`|^\$ |^> )sealwright ([a-z]+)(?: ([a-z]+))?", re.MULTILINE)
_TYPED = re.compile(r"^(?:\$ |> )(.*)$", re.MULTILINE)


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as code forges make them."""
    prose = _FENCED.sub("", page.read_text(encoding="utf-8"))
    titles = (re.sub(r"[^\w\- ]", "", title.lower()) for title in _HEADING.findall(prose))
    return {title.strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    prose = _FENCED.sub("", page.read_text(encoding="utf-8"))
    for link in _LINK.findall(prose):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_exist(page: Path) -> None:
    for name, inner in _COMMAND.findall(page.read_text(encoding="utf-8")):
        context = click.Context(cli)
        command = cli.get_command(context, name)
        assert command is not None, name
        if isinstance(command, click.Group) and inner:
            assert inner in command.list_commands(context)


def test_the_readme_types_what_the_demonstration_types() -> None:
    played = {" ".join(command.words) for scene in SCENES for command in scene.commands}
    shown = _TYPED.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(shown) > 8
    assert {" ".join(shlex.split(line.removesuffix(" &"))) for line in shown} <= played


def test_every_module_has_its_place_in_the_architecture() -> None:
    house = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    house = house[house.index("## The house") : house.index("## Layers")]
    source = ROOT / "src/sealwright"
    for file in source.rglob("*.py"):
        if not file.name.startswith("__"):
            folder = file.parent.relative_to(source).as_posix()
            assert folder == "." or f"`{folder}/`" in house, f"{folder} is not in the house"
            assert f"`{file.stem}`" in house, f"{folder}/{file.name} is not in the house"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_words_are_kept(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"\bcompl(?:y|ies|iant|iance)\b", text, re.IGNORECASE)
    assert not re.search(r"(?<!\w)/(?:home|root|work|tmp|Users)/", text)
