"""Sorts what lies in a code folder: Python source, plain text, and what could run unseen."""

from __future__ import annotations

from sealwright.phases.model.checks.interface import (
    CodeCheck,
    CodeExamination,
    ModelFile,
    Observation,
    Rule,
    observe,
)

_PYTHON = frozenset((".py", ".pyi", ".pyw"))
_TEXT = frozenset(
    (
        *(".cfg", ".csv", ".in", ".ini", ".json", ".lock", ".md", ".rst"),
        *(".toml", ".tsv", ".txt", ".yaml", ".yml"),
    )
)
_NAMES = frozenset(("license", "licence", "notice", "readme", "py.typed", ".gitignore"))
_COMPILED = frozenset((".pyc", ".pyo", ".so", ".pyd", ".dll", ".dylib"))

COMPILED = Rule(
    id="SW-CODE-001",
    effect="fail",
    severity="high",
    title="Compiled code lies beside the source and can run in its place",
    remediation="delete it (and __pycache__ folders), and list only source as training code",
    atlas=("AML.T0010.001", "AML.T0074"),
)
UNEXAMINED = Rule(
    id="SW-CODE-002",
    effect="inconclusive",
    severity="medium",
    title="The file could run and is not examined in this version",
    remediation="keep notebooks, shell scripts and data out of the training code",
)


def is_python(file: ModelFile) -> bool:
    """Python by its extension or by its first line."""
    first = bytes(file.data[:128]).split(b"\n", 1)[0]
    return file.extension in _PYTHON or (first.startswith(b"#!") and b"python" in first)


def is_plain_text(file: ModelFile) -> bool:
    """Text that nothing runs by its name: settings, tables, documentation."""
    base = file.name.rpartition("/")[2].lower()
    first = bytes(file.data[:2])
    return (file.extension in _TEXT or base in _NAMES) and first != b"#!"


def examine(files: tuple[ModelFile, ...]) -> CodeExamination:
    """Reports every file that is neither Python source nor plain text."""
    seen: list[Observation] = []
    for file in files:
        if file.extension in _COMPILED:
            seen.append(observe(COMPILED, "compiled code", location=file.name))
        elif not is_python(file) and not is_plain_text(file):
            seen.append(observe(UNEXAMINED, "not Python source or plain text", location=file.name))
    return CodeExamination(observations=tuple(seen))


CHECK = CodeCheck(
    id="code-files",
    title="What lies in the training code",
    examines="Names and first bytes of all files. Plain text passes unread; compiled code fails.",
    rules=(COMPILED, UNEXAMINED),
    engine=dict,
    examine=examine,
)
