"""Models from outside: nothing uses one before it was scanned, approved and admitted."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from sealwright.errors import InputMissing, Refused, SignatureError, TamperError, UsageError
from sealwright.evidence.dsse import sign_statement
from sealwright.evidence.keys import SigningKey
from sealwright.evidence.predicates.governance import Decision
from sealwright.evidence.predicates.model import Custody, ModelImport, Scan, SlsaProvenance
from sealwright.evidence.tree import identify
from sealwright.phases.model import oms
from sealwright.project.core import Project
from sealwright.project.decide import approve
from sealwright.project.imports import (
    Brought,
    Origin,
    PublisherSignature,
    admit,
    bring_in,
    in_quarantine,
)
from sealwright.project.resolve import imported, model
from sealwright.project.run import run
from tests.project.factory import OWNER, Recorder, add_person, make_project, model_bytes

ORIGIN = Origin(source="https://example.org/base", revision="4f2c1a9", licence="Apache-2.0")


class Marker:
    """Would leave a file if it were loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (open, (str(self.path), "w"))


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A downloaded model."""
    folder = tmp_path / "download"
    folder.mkdir()
    (folder / "base.onnx").write_bytes(model_bytes())
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose training starts from a model called base."""
    root = tmp_path / "project"
    with make_project(root) as made:
        add_person(made, "sam")
    text = (root / "sealwright.toml").read_text()
    text = text.replace(
        "[training.limits]", '[training.models]\nbase = "outside/base"\n[training.limits]'
    )
    (root / "sealwright.toml").write_text(text)
    opened = Project.open(root, clock=made.clock)
    run(opened, phases=("governance",), progress=Recorder())
    return opened


def bring(project: Project, path: Path, **more: object) -> Brought:
    return bring_in(
        project,
        path,
        name="base",
        origin=ORIGIN,
        signature=more.get("signature"),  # type: ignore[arg-type]
        signer=OWNER,
        progress=Recorder(),
    )


def agree(project: Project, brought: Brought) -> None:
    approve(
        project,
        brought.model,
        "import",
        signer="sam",
        discipline="security",
        answer="approve",
        reason="read its card and its licence",
    )


def test_it_waits_in_quarantine_until_somebody_else_agrees(project: Project, outside: Path) -> None:
    with project:
        brought = bring(project, outside)
        assert brought.placed is None
        assert not brought.asked.verdict.admitted
        open_ones = [result.id for result in brought.asked.verdict.denied_by]
        assert all(each.startswith("approval") for each in open_ones), open_ones
        copy = brought.model.files.root
        assert copy is not None
        assert copy.is_relative_to(project.layout.imports)
        kinds = [type(item.predicate) for item in project.evidence()]
        for kind in (ModelImport, Custody, Scan, Decision):
            assert kind in kinds
        verdict = run(project, progress=Recorder()).verdict
        assert verdict is not None
        assert [each.id for each in verdict.denied_by] == ["base-model-admitted"]

        agree(project, brought)
        asked, placed = admit(project, in_quarantine(project, "base"))
        assert asked.verdict.admitted
        assert placed == project.layout.root / "outside/base"
        assert identify(placed).digest == brought.model.digest == identify(outside).digest


def test_training_sees_it_and_its_provenance_names_it(project: Project, outside: Path) -> None:
    script = project.layout.root / "train.py"
    script.write_text(
        script.read_text() + "\nassert Path('outside/base/base.onnx').stat().st_size > 0\n"
    )
    with project:
        agree(project, bring(project, outside))
        admit(project, in_quarantine(project, "base"))
        run(project, progress=Recorder())
        made = model(project).digest
        (said,) = [
            item.predicate
            for item in project.evidence()
            if isinstance(item.predicate, SlsaProvenance)
        ]
        kinds = {
            dependency.annotations["kind"]
            for dependency in said.build_definition.resolved_dependencies
            if dependency.name == "base"
        }
        assert kinds == {"model"}
        verdict = project.gate(model(project), "release")
        held = {result.id: result.holds for result in verdict.results}
        assert held["base-model-admitted"]
        assert held["base-model-scan"]
        assert made != identify(outside).digest


