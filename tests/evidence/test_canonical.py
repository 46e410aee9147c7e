from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.errors import LimitReached, MalformedError
from sealwright.evidence import canonical

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=20,
)


@given(JSON)
def test_what_is_encoded_decodes_to_the_same_bytes(value: Any) -> None:
    data = canonical.encode(value)
    assert canonical.encode(canonical.decode(data)) == data


@given(JSON)
def test_the_usual_spelling_is_refused_where_it_differs(value: Any) -> None:
    usual = json.dumps(value, ensure_ascii=True, indent=1).encode()
    if usual == canonical.encode(value):
        assert canonical.decode(usual) is not None or value is None
    else:
        with pytest.raises(MalformedError):
            canonical.decode(usual)


@given(st.binary(max_size=200))
def test_any_bytes_decode_or_are_refused_as_malformed(data: bytes) -> None:
    try:
        value = canonical.decode(data)
    except (MalformedError, LimitReached):
        return
    assert canonical.encode(value) == data


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":2}',
        b'{"b":1,"a":2}',
        b'{"a":1} ',
        b'{"a": 1}',
        b"1.0",
        b"1e3",
        b"-0",
        b"NaN",
        b"Infinity",
        b'"\\u0041"',
        b'"\\ud800"',
        b"\xef\xbb\xbf{}",
        b"9007199254740993",
        b"",
        b'"\xff"',
        b"1" * 5000,
    ],
)
def test_other_spellings_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        canonical.decode(data)


def test_depth_and_size_have_limits() -> None:
    deep = b"[" * 65 + b"]" * 65
    with pytest.raises(LimitReached):
        canonical.decode(deep)
    assert canonical.decode(b"[" * 64 + b"]" * 64)
    with pytest.raises(LimitReached):
        canonical.decode(b"[" * 100_000 + b"]" * 100_000)
    with pytest.raises(LimitReached):
        canonical.decode(b'"' + b"x" * 100 + b'"', max_bytes=50)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**60, object(), "\ud800"])
def test_what_json_cannot_say_is_not_written(value: Any) -> None:
    with pytest.raises(MalformedError):
        canonical.encode({"value": value})


def test_keys_are_sorted_by_utf16_code_units() -> None:
    # RFC 8785 section 3.2.3: U+1F600 is a surrogate pair and sorts before U+FB33.
    assert (
        canonical.encode({"\ufb33": 1, "\U0001f600": 2}) == '{"\U0001f600":2,"\ufb33":1}'.encode()
    )
