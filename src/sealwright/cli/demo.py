"""`sealwright demo`: plays the story with the same commands that a user types."""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import click

from sealwright.demo.story import SCENES, Command
from sealwright.errors import Refused, UsageError


@click.command(epilog="Example: sealwright demo --dir try-it")
@click.option(
    "--dir", "folder", type=click.Path(path_type=Path, file_okay=False), help="Play it here."
)
@click.option(
    "--lock",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Lock file of this environment (default: what is installed, without hashes).",
)
def command(folder: Path | None, lock: Path | None) -> None:
    """Watch a model earn its admission, be served, attacked, pulled and rolled back.

    Everything happens in a folder of its own, by commands that you could type there. Exit code 1 if
    any of them does not answer as it must.
    """
    place = _prepare(folder)
    if lock is not None:
        shutil.copyfile(lock, place / "requirements.txt")
    started = time.monotonic()
    click.echo(f"$ cd {place}")
    with _inside(place), contextlib.ExitStack() as staying:
        for number, scene in enumerate(SCENES, start=1):
            click.echo()
            click.echo(click.style(f"{number}. {scene.title}", bold=True))
            click.echo(
                click.wrap_text(scene.text, width=96, initial_indent="   ", subsequent_indent="   ")
            )
            for typed in scene.commands:
                if typed.stays:
                    staying.enter_context(_started(typed))
                else:
                    _play(typed)
    click.echo()
    click.echo(f"From raw data to a rollback in {time.monotonic() - started:.0f} s.")
    click.echo(f"  report   {place / 'report.html'}")
    click.echo(f"  dossier  {place / 'dossier.html'}")
    click.echo(f"  coverage {place / 'coverage.html'}")
    click.echo(f"  ledger   {place / '.sealwright' / 'ledger.db'}")
    click.echo(f"  audit    {place / 'audit'}")
    click.echo(
        f"  verify   sealwright ledger verify {shlex.quote(str(place / 'audit'))} "
        f"--trust {shlex.quote(str(place / '.sealwright' / 'trust.json'))}"
    )


def _prepare(folder: Path | None) -> Path:
    """An empty folder with the demo's files in it."""
    if folder is None:
        place = Path(tempfile.mkdtemp(prefix="sealwright-demo-"))
    elif folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty", advice="choose a folder that does not exist yet")
    else:
        place = folder.resolve()
        place.mkdir(parents=True, exist_ok=True)
    for item in (resources.files("sealwright.demo") / "project").iterdir():
        if item.is_file():
            (place / item.name).write_bytes(item.read_bytes())
    return place


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextlib.contextmanager
def _started(typed: Command) -> Iterator[None]:
    """Starts a command that stays, shows what it says once it is ready, and stops it at the end.

    Scripts find the address that it tells in MODEL_URL. Refused if it is never ready.
    """
    click.echo(click.style(f"   $ {shlex.join(typed.words)} &", fg="cyan"))
    program = "from sealwright.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", program, *typed.words[1:]],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            os.environ["MODEL_URL"] = _address(process)
            yield
        finally:
            process.terminate()


def _address(process: subprocess.Popen[str]) -> str:
    """The first address in what the process says; everything up to its last line is shown."""
    assert process.stdout is not None
    found = ""
    for line in process.stdout:
        click.echo(f"     {line.rstrip()}")
        if not found and " at http" in line:
            found = line.split(" at ")[1].split()[0].rstrip(",")
        if line.startswith("operators:"):
            break
    if not found:
        raise Refused("the demonstration went wrong: nothing is served")
    click.echo(click.style(f"   $ export MODEL_URL={found}", fg="cyan"))
    return found


def _play(typed: Command) -> None:
    """Shows the command, runs it, shows what it printed; Refused if its exit code is another."""
    click.echo(click.style(f"   $ {shlex.join(typed.words)}", fg="cyan"))
    code, output = (
        _sealwright(typed.words[1:]) if typed.words[0] == "sealwright" else _other(typed.words)
    )
    lines = output.rstrip("\n").split("\n") if output.strip() else []
    shown = lines if typed.lines is None else lines[: typed.lines]
    for line in shown:
        click.echo(f"     {line}")
    if len(shown) < len(lines):
        click.echo(f"     … {len(lines) - len(shown)} more lines")
    if code:
        click.echo(f"     (exit code {code})")
    if code != typed.expect:
        raise Refused(
            f"the demonstration went wrong: exit code {code}, expected {typed.expect}",
            advice="this should not happen; please report it with the output above",
        )


def _sealwright(words: tuple[str, ...]) -> tuple[int, str]:
    """Runs one of our own commands in this process: the same code as from a shell."""
    from sealwright.cli import execute

    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        code = execute(list(words))
    return code, output.getvalue()


def _other(words: tuple[str, ...]) -> tuple[int, str]:
    program = sys.executable if words[0] == "python" else words[0]
    done = subprocess.run(
        [program, *words[1:]], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    return done.returncode, done.stdout + done.stderr
