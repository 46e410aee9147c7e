"""Which constants of a stream deserve a second look, told by their first bytes as it is read."""

from __future__ import annotations

from typing import Final

from sealwright.patterns import regex
from sealwright.vetting.pickle.values import Const

HEAD = 64
"""Bytes that are looked at."""
_SUSPECT: Final = regex(
    rb"\x80[\x00-\x05]|PK\x03\x04|\x93NUMPY|tree\nversion=|CBM1|\{L\x00"
    rb"|\x89HDF|\x28\xb5\x2f\xfd|\x04\x22\x4d\x18|\x7fELF|MZ"
    rb"|\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08|BZh[1-9]|\xfd7zXZ|\x5d\x00\x00|\xe3|c\x00"
    rb"|gA|UEsD|H4sI|e[JNAF]|Qlpo|/Td6|k05V|Y|K[EFG]|4wAA|f0VM|iUhE|TVq"
    rb"|800[2-5]|504b0304|1f8b08|789c|78da|934e|e300|63|[(\]})ci]"
)


def suspect(const: Const) -> bool:
    """Whether a constant begins like a file, plain or as base64 or hexadecimal text."""
    return _SUSPECT.match(head_of(const)) is not None


def head_of(const: Const) -> bytes:
    """The first bytes of a text or of bytes; what is beyond Latin-1 is replaced."""
    value = const.value
    if isinstance(value, str):
        return value[:HEAD].encode("latin-1", "replace")
    assert isinstance(value, bytes | bytearray | memoryview)
    return bytes(value[:HEAD])
