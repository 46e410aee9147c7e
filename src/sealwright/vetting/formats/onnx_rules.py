"""The rules of the ONNX check: what it can find, how bad that is, and what to do about it."""

from __future__ import annotations

from sealwright.vetting.interface import Rule

_UNSAFE = ("AML.T0011.000", "AML.T0018.002")
_CORRUPT = ("AML.T0076", "AML.T0011.000")
_AGAIN = "do not load it; get the model again from its source, or export it again"

MALFORMED = Rule(
    id="SW-ONNX-001",
    effect="fail",
    severity="high",
    title="The file is not well-formed protobuf",
    remediation=_AGAIN,
    why="Runtimes read the file with native code. What breaks the encoding is broken on purpose "
    "or by accident; neither should reach a runtime.",
    example="a field whose length leads beyond the file",
    atlas=_CORRUPT,
    cwe=(20, 130),
)
LIMIT = Rule(
    id="SW-ONNX-002",
    effect="inconclusive",
    severity="medium",
    title="The model is larger or more nested than is examined",
    remediation="store large weights as safetensors, or split the model",
    why="What lies beyond the limits was not examined.",
    example="a model of 3 GiB in one file",
    cwe=(400,),
)
STRANGE = Rule(
    id="SW-ONNX-003",
    effect="fail",
    severity="high",
    title="The file holds unknown, repeated or wrongly typed fields",
    remediation="export the model again: readers disagree about such fields",
    why="Readers disagree about fields that are unknown, come twice or have the wrong type: what "
    "one checks, another never sees.",
    example="a second graph field in the model",
    atlas=_CORRUPT,
    cwe=(436,),
)
INCOMPLETE = Rule(
    id="SW-ONNX-004",
    effect="fail",
    severity="high",
    title="The file is not a complete ONNX model",
    remediation=_AGAIN,
    why="Readers fill in what is missing, each in its own way.",
    example="a model without an operator set",
    atlas=_CORRUPT,
    cwe=(20,),
)
NEWER = Rule(
    id="SW-ONNX-005",
    effect="inconclusive",
    severity="medium",
    title="The model uses ONNX versions or operators that these rules do not know",
    remediation="export it for an older operator set, or update the scanner",
    why="What an operator does that came later than these rules is not known to them.",
    example="an operator set version that is not published yet",
)
CUSTOM_OPERATOR = Rule(
    id="SW-ONNX-006",
    effect="fail",
    severity="critical",
    title="An operator runs code from outside ONNX",
    remediation="remove the operator: its code is not in the model and can do anything",
    why="The runtime asks a shared library for the operator, or runs Python for it. Whoever tells "
    "you to register that library runs code in your process.",
    example="domain com.example.custom, operator PyOp",
    atlas=_UNSAFE,
    cwe=(829,),
)
REVIEW_OPERATOR = Rule(
    id="SW-ONNX-007",
    effect="warn",
    severity="medium",
    title="An operator is an extension of a runtime",
    remediation="have someone review it, or export the model without runtime optimisation",
    why="The operator comes with a runtime and is in no version of ONNX: only that runtime knows "
    "what it does.",
    example="com.microsoft.FusedConv (written by the optimiser of ONNX Runtime)",
)
IMPORTED_DOMAIN = Rule(
    id="SW-ONNX-008",
    effect="warn",
    severity="medium",
    title="The model imports an operator domain that it does not use",
    remediation="export it again without that domain",
    why="Domains that are imported and not used are left over, or a preparation.",
    example="opset_import com.example version 1, and no node of it",
)
ESCAPE = Rule(
    id="SW-ONNX-009",
    effect="fail",
    severity="critical",
    title="External data points out of the model's folder",
    remediation="do not load it: loading reads files or memory of the host",
    why="Loading reads the file that the tensor names. An absolute path, or one that leads "
    "upwards, reads files of the host into the model's output (CVE-2024-27318, CVE-2022-25882).",
    example="location = ../../../etc/passwd",
    atlas=_UNSAFE,
    cwe=(22,),
)
EXTERNAL = Rule(
    id="SW-ONNX-010",
    effect="note",
    severity="info",
    title="Tensors are kept in another file of the model's folder",
    remediation="scan the whole folder, and keep its files together",
    why="The numbers of the tensor are in a file beside the model. The model's folder must be "
    "scanned as a whole, so that it is known that the file is there and holds what the tensor "
    "needs.",
    example="location = model.onnx.data",
)
TENSOR = Rule(
    id="SW-ONNX-011",
    effect="fail",
    severity="high",
    title="A tensor's type, shape and data do not fit together",
    remediation=_AGAIN,
    why="Runtimes trust type, shape and length of a tensor; where they disagree, memory is read "
    "that does not belong to it.",
    example="dims = [1000000] and four bytes of data",
    atlas=_CORRUPT,
    cwe=(125, 131),
)
FUNCTION = Rule(
    id="SW-ONNX-012",
    effect="fail",
    severity="high",
    title="A function calls itself, is defined twice, or replaces a standard operator",
    remediation="export the model again without it",
    why="A function in a standard domain changes what a standard operator does; one that calls "
    "itself never ends.",
    example="a function called Relu in the domain ai.onnx",
    atlas=("AML.T0018.001",),
    cwe=(674,),
)
METADATA = Rule(
    id="SW-ONNX-013",
    effect="note",
    severity="info",
    title="The model carries metadata",
    remediation="read it before you rely on it: nobody checks it",
    why="Programs read the entries, and show or use them; nobody checks them.",
    example="author = …",
)
RUNTIME_CONFIG = Rule(
    id="SW-ONNX-014",
    effect="warn",
    severity="medium",
    title="The model carries settings for the runtime that loads it",
    remediation="remove the entry; the one who serves decides about the runtime",
    why="The entry sets options of the session that loads the model, against the wish of whoever "
    "serves it.",
    example='ort_config = {"session_options": …}',
)
TRAINING = Rule(
    id="SW-ONNX-015",
    effect="warn",
    severity="medium",
    title="The model carries a training graph",
    remediation="export it for inference only",
    why="A training graph is not needed to predict, and few tools look at it.",
    example="training_info",
)

MISSING = Rule(
    id="SW-ONNX-016",
    effect="inconclusive",
    severity="medium",
    title="A file with the model's tensors is not there",
    remediation="fetch all files of the model, and scan again",
    why="The file will come from somewhere when the model is loaded, and nobody has looked at it.",
    example="location = model.onnx.data, and no such file in the folder",
    atlas=("AML.T0010.003",),
)
OUTSIDE = Rule(
    id="SW-ONNX-017",
    effect="fail",
    severity="high",
    title="A tensor lies outside of the file that it names",
    remediation=_AGAIN,
    why="Offset and length lead beyond the end of the file, or do not fit the tensor's type and "
    "shape: a runtime that maps the file reads memory that does not belong to it.",
    example="offset = 1099511627776 in a file of 4 KiB",
    atlas=_CORRUPT,
    cwe=(125,),
)

RULES = (
    MALFORMED,
    LIMIT,
    STRANGE,
    INCOMPLETE,
    NEWER,
    CUSTOM_OPERATOR,
    REVIEW_OPERATOR,
    IMPORTED_DOMAIN,
    ESCAPE,
    EXTERNAL,
    TENSOR,
    FUNCTION,
    METADATA,
    RUNTIME_CONFIG,
    TRAINING,
    MISSING,
    OUTSIDE,
)
