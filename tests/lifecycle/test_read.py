"""Every mistake is shown at its line and column, and nothing but ConfigError comes out."""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import msgspec.inspect
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lifecycle.documents import FILE, SMALL, Writer, documents, place_of

from sealwright.errors import ConfigError
from sealwright.lifecycle.model import Lifecycle
from sealwright.lifecycle.problem import MAX_PROBLEMS, ConfigErrors
from sealwright.lifecycle.read import MAX_BYTES, parse_lifecycle, read_lifecycle
from sealwright.lifecycle.shape import find_problems


def test_a_valid_file_becomes_records_with_defaults(tmp_path: Path) -> None:
    path = tmp_path / "sealwright.toml"
    path.write_text(SMALL, encoding="utf-8")
    lifecycle = read_lifecycle(path)
    assert lifecycle == parse_lifecycle(SMALL.replace("\n", "\r\n"), file=FILE)
    assert lifecycle.training.limits.seconds == 600
    assert lifecycle.data["train"].columns["a"].max == 9
    assert [each.id for each in lifecycle.validation.criteria] == ["accurate", "fair"]


WRONG = [
    # what stands in the file, what it is changed to, where the mistake is, message, advice
    ('name = "triage"', 'nmae = "triage"', "nmae", 'unknown key "nmae" in [system]', '"name"'),
    ('name = "triage"', "name = 3", "3", "system.name: expected text, found a whole number", ""),
    ('name = "triage"', 'name = "Triage"', '"Triage"', "expected lower-case letters", ""),
    ('name = "triage"', 'name = "tri\\nage"', '"tri\\nage"', "expected lower-case letters", ""),
    ('name = "triage"', 'name = "triage\\n"', '"triage\\n"', "expected lower-case letters", ""),
    ('name = "triage"', 'name = ""', '""', "system.name: the text is empty", ""),
    ("[data.test]", "[data.Test]", "Test]", "the key data.Test: expected lower-case", ""),
    ('"measured"', "true", "true", "found true or false", '"yes" or "no"'),
    ('"consent"\n\n[data.train.l', "1979-05-27\n\n[data.train.l", "1979", "found a date", "quotes"),
    ('role = "test"', 'role = "tests"', '"tests"', '"tests" is not one of', '"test"?'),
    ('affects_people = "yes"', 'affects_people = "jes"', '"jes"', '"yes", "no" or "unknown"', ""),
    ("threshold = 0.7", "threshold = nan", "nan", "nan is not a finite number", ""),
    ("threshold = 0.7", "threshold = -inf", "-inf", "-inf is not a finite number", ""),
    ("threshold = 0.7", "threshold = true", "true", "expected a number, found true", ""),
    ("threshold = 0.7", "threshold = 9007199254740993", "9007199254740993", "larger than", ""),
    ("max = 9", 'max = "9"', '"9"', "expected a whole number or a number, found text", ""),
    ("max = 9", "maxx = 9", "maxx", 'unknown key "maxx" in [data.train.columns.a]', '"max"'),
    ('code = ["train.py"]', 'code = "train.py"', '"train.py"\n', "expected a list of texts", "[ …"),
    ('code = ["train.py"]', "code = []", "[]", "training.code: expected at least 1 item", ""),
    ('inputs = ["train"]', 'inputs = ["train", 5]', "5]", "training.inputs[1]: expected text", ""),
    ("[training]", "[training.limits]\nseconds = 0\n[training]", "0\n[", "at least 1", ""),
    ("[training]", "[training.limits]\nseconds = 9999999\n[training]", "9999999", "at most", ""),
    ('label = "y"', 'label = "\\u0000"', '"\\u0000"', "may not hold a NUL", ""),
    ("schema = 1", "schema = 2", "2", "schema 2 is not supported; this version reads", "version"),
    ("schema = 1", 'schema = "1"', '"1"', "schema: expected a whole number, found text", ""),
    ('label = "y"', "label =", "\nfeatures", "not valid TOML", "toml.io"),
    ('label = "y"', 'label = "y', "\nfeatures", "not valid TOML", "toml.io"),
    ('label = "y"', 'label = "y"\nlabel  = "z"', "label  =", "defined before", "toml.io"),
    ("[validation]", "[ data.test]\n[validation]", "test]\n[v", "defined before", ""),
    ("threshold = 0.7", "threshold = " + "7" * 5000, "7" * 5000, "too many digits", ""),
    ("threshold = 0.7", "threshold = " + "[" * 13 + "8", "8", "nested deeper than", ""),
]


