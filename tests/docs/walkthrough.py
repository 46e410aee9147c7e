"""Reads a tutorial's fenced blocks and does what they say, as a reader would.

The conventions, which are also what a reader sees:

    ```console            commands after `$ `, continued after `> `, then what they print. `…` is
                          anything; a line that is `…` alone is any lines. Each line shown must be
                          printed, in this order. A command succeeds, unless `$ echo $?` follows it
                          and shows another exit code.
    ```python file=NAME   the whole file NAME
    ```toml edit=NAME     for each table: these keys get these values; tables of a list are added at
                          the end of the file
"""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^```(\w*)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SECONDS = 240


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: its language, its `key=value` attributes and its text."""

    language: str
    attributes: Mapping[str, str]
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Command:
    """A command with what it prints and its exit code, as the page shows them."""

    text: str
    shown: tuple[str, ...]
    code: int
    line: int


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    for found in _BLOCK.finditer(page):
        attributes = dict(part.split("=", 1) for part in found[2].split())
        yield Block(found[1], attributes, found[3], page[: found.start()].count("\n") + 1)


def commands(block: Block) -> list[Command]:
    """The commands of a console block."""
    made: list[Command] = []
    for number, line in enumerate(block.text.splitlines(), block.line + 1):
        if line.startswith("$ "):
            made.append(Command(line[2:], (), 0, number))
        elif line.startswith("> ") and made[-1].text.endswith("\\"):
            made[-1] = Command(f"{made[-1].text}\n{line[2:]}", (), 0, made[-1].line)
        else:
            last = made[-1]
            made[-1] = Command(last.text, (*last.shown, line), 0, last.line)
    answered: list[Command] = []
    for each in made:
        if each.text == "echo $?":
            before = answered.pop()
            (code,) = each.shown
            answered.append(Command(before.text, before.shown, int(code), before.line))
        else:
            answered.append(each)
    return answered


def unseen(shown: tuple[str, ...], printed: str) -> str | None:
    """The first line shown that was not printed in its place; None if all were."""
    left = iter(printed.splitlines())
    for line in shown:
        pattern = ".*".join(map(re.escape, line.split("…")))
        if line != "…" and not any(re.fullmatch(pattern, each) for each in left):
            return line
    return None


def edited(document: str, edit: str) -> str:
    """`document` with the keys of `edit` set in their tables, and its listed tables added."""
    head, _, listed = edit.partition("[[")
    for table, keys in _tables(head):
        for key, value in keys.items():
            document = _set(document, table=table, key=key, line=f"{key} = {value}")
    return document + (f"\n[[{listed}" if listed else "")


def _tables(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Each table's header and its keys with their values as written, one to a line."""
    tomllib.loads(text)
    for part in re.split(r"^(?=\[)", text, flags=re.MULTILINE):
        if part.strip():
            header, *lines = part.strip().splitlines()
            yield header, dict(line.split(" = ", 1) for line in lines if line)


def _set(document: str, *, table: str, key: str, line: str) -> str:
    """The one line `key = …` of the table, whether or not it is commented out, becomes `line`."""
    start = document.index(f"\n{table}\n") + len(table) + 2
    end = re.compile(r"^\[", re.MULTILINE).search(document, start)
    stop = end.start() if end else len(document)
    body, count = re.subn(
        rf"^(# )?{re.escape(key)} = .*$", lambda _: line, document[start:stop], flags=re.MULTILINE
    )
    if count != 1:
        raise AssertionError(f"{table} has {count} lines for {key}")
    return document[:start] + body + document[stop:]


class Reader:
    """Somebody who does what the page says, beginning in `folder`."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self._environment = dict(environment)

    def follow(self, block: Block) -> None:
        """Does what one block says; AssertionError where the page shows something else."""
        if block.language == "console":
            for command in commands(block):
                self.type(command)
        elif name := block.attributes.get("file"):
            (self.folder / name).write_text(block.text, encoding="utf-8")
        else:
            place = self.folder / block.attributes["edit"]
            text = place.read_text(encoding="utf-8")
            place.write_text(edited(text, block.text), encoding="utf-8")

    def type(self, command: Command) -> None:
        """Runs one command in a shell and compares what it prints."""
        read, write = os.pipe()
        with os.fdopen(read) as told:
            done = subprocess.run(
                ["bash", "-c", f"{command.text}\ncode=$?; pwd >&{write}; exit $code"],
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                pass_fds=[write],
            )
            os.close(write)
            # One line: what the command left running in the background may hold the other end.
            self.folder = Path(told.readline().strip())
        said = f"line {command.line}: $ {command.text}\n{done.stdout}{done.stderr}"
        assert done.returncode == command.code, f"exit code {done.returncode} of {said}"
        missing = unseen(command.shown, done.stdout)
        assert missing is None, f"{missing!r} is not printed by {said}"
