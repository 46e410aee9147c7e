"""Cases that people decide, as files: the one place where inputs lie beside their decision.

    <case>.json          written here when the case opens; mode 0600
    <case>.answer.json   written by whoever decides it

The gateway writes the first and reads both; it never changes either.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import msgspec

from sealwright.errors import CannotLook
from sealwright.files import write_atomically
from sealwright.phases.deployment.core.cases import CaseOutcome
from sealwright.phases.deployment.core.decision import OpenCase

MAX_FILE: Final = 1024 * 1024


class CaseAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a case."""

    case: str
    state: Literal["pending", "positive", "negative", "none"]
    """pending: another person must confirm it; none: it is rejected."""
    at: str = ""


_cases: Final = msgspec.json.Decoder(OpenCase)
_answers: Final = msgspec.json.Decoder(CaseAnswer)


def case_file(folder: Path, case: str) -> Path:
    """Where an open case lies. `case`: as `core.routes` lets through, so it names no folder."""
    return folder / f"{case}.json"


def answer_file(folder: Path, case: str) -> Path:
    """Where its answer lies."""
    return folder / f"{case}.answer.json"


def open_cases(folder: Path, cases: tuple[OpenCase, ...]) -> None:
    """Writes them, durable on return; CannotLook if that cannot be done."""
    for case in cases:
        write_atomically(case_file(folder, case.case), msgspec.json.encode(case), mode=0o600)


def look_up(folder: Path, case: str) -> CaseOutcome | None:
    """What is known of a case; None where there is none, or its file is not one.

    CannotLook where it is there and cannot be read.
    """
    data = _read(case_file(folder, case))
    if data is None:
        return None
    try:
        opened = _cases.decode(data)
        said = _read(answer_file(folder, case))
        answer = None if said is None else _answers.decode(said)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise CannotLook("the case's file cannot be read") from error
    if answer is None or answer.state == "pending" or answer.case != case:
        return CaseOutcome(case=opened.case, client=opened.client, name=opened.name, status="open")
    return CaseOutcome(
        case=opened.case,
        client=opened.client,
        name=opened.name,
        status="closed",
        decision=answer.state,
        at=answer.at,
    )


def _read(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CannotLook("the case's file cannot be read") from error
    if len(data) > MAX_FILE:
        raise CannotLook("the case's file is too large")
    return data
