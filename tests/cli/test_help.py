"""Every command is there, explains itself, and shows how it is used."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from sealwright.cli import COMMANDS, cli
from tests.cli.console import Console

TREE = {
    "init": (),
    "run": (),
    "gate": (),
    "why": (),
    "approve": (),
    "waive": (),
    "incident": ("list", "open", "report", "close"),
    "trace": (),
    "data": ("add", "check", "open"),
    "train": (),
    "model": (
        *("import", "admit", "scan", "load", "diff", "convert"),
        *("sign", "verify", "bom", "review"),
    ),
    "validate": (),
    "release": (),
    "serve": (),
    "access": ("grant", "list", "revoke"),
    "review": ("list", "open", "answer"),
    "decisions": ("verify", "show"),
    "alert": ("list",),
    "rollback": (),
    "revoke": (),
    "stop": (),
    "report": (),
    "card": (),
    "coverage": (),
    "dossier": (),
    "ledger": ("show", "verify", "export", "prove"),
    "keys": ("new", "add", "revoke", "list"),
    "course": ("record", "list"),
    "drill": ("run", "list", "show", "report", "recover"),
    "scan": (),
    "vulndb": ("import", "info"),
    "demo": (),
}
"""Command → subcommands: what the product promises."""

EVERY = [(name,) for name in TREE] + [(name, sub) for name, subs in TREE.items() for sub in subs]


def found(words: tuple[str, ...]) -> click.Command:
    context = click.Context(cli, info_name="sealwright")
    command: click.Command | None = cli
    for word in words:
        assert isinstance(command, click.Group)
        command = command.get_command(context, word)
    assert command is not None
    return command


def test_the_commands_are_those_that_are_promised() -> None:
    assert set(COMMANDS) == set(TREE)
    for name, subs in TREE.items():
        command = found((name,))
        context = click.Context(command)
        there = set(command.list_commands(context)) if isinstance(command, click.Group) else set()
        assert there == set(subs), name


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_help_says_what_it_does_and_gives_an_example(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    answer = Console(tmp_path)(*words, "--help")
    assert answer.out.startswith(f"Usage: sealwright {' '.join(words)}")
    assert f"Example: sealwright {' '.join(words)}" in re.sub(r"\s+", " ", answer.out)
    assert answer.err == ""


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_every_option_explains_itself(words: tuple[str, ...]) -> None:
    for parameter in found(words).params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{' '.join(words)} {parameter.opts[0]}"


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_the_example_is_a_command_that_click_understands(words: tuple[str, ...]) -> None:
    import shlex

    command = found(words)
    assert command.epilog is not None
    typed = shlex.split(command.epilog.removeprefix("Example: "))
    assert typed[: len(words) + 1] == ["sealwright", *words]
    rest = typed[1:]
    at: click.Command = cli
    while isinstance(at, click.Group):
        at = found(tuple(typed[1 : len(typed) - len(rest) + 1]))
        rest = rest[1:]
    at.make_context(at.name, rest)


def test_the_overview_lists_every_command_in_the_order_of_a_lifecycle(tmp_path: Path) -> None:
    answer = Console(tmp_path)("--help")
    listed = re.findall(r"^  ([a-z]+)  ", answer.out, flags=re.MULTILINE)
    assert listed == list(COMMANDS)


def test_no_command_at_all_shows_the_overview(tmp_path: Path) -> None:
    answer = Console(tmp_path)(expect=2)
    assert "Commands:" in answer.out + answer.err


def test_the_version_is_told(tmp_path: Path) -> None:
    assert re.fullmatch(r"sealwright \d+\.\d+\.\d+\n", Console(tmp_path)("--version").out)


@pytest.mark.parametrize(("typed", "meant"), [("rnu", "run"), ("repot", "report")])
def test_a_mistyped_command_is_answered_with_the_right_one(
    typed: str, meant: str, tmp_path: Path
) -> None:
    answer = Console(tmp_path)(typed, expect=2)
    assert f"Did you mean `{meant}`?" in answer.err


def test_nonsense_is_answered_without_a_guess(tmp_path: Path) -> None:
    answer = Console(tmp_path)("xyzzy", expect=2)
    assert "There is no command `xyzzy`." in answer.err
    assert "Did you mean" not in answer.err
