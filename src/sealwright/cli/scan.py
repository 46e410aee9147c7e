"""`sealwright scan`: any model files, without a project, without loading them."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TextIO

import click

from sealwright.cli.render import mark, show, styled, visible

if TYPE_CHECKING:
    from sealwright.vetting.exclusion import Exclusion
    from sealwright.vetting.known import Known
    from sealwright.vetting.outcome import Outcome
    from sealwright.vetting.pickle.policy import Policy
    from sealwright.vetting.reports.interface import Scanned
    from sealwright.vetting.reports.text import Line
    from sealwright.vetting.session import Limits


class _Place(click.Path):
    """A path that is not empty: `Path("")` would be the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path, or a usage error."""
        if value == "":
            self.fail("the path is empty; write `.` for the current folder", param, ctx)
        return super().convert(value, param, ctx)


_FILE = _Place(path_type=Path, dir_okay=False)
_BYTES = click.IntRange(min=1)
_HEADS = {"pass": "green", "review": "yellow", "inconclusive": "yellow", "fail": "red"}
_MARKS = {"pass": "passed", "review": "warned", "inconclusive": "inconclusive", "fail": "failed"}


@click.command(epilog="Example: sealwright scan model/ weights.pt --format sarif --out scan.sarif")
@click.argument("paths", nargs=-1, required=True, type=_Place(path_type=Path))
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json", "sarif", "markdown"]),
    default="text",
    help="Text for people, JSON or SARIF 2.1.0 for programs, markdown for a pull request.",
)
@click.option("--out", type=_FILE, help="Write the report to a file; the verdict is printed.")
@click.option("--pack", "packs", multiple=True, type=_FILE, help="A policy pack more. Repeatable.")
@click.option(
    "--fail-on",
    type=click.Choice(["review", "fail"]),
    default="review",
    help="What ends with exit code 1: `fail` alone, or also what a person has to look at.",
)
@click.option(
    "--exclude",
    multiple=True,
    metavar="GLOB",
    help="Leave out files below a folder: a name at any level, or a path where it has a slash. The "
    "report says so. Repeatable.",
)
@click.option(
    "--base",
    type=_Place(path_type=Path, file_okay=False, exists=True),
    default=Path(),
    help="The folder that paths in SARIF are relative to (default: this one).",
)
@click.option(
    "--cache",
    type=_Place(path_type=Path, file_okay=False),
    help="A folder of your own that remembers what was found in files that have not changed.",
)
@click.option("--limit-seconds", type=click.IntRange(1, 86_400), help="Seconds for each PATH.")
@click.option("--limit-operations", type=_BYTES, help="Steps of parsers for each PATH.")
@click.option("--limit-members", type=_BYTES, help="Members of containers for each PATH.")
@click.option("--limit-depth", type=click.IntRange(1, 64), help="Containers within containers.")
@click.option("--limit-member", type=_BYTES, help="Bytes of one inflated member.")
@click.option("--limit-inflated", type=_BYTES, help="Inflated bytes for each PATH.")
def command(
    paths: tuple[Path, ...],
    style: str,
    out: Path | None,
    packs: tuple[Path, ...],
    fail_on: str,
    exclude: tuple[str, ...],
    base: Path,
    cache: Path | None,
    **bounds: int | None,
) -> None:
    """Scan model files and folders at PATHS without loading them.

    Exit code 0 where everything was examined and nothing was found, 1 where something must not be
    loaded or a person has to look at it, 3 where not everything was examined, which is no pass.
    """
    from sealwright.cli.scan_out import check_out
    from sealwright.vetting.exclusion import Exclusion
    from sealwright.vetting.reports.interface import Scanned, exit_code

    if out is not None:
        check_out(out, paths)
    limits, policy, exclusion = _limits(bounds), _policy(packs), Exclusion(exclude)
    scanned = Scanned(
        outcome=_scan(paths, policy, limits, exclusion, _known(cache, policy, limits)),
        targets=tuple(str(path) for path in paths),
        limits=limits,
        fail_on="fail" if fail_on == "fail" else "review",
        exclude=exclude,
        base=base,
    )
    _report(scanned, style=style, out=out)
    for pattern in exclusion.unused:
        show(f"note: --exclude {pattern!r} matched nothing", err=True)
    code = exit_code(scanned.outcome.verdict, fail_on=scanned.fail_on)
    if code:
        raise click.exceptions.Exit(code)


def _limits(bounds: dict[str, int | None]) -> Limits:
    from sealwright.vetting.session import Limits

    given: dict[str, Any] = {
        name.removeprefix("limit_"): value for name, value in bounds.items() if value is not None
    }
    return Limits(**given)


def _policy(packs: tuple[Path, ...]) -> Policy:
    from sealwright.vetting.packs.load import with_packs

    return with_packs(packs)


def _known(cache: Path | None, policy: Policy, limits: Limits) -> Known | None:
    if cache is None:
        return None
    from sealwright.vetting.applied import rules_digest
    from sealwright.vetting.known import Known
    from sealwright.vetting.reports.interface import scanner_version

    return Known(cache, rules=rules_digest(policy), limits=limits, version=scanner_version())


def _scan(
    paths: tuple[Path, ...],
    policy: Policy,
    limits: Limits,
    exclusion: Exclusion,
    known: Known | None,
) -> Outcome:
    from sealwright.vetting.scan import scan_paths

    with Bar() as progress:
        return scan_paths(
            paths, policy=policy, limits=limits, progress=progress, exclusion=exclusion, known=known
        )


def _report(scanned: Scanned, *, style: str, out: Path | None) -> None:
    """Writes the report: to standard output, or to a file and the verdict to standard output."""
    if style == "text" and out is None:
        for line in _lines(scanned):
            show(line)
        return
    if style == "text":
        text = "".join(f"{click.unstyle(visible(line))}\n" for line in _lines(scanned))
    else:
        text = _rendered(scanned, style)
    if out is None:
        click.echo(text, nl=False)
        return
    from sealwright.files import write_output

    write_output(out, text.encode("utf-8", "backslashreplace"))
    show(next(_lines(scanned)))
    show(f"report: {out}")


def _rendered(scanned: Scanned, style: str) -> str:
    from importlib import import_module

    module = import_module(f"sealwright.vetting.reports.{style}")
    text: str = module.render(scanned)
    return text


def _lines(scanned: Scanned) -> Iterator[str]:
    from sealwright.vetting.reports.text import render

    return (_styled(line) for line in render(scanned))


def _styled(line: Line) -> str:
    if line.verdict is None:
        return f"    {line.text}" if not line.text.startswith(" ") else f" {line.text}"
    if line.head:
        word = styled(line.verdict.upper(), fg=_HEADS[line.verdict], bold=True)
        return f"{word}: {line.text}"
    return f" {mark('warned' if line.warned else _MARKS[line.verdict])} {line.text}"


class Bar:
    """How far the scan is, on one line of standard error; silent where nobody watches."""

    def __init__(self, stream: TextIO | None = None) -> None:
        import os

        self._stream = stream or sys.stderr
        self._shown = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._next = 0.0
        self._files = 0

    def __call__(self, path: str, done: int, total: int) -> None:
        """Shows the file that is read: at most ten times in a second."""
        self._files += done == 0
        now = time.monotonic()
        if not self._shown or now < self._next:
            return
        self._next = now + 0.1
        part = f"{done * 100 // total:3d} %" if total else "     "
        line = visible(f" .. {self._files:,} files  {part}  {path[-60:]}")
        self._stream.write(f"\r\x1b[2K{line}")
        self._stream.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        """Wipes the line."""
        if self._shown and self._next:
            self._stream.write("\r\x1b[2K")
            self._stream.flush()
