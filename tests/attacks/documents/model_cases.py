"""Booster and ONNX files whose numbers lead a native reader astray."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from tests.attacks.documents.case import Case, text

BOOSTERS = Path(__file__).parents[2] / "benign" / "documents" / "boosters"


def tree(**changed: Any) -> bytes:
    """The XGBoost model with its first tree changed."""
    model = json.loads((BOOSTERS / "xgboost.json").read_text())
    model["learner"]["gradient_booster"]["model"]["trees"][0].update(changed)
    return text(model)


def lines(old: str, new: str) -> bytes:
    """The LightGBM model with one text replaced once."""
    model = (BOOSTERS / "lightgbm.txt").read_text()
    assert old in model
    return model.replace(old, new, 1).encode()


def replaced(name: str, old: bytes, new: bytes) -> bytes:
    """A file with some bytes replaced once."""
    data = (BOOSTERS / name).read_bytes()
    assert old in data
    return data.replace(old, new, 1)


def field(name: str, value: str) -> bytes:
    """The LightGBM model with another value for the first field of a name."""
    model = (BOOSTERS / "lightgbm.txt").read_text()
    before, _, rest = model.partition(f"\n{name}=")
    return f"{before}\n{name}={value}\n{rest.partition(chr(10))[2]}".encode()


_FIELDS = {
    "child-beyond": ("left_child", "900000"),
    "leaf-beyond": ("right_child", "-900000"),
    "feature-beyond": ("split_feature", "900000"),
    "negative-feature": ("split_feature", "-7"),
    "too-many-leaves": ("num_leaves", "900000"),
    "negative-leaves": ("num_leaves", "-1"),
    "no-number": ("num_leaves", "1e9"),
    "categories-without-bounds": ("num_cat", "5"),
    "sizes-beyond": ("tree_sizes", "999999999 1 1"),
    "sizes-for-others": ("tree_sizes", "1"),
}

CASES = (
    *(
        Case(
            name=f"lightgbm-{name}",
            data=partial(field, key, value),
            path="model.txt",
            rule="SW-LGBM-002",
        )
        for name, (key, value) in _FIELDS.items()
    ),
    Case(
        name="lightgbm-cut-off",
        data=lambda: (BOOSTERS / "lightgbm.txt").read_bytes()[:900],
        path="model.txt",
        rule="SW-LGBM-001",
    ),
    Case(
        name="lightgbm-repeated-field",
        data=lambda: lines("\nnum_leaves=", "\nnum_leaves=900000\nnum_leaves="),
        path="model.txt",
        rule="SW-LGBM-001",
    ),
    Case(
        name="xgboost-child-beyond",
        data=lambda: tree(left_children=[9] * 5),
        rule="SW-XGB-002",
    ),
    Case(
        name="xgboost-no-node",
        data=lambda: tree(tree_param={"num_nodes": "-5"}),
        rule="SW-XGB-002",
    ),
    Case(
        name="xgboost-count-as-a-huge-number",
        data=lambda: tree(tree_param={"num_nodes": "9" * 400}),
        rule="SW-XGB-002",
    ),
    Case(
        name="xgboost-array-beyond",
        data=lambda: replaced("xgboost.ubj", b"[$d#L" + bytes(7), b"[$d#L\x40" + bytes(6)),
        path="model.ubj",
        rule="SW-XGB-001",
    ),
    Case(
        name="xgboost-bytes-after-the-end",
        data=lambda: (BOOSTERS / "xgboost.ubj").read_bytes() + b"PAYLOAD",
        path="model.ubj",
        rule="SW-XGB-001",
    ),
    Case(
        name="xgboost-negative-length",
        data=b"{L" + bytes(7) + b"\x07learnerSL" + b"\xff" * 8,
        path="model.ubj",
        rule="SW-XGB-001",
    ),
    Case(
        name="catboost-core-beyond",
        data=lambda: b"CBM1\xff\xff\xff\xff" + (BOOSTERS / "catboost.cbm").read_bytes()[8:],
        path="model.cbm",
        rule="SW-CATB-001",
    ),
    Case(
        name="catboost-root-beyond",
        data=b"CBM1" + (16).to_bytes(4, "little") + b"\xff\xff\xff\x7f" + bytes(12),
        path="model.cbm",
        rule="SW-CATB-001",
    ),
)
