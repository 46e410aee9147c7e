"""Runs the real command line: in this process where that is enough, in its own where it matters."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from sealwright.cli import execute

PROGRAM = Path(sys.executable).with_name("sealwright")
"""The installed command."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        """Standard output as the one JSON value that it must be."""
        return json.loads(self.out)

    def __str__(self) -> str:
        return f"exit code {self.code}\n--- stdout\n{self.out}--- stderr\n{self.err}"


class Console:
    """A prompt in one folder. Nothing is a terminal here: neither input nor output."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *words: str, expect: int | None = 0) -> Answer:
        """Runs `sealwright WORDS` in this process; `expect` is the exit code, None any."""
        out, err = io.StringIO(), io.StringIO()
        with (
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            mock.patch.object(sys, "stdin", io.StringIO()),
        ):
            code = execute(list(words))
        answer = Answer(code, out.getvalue(), err.getvalue())
        assert expect is None or code == expect, f"sealwright {' '.join(words)}: {answer}"
        return answer

    def json(self, *words: str, expect: int = 0) -> Any:
        """The same with `--format json`: stdout is one JSON value, and stderr is empty."""
        answer = self(*words, "--format", "json", expect=expect)
        assert answer.err == ""
        return answer.value

    def spawn(self, *words: str, **environment: str) -> Answer:
        """Runs the installed command as a process of its own."""
        done = subprocess.run(
            [PROGRAM, *words],
            cwd=self.folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def entries(self, kind: str) -> list[dict[str, Any]]:
        """The ledger's entries of one kind, whole, oldest first."""
        listed = self.json("ledger", "show", "--kind", kind)
        return [self.json("ledger", "show", str(entry["index"])) for entry in listed]

    def replace(self, file: str, *pairs: tuple[str, str]) -> None:
        """Replaces text that must be there."""
        place = self.folder / file
        text = place.read_text(encoding="utf-8")
        for old, new in pairs:
            assert old in text, f"{file} has no {old!r}"
            text = text.replace(old, new)
        place.write_text(text, encoding="utf-8")


def statuses(verdict: Mapping[str, Any]) -> dict[str, str]:
    """Requirement → status, of a verdict as JSON."""
    return {result["id"]: result["status"] for result in verdict["results"]}


def open_ones(verdict: Mapping[str, Any]) -> Iterator[str]:
    """Ids of the requirements that do not hold."""
    return (key for key, status in statuses(verdict).items() if status not in HOLDS)


HOLDS = ("satisfied", "waived")
