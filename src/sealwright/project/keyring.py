"""The private keys at hand: read, and their passphrase asked, when they are first used."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from sealwright.errors import InputMissing, UsageError
from sealwright.evidence.keyfile import Passphrase, read_log_key, read_signing_key, write_key
from sealwright.evidence.keys import LogKey, SigningKey
from sealwright.files import sync_folder
from sealwright.project.layout import LOG_KEY, Layout

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


class Keyring:
    """Keys by principal id, from the installation's key folder or from files that are named."""

    def __init__(self, layout: Layout, *, passphrase: Passphrase | None = None) -> None:
        self._layout = layout
        self._passphrase = passphrase
        self._loaded: dict[str, SigningKey] = {}
        self._files: dict[str, Path] = {}

    def use_file(self, principal: str, file: Path) -> None:
        """Takes this principal's key from `file` instead."""
        self._files[principal] = file

    def signer(self, principal: str) -> SigningKey:
        """The signing key of `principal`; InputMissing when it is not kept here."""
        if principal not in self._loaded:
            path = self._files.get(principal, self._layout.key(check_name(principal)))
            if not path.exists():
                raise InputMissing(
                    f"the key of {principal} is not here: {path}",
                    advice=f"sign on the machine of {principal}, or name the key with --key",
                )
            self._loaded[principal] = read_signing_key(path, passphrase=self._passphrase)
        return self._loaded[principal]

    def holds(self, principal: str) -> bool:
        """Whether the key file of `principal` is here and may be read (it is not opened)."""
        return principal in self._files or _readable(self._layout.key(check_name(principal)))

    def log(self) -> LogKey | None:
        """The log's key, or None where it is not here for us: the ledger can only be read."""
        if not _readable(self._layout.log_key):
            return None
        return read_log_key(self._layout.log_key, passphrase=self._passphrase)

    def create(self, principal: str, *, encrypt: bool = False) -> SigningKey:
        """Makes and stores a new key for `principal`; UsageError if one is there already."""
        path = self._layout.key(check_name(principal))
        if encrypt and self._passphrase is None:
            raise UsageError("there is no passphrase to encrypt the key with")
        secret = self._passphrase() if encrypt and self._passphrase else None
        key = SigningKey.generate()
        _store(key, path, passphrase=secret)
        self._loaded[principal] = key
        return key

    def obtain(self, principal: str, *, encrypt: bool = False) -> SigningKey:
        """The key of `principal`, made and stored where there is none yet.

        UsageError if it is to be encrypted and the one that is there is not.
        """
        path = self._layout.key(check_name(principal))
        if not path.exists():
            return self.create(principal, encrypt=encrypt)
        if encrypt and not _is_encrypted(path):
            raise UsageError(
                f"{path}: a key that is not encrypted is here already",
                advice="delete it if nobody uses it, or leave out --encrypt",
            )
        return self.signer(principal)

    def obtain_log(self) -> LogKey:
        """The log's key, made and stored where there is none yet."""
        found = self.log()
        if found is not None:
            return found
        key = LogKey.generate()
        _store(key, self._layout.log_key, passphrase=None)
        return key


def _store(key: SigningKey | LogKey, path: Path, *, passphrase: bytes | None) -> None:
    """The key file appears whole or not at all, and never in the place of another."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        write_key(key, draft, passphrase=passphrase)
        path.hardlink_to(draft)
    except FileExistsError as error:
        raise UsageError(
            f"{path}: a key is there already", advice="choose another name; keys are never replaced"
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def _readable(path: Path) -> bool:
    return os.access(path, os.R_OK, effective_ids=True)


def _is_encrypted(path: Path) -> bool:
    return b"ENCRYPTED PRIVATE KEY" in path.read_bytes()


def check_name(principal: str, *, what: str = "principal") -> str:
    """`principal` if it is a well-formed id: it becomes a file name and stands in reports."""
    if not _NAME.fullmatch(principal):
        raise UsageError(
            f"{principal!r:.80} is not a {what} id",
            advice="lower-case letters, digits, `.`, `_` and `-`; at most 63",
        )
    if principal == LOG_KEY:
        raise UsageError(f"`{principal}` is the ledger's own name", advice="choose another id")
    return principal
