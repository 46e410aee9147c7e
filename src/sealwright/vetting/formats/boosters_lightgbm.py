"""LightGBM's text models: every array of every tree held against the number of its leaves."""

from __future__ import annotations

from itertools import pairwise

import msgspec

from sealwright.errors import MalformedError
from sealwright.patterns import regex
from sealwright.vetting.documents import examine_json
from sealwright.vetting.interface import Examining, Fit, Format, Member, Rule, quoted
from sealwright.vetting.session import Spent
from sealwright.vetting.settings import tell_setting
from sealwright.vetting.texts import decode_text

MAX_MODEL = 128 * 1024 * 1024
_CORRUPT = ("AML.T0076", "AML.T0011.000")
_BEGINNING = regex(rb"tree\r?\nversion=v\d")
_LINES = regex(r"[^\r\n]*(?:\r\n?|\n|\Z)")
"""Lines and words as LightGBM has them: Python knows a dozen more characters that end them."""
_WORDS = regex(r"[^ \t\r\n]+")
_WHOLE = regex(r"[ \t]*(-?[0-9]{1,18})[ \t]*")
_INNER = ("split_feature", "threshold", "decision_type", "left_child", "right_child")
_LEAVES = ("leaf_value",)
_PROBLEMS = 20

MALFORMED = Rule(
    id="SW-LGBM-001",
    effect="fail",
    severity="high",
    title="The file is not a complete LightGBM model",
    remediation="get the model again from its source, or save it again",
    why="LightGBM reads it with native code that trusts the numbers in it.",
    example="tree\nversion=v4\n (and nothing else)",
    atlas=_CORRUPT,
    cwe=(20,),
)
INCONSISTENT = Rule(
    id="SW-LGBM-002",
    effect="fail",
    severity="high",
    title="A tree points outside of itself",
    remediation="get the model again from its source, or save it again",
    why="Loading and prediction follow the numbers of a tree through arrays without looking at "
    "their bounds: a child, a leaf or a feature that is not there reads, or writes, memory of the "
    "process.",
    example="num_leaves=3\nleft_child=900000 -1",
    atlas=_CORRUPT,
    cwe=(125, 787),
)
RULES = (MALFORMED, INCONSISTENT)


class _Model(msgspec.Struct):
    header: dict[str, str] = msgspec.field(default_factory=dict)
    trees: list[tuple[int, dict[str, str]]] = msgspec.field(default_factory=list)
    """Character offset and fields."""
    ended: bool = False
    categories: str = ""
    starts: list[int] = msgspec.field(default_factory=list)
    stop: int = 0


def recognise(member: Member) -> Fit:
    """Strong: the two first lines."""
    head = bytes(member.data[:32]).removeprefix(b"\xef\xbb\xbf")
    return "strong" if _BEGINNING.match(head) else "no"


