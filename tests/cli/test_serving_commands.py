"""Release, rollback, revoke, stop, access and review, as they are typed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from sealwright.locks import turn
from sealwright.phases.deployment.core.stops import read_stops
from sealwright.phases.deployment.gateway.cases import open_cases
from sealwright.project.core import Project
from sealwright.project.layout import Layout
from sealwright.project.serving import halt
from tests.cli.console import Console
from tests.project.serving.test_reviews import case
from tests.project.serving.versions import (  # noqa: F401 - fixtures
    MODEL,
    compiled,
    twice_trained,
    versions,
)


@pytest.fixture
def sealwright(twice_trained: Path, tmp_path: Path) -> Console:  # noqa: F811
    """A prompt in an installation with two admitted versions; nothing is released yet."""
    shutil.copytree(twice_trained, tmp_path / "project")
    return Console(tmp_path / "project")


@pytest.fixture
def serving(sealwright: Console) -> Console:
    """The same, with the first version replaced by the second."""
    second = sealwright.folder / "second"
    (sealwright.folder / "model").rename(second)
    (sealwright.folder / "first").rename(sealwright.folder / "model")
    sealwright("release", "--as", "olga", "--reason", "the first")
    shutil.rmtree(sealwright.folder / "model")
    second.rename(sealwright.folder / "model")
    sealwright("release", "model", "--as", "olga", "--reason", "the second")
    return sealwright


def stopped(console: Console, name: str = MODEL) -> str | None:
    place = Layout(console.folder).stop_file
    return read_stops(place.read_bytes() if place.exists() else None).reason(name)


def served(console: Console) -> list[str]:
    with Project.open(console.folder) as project:
        return [model.digest for model in compiled(project).models]


def digests(console: Console) -> tuple[str, str]:
    with Project.open(console.folder) as project:
        first, second = versions(project)
    return first.sha256, second.sha256


def test_release_says_what_answers_whom(sealwright: Console) -> None:
    answer = sealwright("release", "--as", "olga", "--reason", "first")
    _, second = digests(sealwright)
    assert f"small version {second[:12]} answers everybody" in answer.out
    assert served(sealwright) == [second]


def test_a_release_that_the_gate_denies_is_exit_code_1(sealwright: Console) -> None:
    sealwright("revoke", "train", "--as", "sam", "--reason", "consent withdrawn")
    answer = sealwright("release", "--as", "olga", "--reason", "first", expect=1)
    assert "DENIED" in answer.out
    assert "nothing was released" in answer.out
    value = sealwright.json("release", "--as", "olga", "--reason", "first", expect=1)
    assert value["released"] is False
    assert value["verdict"]["admitted"] is False
    assert served(sealwright) == []


def test_who_releases_nothing_is_told(sealwright: Console) -> None:
    answer = sealwright("release", "--as", "eve", "--reason", "mine", expect=1)
    assert "takes the role operator or owner" in answer.err
    answer = sealwright("release", "--as", "olga", "--reason", " ", expect=2)
    assert "the reason is empty" in answer.err
    assert served(sealwright) == []


def test_a_canary_has_a_share(serving: Console) -> None:
    first, second = digests(serving)
    value = serving.json(
        "release", first[:12], "--role", "canary", "--as", "olga", "--reason", "try it"
    )
    assert (value["role"], value["percent"], value["replaces"]) == ("canary", 10, "")
    assert served(serving) == [second, first]
    answer = serving(
        "release", "model", "--percent", "5", "--as", "olga", "--reason", "x", expect=2
    )
    assert "--role canary" in answer.err


def test_rollback_and_what_there_is_to_go_back_to(serving: Console) -> None:
    first, second = digests(serving)
    value = serving.json("rollback", MODEL, "--as", "olga", "--reason", "drift")
    assert (value["digest"], value["replaces"]) == (first, second)
    assert served(serving) == [first]
    serving("revoke", second[:12], "--as", "sam", "--reason", "stolen weights")
    answer = serving("rollback", MODEL, "--as", "olga", "--reason", "drift", expect=1)
    assert f"{second[:12]}: revoked: model model: stolen weights" in answer.err
    assert "sealwright stop small" in answer.err
    answer = serving("rollback", "other", "--as", "olga", "--reason", "drift", expect=2)
    assert "nothing was ever released" in answer.err


def test_revoke_prints_what_it_takes_down(serving: Console) -> None:
    first, second = digests(serving)
    answer = serving("revoke", "train", "--as", "sam", "--reason", "consent withdrawn")
    assert "train (" in answer.out
    assert f"model model ({first[:12]}) descends from it" in answer.out
    assert (
        f"small version {second[:12]} is not served any more: "
        "revoked: dataset train: consent withdrawn" in answer.out
    )
    assert served(serving) == []
    value = serving.json("revoke", first[:12], "--as", "eve", "--reason", "it, too")
    assert value["fallen"] == []
    answer = serving("revoke", "nothing-like-it", "--as", "sam", "--reason", "x", expect=2)
    assert "no artifact known here" in answer.err


def test_stop_and_resume(serving: Console) -> None:
    _, second = digests(serving)
    answer = serving("stop", MODEL, "--as", "sam", "--reason", "odd answers")
    assert "small is stopped" in answer.out
    assert "model quarantined (entry" in answer.out
    assert stopped(serving) == "odd answers"
    assert served(serving) == []
    answer = serving("stop", MODEL, "--resume", "--as", "mina", "--reason", "fine", expect=1)
    assert "nobody judges their own work" in answer.err
    assert stopped(serving) == "odd answers"
    answer = serving("stop", MODEL, "--resume", "--as", "ines", "--reason", "sensor mended")
    assert "served again" in answer.out
    assert "quarantine of model lifted by ines" in answer.out
    assert stopped(serving) is None
    assert served(serving) == [second]


@pytest.mark.parametrize("damage", ["moved", "garbage", "no-key", "bad-toml"])
def test_stop_works_without_the_ledger(serving: Console, damage: str) -> None:
    state = serving.folder / ".sealwright"
    if damage == "moved":
        (state / "ledger.db").rename(serving.folder / "elsewhere.db")
    elif damage == "garbage":
        (state / "ledger.db").write_bytes(b"not a database" * 100)
    elif damage == "no-key":
        shutil.rmtree(state / "keys")
    else:
        (serving.folder / "sealwright.toml").write_text("= nonsense")
    value = serving.json("stop", "--reason", "everything odd")
    assert value["stopped"] == "*"
    assert value["entries"] == []
    assert value["problem"]
    assert stopped(serving) == "everything odd"
    answer = serving("stop", MODEL, "--reason", "again")
    assert "not on record: " in answer.out


def test_stop_is_not_kept_waiting_by_whoever_holds_the_ledger(
    serving: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(halt, "PATIENCE", 0.2)
    with turn(serving.folder / ".sealwright"):
        answer = serving("stop", MODEL, "--as", "sam", "--reason", "odd answers")
    assert "not on record: the ledger is in use" in answer.out
    assert stopped(serving) == "odd answers"
    answer = serving("stop", MODEL, "--as", "sam", "--reason", "odd answers")
    assert "quarantined (entry" in answer.out


def test_resume_needs_the_ledger(serving: Console) -> None:
    serving("stop", MODEL, "--as", "sam", "--reason", "odd answers")
    ledger = serving.folder / ".sealwright" / "ledger.db"
    ledger.rename(serving.folder / "elsewhere.db")
    answer = serving("stop", MODEL, "--resume", "--as", "ines", "--reason", "x", expect=None)
    assert answer.code in (3, 4)
    assert stopped(serving) == "odd answers"


def test_access_from_the_key_to_its_end(sealwright: Console) -> None:
    answer = sealwright("access", "grant", "clara", "--as", "olga", "--model", MODEL)
    key = answer.out.splitlines()[0]
    assert key.startswith("sealwright_")
    assert "shown once" in answer.out
    parent = key.split("_")[1]
    child = sealwright.json(
        "access", "grant", "kim", "--as", "olga", "--parent", parent, "--expires-days", "3"
    )
    assert child["grant"]["models"] == [MODEL]
    text = sealwright("access", "list").out + sealwright("access", "list", "--format", "json").out
    assert "clara" in text
    assert "kim" in text
    for secret in (key.split("_", 2)[2], child["key"].split("_", 2)[2], '"mac"'):
        assert secret not in text
    answer = sealwright(
        "access", "grant", "kay", "--as", "olga", "--parent", parent, "--model", "other", expect=1
    )
    assert "beyond its parent" in answer.err
    value = sealwright.json("access", "revoke", parent, "--as", "eve", "--reason", "laptop lost")
    assert value["fallen"] == [parent, child["grant"]["id"]]
    assert sealwright("access", "list").out == "nobody may call\n"
    statuses = {
        each["grant"]["client"]: each["status"]
        for each in sealwright.json("access", "list", "--all")
    }
    assert statuses == {"clara": "revoked", "kim": "fallen"}


def test_who_lets_nobody_in_is_told(sealwright: Console) -> None:
    answer = sealwright("access", "grant", "clara", "--as", "sam", expect=1)
    assert "to let callers in" in answer.err
    answer = sealwright("access", "grant", "clara", "--as", "olga", "--role", "boss", expect=2)
    assert "there is no role 'boss'" in answer.err


def test_review_from_the_queue_to_the_answer(sealwright: Console) -> None:
    assert sealwright("review", "list").out == "no case waits\n"
    with Project.open(sealwright.folder) as project:
        _, second = versions(project)
        held = case(second, "0f3c-0", kind="confirm", model_decision="positive", score=0.91)
        open_cases(project.layout.reviews, (held,))
    answer = sealwright("review", "list")
    assert "the model says positive, score 0.91" in answer.out
    assert "a = 1" not in answer.out
    assert "a = 1" in sealwright("review", "open", "0f3c-0", "--as", "ines").out
    answer = sealwright(
        "review", "answer", "0f3c-0", "confirm", "--as", "ines", "--reason", "agreed"
    )
    assert "somebody else must say the same" in answer.out
    words = ("review", "answer", "0f3c-0", "confirm", "--reason", "agreed", "--as")
    answer = sealwright(*words, "mina", expect=1)
    assert "nobody confirms what their own work decided" in answer.err
    value = sealwright.json(*words, "sam")
    assert value["state"] == "positive"
    assert [word["signer"] for word in value["words"]] == ["ines", "sam"]
    answer = sealwright(*words, "sam", expect=2)
    assert "is closed" in answer.err
    written = json.loads(
        (sealwright.folder / ".sealwright/serving/reviews/0f3c-0.answer.json").read_text()
    )
    assert written["state"] == "positive"
    assert sealwright.json("review", "list") == []
    assert len(sealwright.json("review", "list", "--all")) == 1


def test_a_contract_is_part_of_the_model_phase(sealwright: Console) -> None:
    (first, second) = (entry["predicate"] for entry in sealwright.entries("contract"))
    assert first["name"] == MODEL
    assert first["features"] == ["a", "b"]
    assert {**first, "at": ""} == {**second, "at": ""}
