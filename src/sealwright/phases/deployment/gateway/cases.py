"""Cases that people decide, as files: the one place where inputs lie beside their decision.

    <case>.json          written here when the case opens; mode 0600
    <case>.answer.json   written by whoever decides it

The gateway writes the first and reads both; it never changes either.
"""

from __future__ import annotations

import hmac
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
    mac: str = ""
    """Of the rest, under `answer_secret`: without it the answer is nobody's word."""


def answer_secret(pepper: bytes) -> bytes:
    """The key of answers' MACs, from the installation's pepper."""
    return hmac.digest(pepper, b"sealwright: answers of cases", "sha256")


def sealed(answer: CaseAnswer, *, secret: bytes) -> CaseAnswer:
    """The answer with its MAC."""
    return msgspec.structs.replace(answer, mac=_mac(answer, secret))


def _mac(answer: CaseAnswer, secret: bytes) -> str:
    said = msgspec.json.encode([answer.case, answer.state, answer.at])
    return hmac.digest(secret, said, "sha256").hex()


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


def look_up(folder: Path, case: str, *, secret: bytes = b"") -> CaseOutcome | None:
    """What is known of a case; None where there is none, or its file is not one.

    An answer without the right MAC leaves the case open. CannotLook where it is there and cannot be
    read.
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
    ours = answer is not None and answer.case == case and _is_sealed(answer, secret)
    if answer is None or not ours or answer.state == "pending":
        return CaseOutcome(case=opened.case, client=opened.client, name=opened.name, status="open")
    return CaseOutcome(
        case=opened.case,
        client=opened.client,
        name=opened.name,
        status="closed",
        decision=answer.state,
        at=answer.at,
    )


def _is_sealed(answer: CaseAnswer, secret: bytes) -> bool:
    return bool(secret) and hmac.compare_digest(answer.mac.encode(), _mac(answer, secret).encode())


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
