"""Every generated page, in one list."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sealwright.cli.reference import (
    commands,
    drills,
    exit_codes,
    formats,
    metrics,
    policy,
    predicates,
    rules,
    scan_report,
)
from sealwright.files import write_atomically

PAGES: dict[str, Callable[[], str]] = {
    "cli.md": commands.page,
    "drills.md": drills.page,
    "exit-codes.md": exit_codes.page,
    "formats.md": formats.page,
    "metrics.md": metrics.page,
    "policy.md": policy.page,
    "predicates.md": predicates.page,
    "scan-report.md": scan_report.page,
    "scan-report.schema.json": scan_report.schema,
    **rules.pages(),
}
"""File name → what writes it."""


def write_pages(folder: Path) -> None:
    """Writes all pages into `folder`, and removes those of rules that are no more.

    CannotLook if it cannot be written.
    """
    for name, render in PAGES.items():
        write_atomically(folder / name, render().encode())
    for page in (folder / "rules").glob("*.md"):
        if f"rules/{page.name}" not in PAGES:
            page.unlink()
