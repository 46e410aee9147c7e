"""Each key and value is found at the place where it stands."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lifecycle.documents import Writer, documents

from sealwright.lifecycle.positions import MAX_DEPTH, find_places


def paths_in(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every path of a parsed document."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from paths_in(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield (*path, index)
            yield from paths_in(inner, (*path, index))


@settings(max_examples=100, deadline=None)
@given(documents())
def test_every_path_of_a_generated_document_is_found_where_it_stands(document: Writer) -> None:
    text = document.text.replace("\r\n", "\n")
    parsed = tomllib.loads(text)
    places = find_places(text)
    assert places.too_deep is None
    assert places.repeated is None
    assert set(places.spans) == set(paths_in(parsed))
    assert {path: places.key(path) for path in document.keys} == document.keys
    assert {path: places.value(path) for path in document.values} == document.values


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("ab1.=[]{}\"'\\#,\n \t-_"), max_size=60))
def test_what_tomllib_accepts_is_understood_to_its_end(text: str) -> None:
    places = find_places(text)
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(places.spans) == set(paths_in(parsed))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_no_text_makes_the_scanner_fail(text: str) -> None:
    places = find_places(text)
    for path in places.spans:
        line, column = places.key(path)
        assert 1 <= line <= text.count("\n") + 1
        assert column >= 1


def test_an_unknown_path_is_shown_at_the_nearest_place_above_it() -> None:
    places = find_places("[a.b]\nc = 1\n")
    assert places.key(("a", "b", "missing", "deeper")) == (1, 4)
    assert places.value(("a", "b", "missing")) == (1, 1)
    assert places.key(("elsewhere",)) == (1, 1)


def test_a_table_defined_after_it_was_passed_through_is_shown_at_its_definition() -> None:
    places = find_places("[a.b]\nc = 1\n[a]\nd = 1\n")
    assert places.key(("a",)) == (3, 2)
    assert places.key(("a", "b")) == (1, 4)


def test_columns_count_characters_and_not_bytes() -> None:
    places = find_places('"ä→" = { "ö" = 1, k = 2 }\n')
    assert places.key(("ä→", "k")) == (1, 19)


@pytest.mark.parametrize(
    "text",
    [
        "a" + ".a" * MAX_DEPTH + " = 1",
        "[" + "a." * MAX_DEPTH + "a]",
        "a = " + "[" * 100_000,
        "a = " + "{a = " * 100_000,
        "a." * 300_000,
    ],
)
def test_nesting_stops_at_its_limit(text: str) -> None:
    assert find_places(text).too_deep is not None


def test_nesting_up_to_the_limit_is_read() -> None:
    text = "a" + ".a" * (MAX_DEPTH - 1) + " = 1"
    places = find_places(text)
    assert places.too_deep is None
    assert ("a",) * MAX_DEPTH in places.spans


def test_the_first_repetition_is_remembered() -> None:
    places = find_places("a = 1\nb = 2\n  a = 3\nb = 4\n")
    assert places.repeated is not None
    assert places.at(places.repeated) == (3, 3)
