"""ONNX models as text: recognised, and not examined. `onnx.load` reads them as it does the binary
form, files of tensors included."""

from __future__ import annotations

import re
from typing import Any

from sealwright.patterns import regex
from sealwright.vetting.formats.text import is_text
from sealwright.vetting.interface import DocumentCheck, Examining, Fit, Format, Member, Rule

_LOOK = "convert it with onnx.save to .onnx in an isolated process, and scan that"
_WORDS = regex(rb"(?m)^[ \t]*+(ir_version[ \t]*+:[ \t]*+\d|opset_import[ \t]*+\{|graph[ \t]*+\{)")
_HEAD = 1 << 16

AS_TEXT = Rule(
    id="SW-ONNX-090",
    effect="inconclusive",
    severity="medium",
    title="An ONNX model is stored as text",
    remediation=_LOOK,
    why="The loader takes the text form as it does the binary one, and opens the files that its "
    "tensors name. The text form is not examined.",
    example='{"irVersion": "8", "graph": {"initializer": […]}}',
    atlas=("AML.T0011.000",),
)


def recognise(member: Member) -> Fit:
    """Weak: two of the words that such a text has at the beginnings of its lines."""
    if not is_text(member.data):
        return "no"
    head = bytes(member.data[:_HEAD])
    words = {found[1][:5] for found in _WORDS.finditer(head)}
    script = re.match(rb"\s*+<\s*+ir_version\s*+:", head) is not None
    named = member.extension in FORMAT.extensions
    return "weak" if script or len(words) >= 2 or named else "no"


def applies(value: Any, member: Member) -> bool:
    """The JSON form of the protocol buffer."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("graph"), dict)
        and ("irVersion" in value or "opsetImport" in value or "ir_version" in value)
    )


def examine_json(value: Any, examining: Examining) -> None:
    """Says that it was not examined."""
    examining.find(AS_TEXT, "JSON of an ONNX model")


def examine(examining: Examining) -> None:
    """The same for the other text forms."""
    examining.find(AS_TEXT, "the text of an ONNX model")


CHECK = DocumentCheck(
    id="onnx-json",
    title="ONNX models as JSON",
    examines="Recognised and not examined (inconclusive).",
    applies=applies,
    examine=examine_json,
    rules=(AS_TEXT,),
)
FORMAT = Format(
    id="onnx-text",
    title="ONNX model as text",
    examines=f"Recognised and not examined (inconclusive): {_LOOK}.",
    extensions=(".onnxtxt", ".onnxtext"),
    recognise=recognise,
    examine=examine,
    malformed=AS_TEXT,
    rules=(AS_TEXT,),
)
