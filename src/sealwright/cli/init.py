"""`sealwright init`: sealwright.toml, keys, trust root and ledger."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sealwright.cli.render import emit

if TYPE_CHECKING:
    from sealwright.lifecycle.template import DataChoice


@click.command(
    epilog="Example: sealwright init --name tumour-check --train data/train.csv "
    "--test data/test.csv --label malignant --owner mina"
)
@click.option("--name", help="Short name of the system (default: the folder's).")
@click.option("--purpose", help="What it is for, and who decides with its output.")
@click.option("--train", type=click.Path(path_type=Path), help="Training data (CSV or Parquet).")
@click.option("--test", type=click.Path(path_type=Path), help="Test data.")
@click.option("--label", help="Column that the model predicts.")
@click.option("--group", "groups", multiple=True, help="Column whose groups are compared.")
@click.option("--code", multiple=True, help="Training code (default: train.py).")
@click.option("--lock", default="", help="Requirements or lock file of the environment.")
@click.option(
    "--answer",
    "answers",
    multiple=True,
    metavar="QUESTION=yes|no",
    help="A risk question's answer.",
)
@click.option("--owner", help="Your id as first principal (default: your user name).")
@click.option("--owner-name", help="Your name.")
@click.option("--discipline", "disciplines", multiple=True, help="Your expertise.")
@click.option("--encrypt", is_flag=True, help="Encrypt your key with the passphrase.")
@click.option("--passphrase-file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--dir", "-C", "folder", type=click.Path(path_type=Path, file_okay=False), default=Path()
)
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text")
def command(  # one parameter per option
    name: str | None,
    purpose: str | None,
    train: Path | None,
    test: Path | None,
    label: str | None,
    groups: tuple[str, ...],
    code: tuple[str, ...],
    lock: str,
    answers: tuple[str, ...],
    owner: str | None,
    owner_name: str | None,
    disciplines: tuple[str, ...],
    encrypt: bool,
    passphrase_file: Path | None,
    folder: Path,
    style: str,
) -> None:
    """Start a project: write a commented sealwright.toml, make keys, trust root and ledger.

    A sealwright.toml that is there already is kept as it is. On a terminal, what is not given as an
    option is asked.
    """
    from sealwright.evidence.keyfile import passphrase_from
    from sealwright.evidence.predicates.governance import Person
    from sealwright.lifecycle.read import read_lifecycle
    from sealwright.lifecycle.template import Choices, render, system_name
    from sealwright.project.create import create
    from sealwright.project.keyring import check_name
    from sealwright.project.layout import Layout, write_atomically

    root = folder.resolve()
    layout = Layout(root)
    principal = check_name(owner or _ask("Your id", default=_user()))
    text = ""
    if layout.lifecycle.exists():
        system = read_lifecycle(layout.lifecycle).system.name
    else:
        title = name or _ask("Name of the system", default=system_name(root.name))
        choices = Choices(
            name=system_name(title),
            purpose=purpose or Choices().purpose,
            data=(
                _data(root, "train", train or Path("data/train.csv")),
                _data(root, "test", test or Path("data/test.csv")),
            ),
            label=label or Choices().label,
            groups=groups,
            code=code or ("train.py",),
            command=("python", *(code[:1] or ("train.py",))),
            lock=lock,
            answers=dict(_answer(item) for item in answers),
        )
        text, system = render(choices), choices.name
    prompt = _passphrase if sys.stdin.isatty() else None
    root.mkdir(parents=True, exist_ok=True)
    with create(
        root,
        system=system,
        owner=Person(id=principal, name=owner_name or principal, disciplines=disciplines),
        passphrase=passphrase_from(file=passphrase_file, prompt=prompt),
        encrypt=encrypt,
    ) as project:
        if text:
            write_atomically(layout.lifecycle, text.encode())
        lines = [
            f"{layout.lifecycle}: {'written; edit what says TODO' if text else 'kept'}",
            f"{layout.state}: keys, trust root and ledger {project.ledger.origin}",
            f"{principal} is owner, engineer, steward and root",
            "keep a copy of .sealwright/trust.json elsewhere: auditors verify with it",
            "next: sealwright run",
        ]
        emit(
            {
                "system": system,
                "principal": principal,
                "written": bool(text),
                "trust": layout.trust,
                "origin": project.ledger.origin,
            },
            lines,
            style=style,
        )


def _user() -> str:
    try:
        return getpass.getuser().lower()
    except (KeyError, OSError):
        return "owner"


def _ask(question: str, *, default: str) -> str:
    if not sys.stdin.isatty():
        return default
    answer: str = click.prompt(question, default=default, err=True)
    return answer


def _passphrase() -> str:
    answer: str = click.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True)
    return answer


def _answer(text: str) -> tuple[str, str]:
    question, equals, answer = text.partition("=")
    if not equals or answer not in ("yes", "no", "unknown"):
        raise click.UsageError(f"--answer {text!r}: expected QUESTION=yes, =no or =unknown")
    return question, answer


def _data(root: Path, role: str, path: Path) -> DataChoice:
    """A data set choice, with its columns where the file can be read."""
    from sealwright.lifecycle.columns import guess_columns
    from sealwright.lifecycle.template import DataChoice

    place = path if path.is_absolute() else root / path
    relative = place.resolve()
    if not relative.is_relative_to(root):
        raise click.UsageError(f"{path} is outside the project's folder {root}")
    columns = guess_columns(place) if place.is_file() and place.suffix == ".csv" else ()
    return DataChoice(
        name=role,
        path=relative.relative_to(root).as_posix(),
        role="train" if role == "train" else "test",
        columns=columns,
    )
