"""Cases that the model does not decide alone: who looked, what they said, and what came of it.

The gateway leaves each case as a file. A person's word on it is a signed statement in the ledger;
the outcome is computed from those words, and its file only repeats it for the gateway.

Who may: a person with the role approver or owner, or an operator of the discipline `domain`. A case
that the model left open takes one of them. One that it decided and that must be confirmed takes two
different people who say the same, neither an author of the model. One is enough to reject a case:
then nothing is decided, and the caller asks elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

import msgspec

from sealwright.clock import format_time, parse_time
from sealwright.errors import CannotLook, InputMissing, MalformedError, Refused, UsageError
from sealwright.evidence.predicates.governance import Person, Principal
from sealwright.evidence.predicates.serving import Oversight
from sealwright.evidence.statement import subject
from sealwright.evidence.verify import Verified
from sealwright.files import write_atomically
from sealwright.phases.deployment import record
from sealwright.phases.deployment.core.decision import OpenCase
from sealwright.phases.deployment.core.routes import CASE
from sealwright.phases.deployment.gateway.cases import (
    MAX_FILE,
    CaseAnswer,
    answer_file,
    answer_secret,
    case_file,
    sealed,
)
from sealwright.policy.duties import actor_behind, actor_of, authors, revoked_for_cause
from sealwright.project.core import Project
from sealwright.project.serving.authority import known_signer
from sealwright.project.serving.pepper import pepper_of
from sealwright.project.serving.standing import Court, court

REVIEWING_ROLES: Final = ("approver", "owner")
DOMAIN: Final = "domain"
"""Discipline of an operator who knows the matter."""
CONFIRMING: Final = 2
"""People who confirm a decision that must be confirmed."""
MAX_CASES: Final = 10_000

Word = Literal["confirm", "override", "positive", "negative", "reject"]
"""What a person says: confirm or override the model's decision, decide an open case, or reject."""
State = Literal["open", "pending", "positive", "negative", "none"]

