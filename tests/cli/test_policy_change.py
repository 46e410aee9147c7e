"""A policy that asks less, through the command line: denied, signed by two, and then in force."""

from __future__ import annotations

from sealwright.policy.load import builtin_text
from tests.cli.console import Console


def test_a_weaker_policy_is_denied_until_a_second_person_signs_it(admitted: Console) -> None:
    weaker = builtin_text().replace("max_age_days = 90", "max_age_days = 150")
    (admitted.folder / "weaker.toml").write_text(weaker, encoding="utf-8")
    named = '[governance]\npolicy = "weaker.toml"\n'
    admitted.replace("sealwright.toml", ("[governance]\n", named))
    answer = admitted("gate", "model", "--for", "release", expect=1)
    assert "is not on record" in answer.out
    assert "not recorded: its policy is not on record" in answer.out
    admitted("run", "governance")
    answer = admitted("gate", "model", "--for", "release", "--denied-only", expect=1)
    assert "it asks less than the built-in policy" in answer.out
    assert "$ sealwright approve policy --as sam --reason WHY" in answer.out
    signed = admitted("approve", "policy", "--as", "sam", "--reason", "half a year is enough")
    assert "signed by sam" in signed.out
    answer = admitted("gate", "model", "--for", "release", expect=1)
    assert "policy-in-force" not in answer.out


def test_a_policy_is_not_rejected(admitted: Console) -> None:
    refused = admitted("approve", "policy", "--as", "sam", "--reason", "no", "--reject", expect=2)
    assert "nothing is recorded against it" in refused.err


def test_verdict_report_and_keys_add_say_who_introduced_the_approvers(admitted: Console) -> None:
    note = "dana, ines, lea and sam were introduced by mina, who trained model"
    assert f"note: {note}" in admitted("gate", "model", "--for", "release").out
    assert note in admitted("report", "--html", "r.html").out
    assert note in (admitted.folder / "r.html").read_text(encoding="utf-8")
    added = admitted("keys", "add", "zoe", "--role", "approver", "--discipline", "security")
    assert "note: mina may train and add data, too" in added.out
    assert "note:" not in admitted("keys", "add", "max", "--role", "steward").out
