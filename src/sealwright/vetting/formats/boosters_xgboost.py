"""XGBoost models: UBJSON files, the JSON document in either form, and the old binary form."""

from __future__ import annotations

import re
from array import array
from typing import Any

from sealwright.patterns import regex
from sealwright.vetting.documents import RULES as DOCUMENT_RULES
from sealwright.vetting.documents import examine_document, report_notices
from sealwright.vetting.formats.boosters_ubjson import parse_ubjson
from sealwright.vetting.interface import DocumentCheck, Examining, Fit, Format, Member, Rule, quoted
from sealwright.vetting.settings import tell_setting
from sealwright.vetting.texts import Notice

_CORRUPT = ("AML.T0076", "AML.T0011.000")
_KEYS = (b"learner", b"version", b"Config", b"Model")
_LEGACY = regex(rb"[a-z]+:[a-z:_]{2,40}")
_PER_NODE = (
    *("left_children", "right_children", "parents", "split_indices", "split_conditions"),
    *("default_left", "sum_hessian", "loss_changes", "split_type"),
)
_MAX_PROBLEMS = 20

MALFORMED = Rule(
    id="SW-XGB-001",
    effect="fail",
    severity="high",
    title="The file is not well-formed UBJSON",
    remediation="get the model again from its source, or save it again",
    why="XGBoost reads it with native code. Lengths that do not fit, values of no type and bytes "
    "after the end are how readers in native code are attacked.",
    example="[$L#L and a count of 2^62",
    atlas=_CORRUPT,
    cwe=(20, 130),
)
INCONSISTENT = Rule(
    id="SW-XGB-002",
    effect="fail",
    severity="high",
    title="A tree points outside of itself",
    remediation="get the model again from its source, or save it again",
    why="Prediction follows the numbers of a tree through arrays without looking at their bounds: "
    "a child or a feature that is not there reads, or writes, memory of the process.",
    example='"left_children": [1, 99999999]',
    atlas=_CORRUPT,
    cwe=(125, 787),
)
LEGACY = Rule(
    id="SW-XGB-003",
    effect="inconclusive",
    severity="medium",
    title="The model is in XGBoost's old binary form",
    remediation="load it in an isolated process and save it as .ubj or .json",
    why="The form is a copy of memory and is not examined; new versions of XGBoost do not read it.",
    example="a file that begins with binf",
    atlas=("AML.T0011.000",),
)
RULES = (INCONSISTENT,)


def applies(value: Any, member: Member) -> bool:
    """A learner with a gradient booster, also within a snapshot of a Booster."""
    return _learner(value) is not None


def _learner(value: Any) -> dict[str, Any] | None:
    if isinstance(value, dict) and isinstance(value.get("Model"), dict):
        value = value["Model"]
    learner = value.get("learner") if isinstance(value, dict) else None
    if isinstance(learner, dict) and isinstance(learner.get("gradient_booster"), dict):
        return learner
    return None


def examine(value: Any, examining: Examining) -> None:
    """Every tree of the booster."""
    learner = _learner(value) or {}
    objective = learner.get("objective")
    if isinstance(objective, dict):
        tell_setting("objective", objective.get("name"), examining)
    features = _number(learner.get("learner_model_param"), "num_feature")
    tell_setting("num_feature", features, examining)
    booster = learner.get("gradient_booster")
    # A dart booster holds a gbtree.
    if isinstance(booster, dict) and isinstance(booster.get("gbtree"), dict):
        booster = booster["gbtree"]
    model = booster.get("model") if isinstance(booster, dict) else None
    trees = model.get("trees") if isinstance(model, dict) else None
    if not isinstance(trees, list) or not isinstance(model, dict):
        return
    problems: list[str] = []
    _counts(model, trees, problems, groups=_groups(learner.get("learner_model_param")))
    for index, tree in enumerate(trees):
        if len(problems) > _MAX_PROBLEMS:
            break
        problems += [f"tree {index}: {text}" for text in _tree(tree, features, examining)]
    for text in problems[:_MAX_PROBLEMS]:
        examining.find(INCONSISTENT, text)


def _number(holder: Any, key: str) -> int | None:
    """A number that stands as text; None where it is not there or no number."""
    value = holder.get(key) if isinstance(holder, dict) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and re.fullmatch(r"-?\d{1,18}", value) else None


def _groups(parameters: Any) -> int | None:
    """Outputs that trees can belong to; None where the model says nothing of them."""
    told = [_number(parameters, key) for key in ("num_class", "num_target")]
    known = [one for one in told if one is not None]
    return max([1, *known]) if known else None