_CASE = re.compile(CASE)
_cases = msgspec.json.Decoder(OpenCase)
_notes = msgspec.json.Decoder(dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case, what was said about it so far, and how it stands."""

    case: OpenCase
    words: tuple[Verified, ...]
    """Statements that count, in order."""
    state: State
    """`pending`: somebody else must say the same; `none`: rejected."""
    at: str = ""
    """When it was decided."""

    @property
    def closed(self) -> bool:
        """Whether it is decided or rejected."""
        return self.state not in ("open", "pending")


def list_cases(project: Project, *, everything: bool = False) -> tuple[Case, ...]:
    """The cases that wait for people, oldest first; `everything`: also those that are closed.

    Writes the answer files that a crash left behind the ledger.
    """
    bench = court(project, now=project.now())
    found = [_standing(bench, each) for each in _read_all(project)]
    for each in found:
        _repeat(project, each)
    shown = [each for each in found if everything or not each.closed]
    return tuple(sorted(shown, key=lambda each: (each.case.at, each.case.case)))


def look_at(project: Project, identity: str, *, signer: str) -> Case:
    """One case, with its inputs; notes that this person opened it, and when."""
    case = find(project, identity)
    person = _person(known_signer(project, signer))
    place = _note_file(project, case.case.case)
    noted = _read_notes(place)
    noted.setdefault(person, format_time(project.clock()))
    write_atomically(place, msgspec.json.encode(noted), mode=0o600)
    return case


def find(project: Project, identity: str) -> Case:
    """The case with this id, as it stands; InputMissing if there is none."""
    if _CASE.fullmatch(identity) is None:
        raise UsageError(f"{identity!r:.80} is no case's id", advice="see `sealwright review list`")
    opened = _read_case(case_file(project.layout.reviews, identity))
    if opened is None:
        raise InputMissing(
            f"there is no case {identity}", advice="see `sealwright review list --all`"
        )
    return _standing(court(project, now=project.now()), opened)


def answer(project: Project, identity: str, word: Word, *, reason: str, signer: str) -> Case:
    """Records a person's word on a case; the case as it stands then.

    Refused for somebody who may not, UsageError for a word that does not fit the case or for one
    that is closed.
    """
    principal = known_signer(project, signer)
    with project.turn():
        found = find(project, identity)
        case = found.case
        if found.closed:
            _repeat(project, found)
            raise UsageError(f"case {identity} is closed: {found.state}, {found.at}")
        bench = court(project, now=project.now())
        known = project.trust.person(principal.person)
        if problem := answer_problem(bench, case, principal, known):
            raise Refused(
                f"case {identity}: {problem}", advice="somebody else answers: --as PRINCIPAL"
            )
        action, decision = _meaning(case, word)
        now = project.clock()
        statement = record.oversight(
            subject(bench.index.name(case.digest), case.digest),
            case=identity,
            action=action,
            decision=decision,
            model_decision=case.model_decision,
            score=case.score,
            reason=reason,
            seconds=_seconds(project, identity, principal, now),
            now=now,
        )
        project.record(statement, signer=signer)
        after = _standing(court(project, now=project.now()), case)
        _repeat(project, after)
    return after


def answer_problem(
    bench: Court, case: OpenCase, principal: Principal, person: Person | None
) -> str:
    """Why this case is not this principal's to answer, in one line; empty if it is."""
    if not principal.person or person is None:
        return f"{principal.id} is no person"
    expert = "operator" in principal.roles and DOMAIN in person.disciplines
    if not expert and not set(principal.roles) & set(REVIEWING_ROLES):
        return (
            f"{principal.id} is neither {' nor '.join(REVIEWING_ROLES)}, "
            f"nor an operator of the discipline {DOMAIN}"
        )
    if case.kind == "confirm":
        made = authors(bench.index, bench.case.graph, bench.case.directory, case.digest)
        if deed := made.get(actor_behind(principal)):
            return f"{principal.id} {deed}: nobody confirms what their own work decided"
    return ""


Action = Literal["confirm", "override", "answer", "reject"]
Decision = Literal["positive", "negative", "none"]


def _meaning(case: OpenCase, word: Word) -> tuple[Action, Decision]:
    """The statement's action and decision; UsageError where the word does not fit the case."""
    said = case.model_decision
    if word == "reject":
        return "reject", "none"
    if case.kind == "review" or said == "abstain":
        if word in ("positive", "negative"):
            return "answer", word
        raise UsageError(
            f"the model left case {case.case} open: there is nothing to {word}",
            advice="decide it: positive, negative or reject",
        )
    other: Decision = "negative" if said == "positive" else "positive"
    if word in ("confirm", said):
        return "confirm", said
    return "override", other


def _standing(bench: Court, case: OpenCase) -> Case:
    """How the case stands by the words in the ledger, in order, up to the one that closes it. Of
    each person the newest word counts."""
    words: list[Verified] = []
    newest: dict[str, tuple[Verified, Decision]] = {}
    for item in bench.index.about(case.digest, "oversight"):
        said = item.statement.predicate
        if not isinstance(said, Oversight) or said.case != case.case or not _fits(said, case):
            continue
        problem = answer_problem(bench, case, item.principal, item.person)
        if problem or revoked_for_cause(item) or bench.case.is_future(item):
            continue
        words.append(item)
        newest[actor_of(item)] = (item, said.decision)
        if said.decision == "none" or _agreed(bench, case, newest, said.decision):
            return Case(case=case, words=tuple(words), state=said.decision, at=said.at)
    return Case(case=case, words=tuple(words), state="pending" if words else "open")


def _fits(said: Oversight, case: OpenCase) -> bool:
    """Whether the statement is about the case as it lies there."""
    try:
        word: Word = "reject" if said.decision == "none" else said.decision
        fitting = _meaning(case, word) == (said.action, said.decision)
    except UsageError:
        return False
    return fitting and said.model_decision == case.model_decision


def _agreed(
    bench: Court,
    case: OpenCase,
    newest: dict[str, tuple[Verified, Decision]],
    decision: Decision,
) -> bool:
    """Whether enough different people say so. Two identities under one name are one person."""
    agreeing = [actor for actor, (_, said) in newest.items() if said == decision]
    people: list[str] = []
    for actor in agreeing:
        same = bench.case.directory.namesakes(actor)
        if not any(other in same for other in people):
            people.append(actor)
    return len(people) >= (CONFIRMING if case.kind == "confirm" else 1)


def _repeat(project: Project, found: Case) -> None:
    """The answer file says what the ledger says."""
    if found.state == "open":
        return
    place = answer_file(project.layout.reviews, found.case.case)
    said = sealed(
        CaseAnswer(case=found.case.case, state=found.state, at=found.at),
        secret=answer_secret(pepper_of(project)),
    )
    text = msgspec.json.encode(said)
    if _bytes(place) != text:
        write_atomically(place, text, mode=0o600)


def _read_all(project: Project) -> Iterator[OpenCase]:
    folder = project.layout.reviews
    if not folder.is_dir():
        return
    places = [
        place
        for place in sorted(folder.glob("*.json"))
        if _CASE.fullmatch(place.name.removesuffix(".json"))
    ]
    if len(places) > MAX_CASES:
        raise CannotLook(
            f"{len(places)} cases in {folder}; at most {MAX_CASES} are looked at",
            advice="move the closed ones elsewhere",
        )
    for place in places:
        case = _read_case(place)
        if case is not None:
            yield case


def _read_case(place: Path) -> OpenCase | None:
    data = _bytes(place)
    if data is None:
        return None
    try:
        case = _cases.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedError(f"{place}: is not a case as the gateway writes it") from error
    if case.case != place.name.removesuffix(".json"):
        raise MalformedError(f"{place}: is another case's file")
    if (case.kind == "review") != (case.model_decision == "abstain"):
        # Else one person's word would do where the contract asks for two.
        raise MalformedError(
            f"{place}: what the model decided is confirmed, what it left is decided"
        )
    return case


def _bytes(place: Path) -> bytes | None:
    try:
        with place.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CannotLook(f"{place}: {error.strerror}") from error
    if len(data) > MAX_FILE:
        raise MalformedError(f"{place}: is too large to be a case's file")
    return data


def _note_file(project: Project, identity: str) -> Path:
    return project.layout.reviews / f"{identity}.opened.json"


def _read_notes(place: Path) -> dict[str, str]:
    """Person → when they opened the case; nothing where the note is gone or spoiled."""
    try:
        return _notes.decode(_bytes(place) or b"{}")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return {}


def _seconds(project: Project, identity: str, principal: Principal, now: datetime) -> int:
    """Since this person opened the case; 0 where that is not known."""
    opened = _read_notes(_note_file(project, identity)).get(_person(principal), "")
    try:
        return max(0, int((now - parse_time(opened)).total_seconds()))
    except MalformedError:
        return 0


def _person(principal: Principal) -> str:
    return principal.person or principal.id
