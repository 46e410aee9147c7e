"""A system keeps its history under its name: another name does not make it forget."""

from __future__ import annotations

import pytest

from tests.cli.console import Console

NAME = 'name = "diabetes-follow-up"'


@pytest.mark.parametrize(
    "words",
    [
        ("run", "governance"),
        ("gate", "model", "--for", "release"),
        ("gate", "system", "--for", "train"),
        ("why", "model"),
        ("data", "check"),
        ("report",),
    ],
    ids=" ".join,
)
def test_a_renamed_system_is_refused_with_its_own_name(
    trained: Console, words: tuple[str, ...]
) -> None:
    trained.replace("sealwright.toml", (NAME, 'name = "helper"'))
    before = len(trained.json("ledger", "show"))
    answer = trained(*words, expect=1)
    assert "names the system 'helper'" in answer.err
    assert "diabetes-follow-up" in answer.err
    assert answer.out == ""
    assert len(trained.json("ledger", "show")) == before


def test_people_can_be_added_whatever_the_file_says(trained: Console) -> None:
    trained.replace("sealwright.toml", (NAME, 'name = "helper"'))
    trained("keys", "add", "zoe", "--role", "approver", "--discipline", "security")
    trained.replace("sealwright.toml", ('name = "helper"', NAME))
    assert trained.json("gate", "model", "--for", "release", expect=1)["tier"] == "high"
