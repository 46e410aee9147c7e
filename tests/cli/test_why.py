"""`sealwright why`: what it says of one requirement is never mistaken for the gate's answer."""

from __future__ import annotations

from tests.cli.console import Console, statuses


def test_a_requirement_that_is_not_asked_is_answered_with_those_that_are(trained: Console) -> None:
    answer = trained("why", "model", "--requirement", "horoscope", expect=2)
    assert "asks nothing called 'horoscope'" in answer.err
    assert "approval-security" in answer.err
    assert "admitted" not in answer.out


def test_a_requirement_that_holds_does_not_admit_what_others_deny(trained: Console) -> None:
    answer = trained("why", "model", "--requirement", "model-signature", expect=1)
    assert answer.out.startswith("`model-signature` holds; model is denied for release by: ")
    assert "approval-security" in answer.out
    value = trained.json("why", "model", "--requirement", "model-signature", expect=1)
    assert (value["admitted"], value["steps"]) == (False, [])


def test_one_of_several_denials_is_explained(trained: Console) -> None:
    verdict = trained.json("gate", "model", "--for", "release", "--no-record", expect=1)
    assert statuses(verdict)["approval-legal"] == "missing"
    answer = trained("why", "model", "--requirement", "approval-legal", expect=1)
    assert "`approval-legal` is missing" in answer.out


def test_of_what_is_admitted_there_is_nothing_to_explain(admitted: Console) -> None:
    assert "nothing to explain" in admitted("why", "model").out
    answer = admitted("why", "model", "--requirement", "model-signature")
    assert "`model-signature` holds; model is admitted for release" in answer.out
    assert admitted.json("why", "model")["admitted"]
