"""Says what a file is from its bytes, whatever its name says, and whether it is two at once."""

from __future__ import annotations

from sealwright.errors import SealwrightError
from sealwright.phases.model.checks.interface import (
    ArtifactCheck,
    Buffer,
    Examination,
    ModelFile,
    Observation,
    Rule,
    observe,
)
from sealwright.phases.model.checks.onnx_tables import SCHEMA
from sealwright.phases.model.protobuf import Budget, outline

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"PK\x03\x04", "zip"),
    (0, b"PK\x05\x06", "zip"),
    (0, b"\x1f\x8b\x08", "gzip"),
    (0, b"BZh", "bzip2"),
    (0, b"\xfd7zXZ\x00", "xz"),
    (0, b"\x28\xb5\x2f\xfd", "zstd"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z"),
    (257, b"ustar", "tar"),
    (0, b"\x93NUMPY", "npy"),
    (0, b"GGUF", "gguf"),
    (0, b"PAR1", "parquet"),
    (0, b"SQLite format 3\x00", "sqlite"),
    (0, b"\x7fELF", "elf"),
    (4, b"TFL3", "tflite"),
    (4, b"ORTM", "ort"),
    *((offset, b"\x89HDF\r\n\x1a\n", "hdf5") for offset in (0, *(512 << n for n in range(8)))),
)
"""Offset, bytes, format. HDF5 may stand behind a block of the user's own."""

_SHORT_MAGIC: tuple[tuple[bytes, str], ...] = ((b"MZ", "pe"), (b"#!", "script"))
"""Marks so short that the length of a safetensors header can hit them by chance."""

_EXTENSIONS: dict[str, tuple[str, ...]] = {
    ".onnx": ("onnx",),
    ".safetensors": ("safetensors",),
    ".pkl": ("pickle",),
    ".pickle": ("pickle",),
    ".joblib": ("pickle", "gzip", "bzip2", "xz", "zstd"),
    ".pt": ("zip", "pickle", "tar"),
    ".pth": ("zip", "pickle", "tar"),
    ".h5": ("hdf5",),
    ".hdf5": ("hdf5",),
    ".keras": ("zip", "hdf5"),
    ".npy": ("npy",),
    ".npz": ("zip",),
    ".gguf": ("gguf",),
    ".tflite": ("tflite",),
    ".parquet": ("parquet",),
    ".zip": ("zip",),
    ".tar": ("tar",),
    ".gz": ("gzip",),
    **dict.fromkeys((".json", ".txt", ".md", ".csv", ".toml", ".yaml", ".yml"), ("text",)),
}
EXAMINED = ("onnx", "safetensors")
"""Formats that this version has a check for."""
_ZIP_END = b"PK\x05\x06"
_ZIP_TAIL = 22 + 0xFFFF
_TEXT_READ = 1 << 20

_LINE = 1 << 16
"""Stands for an argument that ends with its line."""
_PICKLE_STEPS = 10_000
_STACK_GLOBAL = 0x93
_MAX_NAME = 4096
_PICKLE_ARGUMENTS: dict[int, int] = {
    **dict.fromkeys(b"(012Nadelstu)]}RQbo\x81\x85\x86\x87\x88\x89\x8f", 0),
    **dict.fromkeys(b"\x90\x91\x92\x94\x97\x98", 0),
    **dict.fromkeys(b"FILSVPgp", _LINE),
    **dict.fromkeys(b"Khq\x80\x82", 1),
    **dict.fromkeys(b"M\x83", 2),
    **dict.fromkeys(b"Jjr\x84", 4),
    **dict.fromkeys(b"G\x95", 8),
    **dict.fromkeys(b"UC\x8a\x8c", -1),
    **dict.fromkeys(b"TBX\x8b", -4),
    **dict.fromkeys(b"\x8d\x8e\x96", -8),
}
"""Opcode → bytes of its argument; -n: a length of n bytes, and as many bytes as it says."""

UNEXAMINED = Rule(
    id="SW-FMT-001",
    effect="inconclusive",
    severity="medium",
    title="The format is not examined in this version",
    remediation="ship the model as ONNX or safetensors, and keep other files out of its folder",
    atlas=("AML.T0011.000",),
)
MISNAMED = Rule(
    id="SW-FMT-002",
    effect="fail",
    severity="high",
    title="The file's extension and its content disagree",
    remediation="find out where the file came from; give it the extension of its content",
    atlas=("AML.T0074", "AML.T0011.000"),
)
POLYGLOT = Rule(
    id="SW-FMT-003",
    effect="fail",
    severity="high",
    title="The file is valid in more than one format",
    remediation="do not load it: what a loader sees depends on the loader",
    atlas=("AML.T0018.002", "AML.T0074"),
)
ZIP_MARK = Rule(
    id="SW-FMT-004",
    effect="warn",
    severity="medium",
    title="The end of the file holds the mark of a zip archive",
    remediation="check the file with its maker; a chance match is rare",
    atlas=("AML.T0018.002",),
)
EMPTY = Rule(
    id="SW-FMT-005",
    effect="inconclusive",
    severity="low",
    title="The file is empty",
    remediation="remove it or write it again",
)
PLAIN_NAME = Rule(
    id="SW-FMT-006",
    effect="note",
    severity="low",
    title="The file has an extension that does not tell its format",
    remediation="name it .onnx or .safetensors",
)


