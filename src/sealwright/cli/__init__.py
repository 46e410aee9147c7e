"""The command line: one file per command, imported only when it is used.

`execute` is the only place that turns errors into exit codes:
0 pass, 1 said no, 2 wrong usage, 3 could not look, 4 evidence tampered or unverifiable.
"""

from __future__ import annotations

import gc
import os
import sys

import click

from sealwright.cli.lazy import LazyGroup
from sealwright.errors import CannotLook, SealwrightError

COMMANDS = {
    "init": ("sealwright.cli.init:command", "Start a project: sealwright.toml, keys, ledger."),
    "run": ("sealwright.cli.run:command", "Run the phases, in order, up to the gate."),
    "gate": ("sealwright.cli.gate:command", "Ask whether an artifact may pass."),
    "why": ("sealwright.cli.why:command", "Walk from a denial to its root cause."),
    "approve": ("sealwright.cli.approve:command", "Sign your answer to the gate's question."),
    "waive": ("sealwright.cli.waive:command", "Grant a dated exception to one requirement."),
    "incident": ("sealwright.cli.incident:group", "See what went wrong; say when it is over."),
    "trace": ("sealwright.cli.trace:command", "Follow an artifact up and down its lineage."),
    "data": ("sealwright.cli.data:group", "Add, check and open data sets."),
    "train": ("sealwright.cli.train:command", "Train in the sandbox."),
    "model": ("sealwright.cli.model:group", "Scan, sign and verify models."),
    "validate": ("sealwright.cli.validate:command", "Evaluate the model against its criteria."),
    "release": ("sealwright.cli.release:command", "Put an admitted model into service."),
    "serve": ("sealwright.cli.serve:command", "Serve what is released, watched and on record."),
    "access": ("sealwright.cli.access:group", "Let clients in by key; lock them out again."),
    "review": ("sealwright.cli.review:group", "Decide the cases that wait for people."),
    "decisions": ("sealwright.cli.decisions:group", "Verify and show what the gateway decided."),
    "alert": ("sealwright.cli.alert:group", "See what the monitoring was alarmed by."),
    "rollback": ("sealwright.cli.rollback:command", "Serve the last version that may be served."),
    "revoke": ("sealwright.cli.revoke:command", "Take an artifact and its descendants out of use."),
    "stop": ("sealwright.cli.stop:command", "Stop serving, with or without the ledger."),
    "report": ("sealwright.cli.report:command", "Write the report as JSON or one HTML page."),
    "card": ("sealwright.cli.card:command", "Show the card of a model or a data set."),
    "coverage": ("sealwright.cli.coverage:command", "Say which controls the ledger evidences."),
    "dossier": ("sealwright.cli.dossier:command", "Write the technical documentation (Annex IV)."),
    "ledger": ("sealwright.cli.ledger:group", "Show, verify, export and prove the ledger."),
    "keys": ("sealwright.cli.keys:group", "Make keys; say who may sign what."),
    "course": ("sealwright.cli.course:group", "Record who finished which training."),
    "drill": ("sealwright.cli.drill:group", "Attack a copy of the controls; see if they hold."),
    "scan": ("sealwright.cli.scan:command", "Scan any model files, without a project."),
    "vulndb": ("sealwright.cli.vulndb:group", "Import known vulnerabilities, to look up offline."),
    "demo": ("sealwright.cli.demo:command", "Watch a model earn its admission."),
}
"""The product's table of contents: command → where it lives, and its line in the help."""


@click.group(
    cls=LazyGroup,
    table=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: sealwright init && sealwright run && sealwright report --html report.html",
)
@click.version_option(package_name="sealwright", message="%(prog)s %(version)s")
def cli() -> None:
    """Signed evidence, a tamper-evident ledger and a policy gate for the AI lifecycle."""


def main() -> None:
    """Runs the command line and exits with its code.

    What a scan loads stays to its end: looking through it for garbage again and again, and once
    more at the exit, would be a sixth of its time. Other commands load libraries that want to be
    cleaned up after.
    """
    short = sys.argv[1:2] == ["scan"]
    if short:
        gc.set_threshold(50_000, 20, 100)
    code = execute(None)
    if short:
        gc.freeze()
    sys.exit(code)


def execute(arguments: list[str] | None) -> int:
    """Runs one command (default: the process's arguments) and returns its exit code."""
    try:
        code: int | None = cli.main(
            args=arguments, prog_name="sealwright", standalone_mode=False, color=_colour()
        )
    except click.exceptions.Abort:
        click.echo("stopped", err=True)
        code = 130
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except SealwrightError as error:
        show_error(error)
        code = error.exit_code
    except BrokenPipeError:
        # The reader went away (`| head`); keep the interpreter from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except OSError as error:
        # A disk that is full, a folder that may not be written: only the system knows more.
        place = f"{error.filename}: " if error.filename else ""
        show_error(CannotLook(f"{place}{error.strerror or error}"))
        code = CannotLook.exit_code
    return code or 0


def show_error(error: SealwrightError) -> None:
    """What was wrong, then what to do."""
    from sealwright.cli.render import show, styled

    first, *more = error.message.split("\n")
    lines = [styled("error: ", fg="red", bold=True) + first, *(f"       {line}" for line in more)]
    if error.advice:
        first, *more = error.advice.split("\n")
        lines += [styled("  try: ", bold=True) + first, *(f"       {line}" for line in more)]
    for line in lines:
        show(line, err=True, color=_colour())


def _colour() -> bool | None:
    """False where somebody said NO_COLOR (https://no-color.org) or the terminal is dumb; otherwise
    None: click then colours what goes to a terminal."""
    refused = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return False if refused else None