@pytest.mark.parametrize(("old", "new", "place", "message", "advice"), WRONG)
def test_a_mistake_is_shown_where_it_stands(
    old: str, new: str, place: str, message: str, advice: str
) -> None:
    assert SMALL.count(old) == 1
    text = SMALL.replace(old, new)
    changed = text[SMALL.index(old) :]
    offset = SMALL.index(old) + changed.index(place)
    before = text[:offset]
    expected = (before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
    with pytest.raises(ConfigError) as caught:
        parse_lifecycle(text, file=FILE)
    assert (caught.value.line, caught.value.column) == expected
    assert message in caught.value.message
    assert caught.value.message.startswith(f"sealwright.toml:{expected[0]}:{expected[1]}: ")
    assert advice in caught.value.advice
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("line", "table"),
    [
        ('purpose = "Plan follow-up visits; a nurse decides."\n', "[system]"),
        ('path = "data/train.csv"\n', "[data.train]\n"),
        ('method = "measured"\n', "[data.train.labels]"),
        ("threshold = 0.7\n", '[[validation.criteria]]\nid = "accurate"'),
        ("[system]\n", "schema"),
    ],
)
def test_a_missing_key_points_at_its_table(line: str, table: str) -> None:
    text = SMALL.replace(line, "")
    if line == "[system]\n":
        text = text.replace(
            'name = "triage"\npurpose = "Plan follow-up visits; a nurse decides."', ""
        )
        text = text.replace('[system.answers]\naffects_people = "yes"\n', "")
    name = line.strip("[]\n").split(" = ")[0]
    with pytest.raises(ConfigError, match=f'lacks the key "{name}"') as caught:
        parse_lifecycle(text, file=FILE)
    assert (caught.value.line, caught.value.column) == place_of(text, table)
    assert caught.value.advice.startswith(f"add {name}: ")


def test_all_mistakes_are_shown_in_the_order_of_the_file() -> None:
    text = SMALL.replace("0.7", "inf").replace('"triage"', "1").replace("[governance", "[goverance")
    with pytest.raises(ConfigErrors) as caught:
        parse_lifecycle(text, file=FILE)
    lines = [each.line for each in caught.value.mistakes]
    assert lines == sorted(lines)
    assert len(lines) == 3
    assert caught.value.line == lines[0]
    for each in caught.value.mistakes:
        assert f"sealwright.toml:{each.line}:{each.column}: {each.message}" in caught.value.message
    assert 'did you mean "governance"?' in caught.value.advice


def test_a_value_of_the_wrong_type_is_not_repeated_in_the_error() -> None:
    text = SMALL + "[training.environment]\nTOKEN = 31337\n"
    with pytest.raises(ConfigError, match="found a whole number") as caught:
        parse_lifecycle(text, file=FILE)
    assert "31337" not in caught.value.message + caught.value.advice


def test_a_file_with_very_many_mistakes_names_the_first_of_them() -> None:
    text = SMALL.replace("[system]\n", "[system]\n" + "".join(f"x{i} = 1\n" for i in range(500)))
    with pytest.raises(ConfigErrors) as caught:
        parse_lifecycle(text, file=FILE)
    assert len(caught.value.mistakes) == MAX_PROBLEMS


def test_long_and_odd_names_are_cut_and_escaped_in_messages() -> None:
    text = SMALL.replace("[system]\n", '[system]\n"\\u001b[31m' + "x" * 10_000 + '" = 1\n')
    with pytest.raises(ConfigError) as caught:
        parse_lifecycle(text, file=FILE)
    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) < 300


