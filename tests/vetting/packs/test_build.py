"""Packs are made from a library's source: what provably builds data is kept, the rest is listed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sealwright.errors import ConfigError, InputMissing
from sealwright.vetting.packs.build.__main__ import REVIEWED, main
from sealwright.vetting.packs.build.assemble import assemble, encode_pack
from sealwright.vetting.packs.build.reviewed import Reviewed, read_reviewed
from sealwright.vetting.packs.load import read_pack

SOURCE = {
    "toy/__init__.py": "from .models import Plain as Public\n",
    "toy/base.py": """
import abc, warnings
from . import effects

class Base(metaclass=abc.ABCMeta):
    def __init__(self, a=1):
        self.a = a
    def fit(self, path):
        return open(path)

class Stateful(Base):
    def __setstate__(self, state):
        if state.get("version") != 1:
            warnings.warn("another version")
        self.__dict__.update(state)
        self.total = len(self.items)

class Executes(Base):
    def __setstate__(self, state):
        exec(state["text"])

class ExecutesBelow(Base):
    def __setstate__(self, state):
        self._again(state)
    def _again(self, state):
        effects.run(state)

class Lazy(Base):
    @property
    def data(self):
        return effects.run(self.path)
    def __setstate__(self, state):
        self.__dict__.update(state)
        self.total = len(self.data)

class Sets(Base):
    def __setstate__(self, state):
        for key in state:
            setattr(self, key, state[key])

class Imports(Base):
    def __setstate__(self, state):
        import os
        self.__dict__.update(state)
""",
    "toy/effects.py": """
import os
def run(state):
    os.system(state)
""",
    "toy/models.py": """
import enum, collections, ctypes, typing
from dataclasses import dataclass
from .base import *
from .base import Base as B
import toy.base

class Plain(B):
    pass

class Child(toy.base.Stateful):
    pass

class FromStar(Stateful):
    pass

class Colour(enum.Enum):
    RED = 1

class Searched(enum.Enum):
    RED = 1
    @classmethod
    def _missing_(cls, value):
        return cls.RED

class Pair(typing.NamedTuple):
    a: int

Point = collections.namedtuple("Point", "x y")

class Table(dict):
    pass

class Picky(dict):
    def __setitem__(self, key, value):
        self.seen(key)

class Slotted:
    __slots__ = ("a",)

class Guarded:
    __slots__ = ("_a",)
    @property
    def a(self):
        return self._a
    @a.setter
    def a(self, value):
        self._a = value

@dataclass
class Record:
    a: int

class Deletes:
    def __del__(self):
        self.close()

class Answers:
    def __getattr__(self, name):
        return getattr(self.inner, name)

class Hashes:
    def __hash__(self):
        return hash(self.a)

class Opens:
    def __init__(self, path):
        self.file = open(path)

class Native(ctypes.Structure):
    pass

class Unknown(__import__("os").PathLike):
    pass

class Meta(type):
    pass

class Made(metaclass=Meta):
    pass

@decorate
class Decorated:
    pass

class News:
    def __new__(cls, path):
        return eval(path)

class Trouble(ValueError):
    pass

def score(a):
    return a

def _private(a):
    return a
""",
    "toy/tests/test_models.py": "class InTests:\n    pass\n",
    "toy/broken.py": "class (\n",
    "toy-1.2.dist-info/METADATA": "Name: toy\n",
}
REVIEW = """
pack = "toy"
library = "toy"
modules = ["toy"]

[kinds]
two = "class:toy.models.Plain|class:toy.models.Child"

[spelled]
"toy.models" = "toy.old"

[skip]
"toy.effects.*" = "runs commands"
"toy.models.FromStar" = "not in pickles"

[methods]
"toy.base.Imports.__setstate__" = "any: imports the standard library alone"

[[functions]]
why = "computes from its argument"
modules = ["toy.models"]

[[group]]
why = "rebuilds one of two classes"
role = "reduce"
args = "({two}, dict)"
[group.names]
"toy.models" = ["rebuild", "other: (int)"]
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for name, text in SOURCE.items():
        path = tmp_path / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "site"


@pytest.fixture
def reviewed(tmp_path: Path) -> Reviewed:
    path = tmp_path / "toy.toml"
    path.write_text(REVIEW)
    return read_reviewed(path)


def shapes(reviewed: Reviewed, *sites: Path) -> tuple[dict[str, tuple[Any, ...]], dict[str, str]]:
    pack, left = assemble(reviewed, sites)
    found: dict[str, tuple[Any, ...]] = {
        f"{module}.{name}": (group.role, group.args, group.state, group.changes, group.hashable)
        for group in pack.groups
        for module, names in group.names.items()
        for name in names
    }
    return found, left


def test_what_provably_builds_data_is_kept(site: Path, reviewed: Reviewed) -> None:
    found, _ = shapes(reviewed, site)
    assert found["toy.models.Plain"] == ("class", "new", "dict", (), True)
    assert found["toy.models.Child"] == ("class", "new", "any", (), True)
    assert found["toy.models.Colour"] == ("class", "enum", "none", (), True)
    assert found["toy.models.Pair"][1] == "new(any*)"
    assert found["toy.models.Point"][1] == "(any*)"
    assert found["toy.models.Table"] == ("class", "new", "dict", ("setitem",), False)
    assert found["toy.models.Picky"][3] == ()
    assert found["toy.models.Slotted"][2] == "slots"
    assert found["toy.models.Guarded"][2] == "dict"
    assert found["toy.models.Record"][4] is False
    assert found["toy.models.Hashes"][4] is False
    assert found["toy.models.score"][0] == "constant"
    assert found["toy.base.Imports"][2] == "any"


