"""VAL-06: an overconfident candidate, and a bar that is lowered once the result is known."""

from __future__ import annotations

from sealwright.drill.candidate import HONEST_SHARPNESS, submit, train_candidate
from sealwright.drill.declaration import Attempt, Declaration, Drill, Scene, Sight, Trace
from sealwright.drill.drills.val_02 import failures
from sealwright.drill.installation import declare
from sealwright.drill.reading import HOLDS, admitted, decisions, denials, said
from sealwright.evidence.predicates.governance import Decision
from sealwright.evidence.predicates.validation import Criteria
from sealwright.evidence.verify import Verified

GATE = "evaluation-calibration"
_BAR = "threshold = 0.14"

DECLARATION = Declaration(
    id="VAL-06",
    title="A bar is lowered after the result was seen",
    atlas=("AML.T0074",),
    attack="A candidate is trained that is far too sure of itself, examined, approved by everybody"
    " and put to the gate. Then the calibration criterion is loosened until the candidate meets it,"
    " and the same way is gone again.",
    twin="An honest candidate goes the way, then the criterion is tightened and it goes again.",
    prevention="The gate does not admit it: first the calibration failed, then its criteria are"
    " weaker than those that held before the first result.",
    detection="A calibration evaluation that failed; and the gate's reason, which names the entry"
    " of the criteria that held.",
    cleanup="The copy of the installation is deleted, with the candidate and the criteria.",
    controls=("criteria", "evaluation"),
)


def attack(scene: Scene) -> None:
    """Makes it too sure of itself, then lowers the bar."""
    train_candidate(scene, instead_of=HONEST_SHARPNESS, write="SHARPNESS = 12.0")
    _again(scene, "threshold = 0.9")


def twin(scene: Scene) -> None:
    """Leaves it as sure of itself as the data says, then raises the bar."""
    train_candidate(scene, instead_of=HONEST_SHARPNESS, write="SHARPNESS = 1.001")
    _again(scene, "threshold = 0.139")


def _again(scene: Scene, bar: str) -> None:
    declare(scene.root, {_BAR: bar})
    scene.project.__dict__.pop("lifecycle", None)  # the declaration is read once; now it changed
    submit(scene, ("validation",))


def look(sight: Sight) -> tuple[Attempt, ...]:
    """The evaluations, and the gate's answers before and after the new criteria."""
    asked = decisions(sight, "release")
    fixed = [item.index for item, _ in said(sight.entries, Criteria)]
    since = fixed[-1] if fixed else len(sight.project.evidence())
    first = [pair for pair in asked if pair[0].index < since]
    second = [pair for pair in asked if pair[0].index > since]
    return (
        Attempt(
            name="release an overconfident candidate",
            reached=admitted(first),
            prevention=denials(first, GATE),
            detection=failures(sight, "calibration"),
        ),
        Attempt(
            name="lower the bar",
            reached=admitted(second),
            prevention=denials(second, GATE),
            detection=_reasons(sight, second),
        ),
    )


def _reasons(sight: Sight, asked: list[tuple[Verified, Decision]]) -> tuple[Trace, ...]:
    """Why the gate does not count the evaluation that met the lowered bar, computed from the same
    entries once more."""
    from sealwright.project.resolve import model

    if not asked:
        return ()
    verdict = sight.project.gate(model(sight.project), "release")
    return tuple(
        Trace(f"the gate's reason: {result.reason}", asked[-1][0].digest)
        for result in verdict.results
        if result.id == GATE and result.status not in HOLDS and "criteria" in result.reason
    )


DRILL = Drill(declaration=DECLARATION, attack=attack, twin=twin, look=look)
