"""The page of the command line: every command with its arguments, options and example."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from sealwright.cli import COMMANDS, cli
from sealwright.cli.reference.markdown import Row, document, table

_INTRODUCTION = """\
# Commands

Each command takes `--help`. Results go to standard output, progress and errors to standard error;
what the exit code means stands in [exit codes](exit-codes.md). Colours need a terminal, and
`NO_COLOR` turns them off. `SEALWRIGHT_KEYS` names a folder for private keys outside the project,
`SEALWRIGHT_PASSPHRASE` is the passphrase of encrypted ones.
"""


def page() -> str:
    """Every command with its arguments, options and example."""
    lines = _INTRODUCTION.splitlines()
    for name in COMMANDS:
        context = click.Context(cli, info_name="sealwright", **cli.context_settings)
        command = cli.get_command(context, name)
        assert command is not None
        lines += _command(_context(command, name, context), level=2)
    return document(lines)


def _command(context: click.Context, *, level: int) -> Iterator[str]:
    command = context.command
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield from ("", f"{'#' * level} `{context.command_path}`", "", f"`{usage}`", "")
    yield inspect.cleandoc(command.help or "")
    if not isinstance(command, click.Group):
        yield from ("", *_options(context))
        if command.epilog:
            yield from ("", f"{command.epilog.replace('Example: ', 'Example: `', 1)}`")
        return
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        yield from _command(_context(inner, name, context), level=level + 1)


def _context(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    return click.Context(command, info_name=name, parent=parent, max_content_width=100)


def _options(context: click.Context) -> Iterator[str]:
    rows: list[Row] = []
    for parameter in context.command.get_params(context):
        if isinstance(parameter, click.Option) and "--help" not in parameter.opts:
            found = parameter.get_help_record(context)
            assert found is not None
            needed = " Required." if parameter.required else ""
            rows.append((f"`{found[0]}`", found[1].removesuffix("  [required]") + needed))
    return table(("option", "meaning"), rows)
