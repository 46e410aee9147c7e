"""The rules of the TensorFlow Lite reader."""

from __future__ import annotations

from sealwright.vetting.interface import Rule

MALFORMED = Rule(
    id="SW-TFL-001",
    effect="fail",
    severity="high",
    title="The file is not a well-formed TensorFlow Lite model",
    remediation="do not load it; get the file again from its source",
    why="Offsets and sizes of the FlatBuffer lead out of the file. The interpreter is native code "
    "that works with them directly.",
    example="a table whose vtable lies behind the end of the file",
    atlas=("AML.T0076", "AML.T0011.000"),
    cwe=(125, 787),
)
FLEX = Rule(
    id="SW-TFL-002",
    effect="fail",
    severity="critical",
    title="An operation of TensorFlow that does more than compute",
    remediation="do not load it; get the model from another source",
    why="Flex operations run TensorFlow's own kernels inside the interpreter: they can read and "
    "write files and call Python as those of a SavedModel can.",
    example="the custom operation FlexWriteFile",
    atlas=("AML.T0011.000", "AML.T0018.002"),
    cwe=(73, 94),
)
CUSTOM = Rule(
    id="SW-TFL-003",
    effect="review",
    severity="medium",
    title="The model needs a custom operation",
    remediation="find out which program registers the operation, and review its code",
    why="The code of a custom operation is not in the model: the program that loads the model must "
    "register it. What it does was not examined.",
    example="the custom operation MyDetector",
    atlas=("AML.T0010.003",),
    cwe=(829,),
)
NEWER = Rule(
    id="SW-TFL-004",
    effect="inconclusive",
    severity="medium",
    title="The model uses an operation that these tables do not know",
    remediation="update the scanner, or convert the model with an older TensorFlow",
    why="A newer interpreter may do something with it that was not examined.",
    example="built-in operation 400",
)
RULES = (MALFORMED, FLEX, CUSTOM, NEWER)
