"""Configurations that name what a program imports and calls: Hydra, NeMo, Lightning, MLflow,
jsonpickle, MMEngine, MLServer, GluonTS.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sealwright.patterns import regex
from sealwright.vetting.documents import walk_document
from sealwright.vetting.interface import DocumentCheck, Examining, Member, Rule, quoted

_ATLAS = ("AML.T0011.000", "AML.T0018.002")

DANGEROUS = Rule(
    id="SW-HYDRA-001",
    effect="fail",
    severity="critical",
    title="The configuration makes a program call a dangerous function",
    remediation="do not load the model; take the entry out after you have found out who wrote it",
    why="`hydra.utils.instantiate`, and everything built on it, imports the name that `_target_` "
    "gives and calls it with the entries beside it. NeMo and others do so for every model they "
    "load.",
    example="_target_: os.system\ncommand: id",
    atlas=_ATLAS,
    cwe=(502, 94),
)
UNKNOWN = Rule(
    id="SW-HYDRA-002",
    effect="review",
    severity="medium",
    title="The configuration names code that is not known",
    remediation="look at the class that is named, and at where it is installed from",
    why="The program that loads the model imports the name and calls it. It is in no table of "
    "classes that only build something; whoever may install a package can give it a meaning.",
    example="_target_: my_package.models.Net",
    atlas=_ATLAS,
    cwe=(502,),
)
RESOLVER = Rule(
    id="SW-HYDRA-003",
    effect="review",
    severity="medium",
    title="The configuration computes a value with a resolver of the program's own",
    remediation="write the value out",
    why="Resolvers such as `eval` are functions that a program registers; many are given the text "
    "to Python to evaluate.",
    example="size: ${eval:'__import__(\"os\").getpid()'}",
    atlas=_ATLAS,
    cwe=(95,),
)
ENVIRONMENT = Rule(
    id="SW-HYDRA-004",
    effect="warn",
    severity="low",
    title="The configuration reads the environment",
    remediation="write the value out before you publish the model",
    why="`${oc.env:NAME}` puts an environment variable, which may hold a secret, into the "
    "configuration of the model that is loaded.",
    example="path: ${oc.env:HOME}/data",
    cwe=(526,),
)
RULES = (DANGEROUS, UNKNOWN, RESOLVER, ENVIRONMENT)

_TARGETS = (
    *("_target_", "__target__", "_target", "_component_", "_recursive_target_"),
    *("py/object", "py/type", "py/function", "py/class", "py/module"),
)
"""Keys that always name what is called, or imported: Hydra's, and those of jsonpickle."""
_NAMING = frozenset(
    (
        *(
            "target",
            "class_path",
            "callable",
            "factory",
            "constructor",
            "entry_point",
            "()",
            "_args_",
        ),
    )
)
"""Keys that may name what is called: only what is known to be dangerous counts."""
_PERHAPS = frozenset(
    (
        *("func", "function", "handler", "hook", "loader", "import", "module", "callback", "fn"),
        *("class", "cls", "type", "object", "method", "provider", "implementation", "backend"),
    )
)
"""The same where arguments stand beside them; data sets about programs have such keys as well."""
_ARGUMENTS = frozenset(
    (
        *("args", "kwargs", "params", "init_args", "config", "_args_", "parameters", "options"),
        *("inputs", "init_parameters", "popenargs", "paramMap", "command", "cmd", "__kind__"),
    )
)
_IMPORTING = {
    "implementation": regex(r"mlserver(?:_\w+)?\..*"),
    "class": regex(r"(?:gluonts|torch|numpy|pandas|mxnet|builtins|collections|pathlib)\..*"),
}
"""Keys of MLServer, and of GluonTS beside `__kind__`, with the names that belong to them."""
_OPENMMLAB = regex(
    r"mm(?:engine|cv|det|det3d|seg|pretrain|cls|pose|ocr|action|tune|deploy|rotate)(?:\.\w+)*"
)
_LOCATING = regex(
    r"(?:^|_)(?:paths?|files?|filename|url|uri|repo|repository|exe|corpus|dir|checkpoint|ckpt|name_or_path|model_id)(?:$|_)"
)
"""Arguments that say where something is read from."""
_NAME = regex(r"(?:[^\W\d]\w*\.)+[^\W\d]\w*")
_RESOLVER = regex(r"\$\{\s*([A-Za-z_][\w.]*)\s*:")
_PLAIN_RESOLVERS = frozenset(
    (
        *("oc.select", "oc.decode", "oc.create", "oc.dict.keys", "oc.dict.values", "oc.deprecated"),
        *("now", "hydra", "multiply", "add", "divide", "sum", "floor_divide", "int", "oc.env"),
    )
)


def applies(value: Any, member: Member) -> bool:
    """Any object or array: the keys may stand at any depth."""
    return isinstance(value, dict | list)


def examine(value: Any, examining: Examining) -> None:
    """Every object at every depth."""
    if isinstance(value, list):
        value = {"": value}
    for path, one in walk_document(value, examining.session):
        for key, inner in one.items():
            if key in _KEYS:
                _entry(f"{path}.{key}" if path else str(key), str(key), inner, one, examining)
            for text in inner if isinstance(inner, list) else (inner,):
                if isinstance(text, str) and "${" in text:
                    _interpolated(f"{path}.{key}" if path else str(key), text, examining)