@pytest.mark.parametrize(
    ("data", "message", "place"),
    [
        (b"# " + b"x" * MAX_BYTES, "larger than 1048576 bytes", (None, None)),
        (b"a = 1\nb = \xff\n", "not UTF-8", (2, 5)),
        (b"\xef\xbb\xbfschema = 1\n", "not valid TOML", (1, 1)),
        (b"", 'lacks the key "system"', (1, 1)),
        (b"\x00", "not valid TOML", (1, 1)),
    ],
)
def test_bytes_that_are_no_lifecycle_file(
    tmp_path: Path, data: bytes, message: str, place: tuple[int | None, int | None]
) -> None:
    path = tmp_path / "sealwright.toml"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=message) as caught:
        read_lifecycle(path)
    assert (caught.value.line, caught.value.column) == place


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file") as caught:
        read_lifecycle(tmp_path / "sealwright.toml")
    assert "sealwright init" in caught.value.advice
    with pytest.raises(ConfigError, match="cannot be read"):
        read_lifecycle(tmp_path)


def test_lone_surrogates_are_refused_at_their_place() -> None:
    with pytest.raises(ConfigError, match="not UTF-8") as caught:
        parse_lifecycle('a = 1\nb = "\ud800"\n', file=FILE)
    assert (caught.value.line, caught.value.column) == (2, 6)


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.text(st.characters(), max_size=200),
        st.text(st.sampled_from("ab1.=[]{}\"'\\#,\n \t-_"), max_size=200),
        st.builds(
            lambda at, size, new: SMALL[:at] + new + SMALL[at + size :],
            st.integers(0, len(SMALL)),
            st.integers(0, 30),
            st.text(max_size=10),
        ),
    )
)
def test_no_text_gives_anything_but_records_or_config_error(text: str) -> None:
    try:
        lifecycle = parse_lifecycle(text, file=FILE)
    except ConfigError:
        return
    assert isinstance(lifecycle, Lifecycle)


@settings(max_examples=60, deadline=None)
@given(documents())
def test_other_toml_documents_are_refused_with_a_place(document: Writer) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_lifecycle(document.text, file=FILE)
    assert caught.value.line is not None


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 500_000,
        "a = " + "{a = " * 200_000,
        "a." * 500_000 + "a = 1",
        "[" + "a." * 500_000 + "a]",
        'a = "' + "\\u00e4" * 150_000,
        "a = '''" + "''x" * 300_000,
        "a = [" + "1, " * 100_000 + "]",
    ],
)
def test_hostile_texts_are_refused_within_their_size(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_lifecycle(text, file=FILE)


VALUES = st.recursive(
    st.one_of(
        st.sampled_from(["yes", "train", "", "a-b", "low", ">="]),
        st.integers(-3, 2000),
        st.floats(-2, 2000),
        st.booleans(),
        st.text(max_size=5),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(["type", "x"]), inner)
    ),
    max_leaves=3,
)
PLACES: list[tuple[str | int, ...]] = []


def _collect(value: Any, path: tuple[str | int, ...]) -> None:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        PLACES.append((*path, key))
        if isinstance(inner, dict | list):
            _collect(inner, (*path, key))


_collect(msgspec.to_builtins(parse_lifecycle(SMALL, file=FILE)), ())


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PLACES), VALUES)
def test_the_shape_check_and_msgspec_agree(path: tuple[str | int, ...], value: Any) -> None:
    """What the check lets pass becomes records, and what msgspec refuses has a problem."""
    document: Any = copy.deepcopy(tomllib.loads(SMALL))
    inner = document
    for part in path[:-1]:
        if isinstance(inner, dict):
            inner = inner.setdefault(part, {})
        elif isinstance(part, int) and part < len(inner):
            inner = inner[part]
        else:
            return
    inner[path[-1]] = value
    problems = list(find_problems(document, msgspec.inspect.type_info(Lifecycle)))
    try:
        msgspec.convert(document, Lifecycle)
    except msgspec.ValidationError:
        assert problems
    else:
        assert all("NUL" in each.message for each in problems)
