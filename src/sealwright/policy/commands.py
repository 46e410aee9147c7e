"""Which command would satisfy a requirement, with the names of the case filled in."""

from __future__ import annotations

import shlex

from sealwright.evidence.predicates.governance import Question
from sealwright.policy.case import Case, Input
from sealwright.policy.duties import Actor, only_administrates
from sealwright.policy.model import Quorum, Requirement

_SCAN = "sealwright model scan"
"""Scans the project's own model. One from outside is scanned when it is brought in."""
_BRING_IN = (
    "sealwright model import PATH --name {artifact} --from SOURCE --revision REVISION --licence ID"
)


def command_for(case: Case, requirement: Requirement, target: Input | None) -> str:
    """The requirement's command, for the question that is asked.

    Names come from statements, so they are quoted for a shell.
    """
    filled = {
        "{name}": target.name if target else "NAME",
        "{artifact}": case.name,
        "{requirement}": requirement.id,
    }
    command = requirement.command
    if case.request.question == "import" and command == _SCAN:
        command = _BRING_IN
    for key, value in filled.items():
        command = command.replace(key, shlex.quote(value))
    return command


def approve_command(
    case: Case, quorum: Quorum, *, question: Question, discipline: str, asked: frozenset[Actor]
) -> str:
    """The command by which somebody who may would answer `question`; `asked` have done so already.

    Serving counts the approvals of the release, so its question is that one.
    """
    principal, shown = "PRINCIPAL", discipline or "DISCIPLINE"
    for candidate in case.directory.principals:
        disciplines = case.directory.disciplines.get(candidate.person, ())
        actor = f"person:{candidate.person}"
        taken = actor in asked or actor in case.policy_makers
        if not candidate.person or taken or actor in case.authors or actor in case.evaluators:
            continue
        if only_administrates(candidate.roles) or not set(candidate.roles) & set(quorum.roles):
            continue
        if candidate.revoked is not None or not disciplines:
            continue
        if not discipline or discipline in disciplines:
            principal, shown = candidate.id, discipline or disciplines[0]
            break
    about = "" if question == "release" else f" --for {question}"
    return (
        f"sealwright approve {shlex.quote(case.name)}{about}"
        f" --as {shlex.quote(principal)} --discipline {shlex.quote(shown)} --reason WHY"
    )


def countersign_command(case: Case, *, asked: frozenset[Actor]) -> str:
    """The command by which another person, no author, would sign the same policy."""
    principal = next(
        (
            candidate.id
            for candidate in case.directory.principals
            if candidate.person
            and candidate.revoked is None
            and f"person:{candidate.person}" not in {*asked, *case.authors}
        ),
        "PRINCIPAL",
    )
    return f"sealwright approve policy --as {shlex.quote(principal)} --reason WHY"
