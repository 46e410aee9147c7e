"""Who may say yes: approvals, waivers, and keys that are taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import APPROVERS, approve_all
from tests.cli.console import Console, open_ones, statuses


def test_four_people_of_four_disciplines_admit(trained: Console) -> None:
    approve_all(trained)
    answer = trained("gate", "model", "--for", "release")
    assert "ADMITTED" in answer.out


def test_three_of_four_do_not(trained: Console) -> None:
    for person in list(APPROVERS)[:3]:
        trained("approve", "model", "--as", person, "--reason", "read")
    verdict = trained.json("gate", "model", "--for", "release", expect=1)
    assert set(open_ones(verdict)) == {"approval-domain", "approval-people"}


def test_who_trained_the_model_cannot_approve_it_under_another_key(trained: Console) -> None:
    trained(
        "keys", "add", "mina-2", "--person", "mina", "--role", "approver",
        "--discipline", "security",
    )  # fmt: skip
    answer = trained("approve", "model", "--as", "mina-2", "--reason", "mine is fine", expect=1)
    assert "it does not count" in answer.out
    assert "nobody approves" in answer.out
    assert trained.entries("approval")[-1]["signer"] == "mina-2"
    verdict = trained.json("gate", "model", "--for", "release", expect=1)
    assert statuses(verdict)["approval-security"] == "wrong-signer"


def test_a_discipline_that_a_person_does_not_have_does_not_count(trained: Console) -> None:
    answer = trained(
        "approve", "model", "--as", "sam", "--discipline", "legal", "--reason", "x", expect=1
    )
    assert "sam is not of legal" in answer.out


def test_one_person_with_two_keys_is_one_person(trained: Console) -> None:
    trained("keys", "add", "sam-2", "--person", "sam", "--role", "approver", "--discipline", "data")
    trained("approve", "model", "--as", "sam", "--discipline", "security", "--reason", "x")
    trained("approve", "model", "--as", "sam-2", "--discipline", "data", "--reason", "x")
    verdict = trained.json("gate", "model", "--for", "release", expect=1)
    people = next(r for r in verdict["results"] if r["id"] == "approval-people")
    assert "1 of 4" in people["reason"]


def test_a_rejection_sticks(admitted: Console) -> None:
    admitted("approve", "model", "--as", "lea", "--reject", "--reason", "purpose unclear")
    admitted("approve", "model", "--as", "lea", "--reason", "on second thought", expect=None)
    answer = admitted("gate", "model", "--for", "release", expect=1)
    assert "rejected by lea: purpose unclear" in answer.out


def test_approvals_fall_when_the_evidence_changes(admitted: Console) -> None:
    assert admitted.json("gate", "model", "--for", "release")["admitted"]
    admitted("model", "scan")
    verdict = admitted.json("gate", "model", "--for", "release", expect=1)
    assert statuses(verdict)["approval-security"] == "stale"
    assert set(open_ones(verdict)) == {f"approval-{d}" for d in (*APPROVERS.values(), "people")}
    why = admitted("why", "model", expect=1)
    assert "evidence has changed" in why.out


def test_a_key_revoked_for_cause_takes_its_approval_along(admitted: Console) -> None:
    admitted("keys", "revoke", "sam", "--reason", "laptop stolen", "--for-cause")
    verdict = admitted.json("gate", "model", "--for", "release", expect=1)
    assert statuses(verdict)["approval-security"] != "satisfied"
    assert statuses(verdict)["approval-data"] == "satisfied"
    answer = admitted("approve", "model", "--as", "sam", "--reason", "still here", expect=None)
    assert answer.code in (1, 2, 4)
    assert "revoked" in answer.out + answer.err


def test_the_engineers_key_revoked_for_cause_takes_the_evidence_along(admitted: Console) -> None:
    admitted("keys", "add", "olga", "--role", "root")
    admitted("keys", "revoke", "mina", "--reason", "key leaked", "--for-cause", "--as", "olga")
    answer = admitted("gate", "model", "--for", "release", "--no-record", expect=1)
    assert "revoked" in answer.out
    assert "model-signature" in answer.out


def test_the_last_root_key_cannot_be_revoked(fresh: Console) -> None:
    answer = fresh("keys", "revoke", "mina", "--reason", "x", expect=2)
    assert "last key with the role `root`" in answer.err


def test_a_key_is_made_elsewhere_and_only_its_public_half_comes_in(
    trained: Console, tmp_path: Path
) -> None:
    private = tmp_path / "zoe.pem"
    trained("keys", "new", "zoe", "--out", str(private), "--no-encrypt")
    trained(
        "keys", "add", "zoe", "--role", "approver", "--discipline", "security",
        "--public", f"{private}.pub",
    )  # fmt: skip
    assert not (trained.folder / ".sealwright/keys/zoe.pem").exists()
    words = ("approve", "model", "--as", "zoe", "--reason", "x")
    assert "the key of zoe is not here" in trained(*words, expect=3).err
    trained(*words, "--key", str(private))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("keys", "add", "zoe", "--role", "king"), "no role 'king'"),
        (("keys", "add", "zoe", "--role", "approver", "--discipline", "magic"), "no discipline"),
        (("keys", "add", "sam", "--role", "approver"), "a principal sam already"),
        (("keys", "add", "zoe", "--role", "approver", "--person", "Z E"), "'Z E' is not a person"),
        (("keys", "revoke", "nobody", "--reason", "x"), "no principal 'nobody'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_a_mistake_about_people_changes_nothing(
    fresh: Console, words: tuple[str, ...], says: str
) -> None:
    before = sorted(path.name for path in (fresh.folder / ".sealwright/keys").iterdir())
    entries = len(fresh.json("ledger", "show"))
    assert says in fresh(*words, expect=2).err
    assert sorted(path.name for path in (fresh.folder / ".sealwright/keys").iterdir()) == before
    assert len(fresh.json("ledger", "show")) == entries


def test_the_key_of_one_person_signs_in_no_other_name(trained: Console) -> None:
    before = len(trained.json("ledger", "show"))
    answer = trained(
        "approve", "model", "--as", "sam", "--key", ".sealwright/keys/mina.pem",
        "--reason", "x", expect=2,
    )  # fmt: skip
    assert "this is the key of mina, not of sam" in answer.err
    assert len(trained.json("ledger", "show")) == before


def test_an_approval_does_not_claim_what_was_not_put_before_the_person(trained: Console) -> None:
    trained("approve", "model", "--as", "sam", "--reason", "read elsewhere")
    (approval,) = trained.entries("approval")
    assert not approval["predicate"].get("shown")
    assert not approval["predicate"].get("seconds")


def waive(sealwright: Console, *words: str, expect: int = 0) -> str:
    """Waives the label check of poisoned data, on the strength of its search for personal data."""
    control = next(
        entry["index"]
        for entry in sealwright.entries("dataset-validation")
        if entry["predicate"]["kind"] == "personal-data"
    )
    answer = sealwright(
        "waive", "system", "--for", "train", "--reason", "labels read again by hand",
        "--compensating", str(control), *words, expect=expect,
    )  # fmt: skip
    return answer.out


def test_a_waiver_admits_until_it_ends(poisoned: Console) -> None:
    words = ("--requirement", "train-data-labels", "--as", "gia", "--asked-by", "mina")
    assert "the gate accepts it" in waive(poisoned, *words)
    verdict = poisoned.json("gate", "system", "--for", "train")
    assert statuses(verdict)["train-data-labels"] == "waived"


@pytest.mark.parametrize(
    ("principal", "asked_by", "says"),
    [
        ("gia", "gia", "gia asked for it"),
        ("mina", "gia", "mina may not grant waivers"),
        ("sam", "mina", "sam may not grant waivers"),
        ("gia", "nobody", "nobody knows 'nobody'"),
    ],
)
def test_a_waiver_by_or_for_the_wrong_person_is_recorded_and_not_accepted(
    poisoned: Console, principal: str, asked_by: str, says: str
) -> None:
    words = ("--requirement", "train-data-labels", "--as", principal, "--asked-by", asked_by)
    assert f"the gate does not accept it: {says}" in waive(poisoned, *words, expect=1)
    assert poisoned.entries("waiver")[-1]["signer"] == principal
    poisoned("gate", "system", "--for", "train", expect=1)


@pytest.mark.parametrize("requirement", ["model-signature", "approval-security"])
def test_signatures_and_approvals_are_never_waived(trained: Console, requirement: str) -> None:
    answer = trained(
        "waive", "model", "--requirement", requirement, "--as", "gia", "--asked-by", "mina",
        "--reason", "in a hurry", "--compensating", "7", expect=1,
    )  # fmt: skip
    assert f"the gate does not accept it: {requirement} can never be waived" in answer.out
    assert not trained.json("gate", "model", "--for", "release", expect=1)["admitted"]


def test_a_requirement_that_is_not_asked_cannot_be_waived(trained: Console) -> None:
    answer = trained(
        "waive", "model", "--requirement", "horoscope", "--as", "gia", "--asked-by", "mina",
        "--reason", "x", "--compensating", "7", expect=2,
    )  # fmt: skip
    assert "asks nothing called 'horoscope'" in answer.err
    assert trained.entries("waiver") == []
