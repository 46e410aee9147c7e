"""The help of every key, read from the text below its field in `model.py`: written once, used in
error messages, in the template and in the reference page."""

from __future__ import annotations

import ast
from functools import cache
from importlib import resources


@cache
def field_help() -> dict[str, dict[str, str]]:
    """Record name → field name → help, one paragraph each; `""` names the record's own help."""
    source = resources.files("sealwright.lifecycle").joinpath("model.py").read_text("utf-8")
    found: dict[str, dict[str, str]] = {}
    for node in ast.parse(source).body:
        if not isinstance(node, ast.ClassDef):
            continue
        fields = {"": ast.get_docstring(node) or ""}
        for before, after in zip(node.body, node.body[1:], strict=False):
            if (
                isinstance(before, ast.AnnAssign)
                and isinstance(before.target, ast.Name)
                and isinstance(after, ast.Expr)
                and isinstance(after.value, ast.Constant)
                and isinstance(after.value.value, str)
            ):
                fields[before.target.id] = " ".join(after.value.value.split())
        found[node.name] = fields
    return found


def help_for(record: type, name: str) -> str:
    """Help of one field of a record class."""
    return field_help()[record.__name__][name]
