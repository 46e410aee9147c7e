"""Mistakes in a lifecycle file: collected first, then shown all at once, each at its place."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path as FilePath
from typing import Literal

from sealwright.errors import ConfigError
from sealwright.lifecycle.positions import Path, Places

MAX_PROBLEMS = 50
"""Mistakes that are collected at most; a file with more is fixed in rounds."""

_SHOWN = 60
_NAMED = 20
_COMPARED = 1000


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: where in the file's tree, what was found, and what to do."""

    path: Path
    message: str
    advice: str = ""
    at: Literal["key", "value"] = "value"
    """Whether the key or the value is wrong."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A problem with its 1-based line and column."""

    line: int
    column: int
    message: str
    advice: str = ""


class ConfigErrors(ConfigError):
    """All mistakes of one file, in the order in which they stand there.

    `file`, `line` and `column` are those of the first; `mistakes` has them all.
    """

    def __init__(self, mistakes: Iterable[Mistake], *, file: FilePath) -> None:
        """From at least one mistake."""
        ordered = tuple(sorted(mistakes, key=lambda each: (each.line, each.column)))
        first, rest = ordered[0], ordered[1:]
        lines = [first.message]
        lines += [f"{file}:{each.line}:{each.column}: {each.message}" for each in rest]
        advice = first.advice
        if rest:
            advised = [each for each in ordered if each.advice]
            advice = "\n".join(f"line {each.line}: {each.advice}" for each in advised)
        super().__init__(
            "\n".join(lines), file=file, line=first.line, column=first.column, advice=advice
        )
        self.mistakes = ordered


def raise_problems(problems: Iterable[Problem], *, places: Places, file: FilePath) -> None:
    """Raises ConfigErrors with the first MAX_PROBLEMS of them; returns where there are none."""
    mistakes = []
    for problem in islice(problems, MAX_PROBLEMS):
        place = places.key if problem.at == "key" else places.value
        line, column = place(problem.path)
        mistakes.append(Mistake(line, column, problem.message, problem.advice))
    if mistakes:
        raise ConfigErrors(mistakes, file=file)


def dotted(path: Path) -> str:
    """A path as people write it: `validation.criteria[0].metric`; keys with other signs quoted."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            plain = part.isascii() and part.replace("-", "").replace("_", "").isalnum()
            text += ("." if text else "") + (part if plain and len(part) <= _SHOWN else shown(part))
    return text


def shown(value: object) -> str:
    """A value in a message: quoted, on one line, cut to a length that fits."""
    if isinstance(value, str):
        cut = value if len(value) <= _SHOWN else value[: _SHOWN - 1] + "…"
        return '"' + cut.encode("unicode_escape").decode("ascii").replace('"', '\\"') + '"'
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def nearest(word: str, known: Collection[str]) -> str | None:
    """The known word that is spelled most like this one, if any is close."""
    near = difflib.get_close_matches(word[:_SHOWN], islice(known, _COMPARED), n=1)
    return near[0] if near else None


def did_you_mean(word: str, known: Collection[str]) -> str:
    """Advice that names the nearest known word, or a few of the known ones."""
    near = nearest(word, known)
    if near is not None:
        return f'did you mean "{near}"?'
    if not known:
        return ""
    few = ", ".join(sorted(known)[:_NAMED])
    return f"known are: {few}" + (", …" if len(known) > _NAMED else "")
