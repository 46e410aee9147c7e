"""TensorFlow Lite models: the tables of the FlatBuffer and the operations that it uses.

Layout: tensorflow/compiler/mlir/lite/schema/schema.fbs, and the FlatBuffers internals document.
"""

from __future__ import annotations

from sealwright.errors import MalformedError
from sealwright.vetting.flatbuffer import Table, root_table
from sealwright.vetting.formats import tensorflow_names, tflite_rules
from sealwright.vetting.interface import Examining, Fit, Format, Member, quoted

_CUSTOM = 32
_NEWEST = 209
"""The last built-in operation of schema 3c."""
_PLAIN = frozenset(
    ("TFLite_Detection_PostProcess", "Mfcc", "AudioSpectrogram", "MaxPoolWithArgmax2D")
)
"""Custom operations whose kernels come with the interpreter, and only compute."""


def recognise(member: Member) -> Fit:
    """By the file identifier."""
    return "strong" if bytes(member.data[4:8]) == b"TFL3" else "no"


def examine(examining: Examining) -> None:
    """Operations, then the sizes of the buffers and the indices of what uses them."""
    root = root_table(examining.data, spend=examining.session.spend)
    codes = [_operation(code, examining) for code in root.tables(1)]
    buffers = [_buffer(buffer, examining) for buffer in root.tables(4)]
    for graph in root.tables(2):
        for tensor in graph.tables(0):
            if tensor.number(2, 4) >= max(len(buffers), 1):
                raise MalformedError("a tensor uses a buffer that is not there")
        for operator in graph.tables(3):
            if operator.number(0, 4) >= len(codes):
                raise MalformedError("an operator uses an operation that is not there")
    examining.numbers = min(sum(buffers), len(examining.data))
    examining.parsed = len(examining.data) - examining.numbers


def _operation(code: Table, examining: Examining) -> str:
    builtin = max(code.number(0, 1), code.number(3, 4))
    name = code.text(1)
    if builtin != _CUSTOM:
        if builtin > _NEWEST:
            examining.find(tflite_rules.NEWER, f"built-in operation {builtin}", offset=code.at)
        return name
    operation = name.removeprefix("Flex")
    if name.startswith("Flex") and tensorflow_names.known(operation):
        if not tensorflow_names.computes(operation):
            examining.find(tflite_rules.FLEX, quoted(name), offset=code.at)
    elif name not in _PLAIN:
        examining.find(tflite_rules.CUSTOM, quoted(name), offset=code.at)
    return name


def _buffer(buffer: Table, examining: Examining) -> int:
    """Bytes of a buffer, in its table or behind the FlatBuffer."""
    offset, size = buffer.number(1, 8), buffer.number(2, 8)
    if offset > 1 and offset + size > len(examining.data):
        raise MalformedError(f"a buffer of {size} bytes at {offset} is not in the file")
    return buffer.size(0) + (size if offset > 1 else 0)


FORMAT = Format(
    id="tflite",
    title="TensorFlow Lite model",
    examines=(
        "The operations that the model uses, built-in, custom and Flex; the tables of graphs, "
        "tensors and buffers as far as their indices and sizes. Weights and options are not "
        "judged. Files that are attached as a zip archive are examined as such."
    ),
    extensions=(".tflite", ".lite"),
    recognise=recognise,
    examine=examine,
    malformed=tflite_rules.MALFORMED,
    rules=tflite_rules.RULES,
    within=("zip",),
)
