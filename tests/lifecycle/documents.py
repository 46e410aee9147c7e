"""Material of the lifecycle tests: a small valid file, and generated TOML with known places."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

FILE = Path("sealwright.toml")

SMALL = """\
schema = 1

[system]
name = "triage"
purpose = "Plan follow-up visits; a nurse decides."

[system.answers]
affects_people = "yes"

[data.train]
path = "data/train.csv"
source = "the clinic"
licence = "CC-BY-4.0"
legal_basis = "consent"

[data.train.labels]
column = "y"
method = "measured"

[data.train.columns]
a = { type = "number", min = 0, max = 9 }
b = { type = "string" }
y = { type = "integer" }

[data.test]
path = "data/test.csv"
role = "test"
source = "the clinic"
licence = "CC-BY-4.0"
legal_basis = "consent"

[training]
command = ["python", "train.py"]
code = ["train.py"]
inputs = ["train"]
output = "model"

[validation]
test = "test"
train = "train"
label = "y"
features = ["a", "b"]
groups = ["b"]

[[validation.criteria]]
id = "accurate"
kind = "performance"
metric = "accuracy"
op = ">="
threshold = 0.7
bound = "low"

[[validation.criteria]]
id = "fair"
kind = "fairness"
metric = "equalised_odds_difference"
op = "<="
threshold = 0.2
bound = "high"
group = "b"

[governance.signers]
training = "trainer"
"""


def place_of(text: str, needle: str) -> tuple[int, int]:
    """1-based line and column of the only occurrence of `needle` in `text`."""
    assert text.count(needle) == 1, f"{needle!r} occurs {text.count(needle)} times"
    before = text[: text.index(needle)]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def write_installation(folder: Path, text: str = SMALL) -> Path:
    """A folder in which the small file's paths exist; gives the path of its lifecycle file."""
    (folder / "data").mkdir()
    for name in ("data/train.csv", "data/test.csv", "train.py"):
        (folder / name).write_text("a,b,y\n1,x,0\n", encoding="utf-8")
    path = folder / "sealwright.toml"
    path.write_text(text, encoding="utf-8")
    return path


class Writer:
    """A TOML text that grows, and the place of each key and value written to it."""

    def __init__(self) -> None:
        self.text = ""
        self.keys: dict[tuple[str | int, ...], tuple[int, int]] = {}
        self.values: dict[tuple[str | int, ...], tuple[int, int]] = {}

    def here(self) -> tuple[int, int]:
        return self.text.count("\n") + 1, len(self.text) - (self.text.rfind("\n") + 1) + 1


