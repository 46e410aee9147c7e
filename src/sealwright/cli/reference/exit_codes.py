"""The page of the exit codes, and the errors behind them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from sealwright import errors
from sealwright.cli.reference.markdown import Row, document, table

_ERRORS = """
What was found stands on the line `error:`, what to do about it on the line `try:`, both on standard
error. Python programs meet the same errors:
"""


def page() -> str:
    """What each exit code means, and the errors behind it."""
    lines = ["# Exit codes", ""]
    lines += table(("code", "meaning", "errors"), _codes())
    lines += _ERRORS.splitlines()
    tree = inspect.cleandoc(errors.__doc__ or "").partition("\n\n")[2]
    lines += ["", "```text", *tree.splitlines(), "```"]
    return document(lines)


_MEANINGS = {
    0: "pass: it was done, it holds, it is admitted",
    1: "no: a gate, a check or the policy refused, or an answer was recorded and does not count",
    2: "wrong usage or configuration",
    3: "could not look: something is missing, not supported, or over a limit; never a pass",
    4: "evidence is tampered with or cannot be verified",
    130: "stopped from the keyboard, or at a question",
}


def _codes() -> Iterator[Row]:
    names: dict[int, list[str]] = {code: [] for code in _MEANINGS}
    for name, cls in vars(errors).items():
        if name == "SealwrightError" or not isinstance(cls, type):
            continue
        if issubclass(cls, errors.SealwrightError):
            names[cls.exit_code].append(f"`{name}`")
    for code, meaning in _MEANINGS.items():
        yield str(code), meaning, ", ".join(names[code])
