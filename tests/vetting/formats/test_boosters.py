"""What XGBoost, LightGBM and CatBoost write passes; numbers that lead astray do not."""

from __future__ import annotations

import json
import struct
from array import array
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.errors import MalformedError
from sealwright.vetting.formats import boosters_catboost, boosters_lightgbm, boosters_xgboost
from sealwright.vetting.formats.boosters_ubjson import parse_ubjson
from sealwright.vetting.interface import Examining, Format, Member
from sealwright.vetting.scan import scan_paths
from sealwright.vetting.session import Spent
from sealwright.vetting.texts import Notice
from tests.vetting.examine import examine, rules, session

FOLDER = Path(__file__).parents[2] / "benign" / "documents" / "boosters"
FILES = sorted(path for path in FOLDER.iterdir() if path.suffix != ".onnx")
FORMATS: dict[str, Format] = {
    ".ubj": boosters_xgboost.FORMAT,
    ".txt": boosters_lightgbm.FORMAT,
    ".cbm": boosters_catboost.FORMAT,
}
NATIVE = [
    path for path in FILES if path.suffix in FORMATS and not path.stem.startswith("xgboost_dump")
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_ordinary_models_pass(path: Path) -> None:
    outcome = scan_paths([path], strict=True)
    assert outcome.verdict == "pass"
    assert not outcome.observations


@pytest.mark.parametrize("path", NATIVE, ids=lambda path: path.name)
def test_native_files_are_recognised_by_content(path: Path) -> None:
    form = FORMATS[path.suffix]
    assert form.recognise(Member(path="x", data=path.read_bytes())) == "strong"
    assert form.recognise(Member(path="x", data=b"{}")) == "no"
    assert form.recognise(Member(path="x", data=b"")) == "no"


@pytest.mark.parametrize("path", NATIVE, ids=lambda path: path.name)
def test_what_is_cut_off_does_not_pass(path: Path) -> None:
    data, form = path.read_bytes(), FORMATS[path.suffix]
    end = len(data) if path.suffix != ".txt" else data.index(b"end of trees")
    for cut in range(0, end, max(1, end // 40)):
        assert rules(examine(form, data[:cut])), cut


@pytest.mark.parametrize("path", NATIVE, ids=lambda path: path.name)
@settings(max_examples=40)
@given(st.data())
def test_changed_bytes_are_read_or_malformed(path: Path, data: st.DataObject) -> None:
    changed = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    examine(FORMATS[path.suffix], bytes(changed))


@given(st.binary(max_size=120))
def test_random_bytes_are_malformed_or_spent(data: bytes) -> None:
    for form in FORMATS.values():
        form.recognise(Member(path="x", data=data))
    for head in (b"", b"{L" + bytes(7) + b"\x07learner"):
        examine(boosters_xgboost.FORMAT, head + data)
    examine(boosters_lightgbm.FORMAT, b"tree\nversion=v4\n" + data)
    examine(boosters_catboost.FORMAT, b"CBM1" + struct.pack("<I", len(data)) + data)


def test_both_forms_of_a_model_are_one_document() -> None:
    parsed = parse_ubjson((FOLDER / "xgboost.ubj").read_bytes(), session())
    stored = json.loads((FOLDER / "xgboost.json").read_text())
    trees = [value["learner"]["gradient_booster"]["model"]["trees"] for value in (parsed, stored)]
    assert len(trees[0]) == len(trees[1]) > 0
    for mine, theirs in zip(*trees, strict=True):
        assert list(mine["left_children"]) == theirs["left_children"]
        assert list(mine["split_indices"]) == theirs["split_indices"]


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"{}", {}),
        (b"[]", []),
        (b"[ZTFN]", [None, True, False]),
        (b"{U\x01aSU\x02hi}", {"a": "hi"}),
        (b"{U\x01ai\xff}", {"a": -1}),
        (b"[#U\x02I\x01\x00l\x00\x00\x00\x02", [256, 2]),
        (b"[$U#U\x03\x01\x02\xff", array("B", [1, 2, 255])),
        (b"[$l#U\x01\xff\xff\xff\xfe", array("i", [-2])),
        (b"{#U\x01U\x01aT", {"a": True}),
        (b"[$T#U\x02", [True, True]),
        (b"d\x3f\x80\x00\x00", 1.0),
        (b"D\x3f\xf0" + bytes(6), 1.0),
        (b"Cx", "x"),
    ],
)
def test_values(data: bytes, value: Any) -> None:
    assert parse_ubjson(data, session()) == value


