"""`sealwright card`: the newest card of a model or a data set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from sealwright.cli.options import opened, shared
from sealwright.cli.render import emit

_DIGITS = 12


@click.command(epilog="Example: sealwright card train")
@click.argument("artifact", default="model")
@shared
def command(artifact: str, folder: Path, style: str, passphrase_file: Path | None) -> None:
    """Show the newest card of ARTIFACT: the model, or a data set by its name.

    A card is written from the evidence alone; each part names the statement that says it.
    """
    from sealwright.errors import InputMissing
    from sealwright.evidence.predicates.governance import Card
    from sealwright.project.resolve import resolve

    with opened(folder, passphrase_file) as project:
        named = resolve(project, artifact)
        found = [
            item
            for item in project.evidence()
            if isinstance(item.predicate, Card)
            and any(subject.sha256 == named.digest for subject in item.statement.subjects)
        ]
        if not found:
            raise InputMissing(
                f"there is no card of {named.name} ({named.digest[:_DIGITS]})",
                advice="`sealwright run` writes cards from the evidence",
            )
        said: Any = found[-1].predicate
        lines = [f"{said.kind} card of {said.name} ({named.digest[:_DIGITS]}), {said.at[:10]}"]
        lines += [line for name, part in said.content.items() for line in _part(name, part)]
        emit({"index": found[-1].index, "card": said}, lines, style=style)


def _part(name: str, value: Any, indent: int = 0) -> Iterator[str]:
    space = " " * indent
    if isinstance(value, dict):
        yield f"{space}{name}"
        for key, each in value.items():
            if key == "evidence":
                yield f"{space}  evidence {each[:_DIGITS]}"
            elif each not in ("", [], {}):
                yield from _part(key, each, indent + 2)
    elif isinstance(value, list) and any(isinstance(each, dict) for each in value):
        for number, each in enumerate(value, start=1):
            yield from _part(f"{name} {number}", each, indent)
    elif isinstance(value, list):
        yield f"{space}{name}: {', '.join(map(str, value)) or 'nothing'}"
    else:
        shown = f"{value:.4g}" if isinstance(value, float) else value
        yield f"{space}{name}: {shown}"
