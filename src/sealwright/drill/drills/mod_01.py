"""MOD-01: a model that runs code when it is loaded."""

from __future__ import annotations

import pickle
from contextlib import suppress
from pathlib import Path

from sealwright.drill.declaration import Attempt, Declaration, Drill, Scene, Sight
from sealwright.drill.reading import admitted, decisions, denials, said, trace
from sealwright.errors import Refused
from sealwright.evidence.predicates.model import Scan

MARKER = "the-pickle-was-loaded"

DECLARATION = Declaration(
    id="MOD-01",
    title="A model brings a pickle that runs code",
    atlas=("AML.T0011.000",),
    attack="A pickle is put among the model's files that would create a marker file if anybody"
    " loaded it. The model is scanned, signed, approved by everybody and put to the gate.",
    twin="The model as it was trained is scanned, signed, approved and put to the gate.",
    prevention="The pickle is never loaded, and the gate does not admit the model, whoever has"
    " signed and approved it.",
    detection="An artifact scan that did not pass and names the file.",
    cleanup="The copy of the installation is deleted, and the pickle with it.",
    controls=("scan",),
)


def attack(scene: Scene) -> None:
    """Adds the pickle, and submits."""
    (scene.root / "model" / "weights.pkl").write_bytes(payload(scene.folder / MARKER))
    submit(scene)


class _Opens:
    """Opens a file for writing when it comes out of a pickle, and does nothing else."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self._path), "w")


def payload(marker: Path) -> bytes:
    """A pickle that would create `marker` if anybody loaded it."""
    return pickle.dumps(_Opens(marker), protocol=2)


def submit(scene: Scene) -> None:
    """Scans, signs, lets everybody approve, and asks."""
    from sealwright.drill.installation import approve_all
    from sealwright.project.decide import ask
    from sealwright.project.progress import Silent
    from sealwright.project.resolve import model
    from sealwright.project.steps.model import scan_model, sign_model

    scan_model(scene.project, Silent())
    with suppress(Refused):  # what counts is what is on record
        sign_model(scene.project)
    approve_all(scene.project)
    ask(scene.project, model(scene.project), "release", signer=scene.correlation)


def look(sight: Sight) -> tuple[Attempt, ...]:
    """The marker, the scan and the gate's answer."""
    asked = decisions(sight, "release")
    return (
        Attempt(
            name="bring in the pickle",
            reached=admitted(asked) or (sight.folder / MARKER).exists(),
            prevention=denials(asked, "scan-artifact"),
            detection=tuple(
                trace(item, f"scan {each.result} (entry {item.index}): {finding.message}")
                for item, each in said(sight.entries, Scan)
                if each.kind == "artifact" and each.result != "passed"
                for finding in each.findings[:1]
            ),
        ),
    )


DRILL = Drill(declaration=DECLARATION, attack=attack, twin=submit, look=look)
