"""Which vulnerability database a project uses, and how its dependencies changed since last time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sealwright.evidence.predicates.model import CycloneDxBom

if TYPE_CHECKING:
    from sealwright.project.core import Project

SHOWN = 12
"""Changed packages that are named before the rest is counted."""


def place(project: Project) -> Path | None:
    """The database that is there: the project's own, or else the user's; None without one."""
    from sealwright.vetting.dependencies.vulndb import default_place

    for candidate in (default_place(project.layout.state), default_place()):
        if candidate.is_file():
            return candidate
    return None


def state(project: Project) -> list[str]:
    """What makes a dependency scan be made again: other data, or data that became too old."""
    from sealwright.vetting.dependencies.vulndb import MAX_AGE_DAYS, open_database

    found = place(project)
    days = project.lifecycle.training.vulndb_days
    if found is None:
        return ["none", str(days)]
    with open_database(found) as database:
        problem = database.problem(project.clock(), max_age_days=days or MAX_AGE_DAYS)
        return [database.sha256, str(days), problem]


def changes(project: Project, bill: CycloneDxBom) -> Iterator[str]:
    """How `bill` differs from the last one on record, in words; nothing if there is none."""
    from sealwright.phases.model.bom_difference import compare

    bills = [
        item.predicate for item in project.evidence() if isinstance(item.predicate, CycloneDxBom)
    ]
    if not bills:
        return
    found = compare(bills[-1], bill).lines()
    yield from found[:SHOWN]
    if len(found) > SHOWN:
        yield f"and {len(found) - SHOWN} more"