def recognise(file: ModelFile) -> tuple[str, ...]:
    """Every format that could take these bytes; empty if none is known.

    Weak readings (text, old pickles) are named only where nothing else fits.
    """
    data = file.data
    found: list[str] = []
    for offset, mark, name in _MAGIC:
        if data[offset : offset + len(mark)] == mark and name not in found:
            found.append(name)
    if len(data) >= 10 and data[8:9] == b"{":
        found.append("safetensors")
    if is_onnx(data):
        found.append("onnx")
    headed = data[:1] == b"\x80" and data[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")
    if (headed and "safetensors" not in found) or (found and acts_as_pickle(data)):
        found.append("pickle")
    if not found:
        found.extend(name for mark, name in _SHORT_MAGIC if data[: len(mark)] == mark)
    if not found and _is_text(data):
        found.append("text")
    if not found and acts_as_pickle(data):
        found.append("pickle")
    return tuple(found)


def claimed(file: ModelFile) -> tuple[str, ...]:
    """The formats that the extension stands for; empty if it stands for none."""
    return _EXTENSIONS.get(file.extension, ())


def is_onnx(data: Buffer) -> bool:
    """Whether the outermost fields are those of an ONNX model with a graph, to the last byte."""
    if not len(data):
        return False
    fields = SCHEMA["ModelProto"]
    try:
        numbers = outline(data, kind="ModelProto", schema=SCHEMA, budget=Budget(fields=100_000))
    except SealwrightError:
        return False
    return any(fields[number].name == "graph" for number in numbers)


def acts_as_pickle(data: Buffer) -> bool:
    """Whether an unpickler that starts at the first byte would get as far as importing something.

    Only the lengths of opcodes are followed, more leniently than any unpickler does. A pickle hides
    in another format this way: the format's first bytes are read as text up to a line end.
    """
    position, steps = 0, 0
    while position < len(data) and steps < _PICKLE_STEPS:
        opcode = data[position]
        if opcode in b"ci":
            return _names_a_global(data, position + 1)
        if opcode == _STACK_GLOBAL and steps >= 2:
            return True
        size = _PICKLE_ARGUMENTS.get(opcode)
        if size is None:
            return False
        position += 1
        if size == _LINE:
            end = data.find(b"\n", position)
            if end < 0:
                return False
            position = end + 1
        elif size < 0:
            width = -size
            position += width + int.from_bytes(data[position : position + width], "little")
        else:
            position += size
        steps += 1
    return steps == _PICKLE_STEPS


def _names_a_global(data: Buffer, position: int) -> bool:
    """Whether two lines follow that could be a module and a name in it."""
    for _ in range(2):
        end = data.find(b"\n", position)
        line = bytes(data[position : min(end, position + _MAX_NAME)])
        if end <= position or any(byte <= 0x20 for byte in line):
            return False
        position = end + 1
    return True


def examine(file: ModelFile) -> Examination:
    """Holds the content against the extension, and looks for a second format in the same bytes."""
    if not len(file.data):
        return Examination(observations=(observe(EMPTY, "the file is empty", location=file.name),))
    found, expected = recognise(file), claimed(file)
    seen: list[Observation] = []
    if expected and not set(expected) & set(found):
        message = (
            f"the extension {file.extension} says {_list(expected)}, the content is {_list(found)}"
        )
        seen.append(observe(MISNAMED, message, location=file.name))
    elif not expected and set(found) & set(EXAMINED):
        message = f"the content is {_list(found)}"
        seen.append(observe(PLAIN_NAME, message, location=file.name))
    if len(found) > 1:
        message = f"the same bytes are {' and '.join(found)}"
        seen.append(observe(POLYGLOT, message, location=file.name))
    if "zip" not in found:
        seen.extend(_hidden_zip(file))
    if not set(found) & set(EXAMINED):
        message = f"the content is {_list(found)}, which is not examined in this version"
        seen.append(observe(UNEXAMINED, message, location=file.name))
    return Examination(observations=tuple(seen))


def _list(names: tuple[str, ...]) -> str:
    return " or ".join(names) if names else "of no known format"


def _hidden_zip(file: ModelFile) -> list[Observation]:
    """Zip readers start at the end of a file: an archive can hide behind another format."""
    data = file.data
    offset = max(0, len(data) - _ZIP_TAIL)
    tail = bytes(data[offset:])
    mark = tail.rfind(_ZIP_END)
    weak = False
    while mark >= 0:
        record = tail[mark : mark + 22]
        if len(record) == 22:
            weak = True
            size = int.from_bytes(record[12:16], "little")
            start = int.from_bytes(record[16:20], "little")
            before = offset + mark - size
            zip64 = tail[max(0, mark - 20) : mark].startswith(b"PK\x06\x07")
            directories = tuple(
                bytes(data[at : at + 4]) for at in (before, start) if 0 <= at < len(data)
            )
            if zip64 or b"PK\x01\x02" in directories:
                message = f"a zip archive ends at byte {offset + mark + 22}"
                return [observe(POLYGLOT, message, location=file.name)]
        mark = tail.rfind(_ZIP_END, 0, mark)
    if not weak:
        return []
    return [observe(ZIP_MARK, "an end-of-archive mark without a directory", location=file.name)]


def _is_text(data: Buffer) -> bool:
    head = bytes(data[:_TEXT_READ])
    if any(byte < 0x20 and byte not in b"\t\n\r\x0c" for byte in head):
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return len(data) > _TEXT_READ and error.start >= len(head) - 3
    return True


CHECK = ArtifactCheck(
    id="artifact-format",
    title="Content, extension and polyglots",
    format="*",
    examines=(
        "The first bytes of every file, its outline as ONNX and as a pickle, and its end for a zip "
        "archive. A format without a check of its own makes the scan inconclusive."
    ),
    rules=(UNEXAMINED, MISNAMED, POLYGLOT, ZIP_MARK, EMPTY, PLAIN_NAME),
    examine=examine,
)
