"""One error tree for the whole system; the command line turns it into exit codes in one place.

SealwrightError                what was wrong, and advice on what to do
├── UsageError          (2)    wrong usage: a bad argument, an unknown name
│   └── ConfigError     (2)    a configuration file is wrong; carries file, line, column
├── Refused             (1)    a gate, a check or the policy said no
├── CannotLook          (3)    the question could not be examined
│   ├── InputMissing    (3)    a file or record that is needed is not there
│   ├── Unsupported     (3)    this platform or format is not supported
│   └── LimitReached    (3)    a limit on size, depth, count or time was reached
└── EvidenceError       (4)    the evidence is bad: "they lied", not "could not reach them"
    ├── MalformedError  (4)    bytes that are not what they must be
    ├── SignatureError  (4)    no trusted key made this signature
    ├── TamperError     (4)    content and its record disagree
    └── ForkError       (4)    two histories: the ledger is behind or beside what was published
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar


class SealwrightError(Exception):
    """Base of all errors a user can meet.

    `message` says what was found and where, `advice` says what to do about it.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


class UsageError(SealwrightError):
    """The command or call was wrong."""

    exit_code = 2


class ConfigError(UsageError):
    """A configuration file is wrong at a place that can be named (1-based line and column)."""

    def __init__(
        self,
        message: str,
        *,
        file: Path | str,
        line: int | None = None,
        column: int | None = None,
        advice: str = "",
    ) -> None:
        place = str(file)
        if line is not None:
            place += f":{line}" + (f":{column}" if column is not None else "")
        super().__init__(f"{place}: {message}", advice=advice)
        self.file = Path(file)
        self.line = line
        self.column = column


class Refused(SealwrightError):
    """A gate, a check or the policy said no."""

    exit_code = 1


class CannotLook(SealwrightError):
    """The question could not be examined; never a pass."""

    exit_code = 3


class InputMissing(CannotLook):
    """Something needed is not there."""


class Unsupported(CannotLook):
    """This platform, format or feature is not supported here."""


class LimitReached(CannotLook):
    """A limit on size, depth, count or time was reached."""


class EvidenceError(SealwrightError):
    """Evidence is tampered with or cannot be verified."""

    exit_code = 4


class MalformedError(EvidenceError):
    """Bytes are not in the one form they must have."""


class SignatureError(EvidenceError):
    """No key of the trust root that was valid then made this signature."""


class TamperError(EvidenceError):
    """Content and its record disagree."""


class ForkError(EvidenceError):
    """The ledger is behind, or beside, what was already published."""
