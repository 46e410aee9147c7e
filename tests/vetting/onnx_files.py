"""Model files for the tests: good ones, and bad ones that would do no harm if they were loaded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper

from sealwright.evidence.predicates.model import Scan
from sealwright.phases.model.scan import scan_artifact
from sealwright.vetting.interface import Member


def clock() -> datetime:
    """A fixed present."""
    return datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


def model_file(data: bytes, *, name: str) -> Member:
    """Bytes as a file under examination."""
    return Member(path=name, data=data)


def scan_files(folder: Path, files: dict[str, bytes]) -> Scan:
    """Writes the files below `folder` and scans it."""
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return scan_artifact(folder, clock=clock).predicate


def rules(scan: Scan) -> set[str]:
    """The ids of what was found."""
    return {finding.rule for finding in scan.findings}


def floats(name: str) -> onnx.ValueInfoProto:
    """A declared vector of one float."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1])


def onnx_model(
    nodes: Sequence[onnx.NodeProto] | None = None,
    *,
    initializers: Sequence[onnx.TensorProto] = (),
    **options: Any,
) -> onnx.ModelProto:
    """A model from x to y; one Identity node unless told otherwise."""
    body = [helper.make_node("Identity", ["x"], ["y"])] if nodes is None else list(nodes)
    graph = helper.make_graph(body, "g", [floats("x")], [floats("y")], list(initializers))
    options.setdefault("opset_imports", [helper.make_opsetid("", 21)])
    return helper.make_model(graph, ir_version=10, **options)


def nested(node: onnx.NodeProto, *, levels: int) -> onnx.NodeProto:
    """`node` within the else branches of `levels` If nodes."""
    plain = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "t", [], [floats("y")])
    for level in range(levels):
        branch = helper.make_graph([node], f"branch{level}", [], [floats("y")])
        node = helper.make_node("If", ["c"], ["y"], then_branch=plain, else_branch=branch)
    return node


def embedded(number: int, data: bytes) -> bytes:
    """`data` as embedded message number `number`; the wire format, written by hand."""
    size, length = len(data), bytearray()
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([number << 3 | 2, *length, size]) + data


def safetensors(header: Any, *, data: bytes = b"", raw: bytes | None = None) -> bytes:
    """A safetensors file with this header, right or wrong."""
    text = json.dumps(header, separators=(",", ":")).encode() if raw is None else raw
    return len(text).to_bytes(8, "little") + text + data


def good_safetensors() -> bytes:
    """Two tensors and metadata."""
    header = {
        "__metadata__": {"format": "pt"},
        "a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
        "b": {"dtype": "I8", "shape": [3], "data_offsets": [16, 19]},
    }
    return safetensors(header, data=bytes(range(19)))


@cache
def trained(kind: str) -> bytes:
    """A small classifier as skl2onnx writes it: `pipeline` or `forest`."""
    import numpy as np
    from skl2onnx import to_onnx
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    random = np.random.default_rng(0)
    rows = random.normal(size=(200, 4)).astype(np.float32)
    labels = (rows[:, 0] > 0).astype(int)
    estimator = (
        make_pipeline(StandardScaler(), LogisticRegression())
        if kind == "pipeline"
        else RandomForestClassifier(10, random_state=0)
    )
    estimator.fit(rows, labels)
    written = to_onnx(estimator, rows[:1], options={"zipmap": False})
    return bytes(written.SerializeToString())
