"""DAT-02: a legitimate writer submits a version with flipped labels."""

from __future__ import annotations

from sealwright.drill.declaration import Attempt, Declaration, Drill, Scene, Sight
from sealwright.drill.installation import ROWS, rewrite, table
from sealwright.drill.reading import admitted, decisions, denials, said, trace
from sealwright.evidence.predicates.data import DatasetValidation

FLIPPED, ADDED = 10, 5

DECLARATION = Declaration(
    id="DAT-02",
    title="A version with flipped labels is submitted",
    atlas=("AML.T0020",),
    attack=f"A steward records a new version of the training data in which every {FLIPPED}th label"
    " is turned round, and asks for training on it. Every row still meets its constraints.",
    twin=f"The steward records a new version with {ADDED} rows more, and asks for training on it.",
    prevention="The gate does not let the version be trained on.",
    detection="A dataset-validation of its labels that failed, against the version before.",
    cleanup="The copy of the installation is deleted, and the version with it.",
    controls=("dataset-validation",),
)


def attack(scene: Scene) -> None:
    """Turns labels round, and submits."""

    def flip(text: str) -> str:
        head, *rows = text.splitlines()
        for at in range(0, len(rows), FLIPPED):
            features, _, label = rows[at].rpartition(",")
            rows[at] = f"{features},{1 - int(label)}"
        return "\n".join([head, *rows]) + "\n"

    rewrite(scene.root / "data" / "train.csv", flip)
    _submit(scene)


def twin(scene: Scene) -> None:
    """Adds rows, and submits."""
    rewrite(scene.root / "data" / "train.csv", lambda _: table("train", ROWS["train"] + ADDED))
    _submit(scene)


def _submit(scene: Scene) -> None:
    from sealwright.project.progress import Silent
    from sealwright.project.run import perform
    from sealwright.project.steps import data, gates
    from sealwright.project.steps.step import Agreed

    steps = [*data.steps(scene.project, ["train"]), gates.train(scene.project, Agreed())]
    perform(scene.project, steps, progress=Silent())


def look(sight: Sight) -> tuple[Attempt, ...]:
    """What the examination found, and the gate's answer."""
    asked = decisions(sight, "train")
    return (
        Attempt(
            name="train on the version",
            reached=admitted(asked),
            prevention=denials(asked, "train-data-labels"),
            detection=tuple(
                trace(item, f"labels: {each.result} (entry {item.index})")
                for item, each in said(sight.entries, DatasetValidation)
                if each.kind == "labels" and each.result not in ("passed", "warned")
            ),
        ),
    )


DRILL = Drill(declaration=DECLARATION, attack=attack, twin=twin, look=look)
