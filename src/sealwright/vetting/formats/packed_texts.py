"""Files and code objects that stand as text: base64 of either alphabet, hexadecimal digits."""

from __future__ import annotations

import base64
import binascii
import re

from sealwright.patterns import regex

_PREFIX = regex(r"(?:data:[\w/+.;=-]{0,100};base64,|bytes:|base64:|b64:|pickle:)")
_BASE64 = (
    r"(?:gA[E-X]|UEsDB|H4sI|/Td6|Qlpo|KLUv|N3q8|f0VM|TV[opqr]|k05VTVBZ|iUhE|R0dVR|4w|Y[w-z0-9+/]"
    r"|K[A-P])[A-Za-z0-9+/_-]{10}"
)
"""Base64 of a pickle, an archive, a compressed stream, a program, an array, HDF5, GGUF, code."""
_DIGITS = (
    r"(?:0x)?(?i:800[1-5]|504b0304|1f8b08|fd377a58|425a68|28b52ffd|7f454c46|63[67]|286[369c]"
    r"|28647030)[0-9a-fA-F]{12}"
)
_PACKED, _HEX = regex(_BASE64), regex(_DIGITS)
BEGINS = regex(rf"^(?:{_PREFIX.pattern}|{_BASE64}|{_DIGITS})", re.MULTILINE)
"""The beginning of a text, or of a line, that `unpacked` may know."""
_GLOBAL = regex(rb"[ci][a-zA-Z_][\w.]*\n\w+\n|\x8c[\x02-\x40][a-z_][\w.]+\x94?\x8c")
_URL_SAFE = str.maketrans("-_", "+/")


def unpacked(text: str) -> bytes | None:
    """The bytes behind a text that begins as a file, or a code object, would; None for others."""
    prefix = _PREFIX.match(text)
    body = text[prefix.end() :] if prefix else text
    data = None
    if _HEX.match(body):
        data = _from_digits(body)
    elif _PACKED.match(body):
        data = _from_base64(body)
    return data if data is not None and _is_likely(data) else None


def is_code_object(data: bytes) -> bool:
    """Whether bytes are a marshalled code object: its type, four to six small counts of 32 bits (by
    the version of Python), then the byte string of its instructions."""
    if data[:1] not in (b"c", b"\xe3") or len(data) < 40:
        return False
    counts = [int.from_bytes(data[at : at + 4], "little") for at in (1, 5, 9)]
    return all(one < 256 for one in counts) and any(data[at] & 0x7F == 0x73 for at in (17, 21, 25))


def _is_likely(data: bytes) -> bool:
    """Whether more than the first two bytes are those of a pickle: one digest in ten thousand
    begins like one."""
    if data[:1] != b"\x80":
        return True
    framed = data[2:3] == b"\x95" and data[7:11] == bytes(4)
    return framed or data[-1:] == b"." or _GLOBAL.search(data) is not None


def _from_base64(text: str) -> bytes | None:
    packed = "".join(text.split()).translate(_URL_SAFE).rstrip("=")
    try:
        return base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _from_digits(text: str) -> bytes | None:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        return None
