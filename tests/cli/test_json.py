"""`--format json`: one JSON value on stdout, nothing else anywhere."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.console import Console

QUESTIONS: list[tuple[tuple[str, ...], int, set[str]]] = [
    (("gate", "model", "--for", "release"), 1, {"admitted", "results", "decision", "tier"}),
    (("why", "model"), 1, {"artifact", "question", "steps"}),
    (("approve", "model", "--as", "sam", "--reason", "x"), 0, {"index", "counts", "verdict"}),
    (("trace", "model"), 0, {"artifact", "up", "down"}),
    (("data", "add", "train"), 0, {"data"}),
    (("data", "check"), 0, {"data"}),
    (("data", "open", "train", "--purpose", "review"), 0, {"index", "path", "rows"}),
    (("train",), 0, {"steps", "verdict", "stopped"}),
    (("model", "scan"), 0, {"index", "scan"}),
    (("model", "sign"), 0, {"index", "bundle"}),
    (("model", "verify"), 0, {"verified", "model", "files", "bundle", "keyid"}),
    (("validate",), 0, {"steps", "verdict", "stopped"}),
    (("report",), 0, {"answers", "edges"}),
    (("ledger", "show", "3"), 0, {"index", "kind", "predicate", "signer"}),
    (("ledger", "verify"), 0, {"verified", "size", "root", "findings", "decisions"}),
    (("ledger", "export", "out"), 0, {"folder", "size", "root"}),
    (("ledger", "prove", "3"), 0, {"index", "size", "proof"}),
    (("keys", "list"), 0, {"principals", "people", "version"}),
    (
        ("keys", "add", "zoe", "--role", "validator", "--discipline", "validation"),
        0,
        {"principal", "index"},
    ),
    (("keys", "revoke", "sam", "--reason", "left"), 0, {"principal", "index", "for_cause"}),
]


@pytest.mark.parametrize(
    ("words", "code", "keys"), QUESTIONS, ids=[" ".join(words[:2]) for words, _, _ in QUESTIONS]
)
def test_every_command_answers_in_json(
    trained: Console, words: tuple[str, ...], code: int, keys: set[str]
) -> None:
    value: Any = trained.json(*words, expect=code)
    assert isinstance(value, dict)
    assert keys <= set(value)


def test_lists_are_lists(trained: Console) -> None:
    assert isinstance(trained.json("ledger", "show"), list)
    assert isinstance(trained.json("incident", "list"), list)


def test_an_error_leaves_stdout_empty(trained: Console) -> None:
    answer = trained("data", "check", "nothing", "--format", "json", expect=2)
    assert answer.out == ""
    assert answer.err.startswith("error: ")
