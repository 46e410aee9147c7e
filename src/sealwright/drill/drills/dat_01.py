"""DAT-01: bytes of a stored data set are flipped."""

from __future__ import annotations

from contextlib import suppress

from sealwright.drill.declaration import Attempt, Declaration, Drill, Scene, Sight
from sealwright.drill.reading import admitted, decisions, denials, said, trace
from sealwright.errors import Refused
from sealwright.evidence.predicates.data import DataAccess

DECLARATION = Declaration(
    id="DAT-01",
    title="Bytes of a stored data set are flipped",
    atlas=("AML.T0059",),
    attack="A digit in the stored training data is changed, behind everybody's back. Then the data"
    " is opened, and training on it is asked for.",
    twin="The data as it was recorded is opened, and training on it is asked for.",
    prevention="The rows are not handed out, and the gate does not let them be trained on: their"
    " digest is no version on record.",
    detection="A data access is on record as denied.",
    cleanup="The copy of the installation is deleted.",
    controls=("dataset-version",),
)


def attack(scene: Scene) -> None:
    """Changes a digit, and uses the data."""
    file = scene.root / "data" / "train.csv"
    data = bytearray(file.read_bytes())
    place = next(at for at in range(len(data) // 2, len(data)) if chr(data[at]).isdigit())
    data[place] ^= 1
    file.write_bytes(data)
    use(scene)


def use(scene: Scene) -> None:
    """Opens the data, and asks whether it may be trained on."""
    from sealwright.project.access import open_data
    from sealwright.project.decide import ask
    from sealwright.project.resolve import SYSTEM, resolve, training_inputs

    project, who = scene.project, scene.correlation
    with suppress(Refused):  # what counts is what is on record
        open_data(project, "train", purpose=who, signer=who)
    ask(project, resolve(project, SYSTEM), "train", inputs=training_inputs(project), signer=who)


def look(sight: Sight) -> tuple[Attempt, ...]:
    """The denied access, and the gate's answer."""
    asked = decisions(sight, "train")
    opened = list(said(sight.entries, DataAccess))
    return (
        Attempt(
            name="use the data",
            reached=admitted(asked) or any(each.outcome == "granted" for _, each in opened),
            prevention=denials(asked, "train-data-version"),
            detection=tuple(
                trace(item, f"access denied (entry {item.index}): {each.reason}")
                for item, each in opened
                if each.outcome == "denied"
            ),
        ),
    )


DRILL = Drill(declaration=DECLARATION, attack=attack, twin=use, look=look)
