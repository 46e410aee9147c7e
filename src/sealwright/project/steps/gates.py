"""The gates on the way: may this be trained, may this be released?"""

from __future__ import annotations

from collections.abc import Sequence

from sealwright.evidence.predicates.governance import Question
from sealwright.project.core import Project
from sealwright.project.decide import ask
from sealwright.project.named import Named
from sealwright.project.progress import Progress
from sealwright.project.resolve import model, resolve, training_inputs
from sealwright.project.steps.step import Done, Phase, Step


def train(project: Project) -> Step:
    """May this system be trained on these data sets?"""
    return _gate(project, "model", "train", "system")


def release(project: Project) -> Step:
    """May the model be released?"""
    return _gate(project, "validation", "release", "model")


def _gate(project: Project, phase: Phase, question: Question, what: str) -> Step:
    def work(_: Progress) -> Done:
        inputs: Sequence[Named] = ()
        if question == "train":
            artifact, inputs = resolve(project, what), training_inputs(project)
        else:
            artifact = model(project)
        asked = ask(
            project,
            artifact,
            question,
            inputs=inputs,
            signer=project.signer_for("governance"),
        )
        verdict = asked.verdict
        open_ones = len(verdict.denied_by)
        return Done(
            evidence=(asked.recorded,) if asked.recorded else (),
            outcome="done" if verdict.admitted else "failed",
            detail="admitted" if verdict.admitted else f"denied: {open_ones} not met",
            verdict=verdict,
        )

    return Step(id=f"gate/{question}", phase=phase, title=f"gate: {question}?", work=work)
