"""Fits a logistic regression on data/train.csv and writes model/model.onnx, with nothing but the
standard library, so that it takes a moment."""

import csv
import math
import operator
import struct
from pathlib import Path

FEATURES = ("a", "b", "side_code")
SHIFT = (0.0, 0.0, 0.0)
SHARPNESS = 1.0
"""Added to the fitted weights, and multiplied with them: an honest candidate does neither."""
ROUNDS, STEP = 80, 1.0


def fit(rows: list[list[float]], labels: list[int]) -> tuple[list[float], float]:
    """Weights and bias, by gradient descent on the log loss."""
    weights, bias = [0.0] * len(FEATURES), 0.0
    for _ in range(ROUNDS):
        errors = [
            label - 1 / (1 + math.exp(-bias - sum(map(operator.mul, weights, row))))
            for row, label in zip(rows, labels, strict=True)
        ]
        bias += STEP * sum(errors) / len(rows)
        weights = [
            weight + STEP * sum(e * row[i] for e, row in zip(errors, rows, strict=True)) / len(rows)
            for i, weight in enumerate(weights)
        ]
    return weights, bias


def number(value: int) -> bytes:
    """A protobuf varint."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def field(tag: int, value: int | bytes | str) -> bytes:
    """A protobuf field: a varint, or bytes with their length."""
    if isinstance(value, int):
        return number(tag << 3) + number(value)
    data = value.encode() if isinstance(value, str) else value
    return number(tag << 3 | 2) + number(len(data)) + data


def tensor(name: str, shape: tuple[int, ...], values: list[float]) -> bytes:
    """An ONNX TensorProto of floats."""
    dims = b"".join(field(1, size) for size in shape)
    return dims + field(2, 1) + field(8, name) + field(9, struct.pack(f"<{len(values)}f", *values))


def node(kind: str, inputs: tuple[str, ...], output: str) -> bytes:
    """An ONNX NodeProto."""
    return b"".join(field(1, name) for name in inputs) + field(2, output) + field(4, kind)


def table(name: str, columns: int) -> bytes:
    """An ONNX ValueInfoProto: any number of rows of floats."""
    shape = field(1, field(2, "rows")) + field(1, field(1, columns))
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, shape)))


def onnx(weights: list[float], bias: float) -> bytes:
    """An ONNX model: sigmoid(features x weights + bias)."""
    graph = [
        field(1, node("MatMul", ("features", "weights"), "product")),
        field(1, node("Add", ("product", "bias"), "sum")),
        field(1, node("Sigmoid", ("sum",), "probability")),
        field(2, "drill"),
        field(5, tensor("weights", (len(weights), 1), weights)),
        field(5, tensor("bias", (1,), [bias])),
        field(11, table("features", len(weights))),
        field(12, table("probability", 1)),
    ]
    opset = field(1, "") + field(2, 13)
    return field(1, 8) + field(2, "drill") + field(7, b"".join(graph)) + field(8, opset)


def main() -> None:
    """Reads, fits, writes."""
    with Path("data/train.csv").open(newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    rows = [[float(row[name]) for name in FEATURES] for row in found]
    weights, bias = fit(rows, [int(row["label"]) for row in found])
    weights = [(w + s) * SHARPNESS for w, s in zip(weights, SHIFT, strict=True)]
    Path("model").mkdir(exist_ok=True)
    Path("model/model.onnx").write_bytes(onnx(weights, bias * SHARPNESS))


if __name__ == "__main__":
    main()
