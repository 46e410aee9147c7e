"""`sealwright review`: the cases that people decide."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from sealwright.cli.options import opened, shared
from sealwright.cli.render import emit, mark

if TYPE_CHECKING:
    from sealwright.project.core import Project
    from sealwright.project.serving.reviews import Case

WORDS = click.Choice(["confirm", "override", "positive", "negative", "reject"])


@click.group(epilog="Example: sealwright review list")
def group() -> None:
    """Look at the cases that the model does not decide alone, and decide them.

    A case that the model left open takes one person: an approver, an owner, or an operator of the
    discipline `domain`. A decision that must be confirmed takes two who say the same, neither an
    author of the model.
    """


@group.command("list", epilog="Example: sealwright review list")
@click.option("--all", "everything", is_flag=True, help="Also those that are closed.")
@shared
def list_cases(everything: bool, folder: Path, style: str, passphrase_file: Path | None) -> None:
    """Show the cases that wait, oldest first; without their inputs."""
    from sealwright.project.serving.reviews import list_cases as listed

    with opened(folder, passphrase_file) as project:
        found = listed(project, everything=everything)
        lines = [line for case in found for line in _lines(case)]
        emit([_value(case) for case in found], lines or ["no case waits"], style=style)


@group.command("open", epilog="Example: sealwright review open 0f3c-0 --as ines")
@click.argument("case")
@click.option("--as", "principal", required=True, metavar="PRINCIPAL", help="Who looks.")
@shared
def open_case(
    case: str, principal: str, folder: Path, style: str, passphrase_file: Path | None
) -> None:
    """Show one CASE with its inputs; notes who opened it, and when."""
    from sealwright.project.serving.reviews import look_at

    with opened(folder, passphrase_file) as project:
        found = look_at(project, case, signer=principal)
        inputs = _inputs(project, found)
        lines = [*_lines(found), *(f"      {name} = {value:g}" for name, value in inputs.items())]
        emit({**_value(found), "inputs": inputs}, lines, style=style)


@group.command(
    "answer", epilog="Example: sealwright review answer 0f3c-0 confirm --as ines --reason 'agreed'"
)
@click.argument("case")
@click.argument("word", type=WORDS)
@click.option("--as", "principal", required=True, metavar="PRINCIPAL", help="Who answers.")
@click.option("--reason", required=True, help="Why; the report shows it.")
@click.option("--key", type=click.Path(path_type=Path, dir_okay=False), help="Your private key.")
@shared
def answer(
    case: str,
    word: Literal["confirm", "override", "positive", "negative", "reject"],
    principal: str,
    reason: str,
    key: Path | None,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
) -> None:
    """Answer CASE: confirm or override the model's decision, decide what it left open as positive
    or negative, or reject the case.

    Exit code 1 where it is not yours to answer.
    """
    from sealwright.project.serving.reviews import answer as answered

    with opened(folder, passphrase_file, principal=principal, key=key) as project:
        found = answered(project, case, word, reason=reason, signer=principal)
        emit(_value(found), _lines(found), style=style)


_STATES = {
    "open": ("missing", "waits"),
    "pending": ("warned", "somebody else must say the same"),
    "positive": ("done", "decided: positive"),
    "negative": ("done", "decided: negative"),
    "none": ("failed", "rejected"),
}


def _lines(found: Case) -> list[str]:
    case = found.case
    status, text = _STATES[found.state]
    asked = {"confirm": "to be confirmed", "review": "left open"}[case.kind]
    lines = [
        f" {mark(status)} {case.case}  {case.name} version {case.digest[:12]}  {text}",
        f"      {asked}: the model says {case.model_decision}, score {case.score:g}; "
        f"asked by {case.client} at {_time(case.at)}",
    ]
    for item in found.words:
        said: Any = item.predicate
        lines.append(
            f"      {item.principal.id}: {said.action}, {said.decision}: {said.reason}"
            f" (entry {item.index})"
        )
    return lines


def _value(found: Case) -> dict[str, object]:
    case = found.case
    return {
        "case": case.case,
        "kind": case.kind,
        "state": found.state,
        "name": case.name,
        "digest": case.digest,
        "client": case.client,
        "score": case.score,
        "model_decision": case.model_decision,
        "at": _time(case.at),
        "decided_at": found.at,
        "words": [
            {"index": item.index, "signer": item.principal.id, "said": item.predicate}
            for item in found.words
        ],
    }


def _inputs(project: Project, found: Case) -> dict[str, float]:
    """The inputs by name; by place where no contract of the version names them."""
    from sealwright.project.serving.standing import contract_of, court

    contract, _ = contract_of(court(project, now=project.now()).index, found.case.digest)
    values = found.case.values
    names = contract.features if contract is not None else ()
    if len(names) != len(values):
        names = tuple(str(place) for place in range(len(values)))
    return dict(zip(names, values, strict=True))


def _time(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
