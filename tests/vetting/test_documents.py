"""JSON and YAML are parsed as their loaders would, within limits, and nothing about them is
lost.
"""

from __future__ import annotations

import json
import math
from contextlib import suppress
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sealwright.errors import MalformedError
from sealwright.vetting import documents, texts
from sealwright.vetting.documents import (
    examine_document,
    examine_json,
    parse_json,
    parse_yaml,
    walk_document,
)
from sealwright.vetting.interface import Examining, Member
from sealwright.vetting.session import Limits, Spent
from sealwright.vetting.texts import Notice
from tests.vetting.examine import rules, session

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False)
    | st.text()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_json_gives_what_python_gives(value: Any) -> None:
    text = json.dumps(value)
    assert parse_json(text.encode(), session()) == json.loads(text)


def test_what_is_odd_about_a_text_is_noticed() -> None:
    noticed: list[Notice] = []
    value = parse_json(b'{"a": 1, "a": NaN, "b": [-Infinity]}', session(), noticed=noticed)
    assert math.isnan(value["a"])
    assert value["b"] == [-math.inf]
    assert [(one.kind, one.text) for one in noticed] == [
        ("constant", "NaN"),
        ("constant", "-Infinity"),
        ("duplicate", "a"),
    ]


@pytest.mark.parametrize(
    "data", [b"", b"{", b"{}x", b'{"a" 1}', b"{a: 1}", b"\xff\xfe", b'{"a": 1,}', b"\x80\x04."]
)
def test_what_is_no_json_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_json(data, session())


@pytest.mark.parametrize(
    "text",
    ["[" * 300 + "]" * 300, "[" * 100_000, '{"a": ' + "9" * 2000 + "}", "[-" + "1" * 5000 + "]"],
)
def test_what_is_too_deep_or_too_long_ends_the_budget(text: str) -> None:
    with pytest.raises(Spent):
        parse_json(text, session())


def test_the_number_of_values_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MAX_VALUES", 10)
    with pytest.raises(Spent):
        parse_json("[" + "1," * 20 + "1]", session())
    monkeypatch.setattr(documents, "MAX_VALUES", 100)
    monkeypatch.setattr(documents, "MAX_OBJECTS", 3)
    with pytest.raises(Spent):
        parse_json("[{},{},{},{}]", session())
    monkeypatch.setattr(texts, "MAX_TEXT", 5)
    with pytest.raises(Spent):
        parse_json(b"[1, 2, 3]", session())


def test_brackets_in_text_are_no_nesting() -> None:
    assert parse_json(json.dumps({"a": "[" * 1000 + '\\"{'}), session())["a"].startswith("[[")


def test_a_text_may_have_a_byte_order_mark() -> None:
    assert parse_json(b'\xef\xbb\xbf{"a": 1}', session()) == {"a": 1}
    assert parse_json('{"a": "ä"}'.encode("utf-16"), session()) == {"a": "ä"}


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_random_bytes_raise_what_is_declared(data: bytes) -> None:
    for parse in (parse_json, parse_yaml):
        with suppress(MalformedError, Spent):
            parse(data, session())


YAML_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text("abc xyz01:#-", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc", min_size=1, max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(YAML_VALUES)
def test_yaml_gives_what_a_safe_loader_gives(value: Any) -> None:
    assert parse_yaml(yaml.safe_dump(value), session()) == [value]


@given(st.text(alphabet="a:-[]{}&*!|>%#\n\t ,?'\"1~<", max_size=60))
def test_yaml_reads_every_text_that_a_safe_loader_reads(text: str) -> None:
    try:
        expected = len(list(yaml.safe_load_all(text)))
    except (yaml.YAMLError, ValueError, RecursionError, TypeError):
        return
    assert len(parse_yaml(text, session())) == expected


def test_a_tag_is_noticed_and_the_value_kept() -> None:
    noticed: list[Notice] = []
    value = parse_yaml(
        "a: !!python/object/apply:os.system [x]\nb: !mine {c: 1}", session(), noticed=noticed
    )
    assert value == [{"a": ["x"], "b": {"c": 1}}]
    assert [one.text for one in noticed] == [
        "tag:yaml.org,2002:python/object/apply:os.system",
        "!mine",
    ]
    assert [one.offset for one in noticed] == [3, 42]


def test_what_stood_before_the_damage_is_kept() -> None:
    noticed: list[Notice] = []
    found: list[Any] = []
    with pytest.raises(MalformedError):
        parse_yaml("--- !x 1\n--- [", session(), noticed=noticed, documents=found)
    assert found == ["1"]
    assert [one.text for one in noticed] == ["!x"]


def test_aliases_are_expanded_until_they_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse_yaml("a: &x [1, 2]\nb: *x\nc: {<<: {d: 1}, e: 2}", session()) == [
        {"a": [1, 2], "b": [1, 2], "c": {"e": 2, "d": 1}}
    ]
    noticed: list[Notice] = []
    assert parse_yaml("&a [*a, 1]", session(), noticed=noticed) == [[None, 1]]
    assert noticed[0].kind == "recursion"
    monkeypatch.setattr("sealwright.vetting.yaml_values.MAX_EXPANDED", 100)
    lines = ["a0: &a0 [x, x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40))]
    noticed = []
    (value,) = parse_yaml("\n".join(lines), session(), noticed=noticed)
    assert {one.kind for one in noticed} == {"alias"}
    assert len(str(value)) < 20_000
    with pytest.raises(MalformedError):
        parse_yaml("a: *nobody", session())


def test_deep_yaml_ends_the_budget() -> None:
    for text in (
        "[" * 1000,
        "- " * 1000,
        "a: &a " + "[" * 200 + "]" * 200 + "\nb: " + "[" * 100 + "*a",
    ):
        with pytest.raises(Spent):
            parse_yaml(text, session())


def test_a_walk_names_every_object_once() -> None:
    value = {"a": [{"b": 1}, [2], [[{"e": 3}]]], "c": {"d": [], "f": {}}}
    assert [path for path, _ in walk_document(value, session())] == [
        *("", "a[0]", "a[2][0][0]", "c", "c.f"),
    ]
    assert list(walk_document("text", session())) == []
    with pytest.raises(Spent):
        list(walk_document([{}, {}, {}], session(), limit=2))
    with pytest.raises(Spent):
        list(walk_document([{}] * 100, session(limits=Limits(operations=50))))


def test_the_checks_see_a_document_wherever_it_stands() -> None:
    work = Examining(Member(path="model.h5", data=b""), session())
    examine_document({"_target_": "os.system"}, work, what="attribute config")
    assert rules(work) == {"SW-HYDRA-001"}
    assert work.observations[0].finding.location == "model.h5#attribute config"
    again = Examining(Member(path="a.json", data=b""), session())
    assert examine_json(b'{"a": 1, "a": 2}', again, what="part") == {"a": 2}
    assert rules(again) == {"SW-DOC-001"}
