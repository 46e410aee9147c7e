"""Every generated page, in one list."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sealwright.cli.reference import commands, drills, exit_codes, metrics, policy, predicates
from sealwright.files import write_atomically

PAGES: dict[str, Callable[[], str]] = {
    "cli.md": commands.page,
    "drills.md": drills.page,
    "exit-codes.md": exit_codes.page,
    "metrics.md": metrics.page,
    "policy.md": policy.page,
    "predicates.md": predicates.page,
}
"""File name → what writes it."""


def write_pages(folder: Path) -> None:
    """Writes all pages into `folder`; CannotLook if it cannot be written."""
    for name, render in PAGES.items():
        write_atomically(folder / name, render().encode())
