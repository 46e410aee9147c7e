"""The rules of the ONNX check: what it can find, how bad that is, and what to do about it."""

from __future__ import annotations

from sealwright.phases.model.checks.interface import Rule

_UNSAFE = ("AML.T0011.000", "AML.T0018.002")
_CORRUPT = ("AML.T0076", "AML.T0011.000")
_AGAIN = "do not load it; get the model again from its source, or export it again"

MALFORMED = Rule(
    id="SW-ONNX-001",
    effect="fail",
    severity="high",
    title="The file is not well-formed protobuf",
    remediation=_AGAIN,
    atlas=_CORRUPT,
)
LIMIT = Rule(
    id="SW-ONNX-002",
    effect="inconclusive",
    severity="medium",
    title="The model is larger or more nested than is examined",
    remediation="store large weights as safetensors, or split the model",
)
STRANGE = Rule(
    id="SW-ONNX-003",
    effect="fail",
    severity="high",
    title="The file holds unknown, repeated or wrongly typed fields",
    remediation="export the model again: readers disagree about such fields",
    atlas=_CORRUPT,
)
INCOMPLETE = Rule(
    id="SW-ONNX-004",
    effect="fail",
    severity="high",
    title="The file is not a complete ONNX model",
    remediation=_AGAIN,
    atlas=_CORRUPT,
)
NEWER = Rule(
    id="SW-ONNX-005",
    effect="inconclusive",
    severity="medium",
    title="The model uses ONNX versions or operators that these rules do not know",
    remediation="export it for an older operator set, or update the scanner",
)
CUSTOM_OPERATOR = Rule(
    id="SW-ONNX-006",
    effect="fail",
    severity="critical",
    title="An operator runs code from outside ONNX",
    remediation="remove the operator: its code is not in the model and can do anything",
    atlas=_UNSAFE,
)
REVIEW_OPERATOR = Rule(
    id="SW-ONNX-007",
    effect="warn",
    severity="medium",
    title="An operator is an extension of a runtime",
    remediation="have someone review it, or export the model without runtime optimisation",
)
IMPORTED_DOMAIN = Rule(
    id="SW-ONNX-008",
    effect="warn",
    severity="medium",
    title="The model imports an operator domain that it does not use",
    remediation="export it again without that domain",
)
ESCAPE = Rule(
    id="SW-ONNX-009",
    effect="fail",
    severity="critical",
    title="External data points out of the model's folder",
    remediation="do not load it: loading reads files or memory of the host",
    atlas=_UNSAFE,
)
EXTERNAL = Rule(
    id="SW-ONNX-010",
    effect="inconclusive",
    severity="medium",
    title="Tensors are kept in another file, which is not examined in this version",
    remediation="save the model as one file",
)
TENSOR = Rule(
    id="SW-ONNX-011",
    effect="fail",
    severity="high",
    title="A tensor's type, shape and data do not fit together",
    remediation=_AGAIN,
    atlas=_CORRUPT,
)
FUNCTION = Rule(
    id="SW-ONNX-012",
    effect="fail",
    severity="high",
    title="A function calls itself, is defined twice, or replaces a standard operator",
    remediation="export the model again without it",
    atlas=("AML.T0018.001",),
)
METADATA = Rule(
    id="SW-ONNX-013",
    effect="note",
    severity="info",
    title="The model carries metadata",
    remediation="read it before you rely on it: nobody checks it",
)
RUNTIME_CONFIG = Rule(
    id="SW-ONNX-014",
    effect="warn",
    severity="medium",
    title="The model carries settings for the runtime that loads it",
    remediation="remove the entry; the one who serves decides about the runtime",
)
TRAINING = Rule(
    id="SW-ONNX-015",
    effect="warn",
    severity="medium",
    title="The model carries a training graph",
    remediation="export it for inference only",
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
)
