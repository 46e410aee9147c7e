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
from sealwright.vetting.declared import documented_rules
from sealwright.vetting.interface import Rule
from sealwright.vetting.registry import FORMATS

REFERENCE = Path(__file__).parents[2] / "docs/reference"


def page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_current(name: str) -> None:
    assert page(name) == PAGES[name](), "run: python -m sealwright.cli.reference docs/reference"


def test_all_pages_are_written(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/sw-gone-001.md").write_text("of a rule that is no more")
    write_pages(tmp_path)
    written = (path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    assert sorted(path.as_posix() for path in written) == sorted(PAGES)


def test_every_command_and_option_is_on_the_page() -> None:
    text = page("cli.md")
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert f"## `sealwright {name}`" in text
        inner = [("", command)]
        if isinstance(command, click.Group):
            names = command.list_commands(context)
            inner = [(each, command.get_command(context, each)) for each in names]
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


@pytest.mark.parametrize("rule", documented_rules(), ids=lambda rule: rule.id)
def test_every_rule_says_what_it_means(rule: Rule) -> None:
    for field in ("title", "why", "example", "remediation"):
        assert getattr(rule, field).strip(), f"{rule.id} has no {field}"
    assert not rule.title.endswith(".")
    assert rule.id in page("rules/README.md")


def test_no_page_of_a_rule_that_is_no_more() -> None:
    there = {f"rules/{path.name}" for path in (REFERENCE / "rules").iterdir()}
    assert there == {name for name in PAGES if name.startswith("rules/")}


def test_every_format_is_on_its_page() -> None:
    assert all(f"`{form.id}`" in page("formats.md") for form in FORMATS)
