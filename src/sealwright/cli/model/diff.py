"""`sealwright model diff`: two models, compared as closely as two versions of a program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sealwright.cli.options import opened, shared
from sealwright.cli.render import emit, styled

if TYPE_CHECKING:
    from sealwright.project.core import Project
    from sealwright.vetting.comparison.records import Comparison, Side
    from sealwright.vetting.comparison.text import Line
    from sealwright.vetting.outcome import Outcome

_COLOURS = {"look": "red", "unknown": "yellow", "good": "green", "added": "green", "removed": "red"}


@click.command(epilog="Example: sealwright model diff base ~/Downloads/bert-next")
@click.argument("old")
@click.argument("new")
@click.option(
    "--fail-on",
    type=click.Choice(["look", "any"]),
    default="look",
    help="What ends with exit code 1: what somebody has to look at, or any difference.",
)
@shared
def command(
    old: str, new: str, fail_on: str, folder: Path, style: str, passphrase_file: Path | None
) -> None:
    """Scan OLD and NEW without loading them, and say what NEW has otherwise.

    Each is a path or, within a project, what the project calls it: `model`, a model that was
    brought in, the first digits of a digest. New names that loading reaches, new operators, code,
    layers, templates, dependencies and findings have to be looked at. Weights are told apart by
    their digests, names and shapes: what they compute is not compared.

    Exit code 0 where there is nothing to look at, 1 where there is, 3 where something could not be
    compared.
    """
    from sealwright.files import cache_folder
    from sealwright.vetting.comparison.compare import compare
    from sealwright.vetting.comparison.text import render

    sides = _sides(old, new, folder=folder, passphrase_file=passphrase_file)
    compared = compare(*sides, cache=cache_folder("secret-rules"))
    emit(_data(compared), (_styled(line) for line in render(compared)), style=style)
    if compared.look or (fail_on == "any" and compared.differences):
        raise click.exceptions.Exit(1)
    if compared.unknown:
        raise click.exceptions.Exit(3)


def _data(compared: Comparison) -> dict[str, object]:
    return {
        "identical": compared.identical,
        "look": len(compared.look),
        "old": compared.old,
        "new": compared.new,
        "differences": compared.differences,
        "unknown": compared.unknown,
        "partly": compared.partly,
    }


def _styled(line: Line) -> str:
    colour = _COLOURS.get(line.tone, "")
    return styled(line.text, fg=colour, bold=line.head) if colour or line.head else line.text


def _sides(old: str, new: str, *, folder: Path, passphrase_file: Path | None) -> tuple[Side, Side]:
    """Both sides, scanned. The project is opened only for what is no path."""
    if Path(old).exists() and Path(new).exists():
        return _side(old, Path(old)), _side(new, Path(new))
    with opened(folder, passphrase_file) as project:
        first, second = (_known(project, name) for name in (old, new))
        return _side(old, *first), _side(new, *second)


def _known(project: Project, name: str) -> tuple[Path, dict[str, str] | None]:
    """Where a model lies, and the packages it was built with, where they are on record."""
    from sealwright.errors import InputMissing
    from sealwright.project import store
    from sealwright.project.resolve import resolve
    from sealwright.project.serving.store import kept, verify_kept

    if Path(name).exists():
        return Path(name), None
    named = resolve(project, name)
    packages = _packages(project, named.digest)
    if named.artifact is not None and named.artifact.root is not None:
        return named.artifact.root, packages
    copy = store.kept(project.layout, named.digest, shelf="imports")
    if copy is not None and copy.root is not None:
        return copy.root, packages
    if kept(project, named.digest) is not None:
        return verify_kept(project, named.digest), packages
    raise InputMissing(
        f"{name}: no copy of its files is kept here", advice="name the folder where they are"
    )


def _packages(project: Project, digest: str) -> dict[str, str] | None:
    """Name → version from the newest bill of materials of a model; None without one."""
    from sealwright.evidence.predicates.model import CycloneDxBom

    for item in reversed(project.evidence()):
        said = item.predicate
        about = {each.sha256 for each in item.statement.subjects}
        if isinstance(said, CycloneDxBom) and digest in about:
            return {
                str(part.get("name")): str(part.get("version", ""))
                for part in said.components
                if part.get("type", "library") == "library"
            }
    return None


def _side(label: str, place: Path, packages: dict[str, str] | None = None) -> Side:
    from sealwright.vetting.comparison.records import Side

    return Side(label=label, root=place, outcome=_scan(place), packages=packages)


def _scan(place: Path) -> Outcome:
    from sealwright.cli.scan import Bar
    from sealwright.vetting.scan import scan_paths

    with Bar() as progress:
        return scan_paths([place], progress=progress)
