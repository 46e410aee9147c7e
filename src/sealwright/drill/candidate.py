"""A candidate on its way to the gate: trained, examined, approved by everybody, and asked about.

Everybody approves so that nothing but the examinations can stop it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sealwright.drill.declaration import Scene
from sealwright.drill.installation import approve_all, rewrite
from sealwright.errors import CannotLook

if TYPE_CHECKING:
    from sealwright.project.steps.step import Phase

HONEST_SHIFT: Final = "SHIFT = (0.0, 0.0, 0.0)"
HONEST_SHARPNESS: Final = "SHARPNESS = 1.0"
"""What stands in the training script."""


def train_candidate(scene: Scene, *, instead_of: str, write: str) -> None:
    """Trains another candidate, from a script in which one line is different."""

    def change(text: str) -> str:
        if instead_of not in text:
            raise CannotLook(f"the training script does not say {instead_of!r}")
        return text.replace(instead_of, write)

    rewrite(scene.root / "train.py", change)
    submit(scene, ("model", "validation"))


def submit(scene: Scene, phases: tuple[Phase, ...]) -> None:
    """Runs the phases, lets everybody approve, and asks for the release."""
    from sealwright.project.decide import ask
    from sealwright.project.progress import Silent
    from sealwright.project.resolve import model
    from sealwright.project.run import run

    run(scene.project, phases=phases, progress=Silent(), ask_release=False)
    approve_all(scene.project)
    ask(scene.project, model(scene.project), "release", signer=scene.correlation)
