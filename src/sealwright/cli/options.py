"""Options that many commands share, and how a command opens its project."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from sealwright.project.core import Project

F = TypeVar("F", bound=Callable[..., Any])


def in_project(function: F) -> F:
    """--dir: where the project is."""
    return click.option(
        "--dir",
        "-C",
        "folder",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path(),
        help="The project's folder, or one below it.",
    )(function)


def answer_style(function: F) -> F:
    """--format: how the answer is written."""
    return click.option(
        "--format",
        "style",
        type=click.Choice(["text", "json"]),
        default="text",
        help="Text for people or JSON for programs.",
    )(function)


def shared(function: F) -> F:
    """--dir, --format and --passphrase-file."""
    for option in (
        in_project,
        answer_style,
        click.option(
            "--passphrase-file",
            type=click.Path(path_type=Path, dir_okay=False),
            help="First line is the passphrase of encrypted keys (else SEALWRIGHT_PASSPHRASE).",
        ),
    ):
        function = option(function)
    return function


def newest(*, default: int, most: int) -> Callable[[F], F]:
    """--limit: how many of the newest are shown."""
    return click.option(
        "--limit",
        type=click.IntRange(1, most),
        default=default,
        show_default=True,
        help="The newest so many.",
    )


def documents(function: F) -> F:
    """--html and --json: files that the answer is written to, too."""
    for flag, name, what in (("--json", "json_file", "JSON"), ("--html", "html", "one page")):
        path = click.Path(path_type=Path, dir_okay=False)
        function = click.option(flag, name, type=path, help=f"Write {what}.")(function)
    return function


def written(
    *, html: Path | None, page: Callable[[], str], json_file: Path | None, data: Callable[[], bytes]
) -> list[str]:
    """Writes the files that `documents` named, each made only if it is asked for; a line for each.

    CannotLook if one cannot be written.
    """
    from sealwright.files import write_output

    lines = []
    if html is not None:
        write_output(html, page().encode())
        lines.append(f"page: {html}")
    if json_file is not None:
        write_output(json_file, data())
        lines.append(f"JSON: {json_file}")
    return lines


def signer(function: F) -> F:
    """--as: who signs; --key: where the key is."""
    function = click.option(
        "--key",
        type=click.Path(path_type=Path, dir_okay=False),
        help="The private key, where it is not in the project's key folder.",
    )(function)
    return click.option("--as", "principal", metavar="PRINCIPAL", help="Who signs.")(function)


@contextmanager
def opened(
    folder: Path,
    passphrase_file: Path | None,
    *,
    principal: str | None = None,
    key: Path | None = None,
) -> Iterator[Project]:
    """The project at or above `folder`, closed at the end."""
    import sys

    from sealwright.evidence.keyfile import passphrase_from
    from sealwright.project.core import Project

    def ask() -> str:
        answer: str = click.prompt("Passphrase", hide_input=True, err=True)
        return answer

    passphrase = passphrase_from(file=passphrase_file, prompt=ask if sys.stdin.isatty() else None)
    with Project.open(folder, passphrase=passphrase) as project:
        if key is not None:
            if principal is None:
                raise click.UsageError("--key needs --as, to say whose key it is")
            project.keyring.use_file(principal, key)
        yield project
