"""Rules about calls that run text or commands: what is run, and where it came from."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from sealwright.patterns import regex
from sealwright.vetting.code import sink_tables as tables
from sealwright.vetting.code.assembled import documentation, spelled
from sealwright.vetting.code.attack_rules import (
    BORROWED,
    DANGEROUS_SHELL,
    FETCHED_CODE,
    FILE_CODE,
    HARVESTING,
    HIDDEN_CODE,
    PERSISTENCE,
    REQUESTED_COMMAND,
)
from sealwright.vetting.code.flow import facts
from sealwright.vetting.code.module_facts import Call, Facts, keyword
from sealwright.vetting.code.references import borrowed
from sealwright.vetting.code.requested import is_requested
from sealwright.vetting.code.shell import judge
from sealwright.vetting.code.sink_rules import COMPUTED_CODE
from sealwright.vetting.code.source import parse
from sealwright.vetting.code.texts import candidates, fold
from sealwright.vetting.interface import Rule

Seen = tuple[Rule, str, int]
"""A rule, a message, and the line."""
MAX_INNER = 3
"""Texts within texts that are run."""
_STARTS = regex(
    rf"{tables.PROCESSES.pattern}|socket\.socket|base64\.\w*decode|marshal\.loads|bytes\.fromhex"
)
_KNOWN = "import base64, importlib, marshal, os, pty, socket, subprocess, sys\n"
"""What a text that is run can use without importing it: the names of who runs it."""
_WHOLE = (ast.JoinedStr, ast.BinOp)


def running(call: Call, node: ast.Call, known: Facts) -> Iterator[Seen]:
    """Every rule about running text or commands."""
    for path in call.paths:
        if borrowed(path):
            yield BORROWED, f"{path[-60:]} is reached through another module", call.line
        if path in tables.EXECUTORS:
            yield from _text_run(call, node, path)
        elif path.startswith(tables.TEXT_MODULES) and tables.TEXT_RUNNERS.fullmatch(path):
            yield from _statements_run(call, node, path)
        elif tables.PROCESSES.fullmatch(path):
            yield from _process(call, node, path, known)
        elif path in ("pip.main", "pip._internal.main", "pip._internal.cli.main.main"):
            judged = judge("pip install")
            if judged:
                yield judged[0], path, call.line


def _process(call: Call, node: ast.Call, path: str, known: Facts) -> Iterator[Seen]:
    command = _command(node, call)
    judged = judge(command) or _strongest(node, call)
    if judged:
        yield judged[0], f"{path}: {judged[1]}", call.line
    elif "network" in call.origins and not command:
        yield FETCHED_CODE, f"{path} runs what the network answers", call.line
    elif "decoded" in call.origins:
        yield HIDDEN_CODE, f"{path} runs a command that was encoded", call.line
    elif is_requested(call, node, path, known):
        yield REQUESTED_COMMAND, f"{path} runs what a request holds", call.line
    if call.origins & {"credentials"} and re.search(r"\b(?:curl|wget|nc)\b", command):
        yield HARVESTING, f"{path} sends kept credentials", call.line


def _arguments(node: ast.Call) -> list[ast.expr]:
    named = [each.value for each in node.keywords if each.arg in ("args", "cmd", "command")]
    return node.args[:8] or named


def _command(node: ast.Call, call: Call) -> str:
    """The text of a command as far as it is plain to see: a string, or a list joined by spaces."""
    parts: list[str] = []
    for argument in _arguments(node):
        if isinstance(argument, ast.List | ast.Tuple):
            parts += [fold(each, call.scope) or "" for each in argument.elts[:64]]
        elif (text := fold(argument, call.scope)) is not None:
            parts.append(text)
    return " ".join(part for part in parts if part)


def _strongest(node: ast.Call, call: Call) -> tuple[Rule, str] | None:
    """The same for what the names in a command may hold, the strongest rule first."""
    found = [
        judged
        for argument in _arguments(node)
        if isinstance(argument, ast.Name)
        for text in candidates(argument, call.scope)
        if (judged := judge(text))
    ]
    return min(found, key=lambda one: one[0].effect != "fail", default=None)


def _text_run(call: Call, node: ast.Call, path: str) -> Iterator[Seen]:
    came = call.origins
    source = node.args[0] if node.args else None
    if source is None:
        return
    if "network" in came:
        yield FETCHED_CODE, f"{path} of what the network answers", call.line
    elif "decoded" in came:
        yield HIDDEN_CODE, f"{path} of data that were decoded", call.line
    elif path not in tables.TEXT_EXECUTORS:
        return
    elif (judged := _known_text(source, call)) is not None:
        yield judged, f"{path} of text that starts a process or decodes more code", call.line
    elif "assembled" in call.first or spelled(source, call.scope):
        yield HIDDEN_CODE, f"{path} of text that is put together from numbers or letters", call.line
    elif _is_kept(call, source, path):
        yield FILE_CODE, f"{path} of what a file holds that is no Python source", call.line
    elif not isinstance(source, ast.Constant) and "code" not in came:
        yield COMPUTED_CODE, f"{path} of computed text", call.line


def _is_kept(call: Call, source: ast.expr, path: str) -> bool:
    """The text is that of a file; of a parsed file, the text as a whole: not `f"import {name}"`."""
    parsed = "parsed" in call.first and not isinstance(source, _WHOLE)
    return "file" in call.first or documentation(source, call.scope) or (parsed and path == "exec")


def _known_text(source: ast.expr, call: Call) -> Rule | None:
    text = fold(source, call.scope)
    return None if text is None else dangerous_text(text)


def _statements_run(call: Call, node: ast.Call, path: str) -> Iterator[Seen]:
    """`timeit.timeit("...")`: the statement may use what its set-up imports."""
    named = [keyword(node, name) for name in ("setup", "stmt", "cmd", "statement", "source")]
    values = [each for each in (named[0], *reversed(node.args[:2]), *named[1:]) if each]
    texts = [text for value in values if (text := fold(value, call.scope)) is not None]
    if "network" in call.first:
        yield FETCHED_CODE, f"{path} of what the network answers", call.line
    elif call.first & {"decoded", "assembled"}:
        yield HIDDEN_CODE, f"{path} of data that were decoded", call.line
    elif texts and (judged := dangerous_text("\n".join(texts))) is not None:
        yield judged, f"{path} of text that starts a process or decodes more code", call.line


def dangerous_text(text: str, depth: int = MAX_INNER) -> Rule | None:
    """Code in a literal that is run: it is code, whatever its quotes."""
    judged = judge(text)
    if judged is not None and judged[0] in (DANGEROUS_SHELL, PERSISTENCE):
        return DANGEROUS_SHELL
    tree = parse(_KNOWN + text).tree or parse(text).tree
    if tree is None:
        return None
    for inner in facts(tree).calls:
        starts = any(_STARTS.fullmatch(path) for path in inner.paths)
        runs = tables.EXECUTORS & set(inner.paths)
        hidden = inner.origins & {"decoded", "network"} or "assembled" in inner.first
        if starts or (runs and hidden) or (runs and depth and _inner(inner, depth - 1)):
            return HIDDEN_CODE
    return None


def _inner(call: Call, depth: int) -> bool:
    node = call.node
    text = fold(node.args[0], call.scope) if isinstance(node, ast.Call) and node.args else None
    return text is not None and dangerous_text(text, depth) is not None
