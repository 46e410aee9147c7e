"""What a pickle holds beside its own opcodes: other files, and settings that are followed later.

A model may keep a torch checkpoint, an archive or compiled code in a byte string; whatever the
pickle calls then loads it. They are found by their first bytes, and examined in turn. Only what
would load is followed: numbers begin with any bytes.
"""

from __future__ import annotations

import base64
import binascii
import bz2
import lzma
import re
import zlib
from collections.abc import Callable
from typing import Final

from sealwright.patterns import regex
from sealwright.vetting.interface import Examining
from sealwright.vetting.pickle import amplified, configurations
from sealwright.vetting.pickle.probe import would_act
from sealwright.vetting.pickle.stream_rules import COMPILED
from sealwright.vetting.pickle.suspects import HEAD, head_of
from sealwright.vetting.pickle.trace import Trace
from sealwright.vetting.pickle.values import Const

MAX_VISITED = 2_000
MAX_DECODED = 256 * 1024 * 1024
_FILES = (
    b"PK\x03\x04",
    b"\x93NUMPY",
    b"\x89HDF\r\n\x1a\n",
    b"\x28\xb5\x2f\xfd",
    b"\x04\x22\x4d\x18",
    b"tree\nversion=v",
    b"CBM1",
    b"{L\0\0\0\0\0\0\0\x06Config",
    b"{L\0\0\0\0\0\0\0\x05Model",
)
"""Marks of files that chance does not give, and whose readers follow what they hold."""
_PROGRAMS: Final = regex(rb"\x7fELF[\x01\x02][\x01\x02]|MZ.{58}.\x00\x00\x00", re.DOTALL)
_BASE64 = regex(
    rb"(?:gA|UEsD|H4sI|e[JNAF]|Qlpo|/Td6|k05V|Y|KG|KF|KE|4wAA|f0VM|iUhE|TVq)[\w+/-]{20}"
)
_HEX = regex(rb"(?:800[2-5]|504b0304|1f8b08|789c|78da|934e554d|e300|63)[0-9a-f]{16}", re.IGNORECASE)
_LINES = regex(rb"[(\]})]{0,4}(?:c[\w.]+\n|i[\w.]+\n|[SVILF][^\n]*\n|[dlt](?:p\d+\n)?)")
"""How a pickle of protocol 0 begins."""
_COMPRESSED: tuple[tuple[re.Pattern[bytes], Callable[[bytes], bytes]], ...] = (
    (regex(rb"\x78[\x01\x5e\x9c\xda]"), lambda raw: zlib.decompressobj().decompress(raw, 512)),
    (regex(rb"\x1f\x8b\x08"), lambda raw: zlib.decompressobj(31).decompress(raw, 512)),
    (regex(rb"BZh[1-9]1AY&SY"), lambda raw: bz2.BZ2Decompressor().decompress(raw, 512)),
    (
        regex(rb"\xfd7zXZ\x00|\x5d\x00\x00"),
        lambda raw: lzma.LZMADecompressor(memlimit=1 << 26).decompress(raw, 512),
    ),
)


def look(trace: Trace, examining: Examining) -> None:
    """Examines the files that the constants of a stream hold, and its settings. Raises `Spent`."""
    amplified.look(trace, examining)
    _constants(trace, examining)
    configurations.look(trace, examining)


def _constants(trace: Trace, examining: Examining) -> None:
    seen: set[bytes | str] = set()
    visited = 0
    for const in trace.payloads:
        examining.session.spend()
        held = _held(const)
        if held is None:
            continue
        if len(held) < 1 << 20:
            content = bytes(held)
            if content in seen:
                continue
            seen.add(content)
        if compiled(bytes(held[:HEAD])):
            message = "a constant holds compiled code"
            examining.find(COMPILED, message, offset=const.offset)
            continue
        visited += 1
        if visited > MAX_VISITED:
            examining.gap(f"more than {MAX_VISITED} constants hold files")
            return
        examining.session.visit(f"constant@{const.offset}", held, within=examining.member)


def _held(const: Const) -> bytes | memoryview | None:
    """The file that a constant holds, decoded where it is text; None if it holds none."""
    value = const.value
    raw: bytes | memoryview
    if isinstance(value, str):
        head = head_of(const)
        if not (opens(head) or _lines(head) or _BASE64.match(head) or _HEX.match(head)):
            return None
        raw = value.encode("latin-1", "replace")
    elif isinstance(value, bytes | memoryview):
        raw = value
    else:
        return None
    if holds_file(raw):
        return raw
    decoded = _decoded(raw)
    return decoded if decoded is not None and holds_file(decoded) else None


def opens(head: bytes) -> bool:
    """Whether bytes begin like a file that can run code, or like one compressed."""
    if head.startswith(_FILES) or (head[:1] == b"\x80" and head[1:2] <= b"\x05"):
        return True
    return compiled(head) or any(pattern.match(head) for pattern, _ in _COMPRESSED)


def _lines(head: bytes) -> bool:
    return _LINES.match(head) is not None and b"\n" in head


def holds_file(raw: bytes | memoryview) -> bool:
    """Whether these bytes are a file that would act, not just its first bytes."""
    head = bytes(raw[:HEAD])
    if head.startswith(_FILES) or compiled(head):
        return True
    if head[:1] == b"\x80" or _lines(head):
        return would_act(raw)
    for pattern, inflate in _COMPRESSED:
        if pattern.match(head):
            try:
                inner = inflate(bytes(raw[:4096]))
            except (zlib.error, OSError, EOFError, ValueError, lzma.LZMAError):
                return False
            return opens(inner[:HEAD]) or (_lines(inner[:HEAD]) and would_act(inner))
    return False


def compiled(head: bytes) -> bool:
    """Whether bytes begin like a marshalled code object (Python/marshal.c, w_complex_object: its
    flag, small counts, then its bytecode as a string), or like a native program."""
    if _PROGRAMS.match(head):
        return True
    if head[2:4] == b"\r\n" and len(head) > 32:
        return compiled(head[16:]) or compiled(head[8:])
    if head[:1] not in (b"\xe3", b"c") or len(head) < 32:
        return False
    for count in range(4, 7):
        kind = head[1 + 4 * count]
        if kind in (0x73, 0xF3):
            counts = [head[1 + 4 * n : 5 + 4 * n] for n in range(count - 1)]
            return all(each[2:] == b"\0\0" for each in counts)
    return False


def _decoded(raw: bytes | memoryview) -> bytes | None:
    """What base64 or hexadecimal text stands for."""
    if len(raw) > MAX_DECODED:
        return None
    head = bytes(raw[:HEAD])
    try:
        if _BASE64.match(head):
            text = bytes(raw).translate(bytes.maketrans(b"-_", b"+/"), b"\r\n \t=")
            return base64.b64decode(text + b"=" * (-len(text) % 4))
        if _HEX.match(head):
            return bytes.fromhex(str(raw, "ascii"))
    except (binascii.Error, ValueError):
        return None
    return None
