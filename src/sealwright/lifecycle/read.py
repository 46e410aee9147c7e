"""From the text of `sealwright.toml` to records, with line and column for every mistake."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

import msgspec
import msgspec.inspect

from sealwright.errors import ConfigError
from sealwright.lifecycle.model import SCHEMA, Lifecycle
from sealwright.lifecycle.positions import MAX_DEPTH, Places, find_places
from sealwright.lifecycle.problem import (
    ConfigErrors,
    Mistake,
    Problem,
    raise_problems,
    shown,
)
from sealwright.lifecycle.shape import find_problems

MAX_BYTES = 1024 * 1024
"""Largest file that is read, in bytes of UTF-8."""

_DIGITS = re.compile(r"[0-9][0-9_]{4000,}")
_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)\Z")


def read_lifecycle(path: Path) -> Lifecycle:
    """Reads the file at `path`; ConfigError where it is missing, unreadable or wrong."""
    return parse_lifecycle(read_text(path), file=path)


def read_text(path: Path) -> str:
    """The text of the file, of at most MAX_BYTES; ConfigError where there is none."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(
            "there is no such file", file=path, advice="`sealwright init` writes one"
        ) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise ConfigError(f"cannot be read: {reason or 'not a usable path'}", file=path) from None
    if len(data) > MAX_BYTES:
        raise _too_large(path)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        line, column = find_places(before).at(len(before))
        raise ConfigError(
            "not UTF-8 text", file=path, line=line, column=column, advice="save the file as UTF-8"
        ) from None


def parse_lifecycle(text: str, *, file: Path) -> Lifecycle:
    """Records from a text; `file` is its name in errors. ConfigError, with all mistakes."""
    document, places = parse_document(text, file=file)
    schema = document.get("schema", SCHEMA)
    if isinstance(schema, int) and not isinstance(schema, bool) and schema != SCHEMA:
        line, column = places.value(("schema",))
        raise ConfigError(
            f"schema {shown(schema)} is not supported; this version reads schema {SCHEMA}",
            file=file,
            line=line,
            column=column,
            advice="use the version of sealwright that the file was written for",
        )
    raise_problems(find_problems(document, _shape()), places=places, file=file)
    try:
        return msgspec.convert(document, Lifecycle)
    except msgspec.ValidationError as error:  # shape.py let something pass: still no record
        raise_problems([Problem((), str(error))], places=places, file=file)
        raise


def parse_document(text: str, *, file: Path) -> tuple[dict[str, object], Places]:
    """Plain values and their places from any TOML text within the limits; ConfigError else."""
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise _too_large(file)
    text = text.replace("\r\n", "\n")
    places = find_places(text)
    if places.too_deep is not None:
        line, column = places.at(places.too_deep)
        raise ConfigError(
            f"nested deeper than {MAX_DEPTH} levels", file=file, line=line, column=column
        )
    odd = re.search("[\ud800-\udfff]", text)
    if odd is not None:
        line, column = places.at(odd.start())
        raise ConfigError("not UTF-8 text", file=file, line=line, column=column)
    try:
        return tomllib.loads(text), places
    except ValueError as error:  # TOMLDecodeError, or a number with thousands of digits
        raise _syntax_error(error, text, places, file) from None


@cache
def _shape() -> msgspec.inspect.Type:
    return msgspec.inspect.type_info(Lifecycle)


def _too_large(file: Path) -> ConfigError:
    return ConfigError(
        f"larger than {MAX_BYTES} bytes",
        file=file,
        advice="is this the right file? Constraints on values belong in the data set's own table",
    )


def _syntax_error(error: ValueError, text: str, places: Places, file: Path) -> ConfigError:
    """tomllib's message at tomllib's place; for what is defined twice, where the second stands."""
    message = str(error)
    if not isinstance(error, tomllib.TOMLDecodeError):
        digits = _DIGITS.search(text)
        line, column = places.at(0 if digits is None else digits.start())
        return ConfigErrors([Mistake(line, column, "a number with too many digits")], file=file)
    line, column = places.at(len(text))
    found = _TOML_PLACE.search(message)
    if found is not None:
        message = message[: found.start()]
        if found[1] is not None:
            line, column = int(found[1]), int(found[2])
    if message.startswith("Cannot ") and places.repeated is not None:
        line, column = places.at(places.repeated)
        message = "this was defined before; a key or table may stand only once"
    return ConfigErrors(
        [
            Mistake(
                line, column, f"not valid TOML: {message[:200]}", "see https://toml.io/en/v1.0.0"
            )
        ],
        file=file,
    )
