"""`sealwright init`: a start that asks for little and says what is left to write."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import pytest

from tests.cli.console import Console

DATA = "size,weight,colour,ripe\n1.5,10,red,1\n2.5,20,green,0\n3.5,15,red,1\n"


@pytest.fixture
def empty(tmp_path: Path) -> Console:
    """A folder with two data files and nothing else."""
    (tmp_path / "orchard" / "data").mkdir(parents=True)
    for name in ("train", "test"):
        (tmp_path / "orchard" / "data" / f"{name}.csv").write_text(DATA)
    return Console(tmp_path / "orchard")


def written(sealwright: Console) -> dict[str, object]:
    return tomllib.loads((sealwright.folder / "sealwright.toml").read_text(encoding="utf-8"))


def test_what_the_options_say_stands_in_the_file(empty: Console) -> None:
    answer = empty.json(
        "init", "--owner", "mina", "--label", "ripe", "--group", "colour", "--source", "our trees",
        "--licence", "CC0-1.0", "--legal-basis", "no people", "--personal-data", "no",
        "--labels-method", "tasted", "--purpose", "Pick ripe fruit.", "--answer", "biometric=no",
    )  # fmt: skip
    found = written(empty)
    assert answer["system"] == "orchard"
    assert found["system"]["purpose"] == "Pick ripe fruit."  # type: ignore[index]
    assert found["system"]["answers"]["biometric"] == "no"  # type: ignore[index]
    assert found["validation"]["features"] == ["size", "weight"]  # type: ignore[index]
    assert found["governance"]["signers"] == {"default": "mina"}  # type: ignore[index]
    for name in ("train", "test"):
        data = found["data"][name]  # type: ignore[index]
        assert (data["source"], data["licence"], data["groups"]) == (
            "our trees",
            "CC0-1.0",
            ["colour"],
        )
        assert data["labels"] == {"column": "ripe", "method": "tasted"}
        assert data["columns"]["weight"]["type"] == "integer"


def test_the_lines_that_are_left_to_write_are_told(empty: Console) -> None:
    left = empty.json("init", "--owner", "mina", "--label", "ripe")["todo"]
    lines = (empty.folder / "sealwright.toml").read_text(encoding="utf-8").splitlines()
    assert left == [
        n for n, line in enumerate(lines, 1) if "= " in line and "TODO" in line and line[0] != "#"
    ]
    assert any(lines[number - 1].startswith("licence") for number in left)
    assert f"toml:{left[0]}:" in empty("run", expect=2).err


def test_private_keys_are_for_their_owner_alone(empty: Console) -> None:
    empty("init", "--owner", "mina")
    keys = empty.folder / ".sealwright/keys"
    for path in keys.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (empty.folder / ".sealwright/.gitignore").read_text() == "*\n"


def test_an_encrypted_key_asks_for_its_passphrase(empty: Console, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("correct horse\n")
    secret = ("--passphrase-file", str(tmp_path / "secret"))
    empty("init", "--owner", "mina", "--encrypt", *secret)
    assert "ENCRYPTED" in (empty.folder / ".sealwright/keys/mina.pem").read_text()
    add = ("keys", "add", "sam", "--role", "approver", "--discipline", "security")
    refused = empty(*add, expect=None)
    assert refused.code in (2, 3)
    assert "passphrase" in refused.err
    empty(*add, *secret)


def test_a_data_file_outside_the_folder_is_refused(empty: Console, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.csv").write_text(DATA)
    answer = empty("init", "--owner", "mina", "--train", "../elsewhere.csv", expect=2)
    assert "outside the project's folder" in answer.err
    assert not (empty.folder / ".sealwright").exists()
    assert not (empty.folder / "sealwright.toml").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--owner", "Mina Park"), "not a principal id"),
        (("--owner", "mina", "--answer", "biometric"), "expected QUESTION=yes"),
        (("--owner", "mina", "--answer", "colour=no"), "no risk question"),
        (("--owner", "mina", "--answer", "social_scoring=yes"), "prohibited practice"),
    ],
)
def test_a_mistake_leaves_nothing_behind(empty: Console, words: tuple[str, ...], says: str) -> None:
    answer = empty("init", *words, expect=None)
    assert answer.code in (1, 2)
    assert says in answer.err
    assert list(empty.folder.iterdir()) == [empty.folder / "data"]


def test_a_file_that_is_there_is_kept(empty: Console, fresh: Console) -> None:
    text = (fresh.folder / "sealwright.toml").read_bytes()
    (empty.folder / "sealwright.toml").write_bytes(text)
    assert empty.json("init", "--owner", "mina")["system"] == "diabetes-follow-up"
    assert (empty.folder / "sealwright.toml").read_bytes() == text
