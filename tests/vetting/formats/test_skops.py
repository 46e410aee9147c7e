"""What skops writes of ordinary models passes; a node is judged by what the loader would build."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.vetting.formats import skops
from sealwright.vetting.formats.skops_tables import CLASSES, FUNCTIONS
from sealwright.vetting.interface import Examining, Member
from sealwright.vetting.pickle.policy import Entry, Policy
from sealwright.vetting.scan import scan_paths
from tests.vetting.examine import rules, session

FILES = sorted((Path(__file__).parents[2] / "benign" / "documents" / "skops").glob("*.skops"))


def found(value: Any, *, policy: Policy | None = None) -> set[str]:
    member = Member(path="schema.json", data=b"")
    work = Examining(member, session(policy=policy))
    if skops.CHECK.applies(value, member):
        skops.CHECK.examine(value, work)
    return rules(work)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_ordinary_models_pass(path: Path) -> None:
    outcome = scan_paths([path], strict=True)
    assert outcome.verdict == "pass"
    assert not outcome.observations


def test_a_changed_schema_in_the_archive_is_found(tmp_path: Path) -> None:
    source = next(path for path in FILES if path.stem == "function")
    changed = BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "schema.json":
                text = data.decode().replace('"log1p"', '"system"').replace('"numpy"', '"os"')
                assert text != data.decode()
                data = text.encode()
            new.writestr(name, data)
    path = tmp_path / "model.skops"
    path.write_bytes(changed.getvalue())
    outcome = scan_paths([path], strict=True)
    assert outcome.verdict == "fail"
    assert "SW-SKOPS-001" in {seen.rule.id for seen in outcome.observations}


def node(module: str, name: str, loader: str = "ObjectNode", **more: Any) -> dict[str, Any]:
    return {"__module__": module, "__class__": name, "__loader__": loader, "protocol": 2, **more}


def test_the_packs_count_as_well() -> None:
    entry = Entry(name="mine.Net", role="class")
    value = node("mine", "Net")
    assert found(value) == {"SW-SKOPS-002"}
    assert found(value, policy=Policy(entries={("mine", "Net"): entry})) == set()
    calls = Entry(name="mine.Net", role="reduce")
    assert found(value, policy=Policy(entries={("mine", "Net"): calls})) == {"SW-SKOPS-002"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (node("numpy", "log1p", "FunctionNode"), set()),
        (node("operator", "itemgetter", "OperatorFuncNode", attrs={"content": "1"}), set()),
        ({**node("builtins", "str", "JsonNode"), "content": '"a"'}, set()),
        ({**node("builtins", "str", "JsonNode"), "content": "{"}, {"SW-SKOPS-005"}),
        ({**node("builtins", "str", "JsonNode"), "content": 5}, {"SW-SKOPS-005"}),
        ({**node("a", "b"), "__class__": None}, {"SW-SKOPS-005"}),
        ({**node("a", "b", "CachedNode"), "__class__": None, "__module__": None}, set()),
        (node("numpy", "ndarray", "NdArrayNode", file="../a.npy"), {"SW-SKOPS-005"}),
        (node("numpy", "ndarray", "NdArrayNode", file="1.npy"), set()),
        (node("sklearn", "A", "MethodNode"), {"SW-SKOPS-005"}),
        (node("operator", "methodcaller", "OperatorFuncNode", attrs={}), {"SW-SKOPS-004"}),
        (node("operator", "attrgetter", "OperatorFuncNode", attrs={"content": '"a.b"'}), set()),
        (
            node("operator", "attrgetter", "OperatorFuncNode", attrs={"content": '"sys.modules"'}),
            {"SW-SKOPS-001"},
        ),
        (node("functools", "partial", "TypeNode"), {"SW-SKOPS-004"}),
        (node("operator", "attrgetter", "FunctionNode"), {"SW-SKOPS-004"}),
        ({**node("builtins", "int", "TypeNode"), "protocol": True}, {"SW-SKOPS-005"}),
        ({**node("builtins", "int", "TypeNode"), "protocol": 99}, {"SW-SKOPS-006"}),
        ({"a": 1}, set()),
        ([1], set()),
    ],
)
def test_nodes(value: Any, expected: set[str]) -> None:
    assert found(value) == expected


def test_keys_of_users_are_no_nodes() -> None:
    inner = {"__module__": "builtins", "__class__": "int", "__loader__": "TypeNode"}
    value = node("builtins", "dict", "DictNode", content={"__loader__": inner}, key_types=inner)
    assert found(value) == set()


def test_the_tables_hold_nothing_dangerous() -> None:
    from sealwright.vetting.targets import judge_name

    for name in (CLASSES | FUNCTIONS) - {"operator.attrgetter"}:
        assert not judge_name(name, Policy()).dangerous, name


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=6),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.fixed_dictionaries(
                {
                    "__module__": inner,
                    "__class__": inner,
                    "__loader__": st.sampled_from([*skops.LOADERS]),
                },
                optional={"content": inner, "attrs": inner, "file": inner, "protocol": inner},
            )
        ),
        max_leaves=12,
    )
)
def test_any_schema_is_examined(value: Any) -> None:
    found(json.loads(json.dumps(value)))
