"""Takes the code out of a Jupyter notebook: cells as one program, and the shell commands in them.

Format: nbformat 4 (`cells`) and 3 (`worksheets`). Outputs are not code and are left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from sealwright.patterns import regex

MAX_NOTEBOOK = 64 * 1024 * 1024
MAX_CELLS = 10_000
MAX_CODE = 4 * 1024 * 1024
"""Characters of code in all cells; more than `source.MAX_SOURCE` is not parsed anyway."""
_SHELL_CELLS = ("bash", "sh", "script", "system", "sx", "!")
_OTHER_CELLS = (
    "html",
    "javascript",
    "js",
    "latex",
    "markdown",
    "svg",
    "sql",
    "writefile",
)
_PYTHON_CELLS = (
    "time",
    "timeit",
    "capture",
    "prun",
    "python",
    "python3",
    "debug",
    "memit",
    "mprun",
)
_ASSIGNED = regex(r"^(\s*)([\w, ]+=\s*)(!|%sx\s|%system\s)(.*)$")
_MAGIC = regex(r"^(\s*)(!!?|%)(.*)$")
_LINE_PYTHON = regex(r"^(?:time|timeit|prun|memit)\s+(?:-\S+\s+)*(.*)$")
_LINE_SHELL = regex(r"^(?:sx|system)\s+(.*)$")
_LINE_INSTALL = regex(r"^(?:pip|conda|mamba|uv)\s+(.*)$")


class Place(msgspec.Struct, frozen=True):
    """Text of a cell (1-based), from a line of it (1-based)."""

    cell: int
    line: int
    text: str


class Notebook(msgspec.Struct, frozen=True):
    """What a notebook runs."""

    cells: tuple[Place, ...]
    """Python source of each code cell, magics replaced by statements that do nothing."""
    commands: tuple[Place, ...]
    """Shell commands."""
    unread: tuple[Place, ...] = ()
    """Cells in a language that is not examined, with the reason as text."""

    def program(self) -> tuple[str, list[tuple[int, int]]]:
        """All cells as one source text, and (cell, line) for each of its lines."""
        text: list[str] = []
        places: list[tuple[int, int]] = []
        for cell in self.cells:
            lines = cell.text.splitlines()
            text += lines
            places += [(cell.cell, cell.line + number) for number in range(len(lines))]
        return "\n".join(text) + "\n", places


def read(data: bytes) -> Notebook | str:
    """The notebook's code, or why it cannot be read."""
    if len(data) > MAX_NOTEBOOK:
        return f"{len(data)} bytes; a notebook of at most {MAX_NOTEBOOK} is read"
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return "it is not a notebook: not JSON"
    cells = list(_cells(document))
    if not cells and not (isinstance(document, dict) and "nbformat" in document):
        return "it is not a notebook: it has no cells"
    if len(cells) > MAX_CELLS:
        return f"more than {MAX_CELLS} cells"
    if (language := _language(document)) not in ("", "python", "python3", "ipython", "ipython3"):
        return f"its language is {language!a:.40}, which is not examined"
    python: list[Place] = []
    commands: list[Place] = []
    unread: list[Place] = []
    sources = [(number, _source(cell)) for number, cell in cells]
    if sum(len(source or "") for _, source in sources) > MAX_CODE:
        return f"more than {MAX_CODE} characters of code"
    for number, source in sources:
        if source is None:
            unread.append(Place(number, 1, "the cell holds no text"))
        else:
            _cell(number, source, python, commands, unread)
    return Notebook(tuple(python), tuple(commands), tuple(unread))


def _cells(document: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """Code cells with their number among all cells."""
    if not isinstance(document, dict):
        return
    every: list[Any] = []
    if isinstance(document.get("cells"), list):
        every = document["cells"]
    for sheet in (
        document.get("worksheets") or () if isinstance(document.get("worksheets"), list) else ()
    ):
        if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list):
            every = [*every, *sheet["cells"]]
    for number, cell in enumerate(every, start=1):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            yield number, cell


def _language(document: Any) -> str:
    metadata = document.get("metadata") if isinstance(document, dict) else None
    if not isinstance(metadata, dict):
        return ""
    for key, field in (("kernelspec", "language"), ("language_info", "name")):
        table = metadata.get(key)
        if isinstance(table, dict) and isinstance(table.get(field), str):
            return str(table[field]).lower()
    return ""


def _source(cell: dict[str, Any]) -> str | None:
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        return "".join(source)
    return source if isinstance(source, str) else None


def _cell(
    number: int, source: str, python: list[Place], commands: list[Place], unread: list[Place]
) -> None:
    lines = source.splitlines()
    first = next((position for position, line in enumerate(lines) if line.strip()), 0)
    if lines and lines[first].lstrip().startswith("%%"):
        words = lines[first].strip()[2:].split()
        magic = words[0] if words else ""
        rest = "\n".join(lines[first + 1 :])
        if magic in _SHELL_CELLS:
            commands.append(Place(number, first + 1, rest))
            return
        if magic in _OTHER_CELLS:
            if magic == "writefile" and lines[first].strip().endswith(".py"):
                python.append(Place(number, first + 2, rest))
            return
        if magic not in _PYTHON_CELLS:
            unread.append(
                Place(number, first + 1, f"the cell magic %%{magic!a:.30} is not examined")
            )
            return
        lines = [*[""] * (first + 1), *lines[first + 1 :]]
    python.append(Place(number, 1, "\n".join(_plain(number, lines, commands))))


def _plain(number: int, lines: list[str], commands: list[Place]) -> Iterator[str]:
    """Lines as Python has them: magics become `pass`, what they run in a shell goes to
    `commands`."""
    continued = False
    for position, line in enumerate(lines, start=1):
        if continued:
            last = commands.pop()
            # As the shell does it: the backslash and the line's end are not there at all.
            joined = f"{last.text.removesuffix(chr(92))}{line.rstrip()}"
            commands.append(Place(last.cell, last.line, joined))
            continued = line.rstrip().endswith("\\")
            yield ""
            continue
        if assigned := _ASSIGNED.match(line):
            commands.append(Place(number, position, assigned[4].strip()))
            continued = line.rstrip().endswith("\\")
            yield f"{assigned[1]}{assigned[2]}None"
        elif (magic := _MAGIC.match(line)) and _is_magic(lines, position, magic[2]):
            indent, mark, text = magic[1], magic[2], magic[3].strip()
            shell = text if mark != "%" else ""
            if found := _LINE_SHELL.match(text) if mark == "%" else None:
                shell = found[1]
            if mark == "%" and _LINE_INSTALL.match(text):
                shell = text
            timed = _LINE_PYTHON.match(text) if mark == "%" else None
            if shell:
                commands.append(Place(number, position, shell))
                continued = line.rstrip().endswith("\\")
            yield indent + (timed[1] if timed and timed[1] else "pass")
        elif re.match(r"^\s*\?+[\w.]|^\s*[\w.]+\?+\s*$", line):
            yield "pass"
        else:
            yield line


def _is_magic(lines: list[str], position: int, mark: str) -> bool:
    """A line that begins with % continues an expression where the line before is left open."""
    if mark != "%":
        return True
    before = lines[position - 2].rstrip() if position > 1 else ""
    return not before.endswith(("(", ",", "\\", "[", "{"))
