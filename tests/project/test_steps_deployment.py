"""The contract is recorded with the model, by somebody who answers for how it answers."""

from __future__ import annotations

from sealwright.evidence.predicates.serving import Contract
from sealwright.project.core import Project
from sealwright.project.resolve import model
from sealwright.project.run import perform
from sealwright.project.steps.deployment import contract_signer, steps
from tests.project.factory import OWNER, Recorder, add_person


def again(project: Project) -> Project:
    """The same project, with `sealwright.toml` read anew."""
    return Project.open(project.layout.root, clock=project.clock)


def declare(project: Project, text: str) -> Project:
    """Adds a table to `sealwright.toml`."""
    place = project.layout.lifecycle
    place.write_text(place.read_text() + text)
    return again(project)


def contracts(project: Project) -> list[Contract]:
    return [item.predicate for item in project.evidence() if isinstance(item.predicate, Contract)]


def test_a_run_records_it_once_for_the_model(released: Project) -> None:
    (said,) = contracts(released)
    assert (said.name, said.model_file, said.features) == ("small", "model.onnx", ("a", "b"))
    assert (said.threshold, said.abstain_margin, said.review, said.confirm) == (0.5, 0.0, False, ())
    about = next(item for item in released.evidence() if item.kind == "contract")
    assert about.statement.subjects == (model(released).subject,)
    (step,) = perform(released, steps(released), progress=Recorder())
    assert step.outcome == "current"
    assert len(contracts(released)) == 1


def test_another_declaration_is_another_contract(released: Project) -> None:
    with declare(
        released, '[deployment]\nname = "triage"\nreview = true\nconfirm = ["positive"]\n'
    ) as project:
        (step,) = perform(project, steps(project), progress=Recorder())
        assert step.outcome == "done"
        assert contracts(project)[-1].name == "triage"
        assert contracts(project)[-1].confirm == ("positive",)


def test_the_key_of_a_serving_installation_signs_no_contract(released: Project) -> None:
    add_person(released, "front", roles=("gateway",), disciplines=())
    add_person(released, "olga", roles=("operator",), disciplines=())
    place, signers = released.layout.lifecycle, "[governance.signers]\n"
    place.write_text(place.read_text().replace(signers, f'{signers}deployment = "front"\n'))
    with again(released) as project:
        assert contract_signer(project) == OWNER
        (step,) = perform(project, steps(project), progress=Recorder())
        assert [item.principal.id for item in step.done.evidence] == [OWNER]
    place.write_text(place.read_text().replace('deployment = "front"', 'deployment = "olga"'))
    with again(released) as project:
        assert contract_signer(project) == "olga"


def test_a_model_without_the_file_that_is_served_has_no_contract(released: Project) -> None:
    place = released.layout.lifecycle
    place.write_text(
        place.read_text().replace("[validation]\n", '[validation]\nmodel = "other.onnx"\n')
    )
    with again(released) as project:
        (step,) = perform(project, steps(project), progress=Recorder())
        assert step.outcome == "failed"
        assert "training wrote no other.onnx" in step.done.detail
        assert len(contracts(project)) == 1
