"""Runs the phases in order, skips what is current, and stops where a gate says no.

A run that was interrupted is simply run again: what it recorded is durable, and a step whose inputs
and evidence are unchanged is not repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sealwright.evidence.verify import Verified
from sealwright.lifecycle.check import load_lifecycle
from sealwright.phases.validation.metrics import METRICS
from sealwright.policy.verdict import Verdict
from sealwright.project.core import Project
from sealwright.project.memory import Memory
from sealwright.project.progress import Outcome, Progress
from sealwright.project.resolve import model, training_inputs
from sealwright.project.resolve import resolve as named
from sealwright.project.steps.plan import plan
from sealwright.project.steps.step import PHASES, Phase, Step, worst


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
    memory = Memory.load(project.layout.memory)
    fallen = _fallen(project)
    reports: list[StepReport] = []
    verdict: Verdict | None = None
    halted = ""
    for step in plan(project, phases, ask_release=ask_release):
        progress.start(step.title)
        inputs = step.inputs() if step.inputs else ""
        kept = () if again else _current(project, step, inputs, memory, fallen)
        if kept:
            detail = "unchanged, evidence is current"
            report = _report(step, worst(kept), detail, kept, current=True)
        else:
            done = step.work(progress)
            if step.inputs:
                digests = tuple(item.digest for item in done.evidence)
                memory.remember(step.id, inputs=inputs, evidence=digests)
            verdict, halted = done.verdict or verdict, done.halt
            report = _report(step, done.outcome, done.detail, done.evidence)
        reports.append(report)
        progress.end(step.title, report.outcome, report.detail)
        if halted or (verdict is not None and not verdict.admitted):
            break
    return RunReport(steps=tuple(reports), verdict=verdict, halted=halted)


def _report(
    step: Step,
    outcome: Outcome,
    detail: str,
    evidence: Sequence[Verified],
    *,
    current: bool = False,
) -> StepReport:
    return StepReport(
        step=step.id,
        title=step.title,
        outcome="current" if current and outcome == "done" else outcome,
        detail=detail,
        evidence=tuple(item.index for item in evidence),
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
