"""Runs the phases in order, skips what is current, and stops where a gate says no.

A run that was interrupted is simply run again: what it recorded is durable, and a step whose inputs
and evidence are unchanged is not repeated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sealwright.evidence.verify import Verified
from sealwright.lifecycle.check import load_lifecycle
from sealwright.locks import turn
from sealwright.phases.validation.metrics import METRICS
from sealwright.policy.verdict import Verdict
from sealwright.project import store
from sealwright.project.core import Project
from sealwright.project.memory import Memory
from sealwright.project.progress import Outcome, Progress
from sealwright.project.resolve import model, training_inputs
from sealwright.project.resolve import resolve as named
from sealwright.project.steps.plan import plan
from sealwright.project.steps.step import PHASES, Done, Phase, Step, worst


@dataclass(frozen=True, slots=True)
class Performed:
    """A step, and what it recorded or, if it was `current`, rests on."""

    step: Step
    done: Done
    current: bool

    @property
    def outcome(self) -> Outcome:
        """How the step ended."""
        return "current" if self.current and self.done.outcome == "done" else self.done.outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """How one step ended."""

    step: str
    title: str
    outcome: Outcome
    detail: str
    evidence: tuple[int, ...]
    """Ledger indexes of what it recorded, or rests on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """How the run ended. `verdict` is that of the last gate that was asked, if any was."""

    steps: tuple[StepReport, ...]
    verdict: Verdict | None
    halted: str = ""
    """Why a step left nothing to go on with; empty otherwise."""

    @property
    def stopped(self) -> bool:
        """Whether a gate said no, or a step left nothing to go on with."""
        return bool(self.halted) or (self.verdict is not None and not self.verdict.admitted)

    @property
    def failed(self) -> tuple[StepReport, ...]:
        """Steps whose result was failed or inconclusive."""
        return tuple(step for step in self.steps if step.outcome == "failed")


def run(
    project: Project,
    *,
    phases: Sequence[Phase] = PHASES,
    progress: Progress,
    again: bool = False,
    ask_release: bool = True,
) -> RunReport:
    """Runs `phases`; `again` repeats steps that are current, too; `ask_release` ends the validation
    phase with the question whether the model may be released.

    Raises ConfigError before anything is done if a declared file is missing.
    """
    load_lifecycle(project.layout.lifecycle, metrics=METRICS)
    steps = plan(project, phases, ask_release=ask_release)
    performed = perform(project, steps, progress=progress, again=again)
    verdicts = [each.done.verdict for each in performed if each.done.verdict is not None]
    return RunReport(
        steps=tuple(_report(each) for each in performed),
        verdict=verdicts[-1] if verdicts else None,
        halted=performed[-1].done.halt if performed else "",
    )


def perform(
    project: Project, steps: Iterable[Step], *, progress: Progress, again: bool = False
) -> tuple[Performed, ...]:
    """Does the steps in order and remembers what they recorded; those that are current are left out
    unless `again`. A gate that says no ends it, and so does a step that leaves nothing to go on
    with. Waits until nobody else performs steps in this project."""
    project.layout.work.mkdir(exist_ok=True)
    with turn(project.layout.work, waiting=lambda: progress.note("waiting for another run")):
        _clear_away(project)
        memory = Memory.load(project.layout.memory)
        fallen = frozenset[str]() if again else _fallen(project)
        performed: list[Performed] = []
        for step in steps:
            progress.start(step.title)
            inputs = step.inputs() if step.inputs else ""
            kept = () if again else _current(project, step, inputs, memory, fallen)
            if kept:
                done = Done(
                    evidence=kept, outcome=worst(kept), detail="unchanged, evidence is current"
                )
            else:
                done = step.work(progress)
                if step.inputs:
                    digests = tuple(item.digest for item in done.evidence)
                    memory.remember(step.id, inputs=inputs, evidence=digests)
            performed.append(Performed(step, done, current=bool(kept)))
            progress.end(step.title, performed[-1].outcome, done.detail)
            if done.halt or (done.verdict is not None and not done.verdict.admitted):
                break
        return tuple(performed)


def _clear_away(project: Project) -> None:
    """What a run that was killed left behind. A model that it was just replacing comes back."""
    from sealwright.phases.model.outputs import clear_stages

    clear_stages((project.layout.root / project.lifecycle.training.output).parent)
    store.clear_away(project.layout)


def _report(performed: Performed) -> StepReport:
    return StepReport(
        step=performed.step.id,
        title=performed.step.title,
        outcome=performed.outcome,
        detail=performed.done.detail,
        evidence=tuple(item.index for item in performed.done.evidence),
    )


def _current(
    project: Project, step: Step, inputs: str, memory: Memory, fallen: frozenset[str]
) -> tuple[Verified, ...]:
    """The evidence that makes this step unnecessary; empty where it must run."""
    digests = memory.recall(step.id, inputs) if step.inputs else ()
    known = {item.digest: item for item in project.evidence()}
    if not digests or not all(digest in known for digest in digests):
        return ()
    evidence = tuple(known[digest] for digest in digests)
    if any(item.digest in fallen for item in evidence) or worst(evidence) == "failed":
        return ()
    return evidence if step.holds(evidence) else ()


def _fallen(project: Project) -> frozenset[str]:
    """Evidence that the gate holds for stale, failed or wrongly signed today."""
    verdicts = [project.gate(named(project, "system"), "train", inputs=training_inputs(project))]
    if (project.layout.root / project.lifecycle.training.output).exists():
        verdicts.append(project.gate(model(project), "release"))
    return frozenset(
        digest
        for verdict in verdicts
        for result in verdict.results
        if result.status in ("stale", "failed", "wrong-signer")
        for digest in result.evidence
    )
