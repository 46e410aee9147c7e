"""Sealwright secures the AI lifecycle: signed evidence, a tamper-evident ledger, a policy gate.

    import sealwright

    with sealwright.open_project("path/to/project") as project:
        verdict = sealwright.gate(project, "model", question="release")
        verdict                      # shows itself in a notebook
        sealwright.report(project)   # so does the report

Nothing heavy is imported until a name is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sealwright.api import (
        Project,
        SealwrightError,
        Verdict,
        create_project,
        export,
        gate,
        load,
        open_project,
        record,
        report,
        run,
        verify,
        verify_export,
    )

__all__ = [
    "Project",
    "SealwrightError",
    "Verdict",
    "create_project",
    "export",
    "gate",
    "load",
    "open_project",
    "record",
    "report",
    "run",
    "verify",
    "verify_export",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("sealwright.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
