"""What of a file is searched for secrets: its bytes, or the texts of a notebook with their
cells."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from sealwright.vetting.interface import Member


class Searched(msgspec.Struct, frozen=True):
    """Bytes to search, and where each line of them stands."""

    path: str
    data: bytes
    cells: tuple[str, ...] | None = None
    """Of a notebook: for each line, the part of the notebook it belongs to."""

    def place(self, line: int) -> str:
        """The location of a line (1-based)."""
        if self.cells is None:
            return f"{self.path}:{line}"
        part = self.cells[min(line, len(self.cells)) - 1] if self.cells else ""
        return f"{self.path}#{part}" if part else self.path


def searched(file: Member) -> Searched:
    """The text of a file. A notebook's texts are unescaped, so that a key in JSON is a key; its
    pictures are left out, since base64 of a picture says nothing."""
    data = bytes(file.data)
    if file.extension == ".ipynb":
        try:
            pairs = list(_notebook(json.loads(data)))
        except (ValueError, RecursionError):
            return Searched(file.path, data)
        text = "\n".join(text for _, text in pairs).encode("utf-8", "replace")
        return Searched(file.path, text, tuple(part for part, _ in pairs))
    return Searched(file.path, data)


def _notebook(document: Any) -> Iterator[tuple[str, str]]:
    """(part, line) for all texts."""
    if not isinstance(document, dict):
        yield from (("", line) for line in _lines(document))
        return
    cells = document.get("cells")
    for number, cell in enumerate(cells if isinstance(cells, list) else (), start=1):
        yield from ((f"cell-{number}", line) for line in _lines(cell))
    rest = {key: value for key, value in document.items() if key != "cells"}
    yield from (("metadata", line) for line in _lines(rest))


def _lines(value: Any) -> Iterator[str]:
    for text in _texts(value):
        yield from text.splitlines() or [""]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        if value and all(isinstance(each, str) for each in value):
            yield "".join(value)  # the lines of one text
        else:
            for each in value:
                yield from _texts(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            if not str(key).startswith(("image/", "application/vnd.jupyter.widget")):
                yield str(key)
                yield from _texts(each)