@pytest.mark.parametrize(
    "data",
    [
        *(
            b"",
            b"{",
            b"[",
            b"[U",
            b"{}x",
            b"?",
            b"[$U\x01",
            b"[$l#U\x04abc",
            b"SU\x09a",
            b"[#i\xff",
        ),
        *(b"[$d#L\x7f" + b"\xff" * 7, b"[#L\x7f" + b"\xff" * 7, b"{S", b"[$#U\x01"),
    ],
)
def test_what_is_no_ubjson_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_ubjson(data, session())


def test_limits_of_ubjson() -> None:
    with pytest.raises(Spent):
        parse_ubjson(b"[" * 400, session())
    with pytest.raises(Spent):
        parse_ubjson(b"[$T#L" + (1 << 40).to_bytes(8, "big"), session())
    noticed: list[Notice] = []
    assert parse_ubjson(b"{U\x01aTU\x01aF}", session(), noticed=noticed) == {"a": False}
    assert noticed[0].kind == "duplicate"


def xgboost(change: dict[str, Any], *, parameters: dict[str, Any] | None = None) -> set[str]:
    """The rules that a small model meets whose only tree was changed."""
    tree: dict[str, Any] = {
        "tree_param": {"num_nodes": "3"},
        "left_children": [1, -1, -1],
        "right_children": [2, -1, -1],
        "parents": [2147483647, 0, 0],
        "split_indices": [0, 0, 0],
        "split_conditions": [0.5, 1.0, 2.0],
        "default_left": [0, 0, 0],
        "sum_hessian": [1, 1, 1],
        "loss_changes": [1, 0, 0],
    }
    model = {
        "trees": [{**tree, **change}],
        "tree_info": [0],
        "gbtree_model_param": {"num_trees": "1"},
        **(parameters or {}),
    }
    learner = {"gradient_booster": {"model": model}, "learner_model_param": {"num_feature": "2"}}
    work = Examining(Member(path="a", data=b""), session())
    boosters_xgboost.CHECK.examine({"learner": learner}, work)
    return rules(work)


@pytest.mark.parametrize(
    "change",
    [
        *(
            {"left_children": [1, -1]},
            {"left_children": [3, -1, -1]},
            {"left_children": [-2, -1, -1]},
        ),
        *({"left_children": [0, -1, -1]}, {"left_children": [2, -1, -1]}, {"left_children": None}),
        *(
            {"split_indices": [2, 0, 0]},
            {"split_indices": [-1, 0, 0]},
            {"split_indices": ["x", 0, 0]},
        ),
        *(
            {"tree_param": {"num_nodes": "0"}},
            {"tree_param": {}},
            {"left_children": [True, -1, -1]},
        ),
        {
            "categories": [1],
            "categories_nodes": [9],
            "categories_segments": [0],
            "categories_sizes": [1],
        },
        {
            "categories": [1],
            "categories_nodes": [0],
            "categories_segments": [0],
            "categories_sizes": [9],
        },
        {
            "categories": [1],
            "categories_nodes": [0],
            "categories_segments": [],
            "categories_sizes": [],
        },
    ],
)
def test_a_tree_that_leads_astray_is_found(change: dict[str, Any]) -> None:
    assert xgboost({}) == set()
    assert xgboost(change) == {"SW-XGB-002"}


