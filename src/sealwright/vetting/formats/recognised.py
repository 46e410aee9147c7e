"""Formats that are told by their first bytes and not examined: each says what would examine it.

A file of one of these is inconclusive, never passed. Only marks that chance does not give are
listed.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from sealwright.vetting.interface import Buffer, Fit, Format, Member

_HEAD = 4096


class _Mark(msgspec.Struct, frozen=True, kw_only=True):
    """One format by bytes at a place, or by a predicate over the bytes."""

    id: str
    title: str
    look: str
    """What would examine it."""
    at: int = 0
    marks: tuple[bytes, ...] = ()
    test: Callable[[Buffer], bool] | None = None
    extensions: tuple[str, ...] = ()
    executes: bool = False
    """Loading it can run code that the file brings or names."""


def _java(data: Buffer) -> bool:
    """A stream header (Java Object Serialization, 6.4.2) and an object, class or array after it."""
    return bytes(data[:4]) == b"\xac\xed\x00\x05" and bytes(data[4:5]) in (b"s", b"u", b"v", b"w")


def _torch7(data: Buffer) -> bool:
    """A Lua object: type, index and version text, with 32-bit or 64-bit lengths."""
    head = bytes(data[:32])
    return head[:4] in (b"\x03\x00\x00\x00", b"\x04\x00\x00\x00") and b"\x03\x00\x00\x00V 1" in head


def _mxnet(data: Buffer) -> bool:
    """List magic 0x112, reserved zero, and a plausible count of arrays."""
    head = bytes(data[:24])
    return head[:16] == b"\x12\x01" + bytes(14) and head[20:24] == bytes(4) and len(head) == 24


def _audio(data: Buffer) -> bool:
    head = bytes(data[:12])
    return head[:4] in (b"fLaC", b"OggS") or head[:3] == b"ID3" or head[8:] == b"WAVE"


def _video(data: Buffer) -> bool:
    """MP4 and its kin by their brand, or Matroska."""
    head = bytes(data[:12])
    brands = (b"ftypisom", b"ftypiso2", b"ftypmp41", b"ftypmp42", b"ftypM4A ", b"ftypqt  ")
    return head[4:] in brands or head[:4] == b"\x1aE\xdf\xa3"


def _paddle_params(data: Buffer) -> bool:
    """Version, level of detail and version, all zero, then a small tensor description."""
    head = bytes(data[:24])
    length = int.from_bytes(head[16:20], "little")
    return len(head) == 24 and head[:16] == bytes(16) and 2 <= length <= 128 and head[20] == 0x08


def _paddle_program(data: Buffer) -> bool:
    """A program whose first block has the index 0 and no parent (framework.proto)."""
    head = bytes(data[:32])
    return head[:1] == b"\x0a" and b"\x08\x00\x10" + b"\xff" * 9 + b"\x01" in head[2:20]


def _openvino(data: Buffer) -> bool:
    head = bytes(data[:_HEAD]).lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"<?xml"):
        head = head.partition(b"?>")[2].lstrip()
    return head.startswith(b"<net ") and b"version=" in head.partition(b">")[0]


def _core_ml(data: Buffer) -> bool:
    """Version, description and exactly one kind of model to the last byte (Model.proto)."""
    numbers: set[int] = set()
    position, fields = 0, 0
    while position < len(data) and fields < 64:
        key, position = _varint(data, position)
        if key < 0 or (key & 7) not in (0, 2):
            return False
        value, position = _varint(data, position)
        if value < 0:
            return False
        position += value if key & 7 == 2 else 0
        numbers.add(key >> 3)
        fields += 1
    kinds = {number for number in numbers if 200 <= number <= 3000}
    return (
        position == len(data)
        and len(kinds) == 1
        and numbers - kinds <= {1, 2, 10}
        and {1, 2} <= numbers
    )


def _varint(data: Buffer, position: int) -> tuple[int, int]:
    """The number and the offset behind it; -1 where there is none."""
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            return -1, position
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    return -1, position


MARKS: tuple[_Mark, ...] = (
    _Mark(
        id="ort",
        title="ONNX Runtime model",
        look="scan the ONNX model that it was made from",
        at=4,
        marks=(b"ORTM",),
        extensions=(".ort",),
    ),
    _Mark(
        id="executorch",
        title="ExecuTorch program",
        look="scan the exported program (.pt2) that it was made from",
        at=4,
        marks=(b"ET12", b"ET11", b"ET10"),
        extensions=(".pte", ".ptd"),
    ),
    _Mark(
        id="torch-flatbuffer",
        title="PyTorch mobile model (flatbuffer)",
        look="scan the TorchScript archive that it was made from",
        at=4,
        marks=(b"PTMF",),
        extensions=(".ff",),
    ),
    _Mark(
        id="ggml",
        title="ggml model from before GGUF",
        look="convert it to GGUF in an isolated process, and scan that",
        marks=(b"lmgg", b"fmgg", b"tjgg", b"algg", b"nsgg"),
        extensions=(".ggml", ".ggmlv3"),
    ),
    _Mark(
        id="tensorrt",
        title="TensorRT engine",
        look=(
            "build the engine yourself from an ONNX model that was scanned; engines hold device "
            "code"
        ),
        marks=(b"ftrt", b"ptrt"),
        extensions=(".engine", ".trt"),
        executes=True,
    ),
    _Mark(
        id="core-ml",
        title="Core ML model",
        look="look for custom layers with coremltools.utils.load_spec",
        test=_core_ml,
        extensions=(".mlmodel",),
    ),
    _Mark(
        id="openvino",
        title="OpenVINO model",
        look="compare its layers with the operation sets of OpenVINO; extensions are native code",
        test=_openvino,
    ),
    _Mark(
        id="paddle-program",
        title="PaddlePaddle program",
        look="convert it to ONNX with paddle2onnx in an isolated process, and scan that",
        test=_paddle_program,
        extensions=(".pdmodel",),
    ),
    _Mark(
        id="paddle-parameters",
        title="PaddlePaddle parameters",
        look="convert them to safetensors",
        test=_paddle_params,
        extensions=(".pdiparams",),
    ),
    _Mark(
        id="mxnet",
        title="MXNet parameters",
        look="convert them to ONNX in an isolated process, and scan that",
        test=_mxnet,
    ),
    _Mark(
        id="r-data",
        title="R object",
        look=(
            "ask for the model in another format: R objects can run code when they are read "
            "(CVE-2024-27322)"
        ),
        marks=(
            b"X\n\x00\x00\x00\x02",
            b"X\n\x00\x00\x00\x03",
            b"RDX2\n",
            b"RDX3\n",
            b"RDA2\n",
            b"RDA3\n",
            b"A\n2\n",
            b"A\n3\n",
        ),
        extensions=(".rds", ".rdata", ".rda"),
        executes=True,
    ),
    _Mark(
        id="java",
        title="serialized Java objects",
        look=(
            "ask for the model in another format: Java deserialization runs code of the classes it "
            "names"
        ),
        test=_java,
        extensions=(".ser",),
        executes=True,
    ),
    _Mark(
        id="torch7",
        title="Lua Torch object",
        look="ask for the model in another format: Torch 7 files can hold Lua functions",
        test=_torch7,
        extensions=(".t7",),
        executes=True,
    ),
    _Mark(
        id="matlab",
        title="MATLAB data",
        look="load it with scipy.io.loadmat and store the arrays as .npz",
        marks=(b"MATLAB 5.0 MAT-file",),
        extensions=(".mat",),
    ),
    _Mark(
        id="fasttext",
        title="fastText model",
        look="its reader is native code: load it in an isolated process only",
        marks=(b"\xba\x16\x4f\x2f",),
    ),
    _Mark(
        id="rknn",
        title="RKNN model",
        look="scan the ONNX model that it was made from",
        marks=(b"RKNN\x00\x00\x00\x00",),
        extensions=(".rknn",),
    ),
    _Mark(
        id="kenlm",
        title="KenLM language model",
        look="build it again from the ARPA text",
        marks=(b"mmap lm http://kheafield.com/code format version",),
    ),
    _Mark(
        id="feather-v1",
        title="Feather version 1",
        look="write it again as Feather version 2 or Parquet",
        marks=(b"FEA1",),
    ),
    _Mark(
        id="tiff",
        title="TIFF image",
        look="write it again as PNG",
        marks=(b"II*\0", b"MM\0*"),
        extensions=(".tif", ".tiff"),
    ),
    _Mark(
        id="heif",
        title="HEIF or AVIF image",
        look="write it again as PNG",
        at=4,
        marks=(b"ftypavif", b"ftypavis", b"ftypheic", b"ftypheix", b"ftypmif1"),
        extensions=(".avif", ".heic", ".heif"),
    ),
    _Mark(
        id="sqlite",
        title="SQLite database",
        look="export its tables as CSV or Parquet",
        marks=(b"SQLite format 3\0",),
        extensions=(".db", ".sqlite", ".sqlite3"),
    ),
    _Mark(
        id="audio",
        title="sound",
        look="keep samples outside the model's folder",
        test=_audio,
        extensions=(".wav", ".mp3", ".flac", ".ogg", ".opus"),
    ),
    _Mark(
        id="video",
        title="video",
        look="keep samples outside the model's folder",
        test=_video,
        extensions=(".mp4", ".m4a", ".mov", ".webm", ".mkv"),
    ),
)


def _format(mark: _Mark) -> Format:
    def recognise(member: Member) -> Fit:
        if mark.test is not None:
            return "strong" if mark.test(member.data) else "no"
        found = any(
            bytes(member.data[mark.at : mark.at + len(each)]) == each for each in mark.marks
        )
        return "strong" if found else "no"

    return Format(
        id=mark.id,
        title=mark.title,
        examines=f"not examined; {mark.look}",
        extensions=mark.extensions,
        recognise=recognise,
        examine=None,
        executes=mark.executes,
    )


FORMATS: tuple[Format, ...] = tuple(_format(mark) for mark in MARKS)
