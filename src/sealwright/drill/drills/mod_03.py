"""MOD-03: weights are swapped after they were signed."""

from __future__ import annotations

from sealwright.drill.declaration import Attempt, Declaration, Drill, Scene, Sight, Trace
from sealwright.drill.reading import admitted, decisions, denials
from sealwright.errors import EvidenceError, Refused

DECLARATION = Declaration(
    id="MOD-03",
    title="Weights are swapped after they were signed",
    atlas=("AML.T0018.000",),
    attack="One bit of one weight in the signed model file is turned; its size stays. The model is"
    " put to the gate again.",
    twin="The model as it was signed is put to the gate again.",
    prevention="Verification against the signature in the ledger refuses the files.",
    detection="The gate's decision on record: there is no signature of such a model.",
    cleanup="The copy of the installation is deleted, and the model with it.",
    controls=("model-signature", "custody"),
)


def attack(scene: Scene) -> None:
    """Turns a bit of a weight, and asks."""
    file = scene.root / "model" / "model.onnx"
    data = bytearray(file.read_bytes())
    place = data.index(b"weights", data.index(b"Sigmoid")) + len(b"weights") + 4
    data[place] ^= 0x40
    file.write_bytes(data)
    submit(scene)


def submit(scene: Scene) -> None:
    """Asks for the release of the model that lies there."""
    from sealwright.project.decide import ask
    from sealwright.project.resolve import model

    ask(scene.project, model(scene.project), "release", signer=scene.correlation)


def look(sight: Sight) -> tuple[Attempt, ...]:
    """What the signature on record says of the files that lie there, and the gate's answer."""
    asked = decisions(sight, "release")
    refusal = _refusal(sight)
    return (
        Attempt(
            name="pass for the signed model",
            reached=not refusal or admitted(asked),
            prevention=(Trace(f"verification refuses the files: {refusal}"),) if refusal else (),
            detection=denials(asked, "model-signature"),
        ),
    )


def _refusal(sight: Sight) -> str:
    from sealwright.project.custody import check_last

    try:
        check_last(sight.project, sight.root / sight.project.lifecycle.training.output)
    except (Refused, EvidenceError) as error:
        return error.message
    return ""


DRILL = Drill(declaration=DECLARATION, attack=attack, twin=submit, look=look)
