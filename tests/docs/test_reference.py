"""The generated reference pages are what the code says today."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from sealwright.cli import COMMANDS, cli
from sealwright.cli.reference.pages import PAGES, write_pages
from sealwright.evidence.predicates import PREDICATES
from sealwright.phases.validation.metrics import METRICS
from sealwright.policy.load import builtin_policy

REFERENCE = Path(__file__).parents[2] / "docs/reference"


def page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_current(name: str) -> None:
    assert page(name) == PAGES[name](), "run: python -m sealwright.cli.reference docs/reference"


def test_all_pages_are_written(tmp_path: Path) -> None:
    write_pages(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(PAGES)


def test_every_command_and_option_is_on_the_page() -> None:
    text = page("cli.md")
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert f"## `sealwright {name}`" in text
        inner = command.commands.items() if isinstance(command, click.Group) else [("", command)]
        for each, sub in inner:
            assert sub is not None
            assert f"`sealwright {name} {each}".rstrip() in text
            for parameter in sub.params:
                assert all(option in text for option in parameter.opts if option.startswith("--"))


def test_every_predicate_metric_and_requirement_is_on_its_page() -> None:
    assert all(f"## `{name}`" in page("predicates.md") for name in PREDICATES)
    assert all(cls.TYPE in page("predicates.md") for cls in PREDICATES.values())
    assert all(f"`{name}" in page("metrics.md") for name in METRICS)
    for rules in builtin_policy().tiers.values():
        assert all(f"`{asked.id}`" in page("policy.md") for asked in rules.requirements)
