"""A mistake is answered with its place, what was expected and what to do, not with a traceback."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.console import Answer, Console


def check(answer: Answer, *, says: str) -> None:
    """An error as a person wants it: on stderr, with advice."""
    assert answer.out == ""
    assert answer.err.startswith("error: ")
    assert "\n  try: " in answer.err or "expected" in answer.err
    assert "Traceback" not in answer.err
    assert re.search(says, answer.err), answer


@pytest.mark.parametrize(
    "words",
    [
        ("run",),
        ("gate", "model", "--for", "release"),
        ("data", "check"),
        ("model", "verify"),
        ("report",),
        ("ledger", "show"),
        ("keys", "list"),
    ],
    ids=" ".join,
)
def test_without_a_project_the_answer_is_how_to_start_one(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    check(
        Console(tmp_path)(*words, expect=3), says=r"no sealwright\.toml in .*(?s:.)*sealwright init"
    )


def test_a_project_without_a_ledger_says_so(tmp_path: Path) -> None:
    (tmp_path / "sealwright.toml").write_text("schema = 1\n")
    check(Console(tmp_path)("run", expect=3), says="has no ledger yet")


BROKEN = [
    ("schema = 1", "schema = = 1", r"sealwright\.toml:2:\d+: "),
    ('isolation = "bubblewrap"', 'isolation = "none"', r"sealwright\.toml:\d+:13: "),
    ("min_rows = 200", 'min_rows = "many"', r"sealwright\.toml:\d+:\d+: "),
    ('role = "test"', 'roll = "test"', r"sealwright\.toml:\d+:1: .*roll"),
    ('metric = "roc_auc"', 'metric = "roc_acu"', r"sealwright\.toml:\d+:\d+: .*roc_acu"),
    (
        'affects_people = "yes"',
        'affects_poeple = "yes"',
        r"sealwright\.toml:\d+:1: .*affects_poeple",
    ),
    ('inputs = ["train"]', 'inputs = ["tarin"]', r"sealwright\.toml:\d+:\d+: .*tarin"),
    ('path = "data/train.csv"', 'path = "../train.csv"', r"sealwright\.toml:\d+:\d+: "),
]


@pytest.mark.parametrize(("old", "new", "says"), BROKEN, ids=[new for _, new, _ in BROKEN])
def test_a_mistake_in_the_file_is_named_with_line_and_column(
    fresh: Console, old: str, new: str, says: str
) -> None:
    fresh.replace("sealwright.toml", (old, new))
    before = (fresh.folder / ".sealwright/ledger.db").stat().st_mtime_ns
    check(fresh("run", expect=2), says=says)
    assert (fresh.folder / ".sealwright/ledger.db").stat().st_mtime_ns == before


def test_a_todo_that_is_left_is_a_mistake_with_its_place(fresh: Console) -> None:
    fresh.replace("sealwright.toml", ('licence = "BSD-3-Clause"', 'licence = "TODO"'))
    check(fresh("run", expect=2), says=r"sealwright\.toml:\d+:\d+: .*licence")


def test_a_data_file_that_is_missing_is_named_with_the_line_that_asks_for_it(
    fresh: Console,
) -> None:
    (fresh.folder / "data/test.csv").unlink()
    check(fresh("run", expect=2), says=r"sealwright\.toml:\d+:\d+: .*data/test\.csv")


@pytest.mark.parametrize("verb", ["add", "check"])
def test_an_unknown_data_set_is_answered_with_those_that_there_are(
    fresh: Console, verb: str
) -> None:
    check(
        fresh("data", verb, "tarin", expect=2),
        says=r"no data set 'tarin'(?s:.)*train, partner, test",
    )


def test_a_missing_key_is_told_with_where_to_sign_instead(trained: Console) -> None:
    (trained.folder / ".sealwright/keys/sam.pem").unlink()
    answer = trained("approve", "model", "--as", "sam", "--reason", "x", expect=3)
    check(answer, says="the key of sam is not here")


def test_a_model_that_is_not_there_yet_is_told(fresh: Console) -> None:
    check(fresh("gate", "model", "--for", "release", expect=3), says="there is no model yet")


def test_what_is_no_artifact_is_told(trained: Console) -> None:
    check(trained("trace", "modle", expect=2), says="'modle' is no artifact known here")
    check(trained("trace", "0" * 12, expect=2), says="no artifact in the ledger")


def test_an_entry_that_is_not_there_is_told(trained: Console) -> None:
    check(trained("ledger", "show", "999", expect=2), says="no entry 999")
    check(trained("ledger", "prove", "999", expect=2), says="no entry 999")


def test_a_second_start_is_refused_and_changes_nothing(fresh: Console) -> None:
    trust = (fresh.folder / ".sealwright/trust.json").read_bytes()
    check(fresh("init", "--owner", "eve", expect=2), says="is there already")
    assert (fresh.folder / ".sealwright/trust.json").read_bytes() == trust


def test_a_prohibited_practice_is_refused(fresh: Console) -> None:
    fresh.replace("sealwright.toml", ('social_scoring = "no"', 'social_scoring = "yes"'))
    check(fresh("run", expect=1), says="prohibited practice")


def test_a_key_that_was_made_longer_is_refused_without_showing_it(trained: Console) -> None:
    key = trained.folder / ".sealwright/keys/sam.pem"
    secret = key.read_text()
    key.write_text(secret.replace("MIG", "MIH"))
    answer = trained("approve", "model", "--as", "sam", "--reason", "x", expect=None)
    assert answer.code in (2, 3, 4)
    assert "Traceback" not in answer.err
    assert secret.splitlines()[1][:20] not in answer.err + answer.out


def test_a_usage_mistake_shows_the_usage(fresh: Console) -> None:
    answer = fresh("gate", "model", expect=2)
    assert answer.out == ""
    assert "--for" in answer.err
    assert "Usage:" in answer.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--owner", "log"), "the ledger's own name"),
        (("--owner", "Mina Park"), "is not a principal id"),
        (("--owner", "mina", "--discipline", "magic"), "no discipline magic"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_a_start_with_a_wrong_owner_leaves_nothing(
    tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    check(Console(tmp_path)("init", *words, expect=2), says=says)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_no_artifact(trained: Console) -> None:
    check(trained("gate", "", "--for", "release", expect=2), says="'' is no artifact known here")


@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff\xfe", b"[" * 10_000])
def test_a_trust_file_that_is_none_is_named(fresh: Console, tmp_path: Path, damage: bytes) -> None:
    elsewhere = tmp_path / "kept.json"
    elsewhere.write_bytes(damage)
    check_named(fresh("ledger", "verify", "--trust", str(elsewhere), expect=None), "kept.json")
    (fresh.folder / ".sealwright/trust.json").write_bytes(damage)
    check_named(fresh("keys", "list", expect=None), "trust.json")


def test_a_public_key_that_is_none_is_named(fresh: Console, tmp_path: Path) -> None:
    (tmp_path / "zoe.pub").write_text("no key")
    words = ("keys", "add", "zoe", "--role", "approver", "--public", str(tmp_path / "zoe.pub"))
    check_named(fresh(*words, expect=None), "zoe.pub")


def check_named(answer: Answer, file: str) -> None:
    assert answer.code in (3, 4)
    assert re.match(rf"error: .*{re.escape(file)}: ", answer.err), answer
    assert "Traceback" not in answer.err
