"""Rules about single calls: what loads objects, fetches models or code, runs text or commands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from sealwright.patterns import regex
from sealwright.vetting.code import sink_tables as tables
from sealwright.vetting.code.attack_rules import (
    FETCHED_OBJECTS,
    HARVESTING,
    HIDDEN_NAME,
    NATIVE,
    PERSISTENCE,
)
from sealwright.vetting.code.module_facts import Call, Facts, keyword
from sealwright.vetting.code.names import resolve
from sealwright.vetting.code.sink_rules import (
    COMPUTED_CODE,
    HOOKS,
    KERAS_UNSAFE,
    NUMPY_PICKLE,
    REMOTE_CODE,
    REMOTE_GRAPH,
    TORCH_LOAD,
    TRUSTING_LOAD,
    UNPICKLES,
    UNPINNED,
    UNVERIFIED_TLS,
    YAML_OBJECTS,
)
from sealwright.vetting.code.sink_running import Seen, running
from sealwright.vetting.code.texts import fold

_KERAS_LOADS = regex(
    r"(?:keras\.(?:models|saving|layers|legacy\.saving)\.)(?:load_model|deserialize\w*"
    r"|model_from_json)"
    r"|keras\.(?:models\.)?Model\.from_config|keras\.(?:models|saving)\.\w+\.(?:load_model"
    r"|deserialize\w*)"
)
_KERAS_SWITCH = frozenset(
    f"keras.{module}.enable_unsafe_deserialization" for module in ("config", "saving")
)


def examine(known: Facts) -> Iterator[Seen]:
    """Every rule about single calls, over all calls of a module."""
    for call in known.calls:
        node = call.node
        assert isinstance(node, ast.Call)
        for path in call.paths or _written(node):
            yield from _loading(call, node, path)
            yield from _fetching(call, node, path)
            yield from _others(call, node, path)
        yield from running(call, node, known)
        yield from _hidden(call, node)


def _written(node: ast.Call) -> tuple[str, ...]:
    """A method of an object that is not followed: `x.from_pretrained`."""
    return (f"?.{node.func.attr}",) if isinstance(node.func, ast.Attribute) else ()


def _is(node: ast.expr | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _spread(node: ast.Call) -> bool:
    """`**options`: what is passed is not to be seen here."""
    return any(each.arg is None for each in node.keywords)


def _loading(call: Call, node: ast.Call, path: str) -> Iterator[Seen]:
    if tables.UNPICKLING.fullmatch(path):
        if "network" in call.origins:
            yield FETCHED_OBJECTS, f"{path} of what the network answers", call.line
        else:
            yield UNPICKLES, path, call.line
    elif path == "torch.load":
        yield from _torch_load(call, node)
    elif path == "numpy.load":
        allow = keyword(node, "allow_pickle") or (node.args[2] if len(node.args) > 2 else None)
        if allow is not None and not _is(allow, False):
            yield NUMPY_PICKLE, f"{path} with allow_pickle", call.line
    elif path in _KERAS_SWITCH:
        yield KERAS_UNSAFE, path, call.line
    elif path in ("marshal.loads", "marshal.load"):
        yield COMPUTED_CODE, f"{path} makes code objects", call.line
    elif path in ("skops.io.load", "skops.io.loads"):
        trusted = keyword(node, "trusted")
        if _is(trusted, True) or _from_file(trusted, call):
            yield TRUSTING_LOAD, f"{path} trusts all types in the file", call.line
    mode = keyword(node, "safe_mode")
    keras = "load_model" in path or _KERAS_LOADS.match(path)
    if mode is not None and keras and not _is(mode, True):
        yield KERAS_UNSAFE, f"{path} with safe_mode off", call.line
    yield from _yaml(call, node, path)


def _torch_load(call: Call, node: ast.Call) -> Iterator[Seen]:
    only = keyword(node, "weights_only")
    if _is(only, True) or (only is None and _spread(node)):
        return
    if "network" in call.origins:
        yield FETCHED_OBJECTS, "torch.load of what the network answers", call.line
    else:
        said = "with weights_only=False" if _is(only, False) else "without weights_only=True"
        yield TORCH_LOAD, f"torch.load {said}", call.line


def _from_file(node: ast.expr | None, call: Call) -> bool:
    """`trusted=get_untrusted_types(file=...)`, directly or by a name."""
    return node is not None and any(
        path.endswith("get_untrusted_types()") for path in resolve(node, call.scope)
    )


def _yaml(call: Call, node: ast.Call, path: str) -> Iterator[Seen]:
    if path in ("yaml.unsafe_load", "yaml.unsafe_load_all"):
        yield YAML_OBJECTS, path, call.line
    elif path in ("yaml.load", "yaml.load_all"):
        loader = keyword(node, "Loader") or (node.args[1] if len(node.args) > 1 else None)
        names = resolve(loader, call.scope) if loader is not None else ()
        if not names or not all(re.search(r"\.C?(?:Safe|Base)Loader$|^@", name) for name in names):
            yield YAML_OBJECTS, f"{path} without a safe loader", call.line
    elif path == "ruamel.yaml.YAML" and (fold(keyword(node, "typ"), call.scope) == "unsafe"):
        yield YAML_OBJECTS, "ruamel.yaml in unsafe mode", call.line


def _fetching(call: Call, node: ast.Call, path: str) -> Iterator[Seen]:
    trust = keyword(node, "trust_remote_code")
    if trust is not None and not _is(trust, False) and not _is(trust, None):
        certain = "" if _is(trust, True) else " (where it is set)"
        yield REMOTE_CODE, f"trust_remote_code in {_short(path)}{certain}", call.line
    if tables.FETCHING.fullmatch(path):
        yield from _revision(call, node, path)
    first = node.args[0] if node.args else keyword(node, "model_dir") or keyword(node, "handle")
    text = fold(first, call.scope) if path in tables.REMOTE_GRAPHS else None
    if text and tables.REMOTE.search(text):
        yield REMOTE_GRAPH, f"{path} of an address", call.line


def _revision(call: Call, node: ast.Call, path: str) -> Iterator[Seen]:
    """Names that are surely on a hub: a literal that is no path."""
    known = ("pretrained_model_name_or_path", "repo_id", "path", "model")
    first = (
        node.args[0] if node.args else next(filter(None, (keyword(node, k) for k in known)), None)
    )
    if path.endswith("pipeline"):
        first = keyword(node, "model") or (node.args[1] if len(node.args) > 1 else None)
    text = fold(first, call.scope)
    if text is None or "{" in text or not tables.HUB_ID.fullmatch(text):
        return
    if path.endswith("load_dataset") and text in tables.LOCAL_BUILDERS:
        return
    if _is(keyword(node, "local_files_only"), True):
        return
    revision = fold(keyword(node, "revision"), call.scope)
    if revision is None or not tables.REVISION.fullmatch(revision):
        why = "the revision can move" if revision else "no revision"
        yield UNPINNED, f"{_short(path)} of {text!a:.60}: {why}", call.line


def _short(path: str) -> str:
    return path.removeprefix("?.")[-60:]


def _others(call: Call, node: ast.Call, path: str) -> Iterator[Seen]:
    if path in tables.FIXED:
        rule, message = tables.FIXED[path]
        trusted_local = (
            path == "torch.hub.load" and fold(keyword(node, "source"), call.scope) == "local"
        )
        if (
            path.startswith("torch.")
            and path != "torch.hub.load"
            and _is(keyword(node, "weights_only"), True)
        ):
            return
        yield rule, message + (" of a local folder" if trusted_local else ""), call.line
    elif tables.LIBRARIES.fullmatch(path) and not _is(node.args[0] if node.args else None, None):
        yield HOOKS, f"{path} loads a native library", call.line
    elif tables.MACHINE_CODE.fullmatch(path):
        yield NATIVE, path, call.line
    verify = keyword(node, "verify")
    if _is(verify, False) and tables.NETWORK.fullmatch(path):
        yield UNVERIFIED_TLS, f"{path} with verify=False", call.line
    if tables.NETWORK.fullmatch(path) and call.origins & {"environment", "credentials"}:
        what = "all environment variables" if "environment" in call.origins else "kept credentials"
        yield HARVESTING, f"{path} is given {what}", call.line
    if path in tables.OPENS or tables.WRITES.fullmatch(path):
        yield from _start_up(call, node, path)


def _start_up(call: Call, node: ast.Call, path: str) -> Iterator[Seen]:
    if path in tables.OPENS and not _writes(node, call, path):
        return
    text = _all_text(node, call)
    site = tables.SITE.search(text) and re.search(r"\.pth\b|sitecustomize|usercustomize", text)
    if site or ((found := tables.START_UP.search(text)) and not _own_pth(found[0], text)):
        yield PERSISTENCE, f"{path} of a start-up file", call.line


def _own_pth(found: str, text: str) -> bool:
    """`model.pth` is how PyTorch users name checkpoints; only in site-packages it is start-up
    code."""
    return found.lower() == ".pth" and not tables.SITE.search(text)


def _all_text(node: ast.Call, call: Call) -> str:
    """All literals below a call, with names of functions, bounded: enough to see a path in
    pieces."""
    parts: list[str] = []
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            parts.append(each.value)
        elif isinstance(each, ast.Attribute):
            parts.append(each.attr)
        elif isinstance(each, ast.Name) and (text := fold(each, call.scope)):
            parts.append(text)
        if len(parts) > 64:
            break
    return " ".join(parts)[:8192]


def _writes(node: ast.Call, call: Call, path: str) -> bool:
    if path in ("os.open", "os.fdopen"):
        return path == "os.open"
    position = 0 if path.startswith("pathlib") else 1
    mode = keyword(node, "mode") or (node.args[position] if len(node.args) > position else None)
    return bool(set(fold(mode, call.scope) or "") & set("wax+"))


def _hidden(call: Call, node: ast.Call) -> Iterator[Seen]:
    """`getattr(x, "sys" + "tem")`, `__import__("o" + "s")`: folded, and not written in one
    piece."""
    names = resolve(node.func, call.scope)
    if "getattr" in names and len(node.args) > 1:
        where, hint = node.args[1], resolve(node, call.scope)
        name = fold(where, call.scope)
        bad = name and any(tables.DANGEROUS_NAMES.fullmatch(path) for path in hint)
        if bad and _in_pieces(where):
            yield HIDDEN_NAME, f"getattr makes {name!a:.40} from pieces", call.line
    if {"__import__", "importlib.import_module"} & set(names) and node.args:
        name = fold(node.args[0], call.scope)
        if name in tables.HIDDEN_MODULES and _in_pieces(node.args[0]):
            yield HIDDEN_NAME, f"the import of {name!a:.40} is made from pieces", call.line
        elif call.origins & {"decoded"}:
            yield HIDDEN_NAME, "the name of an imported module was encoded", call.line
    subscript = node.func
    if isinstance(subscript, ast.Subscript) and not isinstance(subscript.slice, ast.Constant):
        found = [path for path in names if tables.DANGEROUS_NAMES.fullmatch(path)]
        if found and _in_pieces(subscript.slice):
            yield HIDDEN_NAME, f"{found[0]} is reached by a name made from pieces", call.line


def _in_pieces(node: ast.expr) -> bool:
    return not isinstance(node, ast.Constant | ast.Name)