def _counts(
    model: dict[str, Any], trees: list[Any], problems: list[str], *, groups: int | None
) -> None:
    told = _number(model.get("gbtree_model_param"), "num_trees")
    if told is not None and told != len(trees):
        problems.append(f"{told} trees are announced, {len(trees)} are there")
    info = model.get("tree_info")
    if isinstance(info, list | array) and len(info) != len(trees):
        problems.append(f"tree_info has {len(info)} entries for {len(trees)} trees")
    elif isinstance(info, list | array) and any(
        not _whole(one) or one < 0 or (groups is not None and one >= groups) for one in info
    ):
        problems.append("tree_info holds a group that cannot be")


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _tree(tree: Any, features: int | None, examining: Examining) -> list[str]:
    if not isinstance(tree, dict):
        return ["it is no object"]
    size = _number(tree.get("tree_param"), "num_nodes")
    if size is None or size < 1:
        return ["it has no number of nodes"]
    problems: list[str] = []
    for key in _PER_NODE:
        values = tree.get(key)
        if values is None and key == "split_type":
            continue
        if not isinstance(values, list | array) or len(values) != size:
            length = len(values) if isinstance(values, list | array) else "no"
            problems.append(f"{quoted(key)} has {length} entries for {size} nodes")
    if problems:
        return problems
    examining.session.spend(1 + size // 4)
    problems += [
        f"{quoted(key)} points outside of {size} nodes"
        for key in ("left_children", "right_children")
        if not all(_whole(one) and -1 <= one < size for one in tree[key])
    ]
    # A deleted node keeps the largest number, or the lowest, as the feature that it split by.
    limit = features or 1 << 31
    for node, left in enumerate(tree["left_children"]):
        feature = tree["split_indices"][node]
        if left != -1 and (not _whole(feature) or not 0 <= feature < limit):
            problems.append(f"node {node} splits by feature {feature!r:.30} of {limit}")
            break
    return problems + _circle(tree, size) + _leaves(tree) + _categories(tree, size)


def _circle(tree: dict[str, Any], size: int) -> list[str]:
    """Whether a walk from the root comes to a node twice: prediction would never end."""
    seen = bytearray(size)
    pending = [0]
    while pending:
        node = pending.pop()
        if not (_whole(node) and 0 <= node < size):
            return []
        if seen[node]:
            return [f"node {node} is reached twice"]
        seen[node] = 1
        left, right = tree["left_children"][node], tree["right_children"][node]
        if left == -1:
            continue  # a leaf, whatever stands to its right
        if right == -1:
            return [f"node {node} has one child only"]
        pending += [left, right]
    return []


def _leaves(tree: dict[str, Any]) -> list[str]:
    """Leaves with several outputs (XGBoost 3): the right child is the place of their numbers."""
    width = _number(tree.get("tree_param"), "size_leaf_vector") or 1
    held = tree.get("leaf_weights")
    if width <= 1 or not isinstance(held, list | array):
        return []
    for node, left in enumerate(tree["left_children"]):
        place = tree["right_children"][node]
        if left == -1 and place != -1 and (place + 1) * width > len(held):
            return [f"the numbers of leaf {node} lie outside of {len(held)}"]
    return []


def _categories(tree: dict[str, Any], size: int) -> list[str]:
    names = ("categories", "categories_nodes", "categories_segments", "categories_sizes")
    parts = [tree.get(name) for name in names]
    if not all(isinstance(one, list | array) for one in parts):
        return []
    held, nodes, segments, sizes = (list(one or ()) for one in parts)
    if not (len(nodes) == len(segments) == len(sizes)):
        return ["its lists of categories differ in length"]
    for node, start, count in zip(nodes, segments, sizes, strict=True):
        if not (_whole(node) and _whole(start) and _whole(count)):
            return ["its categories are no whole numbers"]
        if not 0 <= node < size or min(start, count) < 0 or start + count > len(held):
            return [f"the categories of node {node} lie outside of {len(held)}"]
    return []


def recognise(member: Member) -> Fit:
    """Strong: an object whose first key is one that XGBoost writes there."""
    head = bytes(member.data[:32])
    if head[:1] != b"{":
        return "no"
    for mark, width in ((b"L", 8), (b"l", 4), (b"U", 1), (b"i", 1), (b"I", 2)):
        if head[1:2] == mark:
            size = int.from_bytes(head[2 : 2 + width], "big")
            return "strong" if head[2 + width : 2 + width + size] in _KEYS else "no"
    return "no"


def examine_file(examining: Examining) -> None:
    """Parses it and hands the document on."""
    noticed: list[Notice] = []
    value = parse_ubjson(examining.data, examining.session, noticed=noticed)
    report_notices(noticed, examining)
    examining.parsed = len(examining.data)
    examine_document(value, examining)


def recognise_legacy(member: Member) -> Fit:
    """The mark, or the name of an objective behind the parameters of a learner."""
    head = bytes(member.data[:256])
    if head[:4] in (b"binf", b"bs64"):
        return "strong"
    for at in (136, 140):
        size = int.from_bytes(head[at : at + 8], "little")
        if 4 <= size <= 48 and _LEGACY.fullmatch(head[at + 8 : at + 8 + size]):
            return "strong"
    return "no"


def examine_legacy(examining: Examining) -> None:
    """Says that it is not examined."""
    examining.find(LEGACY, "a copy of memory, which is not examined")


CHECK = DocumentCheck(
    id="xgboost",
    title="XGBoost trees",
    examines=(
        "That each tree's arrays fit each other, that children, features and categories exist, and "
        "that no walk goes in a circle. What the trees compute is not judged."
    ),
    applies=applies,
    examine=examine,
    rules=RULES,
)
FORMAT = Format(
    id="xgboost-ubjson",
    title="XGBoost model (UBJSON)",
    examines="Encoding to the last byte, repeated keys, and the trees.",
    extensions=(".ubj",),
    recognise=recognise,
    examine=examine_file,
    malformed=MALFORMED,
    rules=(MALFORMED, *DOCUMENT_RULES),
)
LEGACY_FORMAT = Format(
    id="xgboost-binary",
    title="XGBoost model (old binary form)",
    examines="not examined; load it in an isolated process and save it as .ubj or .json",
    extensions=(".bin",),
    recognise=recognise_legacy,
    examine=examine_legacy,
    rules=(LEGACY,),
)