def test_names_are_those_of_the_definition_and_those_that_are_listed(
    site: Path, reviewed: Reviewed
) -> None:
    found, _ = shapes(reviewed, site)
    assert "toy.Public" not in found
    assert "toy.models.B" not in found
    assert "toy.models._private" not in found
    assert "toy.tests.test_models.InTests" not in found
    assert "toy.models.FromStar" not in found
    assert found["toy.old.Plain"] == found["toy.models.Plain"]
    assert found["toy.models.other"][1] == "(int)"
    assert found["toy.models.rebuild"][1] == "(class:toy.models.Plain|class:toy.models.Child, dict)"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("toy.base.Executes", "Executes.__setstate__ calls exec"),
        ("toy.base.ExecutesBelow", "__setstate__ calls self._again, which calls effects.run"),
        ("toy.base.Lazy", "__setstate__ calls self.data, which calls effects.run"),
        ("toy.base.Sets", "__setstate__ calls setattr by a computed name"),
        ("toy.models.Searched", "an enumeration with a lookup of its own"),
        ("toy.models.Deletes", "Deletes runs __del__"),
        ("toy.models.Answers", "__getattr__ calls getattr by a computed name"),
        ("toy.models.Opens", "Opens.__init__ calls open"),
        ("toy.models.Native", "has a base without source: ctypes.Structure"),
        ("toy.models.Unknown", "has a base that is not a plain name"),
        ("toy.models.Made", "Made has a metaclass of its own"),
        ("toy.models.Decorated", "Decorated is decorated by decorate"),
        ("toy.models.News", "News.__new__ calls eval"),
    ],
)
def test_the_rest_is_listed_with_the_reason(
    name: str, why: str, site: Path, reviewed: Reviewed
) -> None:
    found, left = shapes(reviewed, site)
    assert name not in found
    assert left[name].startswith(why)


def test_a_class_has_to_be_proved_in_every_version(
    site: Path, reviewed: Reviewed, tmp_path: Path
) -> None:
    newer = tmp_path / "newer" / "toy"
    newer.mkdir(parents=True)
    (newer / "models.py").write_text(
        "class Plain:\n    def __del__(self):\n        pass\nclass Added:\n    pass\n"
    )
    found, left = shapes(reviewed, site, tmp_path / "newer")
    assert "toy.models.Plain" not in found
    assert left["toy.models.Plain"].startswith("Plain runs __del__")
    assert "toy.models.Added" in found
    assert "toy.models.Child" in found


def test_building_twice_gives_the_same_bytes(
    site: Path, reviewed: Reviewed, tmp_path: Path
) -> None:
    first, second = (encode_pack(assemble(reviewed, [site])[0]) for _ in range(2))
    assert first == second
    path = tmp_path / "toy.json"
    path.write_bytes(first)
    pack, _ = read_pack(path)
    assert pack.versions == ("1.2",)


def test_the_command_writes_the_pack_and_what_is_left(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, left = tmp_path / "toy.json", tmp_path / "left.txt"
    options = ["toy", "--site", str(site), "-o", str(out), "--review", str(left)]
    assert main(options) == 0
    assert "toy.json:" in capsys.readouterr().out
    assert json.loads(out.read_bytes())["pack"] == "toy"
    assert "toy.models.Opens: Opens.__init__ calls open\n" in left.read_text()


def test_a_library_that_is_not_there(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["nothing", "--site", str(site), "-o", str(tmp_path / "x.json")]) == 3
    assert "nothing has no source" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pack = 1", "Expected `str`"),
        ("pack = [", r"toy\.toml"),
        ('pack = "a"\nlibrary = "a"\nmore = 1', "unknown field"),
        ('pack = "a"\nlibrary = "a"\n[[group]]\nwhy = "x"\nrole = "class"\nnames = {}', "why"),
    ],
)
def test_a_reviewed_file_is_read_strictly(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "toy.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=words):
        read_reviewed(path)


def test_a_reviewed_predicate_has_to_exist(tmp_path: Path) -> None:
    path = tmp_path / "toy.toml"
    path.write_text(
        'pack = "a"\nlibrary = "a"\n[[group]]\nwhy = "a good reason"\nrole = "class"\n'
        'args = "whatever"\nnames = { a = ["B"] }'
    )
    with pytest.raises(ConfigError, match="no predicate is named 'whatever'"):
        assemble(read_reviewed(path), [])


def test_packs_of_reviewed_names_alone_are_what_their_files_say() -> None:
    from sealwright.vetting.packs.load import DATA

    for name in ("python", "joblib", "dill"):
        pack, left = assemble(read_reviewed(REVIEWED / f"{name}.toml"), [])
        assert encode_pack(pack) == (DATA / f"{name}.json").read_bytes()
        assert left == {}


def test_a_module_without_source_is_missing(tmp_path: Path, reviewed: Reviewed) -> None:
    with pytest.raises(InputMissing, match="toy has no source"):
        assemble(reviewed, [tmp_path])
