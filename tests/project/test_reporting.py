"""The report as of now, and whose signature belongs to the model."""

from __future__ import annotations

import base64

import pytest

from sealwright.errors import InputMissing, MalformedError, TamperError
from sealwright.project.core import Project
from sealwright.project.custody import check_bundle, check_last, last_signed, signing_keys
from sealwright.project.people import revoke_principal
from sealwright.project.reporting import report
from sealwright.project.resolve import model
from tests.project.factory import OWNER, add_person


def test_a_report_says_what_stands_in_the_ledger(released: Project) -> None:
    found = report(released)
    head = released.ledger.head()
    assert found.ledger.size == head.size
    assert found.ledger.root == base64.b64encode(head.root).decode()
    assert found.ledger.checkpoint == head.note.decode()
    assert (found.system.name, found.system.tier) == ("small", "minimal")


def test_a_report_of_a_project_without_a_model(started: Project) -> None:
    found = report(started)
    assert found.system.tier == "high"  # nobody classified it yet
    assert found.ledger.size == 1


def test_the_last_signature_is_that_of_the_model_on_disk(released: Project) -> None:
    signed = last_signed(released)
    assert signed.digest == model(released).digest
    assert signed.item.principal.id == OWNER
    folder = released.layout.root / "model"
    assert check_last(released, folder).artifact.digest == signed.digest
    (folder / "spare.onnx").write_bytes(b"another")
    with pytest.raises(TamperError, match=r"spare\.onnx"):
        check_last(released, folder)


def test_a_bundle_is_checked_against_the_keys_that_may_sign(released: Project) -> None:
    (bundle,) = released.layout.signatures.iterdir()
    folder = released.layout.root / "model"
    found = check_bundle(released, folder, bundle.read_bytes())
    assert found.artifact.digest == model(released).digest
    with pytest.raises(MalformedError):
        check_bundle(released, folder, b"{}")


def test_without_a_signature_it_says_what_to_do(started: Project) -> None:
    with pytest.raises(InputMissing, match="no model was signed yet") as caught:
        last_signed(started)
    assert "sealwright model sign" in caught.value.advice


def test_only_keys_that_may_sign_models_are_asked(released: Project) -> None:
    def known() -> set[str]:
        return {key.keyid for key in signing_keys(released)}

    add_person(released, "ann", roles=("engineer",))
    ann, sam = (released.keyring.signer(name).public.keyid for name in ("ann", "sam"))
    assert ann in known()
    assert sam not in known()  # an approver
    revoke_principal(released, "ann", reason="left", for_cause=False, signer=OWNER)
    assert ann not in known()