def _entry(path: str, key: str, value: Any, beside: dict[str, Any], examining: Examining) -> None:
    special = _SPECIAL.get(key)
    if special is not None:
        special(path, value, beside, examining)
    elif key in _TARGETS:
        if isinstance(value, str):
            _target(path, value, examining, known_only=False, beside=beside)
        elif value is not None and not isinstance(value, bool):
            examining.find(UNKNOWN, f"{quoted(path)} is no name")
    elif _is_import(key, value, beside):
        _target(path, value, examining, known_only=False, beside=beside)
    elif key in _NAMING or not _ARGUMENTS.isdisjoint(beside):
        _perhaps(path, key, value, beside, examining)
    elif isinstance(value, str) and len(value) < 300 and _executes(value):
        # Data about programs names functions as well; this one could be meant to be called.
        examining.find(UNKNOWN, f"{quoted(path)} names {quoted(value)}")


def _perhaps(path: str, key: str, value: Any, beside: dict[str, Any], examining: Examining) -> None:
    """A key that may name what is called."""
    for name in value if isinstance(value, list) and key == "_args_" else [value]:
        if key == "function" and str(name).startswith("__operators__."):
            continue  # Keras 2 names TensorFlow's operators so; keras_config.py looks at them.
        if isinstance(name, str) and len(name) < 300 and _NAME.fullmatch(name):
            asked = key == "class_path" and "init_args" in beside
            _target(path, name, examining, known_only=not asked, beside=beside)


def _model_code(path: str, value: Any, beside: dict[str, Any], examining: Examining) -> None:
    """MLflow runs the file."""
    if isinstance(value, str) and value:
        examining.find(UNKNOWN, f"{quoted(path)} has the file {quoted(value)} run")


def _loaded_module(path: str, value: Any, beside: dict[str, Any], examining: Examining) -> None:
    """MLflow imports it for every model that it loads."""
    if isinstance(value, str) and not re.fullmatch(r"mlflow(?:\.[a-z_0-9]+)*", value):
        _target(path, value, examining, known_only=False, beside=beside)


def _evaluated(path: str, value: Any, beside: dict[str, Any], examining: Examining) -> None:
    """jsonpickle evaluates it."""
    examining.find(UNKNOWN, f"{quoted(path)} is evaluated: {quoted(str(value))}")


def _imports(path: str, value: Any, beside: dict[str, Any], examining: Examining) -> None:
    """MMEngine imports every module in it."""
    named = value.get("imports") if isinstance(value, dict) else value
    for name in named if isinstance(named, list) else [named]:
        if isinstance(name, str) and not _OPENMMLAB.fullmatch(name):
            examining.find(UNKNOWN, f"{quoted(path)} has {quoted(name)} imported")


def _is_import(key: str, value: Any, beside: dict[str, Any]) -> bool:
    """Whether a key of another program names what that program imports."""
    expected = _IMPORTING.get(key)
    return (
        expected is not None
        and isinstance(value, str)
        and _NAME.fullmatch(value) is not None
        and expected.fullmatch(value) is None
        and (key != "class" or isinstance(beside.get("__kind__"), str))
    )


def _executes(name: str) -> bool:
    """Whether a name is that of a function that runs something, written out."""
    from sealwright.vetting.targets import outright

    return outright(name) and _RUNS.search(name) is not None


_RUNS = regex(
    r"(?:^|\.)(?:os|posix|nt|subprocess|pty|runpy|builtins|commands|importlib)\."
    r"(?:system|popen\w*|Popen|call|run|check_call|check_output|getoutput|getstatusoutput|exec\w*"
    r"|spawn\w*|eval|compile|run_path|run_module|__import__|import_module)(?:$|\.)"
)


def _target(
    path: str, name: str, examining: Examining, *, known_only: bool, beside: dict[str, Any]
) -> None:
    from sealwright.vetting.targets import judge_name, outright

    judged = judge_name(name, examining.session.policy)
    own = name.startswith("__main__.") and not outright(name)
    if judged.dangerous and not own and (not known_only or outright(name)):
        examining.find(DANGEROUS, f"{quoted(path)} names {quoted(name)}{judged.because}")
    elif known_only:
        return
    elif not judged.harmless:
        examining.find(UNKNOWN, f"{quoted(path)} names {quoted(name)}")
    elif judged.as_data and (given := _locating(beside)):
        message = f"{quoted(path)} names {quoted(name)}, which is given {quoted(given)}"
        examining.find(UNKNOWN, message)


def _locating(beside: dict[str, Any]) -> str:
    """The first argument that says where something is read from; empty if there is none."""
    inner = [one for one in beside.values() if isinstance(one, dict)]
    keys = [str(key) for one in (beside, *inner) for key, held in one.items() if held]
    return next((key for key in keys if _LOCATING.search(key)), "")


def _interpolated(path: str, text: str, examining: Examining) -> None:
    for name in sorted({found[1] for found in _RESOLVER.finditer(text)}):
        if name == "oc.env":
            examining.find(ENVIRONMENT, f"{quoted(path)}: {quoted(text)}")
        elif name not in _PLAIN_RESOLVERS:
            examining.find(RESOLVER, f"{quoted(path)}: the resolver {quoted(name)}")


_SPECIAL: dict[str, Callable[[str, Any, dict[str, Any], Examining], None]] = {
    "model_code_path": _model_code,
    "loader_module": _loaded_module,
    "py/repr": _evaluated,
    "custom_imports": _imports,
}
"""Keys with a meaning of their own."""
_KEYS = _NAMING.union(_PERHAPS, _TARGETS, _SPECIAL)

CHECK = DocumentCheck(
    id="targets",
    title="Names that a configuration has called",
    examines=(
        "`_target_` and its likes at every depth, held against tables of harmless and dangerous "
        "names; resolvers of OmegaConf. What an unknown class does is for a person to find out."
    ),
    applies=applies,
    examine=examine,
    rules=RULES,
)
