"""Configurations that name what a program imports and calls: Hydra, NeMo, Lightning, MLflow."""

from __future__ import annotations

import re
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

_TARGETS = ("_target_", "__target__", "_target", "_component_", "_recursive_target_")
"""Keys that always name what is called."""
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
        *("class", "cls", "type", "object", "method"),
    )
)
"""The same where arguments stand beside them; data sets about programs have such keys as well."""
_ARGUMENTS = frozenset(
    ("args", "kwargs", "params", "init_args", "config", "_args_", "parameters", "options", "inputs")
)
_KEYS = _NAMING.union(_PERHAPS, _TARGETS, ("loader_module", "model_code_path"))
_LOADED_MODULE = "loader_module"
"""MLflow imports it for every model that it loads."""
_MODEL_CODE = "model_code_path"
"""MLflow runs the file."""
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
    if key in _TARGETS:
        if isinstance(value, str):
            _target(path, value, examining, known_only=False)
        elif value is not None and not isinstance(value, bool):
            examining.find(UNKNOWN, f"{quoted(path)} is no name")
    elif key == _MODEL_CODE and isinstance(value, str) and value:
        examining.find(UNKNOWN, f"{quoted(path)} has the file {quoted(value)} run")
    elif key == _LOADED_MODULE and isinstance(value, str):
        if not re.fullmatch(r"mlflow(?:\.[a-z_0-9]+)*", value):
            _target(path, value, examining, known_only=False)
    elif key in _NAMING or not _ARGUMENTS.isdisjoint(beside):
        for name in value if isinstance(value, list) and key == "_args_" else [value]:
            if key == "function" and str(name).startswith("__operators__."):
                continue  # Keras 2 names TensorFlow's operators so; keras_config.py looks at them.
            if isinstance(name, str) and len(name) < 300 and _NAME.fullmatch(name):
                asked = key == "class_path" and "init_args" in beside
                _target(path, name, examining, known_only=not asked)


def _target(path: str, name: str, examining: Examining, *, known_only: bool) -> None:
    from sealwright.vetting.targets import judge_name, outright

    judged = judge_name(name, examining.session.policy)
    if judged.dangerous and (not known_only or outright(name)):
        examining.find(DANGEROUS, f"{quoted(path)} names {quoted(name)}{judged.because}")
    elif not judged.harmless and not known_only:
        examining.find(UNKNOWN, f"{quoted(path)} names {quoted(name)}")


def _interpolated(path: str, text: str, examining: Examining) -> None:
    for name in sorted({found[1] for found in _RESOLVER.finditer(text)}):
        if name == "oc.env":
            examining.find(ENVIRONMENT, f"{quoted(path)}: {quoted(text)}")
        elif name not in _PLAIN_RESOLVERS:
            examining.find(RESOLVER, f"{quoted(path)}: the resolver {quoted(name)}")


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