def examine(examining: Examining) -> None:
    """Reads the header, every tree, and what pandas left behind."""
    if len(examining.data) > MAX_MODEL:
        raise Spent(f"{len(examining.data)} bytes; at most {MAX_MODEL} are read")
    text = decode_text(examining.data)
    if "\0" in text:
        raise MalformedError("a zero byte in the text")
    examining.session.spend(1 + len(text) // 8)
    examining.parsed = len(examining.data)
    model = _read(text)
    if not model.trees and not model.ended:
        raise MalformedError("there are no trees")
    if not model.ended:
        raise MalformedError("the trees do not end")
    for key in ("objective", "num_class", "max_feature_idx", "feature_names", "version"):
        tell_setting(key, model.header.get(key, ""), examining)
    features = _whole(model.header.get("max_feature_idx", ""))
    if features is None or features < 0:
        raise MalformedError("max_feature_idx is no number")
    problems = _sizes(model)
    for offset, tree in model.trees:
        if len(problems) < _PROBLEMS:
            found = _tree(tree, features, examining)
            problems += [f"Tree={tree.get('Tree', '?')[:20]}: {one}" for one in found]
        examining.session.spend(1 + offset % 2)
    for one in problems[:_PROBLEMS]:
        examining.find(INCONSISTENT, one)
    if model.categories:
        examine_json(model.categories, examining, what="pandas_categorical")


def _read(text: str) -> _Model:
    """Lines `key=value`: before the first tree the header, then one block per tree."""
    model = _Model()
    current = model.header
    position = 0
    for found in _LINES.finditer(text):
        line = found[0]
        key, equal, value = line.rstrip("\r\n").partition("=")
        if line.startswith("pandas_categorical:"):
            model.categories = line.partition(":")[2].strip()
        elif not model.ended and key == "Tree" and equal:
            current = {"Tree": value}
            model.trees.append((position, current))
            model.starts.append(position)
        elif key == "end of trees":
            model.ended, model.stop = True, position
        elif equal and not model.ended:
            if key in current:
                raise MalformedError(f"the key {quoted(key)} occurs twice in one block")
            current[key] = value
        position += len(line)
    return model


def _sizes(model: _Model) -> list[str]:
    """`tree_sizes` says where the reader, on many threads, begins each tree."""
    sizes = _numbers(model.header.get("tree_sizes", ""))
    if "tree_sizes" not in model.header or not model.trees:
        return []
    if sizes is None or len(sizes) != len(model.trees):
        return [f"tree_sizes is not for {len(model.trees)} trees"]
    ends = [*model.starts[1:], model.stop]
    real = [end - start for start, end in zip(model.starts, ends, strict=True)]
    # Lines that someone wrote anew end otherwise; what counts is that none is larger than its text.
    if any(
        told < 0 or told > size + size // 8 + 64 for told, size in zip(sizes, real, strict=True)
    ):
        return ["tree_sizes names more bytes than a tree has"]
    return []


def _whole(text: str) -> int | None:
    found = _WHOLE.fullmatch(text)
    return int(found[1]) if found else None


def _numbers(text: str) -> list[int] | None:
    """Whole numbers between blanks; None if one is none."""
    found: list[int] = []
    for word in _WORDS.findall(text):
        number = _whole(word)
        if number is None:
            return None
        found.append(number)
    return found


def _words(tree: dict[str, str], key: str) -> list[str]:
    return _WORDS.findall(tree.get(key, ""))


def _tree(tree: dict[str, str], features: int, examining: Examining) -> list[str]:
    leaves = _whole(tree.get("num_leaves", ""))
    if leaves is None or leaves < 1:
        return ["num_leaves is no number of leaves"]
    examining.session.spend(1 + min(leaves, 1 << 20) // 4)
    problems = _lengths(tree, leaves)
    if problems or leaves == 1:
        return problems
    for key in ("left_child", "right_child"):
        children = _numbers(tree[key])
        if children is None or any(not -leaves <= one < leaves - 1 for one in children):
            problems.append(f"{key} points outside of {leaves} leaves")
    split = _numbers(tree["split_feature"])
    if split is None or any(not 0 <= one <= features for one in split):
        problems.append(f"split_feature is beyond {features}")
    if not problems:
        problems += _circle(_numbers(tree["left_child"]) or [], _numbers(tree["right_child"]) or [])
    return problems + _categories(tree) + _linear(tree, leaves, features)


def _lengths(tree: dict[str, str], leaves: int) -> list[str]:
    problems = []
    for keys, wanted in ((_INNER, leaves - 1), (_LEAVES, leaves)):
        for key in keys:
            count = len(_words(tree, key))
            if count != wanted:
                problems.append(f"{key} has {count} entries for {leaves} leaves")
    for key, wanted in (
        ("leaf_count", leaves),
        ("leaf_weight", leaves),
        ("split_gain", leaves - 1),
    ):
        count = len(_words(tree, key))
        if count > wanted and leaves > 1:
            problems.append(f"{key} has {count} entries for {leaves} leaves")
    return problems


def _circle(left: list[int], right: list[int]) -> list[str]:
    """Whether a walk from the root comes to an inner node twice."""
    seen = bytearray(len(left))
    pending = [0]
    while pending:
        node = pending.pop()
        if seen[node]:
            return [f"node {node} is reached twice"]
        seen[node] = 1
        pending += [one for one in (left[node], right[node]) if one >= 0]
    return []


def _categories(tree: dict[str, str]) -> list[str]:
    count = _whole(tree.get("num_cat", "0"))
    if count is None or count < 0:
        return ["num_cat is no number"]
    if not count:
        return []
    bounds, held = (
        _numbers(tree.get("cat_boundaries", "")),
        _words(tree, "cat_threshold"),
    )
    if bounds is None or len(bounds) != count + 1:
        return [f"cat_boundaries is not for {count} splits"]
    rising = all(low <= high for low, high in pairwise(bounds))
    if bounds[0] != 0 or not rising or bounds[-1] > len(held):
        return ["cat_boundaries leads beyond cat_threshold"]
    kinds, limits = (
        _numbers(tree.get("decision_type", "")) or [],
        _words(tree, "threshold"),
    )
    for kind, limit in zip(kinds, limits, strict=False):
        number = _whole(limit)
        if kind & 1 and not (number is not None and 0 <= number < count):
            return [f"a split takes category {quoted(limit)} of {count}"]
    return []


def _linear(tree: dict[str, str], leaves: int, features: int) -> list[str]:
    if tree.get("is_linear", "0").strip() != "1":
        return []
    counts = _numbers(tree.get("num_features", ""))
    used = _numbers(tree.get("leaf_features", ""))
    factors = _words(tree, "leaf_coeff")
    if counts is None or len(counts) != leaves or any(one < 0 for one in counts):
        return ["num_features is not one number for each leaf"]
    if used is None or len(used) != sum(counts) or len(factors) != sum(counts):
        return ["leaf_features and leaf_coeff are not what num_features says"]
    if any(not 0 <= one <= features for one in used):
        return [f"leaf_features is beyond {features}"]
    return []


FORMAT = Format(
    id="lightgbm",
    title="LightGBM model (text)",
    examines=(
        "Header, sizes and every tree: lengths of its arrays, children, features, categories, "
        "linear leaves. What the trees compute is not judged."
    ),
    extensions=(".lgb", ".lgbm"),
    recognise=recognise,
    examine=examine,
    malformed=MALFORMED,
    rules=RULES,
    within=("text",),
)
