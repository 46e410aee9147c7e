"""CatBoost's binary models: the frame of the file and of the FlatBuffers table in it."""

from __future__ import annotations

from sealwright.errors import MalformedError
from sealwright.vetting.interface import Buffer, Examining, Fit, Format, Member, Rule, quoted

_HEAD = 8
_VERSIONS = (b"FlabuffersModel_v1",)
_ROOT_FIELDS = 32

MALFORMED = Rule(
    id="SW-CATB-001",
    effect="fail",
    severity="high",
    title="The file is not a complete CatBoost model",
    remediation="get the model again from its source, or save it again",
    why="CatBoost reads it with native code. Sizes and offsets that lead out of the file are how "
    "readers in native code are attacked.",
    example="CBM1 and a size of 4 GiB in a file of 1 KiB",
    atlas=("AML.T0076", "AML.T0011.000"),
    cwe=(20, 125),
)
NEWER = Rule(
    id="SW-CATB-002",
    effect="inconclusive",
    severity="low",
    title="The version of the model is not known",
    remediation="update the scanner, or save the model with an older version of CatBoost",
    why="Its table may hold what these rules do not know.",
    example="FlabuffersModel_v9",
)


def recognise(member: Member) -> Fit:
    """Strong: the mark."""
    return "strong" if bytes(member.data[:4]) == b"CBM1" and len(member.data) > _HEAD else "no"


def examine(examining: Examining) -> None:
    """The sizes, the root table and its version; the trees are numbers."""
    data = examining.data
    size = int.from_bytes(bytes(data[4:_HEAD]), "little")
    if size > len(data) - _HEAD:
        raise MalformedError(f"its core has {size} bytes of {len(data) - _HEAD}")
    core = bytes(data[_HEAD : _HEAD + size])
    version = _version(core)
    if version not in _VERSIONS:
        examining.find(NEWER, quoted(version.decode("latin-1")))
    examining.parsed = _HEAD + min(size, 4096)
    examining.numbers = len(data) - examining.parsed


def _u32(data: Buffer, at: int) -> int:
    if at < 0 or at + 4 > len(data):
        raise MalformedError(f"an offset leads to {at} of {len(data)} bytes")
    return int.from_bytes(bytes(data[at : at + 4]), "little")


def _u16(data: Buffer, at: int) -> int:
    return _u32(data, at) & 0xFFFF if at + 4 <= len(data) else _u32(data, at - 2) >> 16


def _version(core: bytes) -> bytes:
    """The first field of the root table (flatbuffers.dev, internals): a text that names the
    version.

    Raises MalformedError where an offset of the root table leads out of the core.
    """
    root = _u32(core, 0)
    back = _u32(core, root)
    table = root - (back - (1 << 32) if back >> 31 else back)
    size, inline = _u16(core, table), _u16(core, table + 2)
    if size < 4 or size % 2 or table + size > len(core) or root + inline > len(core):
        raise MalformedError("the table of fields leads out of the core")
    fields = [_u16(core, table + at) for at in range(4, min(size, 4 + 2 * _ROOT_FIELDS), 2)]
    for offset in fields:
        if offset and (
            offset + 4 > inline or root + offset + _u32(core, root + offset) > len(core)
        ):
            raise MalformedError("a field of the root leads out of the core")
    if not fields or not fields[0]:
        raise MalformedError("it names no version")
    at = root + fields[0]
    text = at + _u32(core, at)
    length = _u32(core, text)
    if text + 4 + length > len(core) or length > 64:
        raise MalformedError("the name of the version leads out of the core")
    return core[text + 4 : text + 4 + length]


FORMAT = Format(
    id="catboost",
    title="CatBoost model",
    examines=(
        "Size, root table and version. The trees and the training parameters within are not "
        "judged; CatBoost verifies the table when it loads it."
    ),
    extensions=(".cbm",),
    recognise=recognise,
    examine=examine,
    malformed=MALFORMED,
    rules=(MALFORMED, NEWER),
)
