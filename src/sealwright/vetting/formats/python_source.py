"""Python source among the files of a model: examined by the rules of code, never run."""

from __future__ import annotations

from sealwright.patterns import regex
from sealwright.vetting.code.sinks import RULES, examine_source
from sealwright.vetting.dependencies.startup import RUNS, runs_at_start
from sealwright.vetting.formats.text import is_text
from sealwright.vetting.interface import Examining, Fit, Format, Member, Rule

MAX_SOURCE = 8 * 1024 * 1024
_BEGINNING = regex(
    rb"import [\w.]+(?: as \w+)?\s*$|from [\w.]+ import [\w*(]|(?:async )?def \w+\(|class \w+[:(]"
)
_INTERPRETER = regex(rb"#!\s*\S*(?:/|env )python")

NOT_READ = Rule(
    id="SW-PYSRC-001",
    effect="inconclusive",
    severity="medium",
    title="The Python source is larger than is examined",
    remediation="split the file",
    why="Code that was not read may do anything when it is imported.",
    example="modeling.py of 20 MB",
)


def recognise(member: Member) -> Fit:
    """Weak: by its extension, by its interpreter, or by lines that only Python has."""
    if not is_text(member.data):
        return "no"
    head = bytes(member.data[: 1 << 16])
    if member.extension in FORMAT.extensions or _INTERPRETER.match(head):
        return "weak"
    # Elsewhere (a README with an example) Python lines are text.
    first = next((line for line in head.splitlines() if line.strip() and line[:1] != b"#"), b"")
    return "weak" if _BEGINNING.match(first + b"\n") and not member.extension else "no"


def examine(examining: Examining) -> None:
    """By the rules of code."""
    data = examining.data
    if len(data) > MAX_SOURCE:
        examining.find(NOT_READ, f"{len(data)} bytes; at most {MAX_SOURCE} are read")
        return
    if runs_at_start(examining.member.name):
        examining.find(RUNS, "it runs whenever Python starts, where its folder is on the path")
    examining.session.spend(1 + len(data) // 8)
    examine_source(bytes(data), examining, where=examining.member.path)
    examining.parsed = len(data)


FORMAT = Format(
    id="python",
    title="Python source",
    examines=(
        "The syntax tree, by the rules of code: what runs at import, what loads, fetches or "
        "executes. That a configuration has a loader run the code is found by the check of the "
        "folder."
    ),
    extensions=(".py", ".pyi", ".pyw"),
    recognise=recognise,
    examine=examine,
    malformed=NOT_READ,
    rules=(NOT_READ, RUNS, *RULES),
)
