"""VAL-02: a candidate that treats one group worse."""

from __future__ import annotations

from sealwright.drill.candidate import HONEST_SHIFT, train_candidate
from sealwright.drill.declaration import Attempt, Declaration, Drill, Scene, Sight, Trace
from sealwright.drill.reading import admitted, decisions, denials, said, trace
from sealwright.evidence.predicates.validation import Evaluation

DECLARATION = Declaration(
    id="VAL-02",
    title="A candidate treats one group worse",
    atlas=("AML.T0031",),
    attack="A candidate is trained whose scores are lowered for one of the two groups. It is"
    " examined, approved by everybody and put to the gate.",
    twin="A candidate is trained that treats both groups nearly alike, and goes the same way.",
    prevention="The gate does not admit it, whoever has approved.",
    detection="A fairness evaluation that failed, and the criteria that name the group.",
    cleanup="The copy of the installation is deleted, and the candidate with it.",
    controls=("evaluation",),
)


def attack(scene: Scene) -> None:
    """Lowers the scores of one group."""
    train_candidate(scene, instead_of=HONEST_SHIFT, write="SHIFT = (0.0, 0.0, -4.0)")


def twin(scene: Scene) -> None:
    """Shifts nobody's score by more than a trifle."""
    train_candidate(scene, instead_of=HONEST_SHIFT, write="SHIFT = (0.0, 0.0, 0.001)")


def look(sight: Sight) -> tuple[Attempt, ...]:
    """The evaluation of fairness, and the gate's answer."""
    asked = decisions(sight, "release")
    return (
        Attempt(
            name="release the candidate",
            reached=admitted(asked),
            prevention=denials(asked, "evaluation-fairness"),
            detection=failures(sight, "fairness"),
        ),
    )


def failures(sight: Sight, kind: str) -> tuple[Trace, ...]:
    """Evaluations of one kind that did not pass, with the criteria that failed."""
    return tuple(
        trace(
            item,
            f"{kind} {each.result} (entry {item.index}): "
            + ", ".join(j.criterion for j in each.judgements if j.result != "passed"),
        )
        for item, each in said(sight.entries, Evaluation)
        if each.kind == kind and each.result not in ("passed", "warned")
    )


DRILL = Drill(declaration=DECLARATION, attack=attack, twin=twin, look=look)