def test_files_put_in_its_place_by_hand_train_nothing(project: Project, outside: Path) -> None:
    place = project.layout.root / "outside/base"
    place.mkdir(parents=True)
    (place / "base.onnx").write_bytes(model_bytes())
    with project:
        verdict = run(project, progress=Recorder()).verdict
        assert verdict is not None
        assert not verdict.admitted
        wrong = {result.id: result.status for result in verdict.denied_by}
        assert wrong["base-model-admitted"] == "missing"
        assert wrong["base-model-scan"] == "missing"
        assert not (project.layout.root / "model").exists()


def test_one_that_was_changed_after_its_admission_trains_nothing(
    project: Project, outside: Path
) -> None:
    with project:
        agree(project, bring(project, outside))
        _, placed = admit(project, in_quarantine(project, "base"))
        assert placed is not None
        (placed / "more.txt").write_text("more")
        run(project, progress=Recorder())
        assert not (project.layout.root / "model").exists()


def test_a_pickle_that_runs_code_stays_where_it_is(project: Project, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "model.pkl").write_bytes(pickle.dumps(Marker(marker)))
    with project:
        brought = bring(project, bad)
        scan = brought.scan.predicate
        assert isinstance(scan, Scan)
        assert scan.result == "failed"
        agree(project, brought)
        asked, placed = admit(project, in_quarantine(project, "base"))
        assert placed is None
        assert "scan-artifact" in {result.id for result in asked.verdict.denied_by}
    assert not marker.exists()


def test_a_publishers_signature_holds_or_nothing_is_brought_in(
    project: Project, outside: Path
) -> None:
    key, other = SigningKey.generate(), SigningKey.generate()
    envelope = sign_statement(oms.statement(identify(outside), "base"), key)
    bundle = oms.bundle_bytes(envelope, public_key=key.public)
    with project:
        before = len(project.evidence())
        for keys, error in (((other.public,), SignatureError),):
            with pytest.raises(error):
                bring(project, outside, signature=PublisherSignature(bundle=bundle, keys=keys))
        (outside / "extra.txt").write_text("more")
        with pytest.raises(TamperError):
            bring(project, outside, signature=PublisherSignature(bundle=bundle, keys=(key.public,)))
        assert len(project.evidence()) == before
        assert imported(project, "base") is None
        (outside / "extra.txt").unlink()

        signed = PublisherSignature(bundle=bundle, keys=(key.public,))
        said = bring(project, outside, signature=signed).record.predicate
        assert isinstance(said, ModelImport)
        assert (said.signature, said.signed_by) == ("verified", key.public.keyid)
        said = bring(project, outside, signature=PublisherSignature(bundle=bundle)).record.predicate
        assert isinstance(said, ModelImport)
        assert (said.signature, said.signed_by) == ("not-checked", "")


def test_it_never_goes_over_another_model(project: Project, outside: Path) -> None:
    place = project.layout.root / "outside/base"
    place.mkdir(parents=True)
    (place / "mine.txt").write_text("mine")
    with project:
        agree(project, bring(project, outside))
        with pytest.raises(Refused, match="another model"):
            admit(project, in_quarantine(project, "base"))
        assert (place / "mine.txt").read_text() == "mine"


def test_a_changed_copy_in_quarantine_is_not_taken(project: Project, outside: Path) -> None:
    with project:
        brought = bring(project, outside)
        agree(project, brought)
        root = brought.model.files.root
        assert root is not None
        (root / "base.onnx").write_bytes(b"other")
        with pytest.raises(TamperError):
            in_quarantine(project, "base")


def test_names_that_mean_something_else_are_refused(project: Project, outside: Path) -> None:
    with project:
        for name in ("train", "model", "system", "small"):
            with pytest.raises(UsageError):
                bring_in(
                    project,
                    outside,
                    name=name,
                    origin=ORIGIN,
                    signature=None,
                    signer=OWNER,
                    progress=Recorder(),
                )
        with pytest.raises(InputMissing):
            in_quarantine(project, "nothing")
