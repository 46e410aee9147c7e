"""How answers look: text for people, JSON for programs; results on stdout, progress on stderr.

Names, reasons and the output of programs come from elsewhere: nothing of theirs that a terminal
would obey, or that hides or reorders text, is ever written as it is.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import click
import msgspec

from sealwright.clock import format_time
from sealwright.readable import readable

MARKS = {
    "satisfied": ("ok", "green"),
    "passed": ("ok", "green"),
    "done": ("ok", "green"),
    "current": ("--", "cyan"),
    "waived": ("wv", "yellow"),
    "warned": ("!!", "yellow"),
    "stale": ("!!", "yellow"),
    "missing": ("??", "yellow"),
    "inconclusive": ("??", "yellow"),
    "failed": ("XX", "red"),
    "wrong-signer": ("XX", "red"),
}
"""Status → the mark that says it without colour, and the colour."""


_NONCE = os.urandom(8).hex()
"""Only this process knows it: text from elsewhere cannot pass itself off as coloured by us."""
_STYLED = re.compile(
    rf"\x02{_NONCE}:(?P<fg>[a-z]*):(?P<bold>[01]):(?P<text>.*?)\x03{_NONCE}:", re.DOTALL
)


def styled(text: str, *, fg: str = "", bold: bool = False) -> str:
    """`text` marked to be shown in a colour by `visible`, whatever line it becomes part of."""
    return f"\x02{_NONCE}:{fg}:{int(bold)}:{text}\x03{_NONCE}:"


def visible(line: str) -> str:
    """One line for a terminal: every character can be seen, and only `styled` parts have colour.

    Escape sequences, other control characters (line breaks, too) and characters that hide or
    reorder text become their code points.
    """
    parts, at = [], 0
    for found in _STYLED.finditer(line):
        shown = _seen(found["text"])
        parts.append(_seen(line[at : found.start()]))
        parts.append(click.style(shown, fg=found["fg"] or None, bold=found["bold"] == "1"))
        at = found.end()
    return "".join((*parts, _seen(line[at:])))


def _seen(text: str) -> str:
    if text.isprintable():
        return text
    return readable(text, limit=len(text)).replace("\n", "⟨U+000A⟩")


def show(line: str, *, err: bool = False, color: bool | None = None) -> None:
    """Writes one line, made `visible`."""
    click.echo(visible(line), err=err, color=color)


def mark(status: str) -> str:
    """A two-letter mark, coloured on a terminal that wants colour."""
    text, colour = MARKS.get(status, ("..", "white"))
    return styled(text, fg=colour, bold=True)


def plain(value: Any) -> Any:
    """`value` as JSON types: records, times and paths become what a program can read."""
    if isinstance(value, msgspec.Struct):
        return {k: plain(v) for k, v in msgspec.to_builtins(value, enc_hook=plain).items()}
    if hasattr(type(value), "__dataclass_fields__"):
        fields = type(value).__dataclass_fields__.values()
        return {field.name: plain(getattr(value, field.name)) for field in fields if field.repr}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    return value


def emit(value: Any, lines: Iterable[str], *, style: str) -> None:
    """Writes the answer to stdout in the style that was asked for."""
    if style == "json":
        text = json.dumps(plain(value), indent=2, ensure_ascii=True, allow_nan=False)
        click.echo(text.replace("\x7f", "\\u007f"))
        return
    for line in lines:
        show(line)


class TerminalProgress:
    """One line per step on stderr; silent where nobody watches."""

    def __init__(self, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._shown = self._stream.isatty() and not quiet
        self._live = self._shown and os.environ.get("TERM") != "dumb"

    def start(self, step: str) -> None:
        """Shows the step as running, where a line can be overwritten."""
        if self._live:
            click.echo(f"{self._clear()} .. {visible(step)}", nl=False, file=self._stream)

    def note(self, text: str) -> None:
        """An indented line below the step."""
        if self._shown:
            click.echo(f"{self._clear()}      {visible(text)}", file=self._stream)

    def end(self, step: str, outcome: str, detail: str = "") -> None:
        """The finished step with its mark."""
        if self._shown:
            tail = f"  {detail}" if detail else ""
            line = visible(f" {mark(outcome)} {step}{tail}")
            click.echo(f"{self._clear()}{line}", file=self._stream)

    def _clear(self) -> str:
        """What wipes the line of the step that runs."""
        return "\r\x1b[2K" if self._live else ""


class LineProgress(TerminalProgress):
    """The same as plain lines on stdout: for --verbose, and wherever it is sent."""

    def __init__(self, *, stream: TextIO | None = None) -> None:
        super().__init__(stream=stream or sys.stdout)
        self._live, self._shown = False, True

    def note(self, text: str) -> None:
        """An indented line below the step."""
        click.echo(f"      {visible(text)}", file=self._stream)

    def end(self, step: str, outcome: str, detail: str = "") -> None:
        """The finished step with its mark."""
        tail = f"  {detail}" if detail else ""
        click.echo(visible(f"   {mark(outcome)} {step}{tail}"), file=self._stream)
