"""Rules about what a module does as a whole: effects at import, classes that pickle themselves as
calls, loaders that are replaced, shells on sockets.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sealwright.vetting.code import sink_tables as tables
from sealwright.vetting.code.attack_rules import (
    FETCHED_CODE,
    PACKAGE_EFFECT,
    PATCHED_LOADER,
    REDUCE,
    REVERSE_SHELL,
)
from sealwright.vetting.code.module_facts import GUARDED, MODULE, Call, Facts
from sealwright.vetting.code.names import resolve
from sealwright.vetting.code.sink_rules import (
    IMPORT_FILES,
    IMPORT_NETWORK,
    IMPORT_PROCESS,
    RELAXED_LOADER,
    UNVERIFIED_TLS,
)
from sealwright.vetting.code.sink_running import Seen
from sealwright.vetting.code.texts import fold

_REDUCERS = ("__reduce__", "__reduce_ex__", "__getnewargs__")
_INSTALLERS = frozenset(("setuptools.setup", "distutils.core.setup"))
_ASKED = frozenset(
    ("git", "nvcc", "gcc", "g++", "clang", "cmake", "ninja", "hg", "pkg-config", "uname")
)
"""Programs that honest set-up scripts ask for a version."""
_SHELLS = (
    "/bin/sh",
    "/bin/bash",
    "sh",
    "bash",
    "cmd.exe",
    "cmd",
    "powershell",
    "powershell.exe",
    "/bin/zsh",
)


def examine(known: Facts, *, imported: bool, cells: bool = False) -> Iterator[Seen]:
    """Every rule about a whole module. `imported`: see `sinks.examine_source`; `cells`: a notebook,
    where everything stands on the top level and nothing is imported."""
    if not cells:
        yield from _at_import(known, imported=imported)
    yield from _reduces(known)
    yield from _patched(known)
    yield from _reverse_shell(known)
    yield from _dropped(known)


def _at_import(known: Facts, *, imported: bool) -> Iterator[Seen]:
    running = known.at_import()
    if imported and _installs(known):
        running = frozenset((*running, *known.functions, GUARDED))  # commands that pip will run
    for call in known.calls:
        if call.function not in running:
            continue
        where = "" if call.function == MODULE else f", by {call.function}()"
        for path in call.paths:
            if tables.NETWORK.fullmatch(path):
                rule = PACKAGE_EFFECT if imported else IMPORT_NETWORK
                yield rule, f"{path} at import{where}", call.line
            elif tables.PROCESSES.fullmatch(path):
                rule = PACKAGE_EFFECT if imported else IMPORT_PROCESS
                if not (imported and _harmless(call)):
                    yield rule, f"{path} at import{where}", call.line
            elif tables.WRITES.fullmatch(path):
                yield IMPORT_FILES, f"{path} at import{where}", call.line


def _harmless(call: Call) -> bool:
    """`git describe`, a compiler's version: what real setup.py files ask."""
    node = call.node
    if not isinstance(node, ast.Call) or not node.args:
        return False
    first = node.args[0]
    if isinstance(first, ast.List | ast.Tuple) and first.elts:
        first = first.elts[0]
    text = fold(first, call.scope) or ""
    words = text.split()
    program = words[0].rpartition("/")[2] if words else ""
    return program in ("git", "nvcc", "gcc", "g++", "clang", "cmake", "ninja", "hg", "pkg-config",
    "uname", "nvidia-smi")  # fmt: skip


def _installs(known: Facts) -> bool:
    return any(
        path in _INSTALLERS
        and isinstance(call.node, ast.Call)
        and any(each.arg == "cmdclass" for each in call.node.keywords)
        for call in known.calls
        for path in call.paths
    )


def _reduces(known: Facts) -> Iterator[Seen]:
    for returned in known.returns:
        if returned.function.rpartition(".")[2] not in _REDUCERS:
            continue
        for path in returned.paths:
            if tables.REDUCES.fullmatch(path):
                yield REDUCE, f"{returned.function} returns {path}", returned.line
    for call in known.calls:
        if {"copyreg.pickle"} & set(call.paths) and isinstance(call.node, ast.Call):
            for argument in call.node.args[1:2]:
                for path in resolve(argument, call.scope):
                    if tables.REDUCES.fullmatch(path) and path != "open":
                        yield REDUCE, f"copyreg.pickle with {path}", call.line


def _patched(known: Facts) -> Iterator[Seen]:
    for assigned in known.assignments:
        for path in assigned.paths:
            yield from _replaced(assigned, path)
    for call in known.calls:
        if not isinstance(call.node, ast.Call):
            continue
        if "setattr" in call.paths and len(call.node.args) > 1:
            name = fold(call.node.args[1], call.scope)
            for base in resolve(call.node.args[0], call.scope):
                if name:
                    path = name if base in ("builtins", "__builtins__") else f"{base}.{name}"
                    yield from _replaced(call, path)
        elif any(p.startswith(("sys.meta_path.", "sys.path_hooks.")) for p in call.paths):
            yield PATCHED_LOADER, "an import hook is added", call.line


def _replaced(call: Call, path: str) -> Iterator[Seen]:
    if path == "ssl._create_default_https_context":
        yield UNVERIFIED_TLS, "the default TLS context is replaced", call.line
    elif path.endswith((".check_hostname", ".verify_mode")) and path.startswith("ssl."):
        if call.value is not None and _off(call.value, call):
            yield UNVERIFIED_TLS, f"{path} is switched off", call.line
    elif tables.RELAXED.fullmatch(path):
        yield RELAXED_LOADER, f"{path} is replaced", call.line
    elif tables.PATCHED.fullmatch(path):
        yield PATCHED_LOADER, f"{path} is replaced", call.line


def _off(value: ast.expr, call: Call) -> bool:
    if isinstance(value, ast.Constant):
        return value.value in (False, 0)
    return "ssl.CERT_NONE" in resolve(value, call.scope)


def _reverse_shell(known: Facts) -> Iterator[Seen]:
    """A socket that is connected, and in the same function a shell or its file descriptors."""
    connected = {
        call.function
        for call in known.calls
        for path in call.paths
        if path in ("socket.socket().connect", "socket.create_connection", "socket.socket().accept")
    }
    for call in known.calls:
        if call.function not in connected:
            continue
        for path in call.paths:
            if path in ("os.dup2", "pty.spawn") or (
                tables.PROCESSES.fullmatch(path) and (_is_shell(call) or "network" in call.origins)
            ):
                yield REVERSE_SHELL, f"{path} beside a connected socket", call.line


def _dropped(known: Facts) -> Iterator[Seen]:
    """In one function: something is fetched, made executable, and a process is started."""
    did: dict[str, set[str]] = {}
    for call in known.calls:
        done = did.setdefault(call.function, set())
        for path in call.paths:
            if tables.NETWORK.fullmatch(path):
                done.add("fetches")
            elif path == "os.chmod" or path.endswith("().chmod"):
                done.add("marks")
            elif tables.PROCESSES.fullmatch(path) and {"fetches", "marks"} <= done:
                yield FETCHED_CODE, "a fetched file is made executable and run", call.line


def _is_shell(call: Call) -> bool:
    node = call.node
    if not isinstance(node, ast.Call) or not node.args:
        return False
    first = node.args[0]
    if isinstance(first, ast.List | ast.Tuple) and first.elts:
        first = first.elts[0]
    return fold(first, call.scope) in _SHELLS
