"""`sealwright init`: sealwright.toml, keys, trust root and ledger."""

from __future__ import annotations

import getpass
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from sealwright.cli.options import shared
from sealwright.cli.render import emit

if TYPE_CHECKING:
    from sealwright.lifecycle.columns import ColumnGuess
    from sealwright.lifecycle.template import DataChoice

TODO = "TODO"
"""What sealwright.toml says where only a person knows the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the options said about the system and its data; empty where they said nothing."""

    name: str
    owner: str
    purpose: str
    train: Path
    test: Path
    label: str
    groups: tuple[str, ...]
    code: tuple[str, ...]
    lock: str
    answers: tuple[str, ...]
    source: str
    licence: str
    legal_basis: str
    personal_data: str
    labels_method: str
    produced_by: tuple[str, ...]


@click.command(
    epilog="Example: sealwright init --name tumour-check --train data/train.csv "
    "--test data/test.csv --label malignant --owner mina"
)
@click.option("--name", help="Short name of the system (default: the folder's).")
@click.option("--purpose", default="", help="What it is for, and who decides with its output.")
@click.option(
    "--train",
    type=click.Path(path_type=Path),
    default=Path("data/train.csv"),
    show_default=True,
    help="Training data (CSV or Parquet).",
)
@click.option(
    "--test",
    type=click.Path(path_type=Path),
    default=Path("data/test.csv"),
    show_default=True,
    help="Test data.",
)
@click.option("--label", default="", help="Column that the model predicts.")
@click.option("--group", "groups", multiple=True, help="Column whose groups are compared.")
@click.option("--source", default="", help="Where the data comes from.")
@click.option("--licence", default="", help="Licence of the data, as SPDX name if it has one.")
@click.option("--legal-basis", default="", help="Why the data may be used for this purpose.")
@click.option(
    "--personal-data",
    type=click.Choice(["yes", "no", "unknown"]),
    default="unknown",
    help="Whether the data is about identifiable people.",
)
@click.option("--labels-method", default="", help="How the labels were made.")
@click.option("--produced-by", multiple=True, help="Script that made the data files.")
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
@shared
def command(
    name: str | None,
    owner: str | None,
    owner_name: str | None,
    disciplines: tuple[str, ...],
    encrypt: bool,
    passphrase_file: Path | None,
    folder: Path,
    style: str,
    **said: Any,
) -> None:
    """Start a project: write a commented sealwright.toml, make keys, trust root and ledger.

    A sealwright.toml that is there already is kept as it is. On a terminal, the name and your id
    are asked unless they are given as options.
    """
    from sealwright.evidence.keyfile import passphrase_from
    from sealwright.evidence.predicates.governance import Person
    from sealwright.lifecycle.read import read_lifecycle
    from sealwright.lifecycle.template import system_name
    from sealwright.project.create import create
    from sealwright.project.keyring import check_name
    from sealwright.project.layout import Layout
    from sealwright.project.people import check_disciplines

    root = folder.resolve()
    layout = Layout(root)
    check_disciplines(disciplines)
    principal = check_name(owner or _ask("Your id", default=_user()))
    text = ""
    if layout.lifecycle.exists():
        system = read_lifecycle(layout.lifecycle).system.name
    else:
        system = system_name(name or _ask("Name of the system", default=system_name(root.name)))
        text = _lifecycle(root, Said(name=system, owner=principal, **said))
    prompt = _passphrase if sys.stdin.isatty() else None
    root.mkdir(parents=True, exist_ok=True)
    with create(
        root,
        system=system,
        owner=Person(id=principal, name=owner_name or principal, disciplines=disciplines),
        lifecycle=text,
        passphrase=passphrase_from(file=passphrase_file, prompt=prompt),
        encrypt=encrypt,
    ) as project:
        left = _left(text)
        edit = f"edit {layout.lifecycle.name}, then: " if left else ""
        lines = [
            f"{layout.lifecycle}: {_written(text, left)}",
            f"{layout.state}: keys, trust root and ledger {project.ledger.origin}",
            f"{principal} is owner, engineer, steward and root",
            "keep a copy of .sealwright/trust.json elsewhere: auditors verify with it",
            f"next: {edit}sealwright run",
        ]
        emit(
            {
                "system": system,
                "principal": principal,
                "written": bool(text),
                "todo": left,
                "trust": layout.trust,
                "origin": project.ledger.origin,
            },
            lines,
            style=style,
        )


def _lifecycle(root: Path, said: Said) -> str:
    """The text of sealwright.toml, with a TODO for whatever was not said."""
    from sealwright.lifecycle.template import Choices, render

    train, test = _data(root, "train", said), _data(root, "test", said)
    script = said.code[0] if said.code else "train.py"
    return render(
        Choices(
            name=said.name,
            purpose=said.purpose or Choices().purpose,
            data=(train, test),
            label=said.label or TODO,
            features=_features(train.columns, said),
            groups=said.groups,
            code=said.code or (script,),
            command=("python", script),
            lock=said.lock,
            answers=dict(_answer(item) for item in said.answers),
            signers={"default": said.owner},
        )
    )


def _features(columns: tuple[ColumnGuess, ...], said: Said) -> tuple[str, ...]:
    """The columns that a model can take: all but the label, and but groups that are text."""
    text = {column.name for column in columns if column.type not in ("integer", "number")}
    out = {said.label, *(set(said.groups) & text)}
    return tuple(column.name for column in columns if column.name not in out)


def _data(root: Path, role: Literal["train", "test"], said: Said) -> DataChoice:
    """A data set as far as it was told, with its columns where the file can be read."""
    from sealwright.lifecycle.columns import guess_columns
    from sealwright.lifecycle.template import DataChoice

    path = said.train if role == "train" else said.test
    place = path if path.is_absolute() else root / path
    resolved = place.resolve()
    if not resolved.is_relative_to(root):
        raise click.UsageError(f"{path} is outside the project's folder {root}")
    more: dict[str, Any] = {
        "source": said.source,
        "licence": said.licence,
        "legal_basis": said.legal_basis,
        "contains_personal_data": said.personal_data,
        "groups": list(said.groups),
        "produced_by": list(said.produced_by),
    }
    labels = {"column": said.label or TODO, "method": said.labels_method}
    known = {key: value for key, value in more.items() if value}
    return DataChoice(
        name=role,
        path=resolved.relative_to(root).as_posix(),
        role=role,
        columns=guess_columns(place) if place.is_file() and place.suffix == ".csv" else (),
        more={**known, "labels": {key: value for key, value in labels.items() if value}},
    )


def _left(text: str) -> list[int]:
    """Numbers of the lines that a person still has to write; comments do not count."""
    return [
        number
        for number, line in enumerate(text.splitlines(), 1)
        if TODO in line and not line.startswith("#")
    ]


def _written(text: str, left: list[int]) -> str:
    if not text:
        return "kept"
    if not left:
        return "written"
    lines = f"line{'s' if len(left) > 1 else ''} {', '.join(map(str, left))}"
    return f"written; a TODO is left in {lines}"


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
