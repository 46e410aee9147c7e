"""Whose signature counts for the model, and that no earlier model passes for the last."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from sealwright.clock import format_time
from sealwright.errors import InputMissing, Refused, SignatureError, TamperError
from sealwright.evidence.predicates.model import Custody, Scan
from sealwright.evidence.predicates.operation import Release
from sealwright.evidence.statement import Statement
from sealwright.phases.model.oms import bundle_bytes
from sealwright.phases.model.record import record_signature
from sealwright.project.core import Project
from sealwright.project.custody import check_bundle, check_last, last_signed, signing_keys
from sealwright.project.people import revoke_principal
from sealwright.project.resolve import model
from sealwright.project.run import run
from sealwright.project.steps.model import bundle_path, scan_model, sign_model
from tests.project.factory import OWNER, Recorder, Ticking, add_person


def folder(project: Project) -> Path:
    return project.layout.root / "model"


def retrain(project: Project) -> None:
    """Another model, in custody, scanned and signed."""
    shutil.copyfile(folder(project) / "model.onnx", folder(project) / "third.onnx")
    subject = model(project)
    files, at = subject.files.files, format_time(project.clock())
    said = Custody(name="model", files=files, action="trained", at=at)
    project.record(Statement((subject.subject,), said), signer=OWNER)
    scan_model(project, Recorder())
    sign_model(project)


def withdraw(project: Project, action: str, *, signer: str = OWNER) -> None:
    said = Release(action=action, reason="it misbehaved", at=format_time(project.clock()))  # type: ignore[arg-type]
    project.record(Statement((model(project).subject,), said), signer=signer)


def test_the_last_signature_is_that_of_the_model_on_disk(released: Project) -> None:
    signed = last_signed(released)
    assert signed.digest == model(released).digest
    assert signed.item.principal.id == OWNER
    assert check_last(released, folder(released)).artifact.digest == signed.digest


def test_the_ledger_says_it_also_without_a_bundle(released: Project) -> None:
    shutil.rmtree(released.layout.signatures)
    assert check_last(released, folder(released)).key.keyid == last_signed(released).key.keyid


def test_an_earlier_model_with_its_bundle_does_not_pass_for_the_last(released: Project) -> None:
    kept = released.layout.root / "kept"
    shutil.copytree(folder(released), kept)
    earlier = bundle_path(released)
    retrain(released)
    newer = bundle_path(released)
    assert check_last(released, folder(released))
    shutil.rmtree(folder(released))
    kept.rename(folder(released))
    shutil.copyfile(earlier, newer)
    with pytest.raises(TamperError, match=r"third\.onnx"):
        check_last(released, folder(released))


def test_files_that_changed_names_are_another_model(released: Project) -> None:
    (folder(released) / "model.onnx").rename(folder(released) / "other.onnx")
    with pytest.raises(TamperError, match="renamed"):
        check_last(released, folder(released))


def test_an_approver_signs_no_model(released: Project) -> None:
    before = len(released.evidence())
    with pytest.raises(Refused, match="sam signs no models"):
        sign_model(released, signer="sam")
    assert len(released.evidence()) == before
    # Nor does it count where it was recorded by other means.
    statement = record_signature(model(released).files, name="model")
    item = released.record(statement, signer="sam")
    assert last_signed(released).item.principal.id == OWNER
    public = released.keyring.signer("sam").public
    with pytest.raises(SignatureError):
        check_bundle(released, folder(released), bundle_bytes(item.envelope, public_key=public))


def test_one_signers_bundle_does_not_replace_anothers(released: Project) -> None:
    add_person(released, "eve", roles=("engineer",), disciplines=())
    first = bundle_path(released)
    data = first.read_bytes()
    sign_model(released, signer="eve")
    assert bundle_path(released, signer="eve") != first
    assert first.read_bytes() == data
    for bundle in (first, bundle_path(released, signer="eve")):
        assert check_bundle(released, folder(released), bundle.read_bytes())


def test_a_key_that_is_out_of_its_time_signs_no_model(released: Project) -> None:
    add_person(released, "eve", roles=("engineer",), disciplines=())
    add_person(released, "ann", roles=("engineer",), disciplines=())

    def known() -> set[str]:
        found = {key.keyid for key in signing_keys(released)}
        return {who for who in names if released.keyring.signer(who).public.keyid in found}

    names = (OWNER, "sam", "eve", "ann")
    assert known() == {OWNER, "eve", "ann"}
    revoke_principal(released, "eve", reason="stolen", for_cause=True, signer=OWNER)
    revoke_principal(released, "ann", reason="left", for_cause=False, signer=OWNER)
    assert known() == {OWNER}
    clock = released.clock
    assert isinstance(clock, Ticking)
    clock.now += timedelta(days=4000)
    assert known() == set()
    # What was signed in time, as the ledger shows, stays signed.
    assert check_last(released, folder(released))


def test_a_signature_by_a_stolen_key_is_none(released: Project) -> None:
    add_person(released, "eve", roles=("engineer",), disciplines=())
    sign_model(released, signer="eve")
    assert last_signed(released).item.principal.id == "eve"
    revoke_principal(released, "eve", reason="stolen", for_cause=True, signer=OWNER)
    assert last_signed(released).item.principal.id == OWNER


@pytest.mark.parametrize(
    ("action", "word"),
    [("quarantine", "quarantined"), ("revoke", "revoked"), ("retire", "retired")],
)
def test_a_withdrawn_model_is_refused(released: Project, action: str, word: str) -> None:
    bundle = bundle_path(released).read_bytes()
    withdraw(released, action)
    with pytest.raises(Refused, match=f"was {word} by {OWNER}"):
        check_last(released, folder(released))
    with pytest.raises(Refused, match=word):
        check_bundle(released, folder(released), bundle)


def test_a_quarantine_that_was_lifted_refuses_nothing(released: Project) -> None:
    withdraw(released, "quarantine")
    withdraw(released, "restore", signer="sam")
    assert check_last(released, folder(released))


def test_its_author_does_not_lift_the_quarantine_of_a_model(released: Project) -> None:
    withdraw(released, "quarantine", signer="sam")
    withdraw(released, "restore", signer=OWNER)
    with pytest.raises(Refused, match="was quarantined by sam"):
        check_last(released, folder(released))


def test_without_a_signature_it_says_what_to_do(started: Project) -> None:
    with pytest.raises(InputMissing, match="no model was signed yet") as caught:
        last_signed(started)
    assert "sealwright model sign" in caught.value.advice


def test_nothing_is_signed_after_a_failed_scan_or_without_one(released: Project) -> None:
    (folder(released) / "extra.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(Refused, match="was not scanned yet"):
        sign_model(released)
    done = scan_model(released, Recorder())
    said = done.evidence[0].predicate
    assert isinstance(said, Scan)
    assert said.result == "failed"
    with pytest.raises(Refused, match="the scan of these files failed"):
        sign_model(released)
    assert not bundle_path(released).exists()


def test_a_run_does_not_sign_what_the_scan_failed(released: Project) -> None:
    script = released.layout.root / "train.py"
    script.write_text(
        script.read_text()
        + "Path('model/extra.pkl').write_bytes(b\"cos\\nsystem\\n(S'true'\\ntR.\")\n"
    )
    report = run(released, phases=("model",), progress=Recorder())
    ended = {step.step: step for step in report.steps}
    assert ended["model/train"].outcome == "done"
    assert ended["model/scan"].outcome == "failed"
    assert ended["model/sign"].outcome == "failed"
    assert "not signed: the scan of these files failed" in ended["model/sign"].detail
    assert ended["model/sign"].evidence == ()
    assert not bundle_path(released).exists()
