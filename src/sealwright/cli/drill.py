"""`sealwright drill`: attack a throw-away copy of the controls, and see whether they hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sealwright.cli.options import answer_style, opened, shared, signer
from sealwright.cli.render import emit, show, styled

if TYPE_CHECKING:
    from sealwright.drill.declaration import Declaration, Drill
    from sealwright.drill.run import Outcome
    from sealwright.evidence.predicates.operation import DrillResult

_COLOURS = {"prevented": "green", "detected": "yellow", "missed": "red", "error": "red"}
_TITLE = 46


@click.group(epilog="Example: sealwright drill run")
def group() -> None:
    """Attack a throw-away copy of the controls, and see whether they hold.

    Drills run against an installation that is made for them and deleted again: your own is not
    touched, except that the signed results are added to its ledger.
    """


@group.command("list", epilog="Example: sealwright drill list")
@answer_style
def list_drills(style: str) -> None:
    """Show all drills."""
    found = [drill.declaration for drill in _chosen(())]
    lines = [f" {each.id}  {each.title:{_TITLE}}  {', '.join(each.atlas)}" for each in found]
    emit(found, lines, style=style)


@group.command("show", epilog="Example: sealwright drill show DEP-05")
@click.argument("drill")
@answer_style
def show_drill(drill: str, style: str) -> None:
    """Show what DRILL does, what must stop it, and what must tell of it."""
    ((declared),) = [each.declaration for each in _chosen((drill,))]
    emit(declared, _declared(declared), style=style)


def _declared(each: Declaration) -> Iterator[str]:
    yield styled(f"{each.id}  {each.title}", bold=True)
    yield f"  ATLAS       {', '.join(each.atlas)}"
    for name, text in (
        ("attack", each.attack),
        ("twin", each.twin),
        ("prevention", each.prevention),
        ("detection", each.detection),
        ("clean-up", each.cleanup),
    ):
        wrapped = click.wrap_text(text, width=84).splitlines()
        yield f"  {name:10}  {wrapped[0]}"
        yield from (f"  {'':10}  {line}" for line in wrapped[1:])
    yield f"  controls    {', '.join(each.controls)}"
    bounds = each.bounds
    requests = f", {bounds.requests} requests" if bounds.requests else ""
    yield f"  bounds      {bounds.seconds} s, {bounds.megabytes} MiB{requests}"


@group.command("run", epilog="Example: sealwright drill run DAT-01 GOV-01 --as olga")
@click.argument("drills", nargs=-1, metavar="[ID]...")
@signer
@shared
def run(
    drills: tuple[str, ...],
    principal: str | None,
    key: Path | None,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
) -> None:
    """Run the drills named (default: all), and put their signed results on record.

    A result is prevented, detected, missed or error. Exit code 1 if one was missed, a benign twin
    set off an alarm, or something was left behind; 3 if one could not be run.
    """
    from sealwright.drill import results
    from sealwright.drill.run import run_all

    chosen = _chosen(drills)
    with opened(folder, passphrase_file, principal=principal, key=key) as project:
        who = principal or project.signer_for(results.PHASE)
        project.keyring.signer(who)  # whose key is not here is told before anything is attacked

        def done(outcome: Outcome) -> None:
            results.record(project, outcome, signer=who)
            if style == "text":
                for line in _outcome(outcome):
                    show(line)

        outcomes = run_all(project, chosen, done=done)
        emit([_as_json(each) for each in outcomes], [_summary(outcomes)], style=style)
    verdicts = {each.conclusion.verdict for each in outcomes}
    if "missed" in verdicts or any(_went_wrong(each) for each in outcomes):
        raise click.exceptions.Exit(1)
    if "error" in verdicts:
        raise click.exceptions.Exit(3)


def _went_wrong(outcome: Outcome) -> bool:
    return bool(outcome.conclusion.twin_alarms) or not outcome.cleaned


def _outcome(outcome: Outcome) -> Iterator[str]:
    came_to = outcome.conclusion
    yield _line(
        outcome.declaration.id,
        outcome.declaration.title,
        came_to.verdict,
        f"{outcome.seconds:5.1f} s",
    )
    yield from (f"          {note}" for note in came_to.notes)
    yield from (f"          clean-up: {left}" for left in outcome.left)


def _line(drill: str, title: str, verdict: str, tail: str) -> str:
    word = styled(f"{verdict:9}", fg=_COLOURS.get(verdict, "white"), bold=True)
    return f" {drill:7} {title:{_TITLE}}  {word} {tail}"


def _summary(outcomes: Sequence[Outcome]) -> str:
    verdicts = [each.conclusion.verdict for each in outcomes]
    words = ", ".join(f"{verdicts.count(word)} {word}" for word in _COLOURS if word in verdicts)
    alarms = sum(each.conclusion.twin_alarms for each in outcomes)
    clean = sum(each.cleaned for each in outcomes)
    seconds = sum(each.seconds for each in outcomes)
    return (
        f"{len(outcomes)} drills: {words}; {alarms} alarms from {len(outcomes)} benign twins;"
        f" {clean} clean-ups proved; {seconds:.0f} s"
    )


def _as_json(outcome: Outcome) -> dict[str, object]:
    declared, came_to = outcome.declaration, outcome.conclusion
    return {
        "id": declared.id,
        "title": declared.title,
        "atlas": declared.atlas,
        "verdict": came_to.verdict,
        "prevented": came_to.prevented,
        "detected": came_to.detected,
        "twin_alarms": came_to.twin_alarms,
        "cleaned": outcome.cleaned,
        "left": outcome.left,
        "evidence": came_to.evidence,
        "notes": came_to.notes,
        "seconds": outcome.seconds,
        "correlation": outcome.correlation,
    }


@group.command("report", epilog="Example: sealwright drill report --format json")
@shared
def report(folder: Path, style: str, passphrase_file: Path | None) -> None:
    """Show the newest result of each drill on record, and how old it is."""
    from sealwright.drill import results

    with opened(folder, passphrase_file) as project:
        newest, now = results.newest(project), project.now()
        rows: list[tuple[dict[str, object], str]] = []
        for declared in (drill.declaration for drill in _chosen(())):
            item, said = newest.get(declared.id, (None, None))
            if item is None or said is None:
                line = _line(declared.id, declared.title, "", "never run")
                rows.append(({"id": declared.id, "result": None}, line))
                continue
            age = now - item.at
            value: dict[str, object] = {
                "id": said.id,
                "entry": item.index,
                "by": item.principal.id,
                "age_seconds": int(age.total_seconds()),
                "result": said,
            }
            line = _line(said.id, declared.title, said.verdict, _tail(said, age))
            rows.append((value, line))
        emit([value for value, _ in rows], [line for _, line in rows], style=style)


def _tail(said: DrillResult, age: timedelta) -> str:
    minutes = age.total_seconds() / 60
    steps = ((2 * 1440, 1440, "days"), (120, 60, "h"), (0, 1, "min"))
    size, unit = next((size, unit) for start, size, unit in steps if minutes >= start)
    parts = [f"{minutes / size:.0f} {unit} ago"]
    if not said.detected:
        parts.append("not detected")
    if said.twin_alarms:
        parts.append(f"{said.twin_alarms} alarms by the twin")
    if not said.cleaned:
        parts.append("not cleaned up")
    return ", ".join(parts)


@group.command("recover", epilog="Example: sealwright drill recover")
@shared
def recover(folder: Path, style: str, passphrase_file: Path | None) -> None:
    """End the processes and delete the folders that a killed run of drills left behind.

    Only what its journal names is touched. Exit code 1 if something could not be undone.
    """
    from sealwright.drill.journal import recover as undo

    with opened(folder, passphrase_file) as project:
        found = undo(project.layout.state)
        lines = []
        for each in found:
            if each.alive:
                lines.append(f" .. {each.run}: still running; nothing was touched")
                continue
            pids = ", ".join(str(known.pid) for known in each.killed) or "none"
            lines.append(f" {'XX' if each.left else 'ok'} {each.run}: processes killed: {pids}")
            if each.deleted:
                lines.append(f"      {each.deleted}: {'still there' if each.left else 'deleted'}")
            lines += [f"      {left}" for left in each.left]
        emit(found, lines or ["nothing was left behind"], style=style)
    if any(each.left for each in found):
        raise click.exceptions.Exit(1)


def _chosen(ids: Sequence[str]) -> list[Drill]:
    """The drills with these ids, in the registry's order; all if none is named."""
    from sealwright.drill.registry import DRILLS
    from sealwright.errors import UsageError

    known = {drill.declaration.id: drill for drill in DRILLS}
    wanted = {each.upper() for each in ids}
    if unknown := wanted - known.keys():
        raise UsageError(
            f"there is no drill {', '.join(sorted(unknown))!r:.80}",
            advice="see `sealwright drill list`",
        )
    return [drill for name, drill in known.items() if not wanted or name in wanted]
