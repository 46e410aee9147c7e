"""A run: in order, nothing twice that is current, stopped where a gate or a step says no."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from sealwright.errors import ConfigError, TamperError
from sealwright.evidence.predicates.governance import RiskClassification
from sealwright.evidence.predicates.model import SlsaProvenance
from sealwright.evidence.predicates.operation import Incident
from sealwright.evidence.predicates.validation import Criteria
from sealwright.evidence.statement import Statement
from sealwright.locks import turn
from sealwright.phases.governance import record
from sealwright.project.core import Project
from sealwright.project.resolve import model
from sealwright.project.run import RunReport, perform, run
from sealwright.project.steps import data, governance
from sealwright.project.steps.step import PHASES, Done, Phase, Step
from tests.project.factory import OWNER, Recorder, make_project

WHOLE = [
    *("governance/policy", "governance/risk", "governance/impact", "data/train", "data/test"),
    *("validation/criteria", "model/code", "gate/train", "model/train", "model/environment"),
    *("model/scan", "model/sign", "deployment/contract", "monitoring/profile"),
    *("validation/evaluations", "validation/card", "gate/release"),
]
ALWAYS = {"gate/train", "model/environment", "gate/release"}
"""Gates are asked each time; a bill of materials that fails (no lock file here) is tried again."""


def outcomes(report: RunReport) -> dict[str, str]:
    return {step.step: step.outcome for step in report.steps}


def rerun(project: Project, *phases: Phase, again: bool = False) -> dict[str, str]:
    """A later run, as another process would do it."""
    with Project.open(project.layout.root, clock=project.clock) as other:
        chosen = phases or ("governance", "data", "model", "validation")
        return outcomes(run(other, phases=chosen, progress=Recorder(), again=again))


def done(found: dict[str, str]) -> set[str]:
    """The steps that were not left out, but for those that never are."""
    return {step for step, outcome in found.items() if outcome != "current"} - ALWAYS


def test_a_whole_run_goes_in_order_and_records_what_it_says(released: Project) -> None:
    evidence = released.evidence()
    first = [item.kind for item in evidence]
    criteria = next(item for item in evidence if isinstance(item.predicate, Criteria))
    training = next(item for item in evidence if isinstance(item.predicate, SlsaProvenance))
    assert criteria.index < training.index
    assert first.index("policy") < first.index("dataset-version") < training.index
    assert first.index("scan") < training.index  # the code is looked at before it runs
    assert first.index("evaluation") > training.index


def test_a_second_run_leaves_out_what_is_current(released: Project) -> None:
    progress = Recorder()
    report = run(released, progress=progress)
    assert [step.step for step in report.steps] == WHOLE
    assert done(outcomes(report)) <= {"validation/evaluations", "validation/card"}
    assert progress.started == [title for title, *_ in progress.ended]
    for step in report.steps:
        if step.outcome == "current":
            assert step.detail == "unchanged, evidence is current"
            assert step.evidence
    assert report.verdict is not None
    assert report.verdict.question == "release"
    assert not report.halted


def test_again_repeats_what_is_current(started: Project) -> None:
    assert done(rerun(started, "governance")) == set(WHOLE[:3])
    size = len(started.evidence())
    assert done(rerun(started, "governance")) == set()
    assert len(started.evidence()) == size
    assert done(rerun(started, "governance", again=True)) == set(WHOLE[:3])
    assert len(started.evidence()) == size + 3


@pytest.mark.parametrize(
    ("phases", "expected"),
    [
        (("governance",), WHOLE[:3]),
        (("data",), WHOLE[3:5]),
        (("governance", "data"), WHOLE[:5]),
        (("model",), WHOLE[5:14]),
        (("validation",), [WHOLE[5], *WHOLE[14:]]),
        (("model", "validation"), WHOLE[5:]),
    ],
)
def test_some_phases_are_their_steps_in_order(
    released: Project, phases: tuple[Phase, ...], expected: list[str]
) -> None:
    report = run(released, phases=phases, progress=Recorder())
    assert [step.step for step in report.steps] == expected


def test_the_release_is_asked_only_where_it_is_wanted(released: Project) -> None:
    report = run(released, phases=("validation",), progress=Recorder(), ask_release=False)
    assert [step.step for step in report.steps][-1] == "validation/card"
    assert report.verdict is None
    assert not report.stopped


def test_a_changed_declaration_repeats_what_depends_on_it(started: Project) -> None:
    rerun(started, "governance")
    file = started.layout.lifecycle
    file.write_text(file.read_text().replace("Show what", "Show better what"))
    assert done(rerun(started, "governance")) == {"governance/risk"}
    file.write_text(file.read_text().replace("it fails", "it fails badly"))
    assert done(rerun(started, "governance")) == {"governance/impact"}


def test_what_somebody_said_since_is_said_again_as_the_declaration_has_it(
    started: Project,
) -> None:
    rerun(started, "governance")
    started.record(
        record.risk_classification(
            "small",
            purpose="another",
            tier="critical",
            answers={},
            reasons=["somebody thinks so"],
            now=started.clock(),
        ),
        signer=OWNER,
    )
    assert done(rerun(started, "governance")) == {"governance/risk"}
    newest = started.evidence()[-1].predicate
    assert isinstance(newest, RiskClassification)
    assert newest.tier == "minimal"


def test_a_model_that_is_gone_or_another_is_trained_again(released: Project) -> None:
    folder = released.layout.root / "model"
    before = model(released).digest
    shutil.rmtree(folder)
    assert done(rerun(released, "model")) == {"model/train"}
    assert model(released).digest == before
    (folder / "spare.onnx").write_bytes(b"another")
    assert "model/train" in done(rerun(released, "model"))
    assert model(released).digest == before


def test_a_signature_whose_bundle_is_gone_is_made_again(released: Project) -> None:
    (bundle,) = released.layout.signatures.iterdir()
    bundle.unlink()
    assert done(rerun(released, "model")) == {"model/sign"}
    assert bundle.exists()


def test_changed_data_is_examined_and_compared_with_the_version_before(
    released: Project,
) -> None:
    file = released.layout.root / "data/train.csv"
    file.write_text(file.read_text() + "1,1,left,1\n")
    assert done(rerun(released, "data")) == {"data/train", "data/test"}
    assert done(rerun(released, "data")) == set()


def test_a_gate_that_says_no_ends_the_run(started: Project) -> None:
    progress = Recorder()
    report = run(started, phases=("model", "validation"), progress=progress)
    assert [step.step for step in report.steps] == WHOLE[5:8]
    assert report.verdict is not None
    assert not report.verdict.admitted
    assert report.stopped
    assert [step.step for step in report.failed] == ["gate/train"]
    assert progress.ended[-1][1] == "failed"
    assert not (started.layout.root / "model").exists()


def test_training_that_fails_halts_the_run_and_is_tried_again(released: Project) -> None:
    script = released.layout.root / "train.py"
    good = script.read_text()
    script.write_text("import sys\nsys.exit('no patience')\n")
    before = model(released).digest
    progress = Recorder()
    report = run(released, phases=("model", "validation"), progress=progress)
    assert [step.step for step in report.steps][-1] == "model/train"
    assert report.halted == "the command failed with exit code 1"
    assert report.stopped
    assert "no patience" in progress.notes
    assert model(released).digest == before  # the earlier model is still there
    assert outcomes(run(released, phases=("model",), progress=Recorder()))["model/train"] == (
        "failed"
    )
    script.write_text(good)
    assert outcomes(run(released, phases=("model",), progress=Recorder()))["model/sign"]
    assert list(released.layout.root.glob(".sealwright-*")) == []


def test_training_that_reaches_out_leaves_an_incident_and_no_model(released: Project) -> None:
    (released.layout.root / "train.py").write_text(
        "import socket\nsocket.create_connection(('192.0.2.1', 80), timeout=5)\n"
    )
    report = run(released, phases=("model",), progress=Recorder())
    assert "reach" in report.halted or "connect" in report.halted
    newest = released.evidence()[-1].predicate
    assert isinstance(newest, Incident)
    assert newest.status == "open"
    assert report.steps[-1].evidence == (released.evidence()[-1].index,)


def test_a_missing_file_stops_it_before_anything_is_done(started: Project) -> None:
    (started.layout.root / "data/test.csv").unlink()
    with pytest.raises(ConfigError, match=r"data/test\.csv"):
        run(started, progress=Recorder())
    assert len(started.evidence()) == 1
    assert not started.layout.memory.exists()


def test_an_error_in_a_step_keeps_what_was_done_before_it(
    started: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise TamperError("somebody changed it")

    with monkeypatch.context() as patch:
        patch.setattr(governance, "classify", fail)
        with pytest.raises(TamperError):
            run(started, phases=("governance",), progress=Recorder())
    assert [item.kind for item in started.evidence()] == ["trust-root", "policy"]
    assert done(rerun(started, "governance")) == {"governance/risk", "governance/impact"}


def test_what_another_command_did_is_not_done_again(started: Project) -> None:
    """`sealwright data add train`, then a run."""
    performed = perform(started, data.steps(started, ["train"]), progress=Recorder(), again=True)
    assert [(each.step.id, each.outcome) for each in performed] == [("data/train", "done")]
    assert done(rerun(started, "data")) == {"data/test"}


def test_steps_are_made_one_by_one(started: Project) -> None:
    """A later step may only be known when the earlier ones are done."""
    order: list[str] = []

    def step(name: str) -> Step:
        def work(_: object) -> Done:
            order.append(f"work {name}")
            return Done(halt="enough" if name == "two" else "")

        order.append(f"make {name}")
        return Step(id=name, phase="data", title=name, work=work)

    performed = perform(
        started, (step(name) for name in ("one", "two", "three")), progress=Recorder()
    )
    assert order == ["make one", "work one", "make two", "work two"]
    assert performed[-1].done.halt == "enough"


def test_a_run_without_steps_says_nothing(started: Project) -> None:
    report = run(started, phases=(), progress=Recorder())
    assert (report.steps, report.verdict, report.stopped) == ((), None, False)


def test_a_second_run_waits_and_finds_the_work_done(started: Project) -> None:
    reports: list[RunReport] = []
    progress = Recorder()
    waiting = threading.Event()

    class Waiting(Recorder):
        def note(self, text: str) -> None:
            super().note(text)
            waiting.set()

    other = Waiting()

    def second() -> None:
        with Project.open(started.layout.root, clock=started.clock) as project:
            reports.append(run(project, phases=("governance",), progress=other))

    thread = threading.Thread(target=second)
    started.layout.work.mkdir()
    with turn(started.layout.work):
        thread.start()
        assert waiting.wait(30)
    thread.join()
    assert other.notes[0] == "waiting for another run"
    assert done(outcomes(reports[0])) == set(WHOLE[:3])
    assert done(outcomes(run(started, phases=("governance",), progress=progress))) == set()


def test_a_stage_of_a_killed_training_is_cleared_and_a_lost_model_put_back(
    released: Project,
) -> None:
    """As after a kill on a file system that cannot exchange two folders in one step."""
    root = released.layout.root
    before = model(released).digest
    left = root / ".sealwright-train-abc/previous"
    left.mkdir(parents=True)
    (root / "model").rename(left / "model")
    (root / ".sealwright-train-def/output").mkdir(parents=True)
    (root / ".sealwright-train-def/output/half").write_text("half a mod")
    (root / "train.py").write_text("import sys\nsys.exit(1)\n")
    run(released, phases=("model",), progress=Recorder())
    assert model(released).digest == before
    assert list(root.glob(".sealwright-*")) == []


def test_what_killed_runs_left_goes_even_where_nothing_is_to_be_done(released: Project) -> None:
    root, work = released.layout.root, released.layout.work
    (root / ".sealwright-train-abc/output").mkdir(parents=True)
    (work / "version-abc").mkdir(parents=True)
    rerun(released, "governance")
    assert list(root.glob(".sealwright-*")) == []
    assert list(work.iterdir()) == []


def test_evidence_that_the_gate_holds_for_stale_is_made_anew(released: Project) -> None:
    """An incident on the model makes what was said about it stale: saying it again helps no model,
    but it is tried, and the gate has the last word."""
    subject = Statement((model(released).subject,), incident_on(released)).subjects
    released.record(Statement(subject, incident_on(released)), signer=OWNER)
    found = rerun(released, "model")
    assert "model/scan" in done(found) | {s for s in found if found[s] == "failed"}
    verdict = released.gate(model(released), "release")
    assert not verdict.admitted


def incident_on(project: Project) -> Incident:
    return record.incident(
        model(project).subject,
        incident_id="one",
        status="open",
        severity="high",
        title="it misbehaves",
        now=project.clock(),
    ).predicate


def test_the_phases_are_those_of_the_command_line() -> None:
    from sealwright.cli.run import NAMES

    assert PHASES == NAMES


def test_a_started_project_of_tier_high_asks_for_more(tmp_path: Path) -> None:
    with make_project(tmp_path, answer="unknown") as project:
        run(project, phases=("governance",), progress=Recorder())
        verdict = run(project, phases=("model",), progress=Recorder()).verdict
        assert verdict is not None
        assert verdict.tier == "high"
        assert not verdict.admitted
