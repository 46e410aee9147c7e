"""GOV-02: the fourth of four approvals comes from nobody who could give it."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from sealwright.drill.declaration import Attempt, Declaration, Drill, Scene, Sight, Trace
from sealwright.drill.installation import APPROVERS, MAKER, ROOT, add_key
from sealwright.drill.reading import HOLDS, admitted, denials, said
from sealwright.evidence.predicates.governance import Decision
from sealwright.project.core import Project

RIGHTFUL = tuple(APPROVERS)[:3]
FOURTH = tuple(APPROVERS)[3]
PEOPLE, LACKING = "approval-people", f"approval-{APPROVERS[FOURTH]}"

DECLARATION = Declaration(
    id="GOV-02",
    title="A quorum is faked",
    atlas=("AML.T0012",),
    attack="Three of four people have approved. The fourth approval is given by the model's author"
    " with a second key; by one of the three with a second key; by one of the three for a"
    " discipline that is not theirs; and by a person who does not exist, whom the author brought in"
    " with a root key.",
    twin="The fourth person approves, each time.",
    prevention="The gate denies: people are counted, not keys, and nobody approves their own work.",
    detection="The gate's reason, which names who does not count and why, or who was brought in by"
    " an author.",
    cleanup="The copies of the installation are deleted, and everybody's keys with them.",
    controls=("approval", "decision"),
)


def _own_work(project: Project, key: str) -> str:
    add_key(project, key, person=MAKER, roles=("approver",), disciplines=(APPROVERS[FOURTH],))
    return APPROVERS[FOURTH]


def _second_key(project: Project, key: str) -> str:
    add_key(project, key, person=RIGHTFUL[0], roles=("approver",))
    return APPROVERS[RIGHTFUL[0]]


def _other_discipline(project: Project, key: str) -> str:
    add_key(project, key, person=RIGHTFUL[0], roles=("approver",))
    return APPROVERS[FOURTH]


def _nobody(project: Project, key: str) -> str:
    add_key(project, f"{key}-root", person=MAKER, roles=("root",), signer=ROOT)
    add_key(
        project,
        key,
        person="nobody",
        roles=("approver",),
        disciplines=(APPROVERS[FOURTH],),
        signer=f"{key}-root",
    )
    return APPROVERS[FOURTH]


FAKES: dict[str, Callable[[Project, str], str]] = {
    "own-work": _own_work,
    "second-key": _second_key,
    "other-discipline": _other_discipline,
    "invented-person": _nobody,
}
"""Name → makes the key of the fourth approval, and tells the discipline that it is given for."""


def attack(scene: Scene) -> None:
    """In a copy each: three approvals, and a fourth that is no such thing."""
    for name, fake in FAKES.items():
        key = f"{scene.correlation}-{name}"
        with _copy(scene, name) as project:
            discipline = fake(project, key)
            _approve(scene, project, key, discipline)


def twin(scene: Scene) -> None:
    """In a copy each: four approvals."""
    for name in FAKES:
        with _copy(scene, name) as project:
            _approve(scene, project, FOURTH, APPROVERS[FOURTH])


def _copy(scene: Scene, name: str) -> Project:
    scene.project.close()  # all of it is in one file then
    shutil.copytree(scene.root, scene.folder / name)
    return Project.open(scene.folder / name)


def _approve(scene: Scene, project: Project, key: str, discipline: str) -> None:
    """New evidence makes the earlier approvals fall; three approve again, then the fourth."""
    from sealwright.project.decide import approve, ask
    from sealwright.project.progress import Silent
    from sealwright.project.resolve import model
    from sealwright.project.steps.model import scan_model

    scan_model(project, Silent())
    for who, what in (*((each, APPROVERS[each]) for each in RIGHTFUL), (key, discipline)):
        approve(
            project,
            model(project),
            "release",
            signer=who,
            discipline=what,
            answer="approve",
            reason=scene.correlation,
        )
    ask(project, model(project), "release", signer=scene.correlation)


def look(sight: Sight) -> tuple[Attempt, ...]:
    """The gate's answer in each copy, on record and computed from the same entries once more."""
    return tuple(_look_at(sight, name) for name in FAKES)


def _look_at(sight: Sight, name: str) -> Attempt:
    from sealwright.project.resolve import model

    with Project.open(sight.folder / name) as project:
        mine = [i for i in project.evidence() if i.principal.id.startswith(sight.correlation)]
        asked = [pair for pair in said(mine, Decision) if pair[1].question == "release"]
        verdict = project.gate(model(project), "release")
    digest = asked[-1][0].digest if asked else ""
    reasons = [
        f"{result.title}: {result.reason}"
        for result in verdict.results
        if result.id in (PEOPLE, LACKING) and result.status not in HOLDS
    ]
    return Attempt(
        name=name,
        reached=admitted(asked),
        prevention=denials(asked, PEOPLE, LACKING),
        detection=tuple(
            Trace(f"the gate's reason: {reason}", digest)
            for reason in (*reasons, *verdict.notes)
            if asked
        ),
    )


DRILL = Drill(declaration=DECLARATION, attack=attack, twin=twin, look=look)
