"""Python code and other payloads that stand as text in a configuration: found, and never run."""

from __future__ import annotations

import base64
import binascii
import re

from sealwright.patterns import regex

_CODE = regex(r"(?:4w|Yw)[A-Za-z0-9+/\s]{30}")
"""Base64 of a marshalled code object: type `c` with or without the flag for references."""
_NAME = regex(rb"[zZ\xfa\xda](?=(.))", re.DOTALL)
_TELLING_TEXT = """
    os posix nt sys subprocess system popen Popen run call check_output exec eval compile open
    __import__ import_module socket connect urlopen urllib requests get urlretrieve shutil rmtree
    remove unlink write marshal loads pickle base64 b64decode ctypes builtins getattr globals
    environ getenv spawn fork execv kill chmod
"""
_TELLING = frozenset(_TELLING_TEXT.encode().split())
MAX_SHOWN = 12


def is_code(text: str) -> bool:
    """Whether a text is the base64 of a marshalled code object."""
    return _CODE.match(text) is not None and (decoded(text) or b"")[:1] in (b"c", b"\xe3")


def decoded(text: str) -> bytes | None:
    """The bytes of a base64 text; None if it is not one."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def names_in(code: bytes) -> list[str]:
    """Names that marshalled code uses, telling ones first: short ASCII strings of the marshal
    format (`z`, `Z`, with or without the flag for references: a byte of length, then the text)."""
    found: dict[bytes, None] = {}
    for match in _NAME.finditer(code):
        start = match.end() + 1
        word = code[start : start + match.group(1)[0]]
        if len(word) > 1 and word.isascii() and word.decode("ascii").isidentifier():
            found[word] = None
    ordered = sorted(found, key=lambda word: word not in _TELLING)
    return [word.decode("ascii") for word in ordered[:MAX_SHOWN]]
