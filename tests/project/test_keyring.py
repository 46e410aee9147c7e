"""Keys appear whole or not at all, are never replaced, and only under well-formed names."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sealwright.errors import InputMissing, UsageError
from sealwright.evidence import keyfile
from sealwright.evidence.keys import LogKey, SigningKey
from sealwright.project import keyring as module
from sealwright.project.keyring import Keyring, check_name
from sealwright.project.layout import Layout


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path)


def names(layout: Layout) -> list[str]:
    return sorted(path.name for path in layout.keys.iterdir())


def test_a_new_key_is_stored_for_its_owner_alone_and_found_again(layout: Layout) -> None:
    made = Keyring(layout).create("mina")
    assert layout.key("mina").stat().st_mode & 0o777 == 0o600
    assert layout.keys.stat().st_mode & 0o777 == 0o700
    again = Keyring(layout)
    assert again.holds("mina")
    assert not again.holds("sam")
    assert again.signer("mina").public.keyid == made.public.keyid
    assert names(layout) == ["mina.pem"]


def test_a_key_is_never_replaced(layout: Layout) -> None:
    Keyring(layout).create("mina")
    before = layout.key("mina").read_bytes()
    with pytest.raises(UsageError, match="a key is there already"):
        Keyring(layout).create("mina")
    assert layout.key("mina").read_bytes() == before
    assert names(layout) == ["mina.pem"]


@pytest.mark.parametrize("written", [0, 1, 60])
def test_a_key_whose_writing_was_cut_short_is_not_there(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    def torn(key: SigningKey | LogKey, path: Path, *, passphrase: bytes | None = None) -> None:
        keyfile.write_key(key, path, passphrase=passphrase)
        path.write_bytes(path.read_bytes()[:written])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_key", torn)
        with pytest.raises(KeyboardInterrupt):
            Keyring(layout).create("mina")
    assert not Keyring(layout).holds("mina")
    Keyring(layout).create("mina")
    assert names(layout) == ["mina.pem"]


def test_a_missing_key_is_named_with_what_to_do(layout: Layout) -> None:
    with pytest.raises(InputMissing, match="the key of mina is not here") as caught:
        Keyring(layout).signer("mina")
    assert "--key" in caught.value.advice


def test_a_key_can_come_from_a_file_that_is_named(layout: Layout, tmp_path: Path) -> None:
    elsewhere = tmp_path / "stick/sam.pem"
    key = SigningKey.generate()
    keyfile.write_key(key, elsewhere)
    keyring = Keyring(layout)
    keyring.create("sam")
    own = keyring.signer("sam").public.keyid
    other = Keyring(layout)
    other.use_file("sam", elsewhere)
    assert other.holds("sam")
    assert other.signer("sam").public.keyid == key.public.keyid != own


def test_an_encrypted_key_asks_for_its_passphrase_once_and_only_when_used(layout: Layout) -> None:
    asked: list[int] = []

    def passphrase() -> bytes:
        asked.append(1)
        return b"correct horse"

    Keyring(layout, passphrase=passphrase).create("mina", encrypt=True)
    assert b"ENCRYPTED" in layout.key("mina").read_bytes()
    keyring = Keyring(layout, passphrase=passphrase)
    asked.clear()
    assert keyring.holds("mina")
    assert asked == []
    assert keyring.signer("mina") is keyring.signer("mina")
    assert asked == [1]


def test_without_a_passphrase_nothing_is_stored_in_the_clear(layout: Layout) -> None:
    with pytest.raises(UsageError, match="no passphrase"):
        Keyring(layout).create("mina", encrypt=True)
    assert not layout.keys.exists()


def test_obtaining_makes_a_key_once(layout: Layout) -> None:
    first = Keyring(layout).obtain("mina")
    assert Keyring(layout).obtain("mina").public.keyid == first.public.keyid
    log = Keyring(layout).obtain_log()
    assert Keyring(layout).obtain_log().public.raw == log.public.raw
    assert names(layout) == ["log.pem", "mina.pem"]


def test_a_key_in_the_clear_is_not_taken_for_an_encrypted_one(layout: Layout) -> None:
    keyring = Keyring(layout, passphrase=lambda: b"correct horse")
    keyring.obtain("mina")
    with pytest.raises(UsageError, match="not encrypted"):
        keyring.obtain("mina", encrypt=True)
    keyring.obtain("sam", encrypt=True)
    assert keyring.obtain("sam", encrypt=True) is keyring.signer("sam")


def test_there_is_no_log_key_where_the_ledger_is_only_read(layout: Layout) -> None:
    assert Keyring(layout).log() is None


@given(st.text(max_size=80))
@example("../../etc/shadow")
@example("mina/")
@example("mina\n")
@example("MINA")
@example(".hidden")
@example("log")
@example("a" * 64)
@example("")
def test_no_name_leads_out_of_the_key_folder(name: str) -> None:
    layout = Layout(Path("/project"))
    try:
        taken = check_name(name)
    except UsageError:
        return
    assert taken == name
    path = layout.key(name)
    assert path.parent == layout.keys
    assert path == path.parent / path.name
    assert path != layout.log_key
    assert name.isascii()
    assert name == name.lower().strip()
    assert not name.startswith(".")


@pytest.mark.parametrize("name", ["mina", "sam-2", "ci.bot_7", "0", "a" * 63])
def test_usual_names_are_taken(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["log", "../mina", "mina\n", "Mina", "-mina", "a" * 64, ""])
def test_names_that_could_mean_something_else_are_refused(layout: Layout, name: str) -> None:
    keyring = Keyring(layout)
    for use in (keyring.create, keyring.obtain, keyring.signer, keyring.holds):
        with pytest.raises(UsageError):
            use(name)
