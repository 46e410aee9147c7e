"""What `run`, `train`, `validate` and `data check` have in common: run, show, and the exit code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sealwright.cli.options import opened
from sealwright.cli.render import LineProgress, TerminalProgress, emit, mark, styled
from sealwright.cli.verdicts import as_json, verdict_lines

if TYPE_CHECKING:
    from sealwright.project.run import RunReport
    from sealwright.project.steps.step import Phase


def run_phases(
    folder: Path,
    *,
    phases: Sequence[Phase],
    style: str,
    passphrase_file: Path | None,
    again: bool,
    ask_release: bool,
    verbose: bool = False,
) -> None:
    """Runs phases and ends the command: 0 if all is well, 1 if a gate or a check said no."""
    from sealwright.project.run import run

    with opened(folder, passphrase_file) as project:
        progress = LineProgress() if verbose and style == "text" else TerminalProgress()
        report = run(
            project, phases=phases, progress=progress, again=again, ask_release=ask_release
        )
        lines = [] if verbose else _steps(report)
        if report.halted:  # an earlier gate's yes is not how this run ended
            lines.append(f"{styled('STOPPED', fg='red', bold=True)}: {report.halted}")
        elif report.verdict is not None:
            lines.extend(verdict_lines(report.verdict, everything=False))
        value = {
            "steps": report.steps,
            "verdict": as_json(report.verdict) if report.verdict else None,
            "stopped": report.stopped,
            "halted": report.halted,
        }
        emit(value, lines, style=style)
        # Only a release that was admitted answers for what failed before it: by a waiver, or by a
        # policy that does not ask for it. Leave to train says nothing of what came after.
        released = report.verdict is not None and report.verdict.question == "release"
        if report.stopped or (report.failed and not released):
            raise click.exceptions.Exit(1)


def _steps(report: RunReport) -> list[str]:
    return [
        f" {mark(step.outcome)} {step.title}" + (f"  {step.detail}" if step.detail else "")
        for step in report.steps
    ]
