"""The secret check: what was found is told by type and place, with a fingerprint, and never
shown."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterator
from pathlib import Path

from sealwright.vetting.interface import (
    CodeCheck,
    CodeExamination,
    Member,
    Observation,
    Rule,
    observe,
)
from sealwright.vetting.secrets import engine
from sealwright.vetting.secrets.assigned import assigned
from sealwright.vetting.secrets.texts import Searched, searched

MAX_FILE = 32 * 1024 * 1024
MAX_BYTES = 512 * 1024 * 1024
"""Of all files together."""
MAX_FILES = 20_000

CERTAIN = Rule(
    id="SW-SEC-001",
    effect="fail",
    severity="critical",
    title="A secret lies in a file",
    why=(
        "Whoever reads the repository, the notebook or the model's folder can use the key. Copies "
        "stay in its history after it was deleted."
    ),
    example='login(token="hf_" + "…34 letters…")  # in one piece',
    remediation=(
        "change the secret where it was issued, then read it from the environment or a vault"
    ),
    atlas=("AML.T0055",),
    cwe=(798, 312),
)
PROBABLE = Rule(
    id="SW-SEC-002",
    effect="review",
    severity="high",
    confidence="medium",
    title="What looks like a secret lies in a file",
    why="Its form is that of a key or of an address with a password, but other texts have it, too.",
    example="postgresql://user:…@host/database",
    remediation="look at it; change the secret if it is one, and rename or waive it if it is not",
    atlas=("AML.T0055",),
    cwe=(798, 312),
)
ASSIGNED = Rule(
    id="SW-SEC-003",
    effect="warn",
    severity="medium",
    confidence="low",
    title="A literal stands under a name that says it is a secret",
    why="A password that is written into code is known to everybody who has the code.",
    example='password = "…"',
    remediation="read it from the environment or a vault; change it if it was in use",
    atlas=("AML.T0055",),
    cwe=(798, 259),
)
NO_DETECTOR = Rule(
    id="SW-SEC-010",
    effect="inconclusive",
    severity="medium",
    title="The secret detector is not installed",
    why="Without it nothing can be said about secrets, and nothing is.",
    example="an installation without the extra 'model'",
    remediation="install sealwright with the extra 'model'",
)
NOT_READ = Rule(
    id="SW-SEC-011",
    effect="inconclusive",
    severity="medium",
    title="A file was not searched for secrets to its end",
    why="What was not searched may hold a secret.",
    example="a file of more than 32 MiB",
    remediation="keep large files out of the code, or split them",
)
RULES = (CERTAIN, PROBABLE, ASSIGNED, NO_DETECTOR, NOT_READ)


def examine(files: tuple[Member, ...], *, cache: Path | None = None) -> CodeExamination:
    """Searches every file, notebooks with their outputs. `cache`: see `engine.look`."""
    if not engine.installed():
        missing = "the secret detector is not installed"
        return CodeExamination(observations=(observe(NO_DETECTOR, missing, location=""),))
    seen: list[Observation] = []
    wanted: list[Member] = []
    spent = 0
    for file in files:
        spent += len(file.data)
        if len(file.data) > MAX_FILE or spent > MAX_BYTES or len(wanted) >= MAX_FILES:
            seen.append(observe(NOT_READ, "too large, or too many files", location=file.path))
        else:
            wanted.append(file)
    salt = secrets.token_bytes(32)
    texts = [searched(file) for file in wanted]
    answers = engine.look([text.data for text in texts], salt=salt, cache=cache)
    if isinstance(answers, str):
        seen.append(observe(NOT_READ, answers, location=""))
        return CodeExamination(observations=tuple(seen))
    examined = set()
    for file, text, answer in zip(wanted, texts, answers, strict=True):
        seen += _told(text, answer, salt)
        if answer.problem:
            seen.append(observe(NOT_READ, answer.problem, location=file.path))
        else:
            examined.add(file.path)
    return CodeExamination(observations=tuple(seen), examined=frozenset(examined))


def _told(text: Searched, answer: engine.Answer, salt: bytes) -> Iterator[Observation]:
    lines = set()
    for place in answer.places:
        lines.add(place.line)
        rule = CERTAIN if place.confidence == "high" else PROBABLE
        message = f"{place.type.removeprefix('betterleaks.')} (fingerprint {place.fingerprint})"
        yield observe(rule, message, location=text.place(place.line))
    if b"\0" in text.data[:4096]:
        return
    for one in assigned(text.data.decode("utf-8", "replace")):
        if one.line not in lines:
            digest = hmac.new(salt, one.value.encode(), hashlib.sha256).hexdigest()
            said = f"(fingerprint {digest[: engine.SHORT]})"
            message = f"a literal is assigned to {one.name[:60]!a} {said}"
            yield observe(ASSIGNED, message, location=text.place(one.line))


def detector() -> dict[str, str]:
    """Which detector answers, for the record."""
    return {"name": engine.DISTRIBUTION, "version": engine.installed()}


CHECK = CodeCheck(
    id="secrets",
    title="Secrets in code, notebooks and settings",
    examines=(
        "Every file by the detector's formats of some 500 services and by names that say secret. "
        "No "
        "secret is tried out anywhere, and none is repeated."
    ),
    rules=RULES,
    engine=detector,
    examine=examine,
)
