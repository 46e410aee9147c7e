from __future__ import annotations

from pathlib import Path

import pytest

from sealwright.errors import InputMissing, MalformedError, UsageError
from sealwright.evidence.keyfile import (
    passphrase_from,
    read_log_key,
    read_signing_key,
    write_key,
)
from sealwright.evidence.keys import LogKey, SigningKey


def test_keys_survive_the_disk(tmp_path: Path) -> None:
    key, log = SigningKey.generate(), LogKey.generate()
    write_key(key, tmp_path / "k.pem")
    write_key(log, tmp_path / "l.pem", passphrase=b"open")
    assert read_signing_key(tmp_path / "k.pem").public.keyid == key.public.keyid
    assert read_log_key(tmp_path / "l.pem", passphrase=lambda: b"open").public.raw == log.public.raw
    assert (tmp_path / "k.pem").stat().st_mode & 0o777 == 0o600


def test_encrypted_means_encrypted(tmp_path: Path) -> None:
    write_key(SigningKey.generate(), tmp_path / "k.pem", passphrase=b"correct horse")
    text = (tmp_path / "k.pem").read_text()
    assert "ENCRYPTED PRIVATE KEY" in text
    with pytest.raises(UsageError, match="no passphrase was given"):
        read_signing_key(tmp_path / "k.pem")
    with pytest.raises(UsageError, match="wrong passphrase") as caught:
        read_signing_key(tmp_path / "k.pem", passphrase=lambda: b"battery staple")
    assert "battery" not in str(caught.value)


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    write_key(SigningKey.generate(), tmp_path / "k.pem")
    with pytest.raises(UsageError, match="already"):
        write_key(SigningKey.generate(), tmp_path / "k.pem")


def test_a_key_open_to_others_is_refused(tmp_path: Path) -> None:
    write_key(SigningKey.generate(), tmp_path / "k.pem")
    (tmp_path / "k.pem").chmod(0o640)
    with pytest.raises(UsageError, match="open to others"):
        read_signing_key(tmp_path / "k.pem")


def test_other_contents_are_refused(tmp_path: Path) -> None:
    write_key(LogKey.generate(), tmp_path / "l.pem")
    with pytest.raises(MalformedError, match="P-256"):
        read_signing_key(tmp_path / "l.pem")
    write_key(SigningKey.generate(), tmp_path / "k.pem")
    with pytest.raises(MalformedError, match="Ed25519"):
        read_log_key(tmp_path / "k.pem")
    (tmp_path / "n.pem").touch(mode=0o600)
    with pytest.raises(UsageError, match="not a PKCS#8 key"):
        read_signing_key(tmp_path / "n.pem")
    with pytest.raises(InputMissing):
        read_signing_key(tmp_path / "gone.pem")


def test_where_a_passphrase_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "p"
    file.write_bytes(b"from file\r\nnot this\n")
    monkeypatch.setenv("SEALWRIGHT_PASSPHRASE", "from environment")
    assert passphrase_from(file=file, prompt=lambda: "asked")() == b"from file"
    assert passphrase_from(prompt=lambda: "asked")() == b"from environment"
    monkeypatch.delenv("SEALWRIGHT_PASSPHRASE")
    assert passphrase_from(prompt=lambda: "asked")() == b"asked"
    with pytest.raises(UsageError, match="nobody to ask"):
        passphrase_from()()
    file.write_bytes(b"\n")
    with pytest.raises(UsageError, match="empty"):
        passphrase_from(file=file)()
    with pytest.raises(InputMissing):
        passphrase_from(file=tmp_path / "gone")()


def test_a_linked_key_is_refused(tmp_path: Path) -> None:
    write_key(SigningKey.generate(), tmp_path / "k.pem")
    (tmp_path / "link.pem").symlink_to(tmp_path / "k.pem")
    with pytest.raises(InputMissing):
        read_signing_key(tmp_path / "link.pem")