def test_counts_that_differ_are_found() -> None:
    assert xgboost({}, parameters={"gbtree_model_param": {"num_trees": "5"}}) == {"SW-XGB-002"}
    assert xgboost({}, parameters={"tree_info": [0, 0]}) == {"SW-XGB-002"}
    assert xgboost({}, parameters={"tree_info": [-1]}) == {"SW-XGB-002"}
    assert xgboost({}, parameters={"trees": [5]}) == {"SW-XGB-002"}


def test_the_old_binary_form_is_inconclusive(tmp_path: Path) -> None:
    numbers = bytes(136) + (10).to_bytes(8, "little") + b"0123456789" + b"x" * 200
    named = bytes(136) + (10).to_bytes(8, "little") + b"reg:linear" + b"x" * 200
    assert boosters_xgboost.LEGACY_FORMAT.recognise(Member(path="a", data=numbers)) == "no"
    for data in (named, b"binf" + bytes(200)):
        path = tmp_path / "model.bin"
        path.write_bytes(data)
        outcome = scan_paths([path], strict=True)
        assert outcome.verdict == "inconclusive"
        assert "SW-XGB-003" in {seen.rule.id for seen in outcome.observations}


TREE = """Tree=0
num_leaves=3
num_cat=1
split_feature=0 1
split_gain=1 1
threshold=0 0.5
decision_type=1 2
left_child=1 -1
right_child=-3 -2
leaf_value=1 2 3
leaf_count=1 1 1
cat_boundaries=0 1
cat_threshold=5
is_linear=1
num_features=1 0 0
leaf_features=1
leaf_coeff=0.5
"""


def lightgbm(old: str = "", new: str = "") -> set[str]:
    body = TREE.replace(old, new, 1) if old else TREE
    head = f"tree\nversion=v4\nmax_feature_idx=1\ntree_sizes={len(body) + 1}\n\n"
    model = f"{head}{body}\nend of trees\n\npandas_categorical:null\n"
    return rules(examine(boosters_lightgbm.FORMAT, model.encode()))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        *(("left_child=1 -1", "left_child=1"), ("left_child=1 -1", "left_child=2 -1")),
        *(("left_child=1 -1", "left_child=0 -1"), ("right_child=-3", "right_child=-4")),
        *(("split_feature=0 1", "split_feature=0 2"), ("threshold=0 0.5", "threshold=7 0.5")),
        *(
            ("cat_boundaries=0 1", "cat_boundaries=0 9"),
            ("cat_boundaries=0 1", "cat_boundaries=1 0"),
        ),
        *(("num_features=1 0 0", "num_features=9 0 0"), ("leaf_features=1", "leaf_features=5")),
        *(("leaf_value=1 2 3", "leaf_value=1"), ("leaf_count=1 1 1", "leaf_count=1 1 1 1")),
        *(("num_features=1 0 0", "num_features=1"), ("num_cat=1", "num_cat=-1")),
    ],
)
def test_a_text_tree_that_leads_astray_is_found(old: str, new: str) -> None:
    assert lightgbm() == set()
    assert lightgbm(old, new) == {"SW-LGBM-002"}


@pytest.mark.parametrize("space", ["\x1c", "\x0b", "\x85", "\u2028", "\u00a0"])
def test_lines_and_words_are_those_of_the_library(space: str) -> None:
    """Python takes more characters for white space than LightGBM does."""
    assert lightgbm("left_child=1 -1", f"left_child=1{space}-1") == {"SW-LGBM-002"}
    assert lightgbm("num_leaves=3", f"num_leaves=3{space}") == {"SW-LGBM-002"}
    assert lightgbm("num_leaves=3\n", f"num_leaves=3{space}") == {"SW-LGBM-002"}


def test_a_model_without_trees_has_no_sizes_to_compare() -> None:
    empty = b"tree\nversion=v4\nmax_feature_idx=1\ntree_sizes=\n\nend of trees\n"
    assert rules(examine(boosters_lightgbm.FORMAT, empty)) == set()
