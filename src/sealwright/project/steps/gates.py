"""The gates on the way: may this be trained, may this be released?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sealwright.evidence.predicates.governance import Question
from sealwright.project.core import Project
from sealwright.project.decide import ask
from sealwright.project.named import Named
from sealwright.project.progress import Progress
from sealwright.project.resolve import SYSTEM, model, resolve, training_inputs
from sealwright.project.steps.model import scanned_code
from sealwright.project.steps.step import Agreed, Done, Phase, Step


def train(project: Project, agreed: Agreed) -> Step:
    """May this system be trained on these data sets? Fills `agreed` with what was asked about.

    The step raises TamperError if the code is no longer that which was scanned.
    """

    def work(_: Progress) -> Done:
        agreed.inputs = training_inputs(project)
        agreed.code = scanned_code(project)
        return _ask(project, resolve(project, SYSTEM), "train", inputs=agreed.inputs)

    return _step("model", "train", work)


def release(project: Project) -> Step:
    """May the model be released?"""
    return _step("validation", "release", lambda _: _ask(project, model(project), "release"))


def _ask(
    project: Project, artifact: Named, question: Question, *, inputs: Sequence[Named] = ()
) -> Done:
    asked = ask(project, artifact, question, inputs=inputs, signer=project.signer_for("governance"))
    verdict = asked.verdict
    open_ones = len(verdict.denied_by)
    return Done(
        evidence=(asked.recorded,) if asked.recorded else (),
        outcome="done" if verdict.admitted else "failed",
        detail="admitted" if verdict.admitted else f"denied: {open_ones} not met",
        verdict=verdict,
    )


def _step(phase: Phase, question: Question, work: Callable[[Progress], Done]) -> Step:
    return Step(id=f"gate/{question}", phase=phase, title=f"gate: {question}?", work=work)
