"""Jupyter notebooks: the code of their cells, and outputs that hold scripts."""

from __future__ import annotations

import re
from typing import Any

from sealwright.patterns import regex
from sealwright.vetting.code.sinks import RULES as CODE_RULES
from sealwright.vetting.code.sinks import examine_notebook
from sealwright.vetting.documents import NOT_JSON, examine_json, walk_document
from sealwright.vetting.documents import RULES as DOCUMENT_RULES
from sealwright.vetting.formats.json_text import begins_as_json
from sealwright.vetting.interface import Examining, Fit, Format, Member, Rule

_KEYS = (b'"nbformat"', b'"cells"', b'"worksheets"')
_WINDOW = 64 * 1024 * 1024
_SCRIPT = regex(r"<script|javascript:|\son\w+\s*=|<iframe|<object|<embed", re.IGNORECASE)

ACTIVE_OUTPUT = Rule(
    id="SW-NB-001",
    effect="warn",
    severity="low",
    title="A stored output of the notebook holds a script",
    remediation="clear the outputs before you publish the notebook",
    why="A viewer that trusts the notebook runs the script with the rights of its page. Plotting "
    "libraries store such outputs as well.",
    example='"text/html": ["<script>fetch(...)</script>"]',
    atlas=("AML.T0011",),
    cwe=(79,),
)


def recognise(member: Member) -> Fit:
    """Strong: JSON with the keys that every notebook has."""
    if not begins_as_json(member.data):
        return "no"
    if member.extension in FORMAT.extensions:
        return "strong"  # keys may be written with escapes
    text = bytes(member.data[:_WINDOW])
    return "strong" if _KEYS[0] in text and (_KEYS[1] in text or _KEYS[2] in text) else "no"


def examine(examining: Examining) -> None:
    """Its cells by the rules of code, and its outputs."""
    value = examine_json(examining.data, examining)
    examining.parsed = len(examining.data)
    examine_notebook(bytes(examining.data), examining, where=examining.member.path)
    for path, one in walk_document(value, examining.session):
        if any("outputs" in part for part in path.split(".")):
            _output(path, one, examining)


def _output(path: str, output: dict[str, Any], examining: Examining) -> None:
    for kind in ("application/javascript", "text/html", "image/svg+xml"):
        held = output.get(kind)
        text = "".join(str(line) for line in held) if isinstance(held, list) else str(held or "")
        if text and (kind == "application/javascript" or _SCRIPT.search(text)):
            message = f"{kind} with a script"
            examining.find(ACTIVE_OUTPUT, message, location=f"{examining.member.path}#{path}")


FORMAT = Format(
    id="notebook",
    title="Jupyter notebook",
    examines="The code of all cells by the rules of code, shell commands in them, stored outputs.",
    extensions=(".ipynb",),
    recognise=recognise,
    examine=examine,
    malformed=NOT_JSON,
    rules=(ACTIVE_OUTPUT, *DOCUMENT_RULES, *CODE_RULES),
    within=("json",),
)
