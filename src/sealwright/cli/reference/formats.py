"""The page of the formats: which are examined, and how far."""

from __future__ import annotations

from sealwright.cli.reference.markdown import document, table
from sealwright.vetting.checks import DIRECTORY_CHECKS, DOCUMENT_CHECKS
from sealwright.vetting.code.checks import CODE_CHECKS
from sealwright.vetting.interface import CodeCheck, DirectoryCheck, DocumentCheck
from sealwright.vetting.registry import FORMATS

Check = DocumentCheck | DirectoryCheck | CodeCheck
_INTRODUCTION = """\
# Formats

What `sealwright scan` recognises, by content and whatever the name says. Everything that no row
stands for is inconclusive, and so is what a row says is left out.
"""


def page() -> str:
    """Every format and check with what it looks at."""
    lines = _INTRODUCTION.splitlines()
    examined = [form for form in FORMATS if form.examine is not None]
    others = [form for form in FORMATS if form.examine is None]
    lines += ["", "## Examined", ""]
    lines += table(
        ("format", "id", "usual names", "what is looked at"),
        (
            (form.title, f"`{form.id}`", _names(form.extensions), form.examines)
            for form in sorted(examined, key=lambda form: form.title.lower())
        ),
    )
    if others:
        lines += ["", "## Recognised and not examined", "", "Always inconclusive.", ""]
        lines += table(
            ("format", "id", "usual names", "what to do"),
            (
                (form.title, f"`{form.id}`", _names(form.extensions), form.examines)
                for form in sorted(others, key=lambda form: form.title.lower())
            ),
        )
    groups: tuple[tuple[str, tuple[Check, ...]], ...] = (
        ("Settings in JSON and YAML, wherever they are found", DOCUMENT_CHECKS),
        ("Folders", DIRECTORY_CHECKS),
        ("Source code", CODE_CHECKS),
    )
    for title, checks in groups:
        rows = [_row(check) for check in checks]
        if rows:
            lines += ["", f"## {title}", "", *table(("check", "what is looked at"), rows)]
    return document(lines)


def _row(check: Check) -> tuple[str, str]:
    return check.title, check.examines


def _names(extensions: tuple[str, ...]) -> str:
    return ", ".join(f"`{extension}`" for extension in extensions)
