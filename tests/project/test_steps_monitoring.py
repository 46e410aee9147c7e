"""The profile is recorded with the model, by somebody who answers for what normal is."""

from __future__ import annotations

from sealwright.evidence.predicates.data import DataAccess
from sealwright.evidence.predicates.monitoring import Profile
from sealwright.phases.monitoring.histogram import Grid
from sealwright.project.core import Project
from sealwright.project.resolve import data_set, model
from sealwright.project.run import perform
from sealwright.project.steps.monitoring import profile_signer, steps
from tests.project.factory import OWNER, ROWS, Recorder, add_person


def profiles(project: Project) -> list[Profile]:
    return [item.predicate for item in project.evidence() if isinstance(item.predicate, Profile)]


def test_a_run_records_it_once_for_the_model_and_the_data_it_learnt_from(
    released: Project,
) -> None:
    (said,) = profiles(released)
    assert [feature.name for feature in said.features] == ["a", "b"]
    assert said.rows == ROWS
    assert said.dataset.digest["sha256"] == data_set(released, "train").digest
    assert Grid.of(said).names == ("a", "b", "score")
    assert len(said.neighbours) == len(said.typical) == 65
    about = next(item for item in released.evidence() if item.kind == "profile")
    assert about.statement.subjects == (model(released).subject,)
    assert about.principal.id == OWNER
    opened = released.evidence()[about.index - 1].predicate
    assert isinstance(opened, DataAccess)
    assert opened.purpose == "reference profile"
    (step,) = perform(released, steps(released), progress=Recorder())
    assert step.outcome == "current"
    assert len(profiles(released)) == 1


def test_who_watches_does_not_say_what_normal_is(released: Project) -> None:
    add_person(released, "front", roles=("gateway", "operator"), disciplines=())
    add_person(released, "vera", roles=("validator",), disciplines=())
    place = released.layout.lifecycle
    written = place.read_text()
    signed = {}
    for who in ("front", "vera"):
        signers = f'[governance.signers]\nmonitoring = "{who}"\n'
        place.write_text(written.replace("[governance.signers]\n", signers))
        with Project.open(released.layout.root, clock=released.clock) as project:
            signed[who] = profile_signer(project)
    assert signed == {"front": OWNER, "vera": "vera"}


def test_a_model_that_cannot_be_asked_gets_none_and_that_is_told(released: Project) -> None:
    (released.layout.root / "model/model.onnx").write_bytes(b"no model at all")
    progress = Recorder()
    (step,) = perform(released, steps(released), progress=progress)
    assert step.outcome == "warned"
    assert step.done.evidence == ()
    assert any("drift will not be seen" in note for note in progress.notes)
    assert len(profiles(released)) == 1
