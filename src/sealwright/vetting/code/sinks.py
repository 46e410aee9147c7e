"""The rule pack for training code: what loads, runs, fetches, hides or acts at import, in Python
files and notebooks. The source is parsed, never executed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from sealwright.patterns import regex
from sealwright.vetting.code.attack_rules import RULES as ATTACKS
from sealwright.vetting.code.attack_rules import TROJAN_SOURCE
from sealwright.vetting.code.files import NOTEBOOK, is_python
from sealwright.vetting.code.sink_rules import NOT_PARSED, SHELL_CELL
from sealwright.vetting.code.sink_rules import RULES as SINKS
from sealwright.vetting.interface import (
    CodeCheck,
    CodeExamination,
    Member,
    Observation,
    Rule,
    observe,
    quoted,
)

RULES = (*SINKS, *ATTACKS)
MAX_BYTES = 64 * 1024 * 1024
"""Of all source files together."""
_BIDIRECTIONAL = regex("[\u202a-\u202e\u2066-\u2069]")
_RUNS_BY_ITSELF = regex(
    r"(?:^|/)(?:setup|__init__|sitecustomize|usercustomize|conftest|hubconf)\.py$"
)


class Finds(Protocol):
    """What observations go to: `interface.Examining`, or the `Found` of this module."""

    def find(self, rule: Rule, message: str, *, location: str = "") -> None:
        """One observation of `rule` at `location`."""
        ...


class Found(msgspec.Struct):
    """Observations, in the order they were made, each rule at most once for a line."""

    observations: list[Observation] = msgspec.field(default_factory=list)
    _seen: set[tuple[str, str]] = msgspec.field(default_factory=set)

    def find(self, rule: Rule, message: str, *, location: str = "") -> None:
        """One observation of `rule` at `location`."""
        if (rule.id, location) not in self._seen:
            self._seen.add((rule.id, location))
            self.observations.append(observe(rule, message, location=location))


def examine_source(
    source: str | bytes, finds: Finds, *, where: str, imported: bool | None = None
) -> bool:
    """Applies every rule to one Python source text; False where it could not be parsed.

    `where` stands before the line in locations (`train.py` gives `train.py:12`). `imported`:
    somebody
    else's program imports it without being asked, as it does setup.py or the code of a model; what
    it
    does at import then weighs more. Default: by its name.
    """
    kept = Found()
    if imported is None:
        imported = _RUNS_BY_ITSELF.search(where) is not None
    parsed = _examine(
        source, kept, where=lambda line: f"{where}:{line}", whole=where, imported=imported
    )
    _hand_over(kept, finds)
    return parsed


def examine_notebook(data: bytes, finds: Finds, *, where: str) -> bool:
    """The same for the code cells of a Jupyter notebook (nbformat 3 and 4).

    Locations are `file.ipynb#cell-3:12`, cells counted from 1. Shell magics are judged by known
    patterns. False where the notebook, or one of its cells, could not be parsed.
    """
    from sealwright.vetting.code import notebook
    from sealwright.vetting.code.shell import judge

    kept = Found()
    read = notebook.read(data)
    if isinstance(read, str):
        kept.find(NOT_PARSED, read, location=where)
        _hand_over(kept, finds)
        return False
    understood = True
    for shell in read.commands:
        place = f"{where}#cell-{shell.cell}:{shell.line}"
        judged = judge(shell.text)
        rule, message = judged or (SHELL_CELL, "a shell command")
        kept.find(rule, f"{message}: {quoted(shell.text)}", location=place)
    for problem in read.unread:
        understood = False
        kept.find(NOT_PARSED, problem.text, location=f"{where}#cell-{problem.cell}")
    # Cells share their names: they are one program, in the order of the notebook.
    text, lines = read.program()

    def place_of(line: int) -> str:
        cell, inner = lines[min(line, len(lines)) - 1] if lines else (1, 1)
        return f"{where}#cell-{cell}:{inner}"

    understood = (
        _examine(text, kept, where=place_of, whole=where, imported=False, cells=True) and understood
    )
    _hand_over(kept, finds)
    return understood


def _hand_over(kept: Found, finds: Finds) -> None:
    for seen in kept.observations:
        finds.find(seen.rule, seen.finding.message, location=seen.finding.location)


def _examine(
    source: str | bytes,
    kept: Found,
    *,
    where: Callable[[int], str],
    whole: str,
    imported: bool,
    cells: bool = False,
) -> bool:
    # Where no code is scanned, none of this is loaded.
    from sealwright.vetting.code import sink_calls, sink_effects
    from sealwright.vetting.code.flow import facts
    from sealwright.vetting.code.source import parse

    parsed = parse(source)
    for number, text in enumerate(parsed.text.splitlines(), start=1):
        if _BIDIRECTIONAL.search(text):
            kept.find(TROJAN_SOURCE, "a bidirectional control character", location=where(number))
    if parsed.tree is None:
        kept.find(NOT_PARSED, parsed.reason, location=whole)
        return False
    try:
        known = facts(parsed.tree)
        for rule, message, line in sink_calls.examine(known):
            kept.find(rule, message, location=where(line))
        for rule, message, line in sink_effects.examine(known, imported=imported, cells=cells):
            kept.find(rule, message, location=where(line))
    except RecursionError:
        kept.find(NOT_PARSED, "its expressions are nested too deeply", location=whole)
        return False
    return True


def examine(files: tuple[Member, ...]) -> CodeExamination:
    """The rule pack over all Python files and notebooks."""
    kept = Found()
    examined: set[str] = set()
    spent = 0
    for file in files:
        is_notebook = file.extension == NOTEBOOK
        if not is_notebook and not is_python(file):
            continue
        spent += len(file.data)
        if spent > MAX_BYTES:
            kept.find(NOT_PARSED, f"more than {MAX_BYTES} bytes of source", location=file.path)
            continue
        data = bytes(file.data)
        read = examine_notebook if is_notebook else examine_source
        if read(data, kept, where=file.path):
            examined.add(file.path)
    return CodeExamination(observations=tuple(kept.observations), examined=frozenset(examined))


CHECK = CodeCheck(
    id="code-sinks",
    title="Loading, fetching, hiding and import-time effects in training code",
    examines=(
        "The syntax tree of every Python file and notebook cell: names are resolved through "
        "imports, "
        "aliases and rebinding, and values are followed within one file. Shell commands are "
        "judged by "
        "known patterns only."
    ),
    rules=RULES,
    engine=dict,
    examine=examine,
)
