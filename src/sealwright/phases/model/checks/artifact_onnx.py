"""Reads an ONNX model without loading it: every graph, function, node and tensor, however deep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from sealwright.errors import LimitReached, MalformedError
from sealwright.phases.model.checks import onnx_rules as rules
from sealwright.phases.model.checks.interface import (
    ArtifactCheck,
    Examination,
    ModelFile,
    Observation,
    Rule,
    observe,
    quoted,
)
from sealwright.phases.model.checks.onnx_tables import IR_VERSION, OPERATORS, OPSETS, SCHEMA
from sealwright.phases.model.checks.onnx_tensors import examine_tensor
from sealwright.phases.model.protobuf import Budget, Message, read_message, signed

OLDEST_IR_VERSION = 3
"""ONNX 1.0; what is older names no operator sets."""
MAX_BYTES = (1 << 31) - 1
"""Protobuf's own limit."""
MAX_EXPANDED_NODES = 10_000_000
"""Nodes after every function is written out where it is called."""
_REVIEW = ("com.microsoft", "ai.onnx.preview", "ai.onnx.training")
"""Domains (and what is below them) that ship with a runtime or with ONNX, but do more than ONNX."""
_LOADERS = frozenset(
    ("EPContext", "PyOp", "PythonOp", "PythonOpGrad", "ATen", "SnpeDnn", "OpenVINO", "ExternalGradient")
)
"""Operators of such domains that load a binary or run Python."""
_RUNTIME_KEYS = frozenset(("ort_config",))
_LISTED_KEYS = 20

Name = tuple[str, str, str]
"""Domain, name and overload of a function."""


@dataclass(slots=True)
class _Reading:
    """What is known while one model is read."""

    file: ModelFile
    functions: dict[Name, Message] = field(default_factory=dict)
    names: frozenset[tuple[str, str]] = frozenset()
    seen: dict[tuple[str, str], list[object]] = field(default_factory=dict)
    numbers: int = 0
    """Bytes of tensors."""
    calls: dict[Name | None, Counter[tuple[str, str]]] = field(default_factory=dict)
    nodes: Counter[Name | None] = field(default_factory=Counter)

    def report(self, rule: Rule, message: str, *, at: Message) -> None:
        """Keeps the first place of each different message, and counts the others."""
        known = self.seen.setdefault((rule.id, message), [rule, at.start, 0])
        known[2] = int(str(known[2])) + 1