NAMES = st.one_of(
    st.sampled_from(["a", "b", "name", "x-1", "_", "1979-05-27", "true"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6),
)
BLANK = st.sampled_from(["", " ", "\t ", "  "])
LINE_END = st.sampled_from(["\n", "\n\n", "  # note = [1]\n", " # \"'[[x]] ä\n", "\r\n"])
BETWEEN_ITEMS = st.sampled_from(["", " ", "\n  ", " # ] , }\n\t", "\n\n"])
SCALARS = st.sampled_from(
    [
        "1", "-17", "0xff", "1_000", "3.5", "1e-05", "inf", "nan", "true", "false",
        "1979-05-27", "1979-05-27 07:32:00", "1979-05-27T07:32:00.5Z", "07:32:00",
        "''", "'a # b'", "'\\'", '""', '"]"', '"\\"}\\\\"', '"ä→\\u00e4"', '"# no"',
        '""""a""b"""""', '"""\n[x]\nk = 1\n"""', '"""\\""" \\\\"""', "''''it''s'''", "'''\n#\\'''",
        '"""a\\\n   b"""',
    ]
)  # fmt: skip


def quoted(name: str, style: str) -> str:
    """A key in one of the styles that can hold it."""
    plain = name.isascii() and name.replace("-", "a").replace("_", "a").isalnum()
    if style == "bare" and plain:
        return name
    if style == "literal" and "'" not in name and name.isprintable():
        return f"'{name}'"
    return json.dumps(name).replace("\x7f", "\\u007F") if _no_pairs(name) else _basic(name)


def _no_pairs(name: str) -> bool:
    return all(ord(sign) <= 0xFFFF for sign in name)


def _basic(name: str) -> str:
    return '"' + "".join(f"\\U{ord(sign):08x}" for sign in name) + '"'


@st.composite
def documents(draw: Callable[..., Any]) -> Writer:
    """Valid TOML documents of many spellings, with the place of everything in them."""
    out = Writer()
    for _ in range(draw(st.integers(0, 2))):
        out.text += draw(LINE_END)
    _pairs(draw, out, (), used=set(), depth=0)
    tables: set[str] = set()
    for _ in range(draw(st.integers(0, 4))):
        # a prefix keeps tables from clashing with the keys at the root
        name = "t" + draw(NAMES)
        if name in tables:
            continue
        tables.add(name)
        if draw(st.booleans()):
            _header(draw, out, (name,), ((name,),), double=False)
            _pairs(draw, out, (name,), used=set(), depth=1)
            inner = ("u", draw(NAMES))
            _header(draw, out, (name, *inner), None, double=False)
            _pairs(draw, out, (name, *inner), used=set(), depth=2)
        else:
            for index in range(draw(st.integers(1, 3))):
                _header(draw, out, (name,), ((name, index),), double=True)
                _pairs(draw, out, (name, index), used=set(), depth=1)
                if draw(st.booleans()):
                    _header(draw, out, (name, "u"), ((name, index, "u"),), double=False)
                    _pairs(draw, out, (name, index, "u"), used=set(), depth=2)
    return out


def _key(draw: Callable[..., Any], name: str) -> str:
    return quoted(name, draw(st.sampled_from(["bare", "literal", "basic"])))


def _header(
    draw: Callable[..., Any],
    out: Writer,
    names: tuple[str, ...],
    paths: tuple[tuple[str | int, ...], ...] | None,
    *,
    double: bool,
) -> None:
    bracket = key = out.here()
    out.text += ("[[" if double else "[") + draw(BLANK)
    for index, name in enumerate(names):
        out.text += (draw(BLANK) + "." + draw(BLANK)) if index else ""
        key = out.here()
        out.text += _key(draw, name)
    for path in paths if paths is not None else (names,):
        out.keys[path], out.values[path] = key, bracket
    out.text += draw(BLANK) + ("]]" if double else "]") + draw(LINE_END)


def _pairs(
    draw: Callable[..., Any],
    out: Writer,
    path: tuple[str | int, ...],
    *,
    used: set[str],
    depth: int,
) -> None:
    for _ in range(draw(st.integers(0, 3))):
        name = "k" + draw(NAMES)
        if name in used:
            continue
        used.add(name)
        out.text += draw(BLANK)
        _pair(draw, out, (*path, name), depth=depth)
        out.text += draw(LINE_END)


def _pair(
    draw: Callable[..., Any], out: Writer, path: tuple[str | int, ...], *, depth: int
) -> None:
    key = out.here()
    out.text += _key(draw, str(path[-1]))
    if draw(st.integers(0, 4)) == 0:
        out.text += draw(BLANK) + "." + draw(BLANK)
        path, key = (*path, "dotted"), out.here()
        out.text += "dotted"
    out.text += draw(BLANK) + "=" + draw(BLANK)
    out.keys[path] = key
    _value(draw, out, path, depth=depth)


def _value(
    draw: Callable[..., Any], out: Writer, path: tuple[str | int, ...], *, depth: int
) -> None:
    out.values[path] = out.here()
    kind = draw(st.sampled_from(["scalar", "scalar", "array", "table"])) if depth < 4 else "scalar"
    if kind == "scalar":
        out.text += draw(SCALARS)
    elif kind == "array":
        out.text += "["
        count = draw(st.integers(0, 3))
        for index in range(count):
            out.text += draw(BETWEEN_ITEMS)
            out.keys[(*path, index)] = out.here()
            _value(draw, out, (*path, index), depth=depth + 1)
            out.text += draw(BETWEEN_ITEMS)
            out.text += "," if index + 1 < count or draw(st.booleans()) else ""
        out.text += draw(BETWEEN_ITEMS) + "]"
    else:
        out.text += "{"
        names = draw(st.lists(NAMES, max_size=3, unique=True))
        for index, name in enumerate(names):
            out.text += ("," if index else "") + draw(BLANK)
            _pair(draw, out, (*path, "k" + name), depth=depth + 1)
            out.text += draw(BLANK)
        out.text += draw(BLANK) + "}"
