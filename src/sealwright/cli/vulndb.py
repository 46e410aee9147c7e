"""`sealwright vulndb`: known vulnerabilities in one local file. Nothing here uses the network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sealwright.cli.options import answer_style, in_project
from sealwright.cli.render import emit, mark, show

if TYPE_CHECKING:
    from sealwright.vetting.dependencies.vulndb import Info


@click.group(epilog="Example: sealwright vulndb import all.zip")
def group() -> None:
    """Import known vulnerabilities into a local file; say how old it is.

    The data come from an export that you fetch yourself: OSV's PyPI/all.zip, or a checkout of the
    PyPA advisory database.
    """


@group.command("import", epilog="Example: sealwright vulndb import all.zip --to vulndb.sqlite")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--to",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The database file (default: the project's, or else the user's).",
)
@in_project
@answer_style
def import_(path: Path, to: Path | None, folder: Path, style: str) -> None:
    """Read the export at PATH into a new database that replaces the old one."""
    from sealwright.clock import system_clock
    from sealwright.vetting.dependencies.vulndb import import_advisories

    place = to or _default(folder)
    info = import_advisories(path, place, clock=system_clock, progress=_progress(style))
    emit({"database": place, **_plain(info)}, [f"database: {place}", *_lines(info)], style=style)


@group.command("info", epilog="Example: sealwright vulndb info --max-age-days 14")
@click.argument("database", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--max-age-days",
    type=click.IntRange(1, 3650),
    default=30,
    show_default=True,
    help="From how many days on the data are too old.",
)
@in_project
@answer_style
def info(database: Path | None, max_age_days: int, folder: Path, style: str) -> None:
    """Say what a database was made from and when. Exit code 3 where it is missing or too old."""
    from sealwright.clock import system_clock
    from sealwright.vetting.dependencies.vulndb import open_database

    place = database or _default(folder, existing=True)
    with open_database(place) as opened:
        problem = opened.problem(system_clock(), max_age_days=max_age_days)
        lines = [f"database: {place}", *_lines(opened.info)]
        lines.append(
            f" {mark('inconclusive')} {problem}" if problem else f" {mark('passed')} fresh"
        )
        value = {"database": place, "sha256": opened.sha256, "problem": problem}
        emit({**value, **_plain(opened.info)}, lines, style=style)
    if problem:
        raise click.exceptions.Exit(3)


def _default(folder: Path, *, existing: bool = False) -> Path:
    """The database of the project at or above `folder`, or else the user's own.

    `existing`: the user's also where the project has none.
    """
    from sealwright.project.layout import STATE_FOLDER
    from sealwright.vetting.dependencies.vulndb import default_place

    for candidate in (folder.resolve(), *folder.resolve().parents):
        if (candidate / STATE_FOLDER).is_dir():
            place = default_place(candidate / STATE_FOLDER)
            return place if place.is_file() or not existing else default_place()
    return default_place()


def _plain(info: Info) -> dict[str, object]:
    from msgspec.structs import asdict

    return asdict(info)


def _lines(info: Info) -> list[str]:
    lines = [
        f"  source: {info.source} (sha256 {info.source_sha256})",
        f"  imported: {info.imported}; newest record: {info.newest}",
        f"  {info.advisories} advisories about {info.packages} packages, "
        f"{info.malicious} of them malicious",
    ]
    if info.unread:
        lines.append(f" {mark('warned')} {info.unread} records could not be understood")
    return lines


class _Progress:
    """Tenths on stderr, where somebody watches."""

    def __init__(self, *, shown: bool) -> None:
        self._shown, self._last = shown, 0

    def __call__(self, done: int, total: int) -> None:
        tenth = done * 10 // max(total, 1)
        if self._shown and tenth > self._last:
            self._last = tenth
            show(f"  {done} of {total} records", err=True)


def _progress(style: str) -> _Progress:
    import sys

    return _Progress(shown=style == "text" and sys.stderr.isatty())
