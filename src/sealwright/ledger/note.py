"""C2SP signed notes: text, a blank line, and signatures by named Ed25519 keys.

Spec: C2SP signed-note. One spelling only: base64 that does not re-encode to itself is refused.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from sealwright.errors import LimitReached, MalformedError, SignatureError
from sealwright.evidence.keys import LogKey, LogPublicKey

MAX_NOTE = 64 * 1024
MAX_SIGNATURES = 64

_ED25519 = b"\x01"
_MARK = "\N{EM DASH} "
_KEYID_BYTES = 4
_VKEY = re.compile(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key under its name. `keyid` (4 bytes) only says which key to try."""

    name: str
    keyid: bytes
    public: LogPublicKey


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line, not yet checked."""

    name: str
    keyid: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed note, not yet checked. `text` ends with a newline."""

    text: str
    signatures: tuple[NoteSignature, ...]


def check_name(name: str) -> None:
    """MalformedError unless `name` can name a key: no blanks, no control characters, no plus."""
    if not name or "+" in name or not name.isprintable() or any(c.isspace() for c in name):
        raise MalformedError(
            f"{name[:80]!r} cannot name a key",
            advice="use a name like example.org/log: no blanks, no plus sign",
        )


def verifier_key(name: str, public: LogPublicKey) -> VerifierKey:
    """The verifier key of `public` under `name`."""
    check_name(name)
    keyid = sha256(name.encode() + b"\n" + _ED25519 + public.raw).digest()[:_KEYID_BYTES]
    return VerifierKey(name, keyid, public)


def encode_vkey(key: VerifierKey) -> str:
    """`name+keyid+base64`, the text form of a verifier key."""
    encoded = base64.b64encode(_ED25519 + key.public.raw).decode()
    return f"{key.name}+{key.keyid.hex()}+{encoded}"


def decode_vkey(text: str) -> VerifierKey:
    """Reads a verifier key; MalformedError unless it is Ed25519 and its key id is right."""
    found = _VKEY.fullmatch(text)
    raw = decode_base64(found[3]) if found else b""
    if found is None or raw[:1] != _ED25519:
        raise MalformedError(f"{text[:120]!r} is not an Ed25519 verifier key (name+id+base64)")
    key = verifier_key(found[1], LogPublicKey(raw[1:]))
    if key.keyid.hex() != found[2]:
        raise MalformedError(f"the id in verifier key {text[:120]!r} is not its key's")
    return key


def sign_note(text: str, *, name: str, key: LogKey) -> bytes:
    """The note with one signature. Ed25519 is deterministic: the same text gives the same note."""
    _check_text(text)
    keyid = verifier_key(name, key.public).keyid
    return finish_note(text, name=name, keyid=keyid, signature=key.sign(text.encode()))


def finish_note(text: str, *, name: str, keyid: bytes, signature: bytes) -> bytes:
    """Puts a note together from checked text and a signature over it."""
    line = base64.b64encode(keyid + signature).decode()
    return f"{text}\n{_MARK}{name} {line}\n".encode()


def parse_note(data: bytes) -> Note:
    """Reads a note without checking its signatures; MalformedError, LimitReached."""
    if len(data) > MAX_NOTE:
        raise LimitReached(f"a note of {len(data)} bytes; at most {MAX_NOTE} are read")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedError("the note is not UTF-8") from error
    text, blank, tail = whole.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise MalformedError("not a signed note: no signature lines after a blank line")
    text += "\n"
    _check_text(text)
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise LimitReached(f"a note with {len(lines)} signatures; at most {MAX_SIGNATURES}")
    return Note(text, tuple(_signature(line) for line in lines))


def open_note(data: bytes, keys: Sequence[VerifierKey]) -> Note:
    """The note, whose signatures are now only those of `keys`, each one checked.

    Unknown keys are passed over, a known key with a bad signature refuses the whole note
    (SignatureError), and so does a note that none of `keys` signed.
    """
    note = parse_note(data)
    known = {(key.name, key.keyid): key for key in keys}
    checked: dict[tuple[str, bytes], NoteSignature] = {}
    for item in note.signatures:
        key = known.get((item.name, item.keyid))
        if key is not None:
            key.public.verify(note.text.encode(), item.signature)
            checked[item.name, item.keyid] = item
    if not checked:
        names = ", ".join(key.name for key in keys)
        raise SignatureError(f"the note is not signed by {names}")
    return Note(note.text, tuple(checked.values()))


def decode_base64(text: str) -> bytes:
    """Standard base64 in its one spelling (padded, no stray bits); MalformedError otherwise."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedError(f"not base64: {text[:60]!r}") from error
    if base64.b64encode(data).decode() != text:
        raise MalformedError(f"base64 that is not in its one spelling: {text[:60]!r}")
    return data


def _signature(line: str) -> NoteSignature:
    name, blank, encoded = line.removeprefix(_MARK).partition(" ")
    if not line.startswith(_MARK) or not blank:
        raise MalformedError(f"not a signature line: {line[:80]!r}")
    check_name(name)
    raw = decode_base64(encoded)
    if len(raw) <= _KEYID_BYTES:
        raise MalformedError("a signature line without a signature")
    return NoteSignature(name, raw[:_KEYID_BYTES], raw[_KEYID_BYTES:])


def _check_text(text: str) -> None:
    if not text.endswith("\n") or any(c < " " and c != "\n" for c in text):
        raise MalformedError("a note's text ends with a newline and has no control characters")
