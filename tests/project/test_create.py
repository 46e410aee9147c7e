"""An installation appears complete or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sealwright.errors import CannotLook, MalformedError, UsageError
from sealwright.evidence.keyfile import write_key
from sealwright.evidence.keys import SigningKey
from sealwright.evidence.predicates.governance import Person
from sealwright.ledger.ledger import Ledger
from sealwright.project import create as module
from sealwright.project.audit import verify_project
from sealwright.project.core import Project
from sealwright.project.create import create
from sealwright.project.keyring import Keyring
from sealwright.project.people import first_trust_root
from tests.project.factory import OWNER, Ticking, lifecycle_text

MINA = Person(id=OWNER, name="Mina")


def start(root: Path, *, owner: Person = MINA, lifecycle: str = "") -> Project:
    return create(root, system="small", owner=owner, lifecycle=lifecycle, clock=Ticking())


def test_everything_that_is_needed_is_there(tmp_path: Path) -> None:
    with start(tmp_path / "new", lifecycle=lifecycle_text()) as project:
        assert [p.id for p in project.trust.root.principals] == [OWNER]
        assert project.trust.root.principals[0].roles == ("root", "owner", "engineer", "steward")
        assert project.system == project.evidence()[0].statement.subjects[0].sha256
        assert verify_project(project).ok
        assert project.layout.state.stat().st_mode & 0o777 == 0o700
        assert (project.layout.state / ".gitignore").read_text() == "*\n"
        assert {path.name for path in project.layout.root.iterdir()} == {
            ".sealwright",
            "sealwright.toml",
        }


def test_a_project_is_started_once(tmp_path: Path) -> None:
    start(tmp_path).close()
    before = sorted(path for path in tmp_path.rglob("*"))
    with pytest.raises(UsageError, match="is there already"):
        start(tmp_path)
    assert sorted(path for path in tmp_path.rglob("*")) == before


def test_two_projects_have_different_logs(tmp_path: Path) -> None:
    with start(tmp_path / "one") as one, start(tmp_path / "two") as two:
        assert one.ledger.origin != two.ledger.origin


def _fail(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


BREAKS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "the owner's key": lambda patch: patch.setattr(Keyring, "obtain", _fail),
    "the log's key": lambda patch: patch.setattr(Keyring, "obtain_log", _fail),
    "the trust root": lambda patch: patch.setattr(module, "first_trust_root", _fail),
    "the ledger": lambda patch: patch.setattr(Ledger, "create", _fail),
    "the first entry": lambda patch: patch.setattr(Ledger, "append", _fail),
    "the trust file": lambda patch: patch.setattr(module, "write_atomically", _fail),
    "the last step": lambda patch: patch.setattr(Path, "rename", _fail),
}


@pytest.mark.parametrize("outside", [False, True])
@pytest.mark.parametrize("place", BREAKS)
def test_failing_midway_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, outside: bool
) -> None:
    root, safe = tmp_path / "project", tmp_path / "safe"
    root.mkdir()
    if outside:
        monkeypatch.setenv("SEALWRIGHT_KEYS", str(safe))
    with monkeypatch.context() as patch:
        BREAKS[place](patch)
        with pytest.raises(KeyboardInterrupt):
            start(root)
    assert list(root.iterdir()) == []
    assert not safe.exists() or list(safe.iterdir()) == []
    with start(root) as project:
        assert verify_project(project).ok


def test_keys_that_were_elsewhere_before_are_used_and_survive_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    safe = tmp_path / "safe"
    monkeypatch.setenv("SEALWRIGHT_KEYS", str(safe))
    write_key(SigningKey.generate(), safe / f"{OWNER}.pem")
    before = (safe / f"{OWNER}.pem").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "create", _fail)
        with pytest.raises(KeyboardInterrupt):
            start(tmp_path / "project")
    assert [path.name for path in safe.iterdir()] == [f"{OWNER}.pem"]
    with start(tmp_path / "project") as project:
        assert not (project.layout.state / "keys").exists()
        assert verify_project(project).ok
    assert (safe / f"{OWNER}.pem").read_bytes() == before


def test_a_torn_key_elsewhere_stops_it_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    safe = tmp_path / "safe"
    safe.mkdir()
    monkeypatch.setenv("SEALWRIGHT_KEYS", str(safe))
    descriptor = os.open(safe / "log.pem", os.O_WRONLY | os.O_CREAT, 0o600)
    os.close(descriptor)
    with pytest.raises((UsageError, MalformedError), match=r"log\.pem"):
        start(tmp_path / "project")
    assert list((tmp_path / "project").iterdir()) == []
    assert [path.name for path in safe.iterdir()] == ["log.pem"]


def test_what_a_killed_start_left_is_removed_by_the_next(tmp_path: Path) -> None:
    left = tmp_path / ".sealwright.new-abc/.sealwright/keys"
    left.mkdir(parents=True)
    (left / "mina.pem").write_text("half a key")
    start(tmp_path).close()
    assert [path.name for path in tmp_path.iterdir()] == [".sealwright"]


def test_somebody_who_was_faster_keeps_what_he_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = first_trust_root

    def slow(**more: object) -> object:
        monkeypatch.setattr(module, "first_trust_root", real)
        start(tmp_path, owner=Person(id="ann", name="Ann")).close()
        return real(**more)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "first_trust_root", slow)
    with pytest.raises(UsageError, match="is there already"):
        start(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".sealwright"]
    with Project.open(tmp_path) as project:
        assert [p.id for p in project.trust.root.principals] == ["ann"]


@pytest.mark.parametrize("name", ["../mina", "log", ""])
def test_an_owner_without_a_proper_id_makes_nothing(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        start(tmp_path / "project", owner=Person(id=name, name="Mina"))
    assert not (tmp_path / "project").exists()


def test_a_folder_that_cannot_be_made_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CannotLook, match="cannot be made"):
        start(tmp_path / "file/project")


def test_the_owners_key_can_be_encrypted(tmp_path: Path) -> None:
    def passphrase() -> bytes:
        return b"correct horse"

    with create(
        tmp_path, system="small", owner=MINA, passphrase=passphrase, encrypt=True, clock=Ticking()
    ) as project:
        assert b"ENCRYPTED" in project.layout.key(OWNER).read_bytes()
        assert verify_project(project).ok
