"""What serving programs do with a model: handlers of TorchServe, and the files of MLflow."""

from __future__ import annotations

from typing import Any

from sealwright.vetting.code.sink_rules import RULES as CODE_RULES
from sealwright.vetting.formats import serving_folder
from sealwright.vetting.formats.huggingface_names import escapes
from sealwright.vetting.formats.requirements import unusual
from sealwright.vetting.formats.serving_folder import LISTED, MODULES
from sealwright.vetting.formats.serving_rules import (
    ESCAPE,
    MODULE,
    OWN_CODE,
    PACKAGES,
    RULES,
    SOURCE,
)
from sealwright.vetting.interface import (
    DirectoryCheck,
    DocumentCheck,
    Examining,
    Member,
    Rule,
    quoted,
)

_HANDLERS = frozenset(
    (
        *("image_classifier", "image_segmenter", "object_detector", "text_classifier"),
        *("base_handler", "vision_handler", "text_handler", "densenet_handler"),
    )
)
"""Handlers that come with TorchServe."""
_PATHS = frozenset(
    (
        *("model_path", "data", "code", "env", "conda", "virtualenv", "pickled_model", "path"),
        *("python_model", "model_code_path", "config", "model_data", "saved_model_dir"),
        *("model_binary", "extra_files", "requirements_file", "artifact_path", "model_file"),
    )
)
_PROJECT = {"build-system": ("requires",), "project": ("dependencies",)}
"""Tables of pyproject.toml, and their lists for pip."""


def applies(value: Any, member: Member) -> bool:
    """A manifest of TorchServe, the description of an MLflow model, a Conda environment, or a
    project that pip builds.
    """
    return isinstance(value, dict) and (
        _served(value) is not None
        or _flavors(value) is not None
        or _is_environment(value)
        or _is_project(value, member)
    )


def _served(value: dict[str, Any]) -> dict[str, Any] | None:
    for key, name in (("model", "modelName"), ("workflow", "workflowName")):
        one = value.get(key)
        if isinstance(one, dict) and name in one:
            return one
    return None


def _flavors(value: dict[str, Any]) -> dict[str, Any] | None:
    flavors = value.get("flavors")
    return flavors if isinstance(flavors, dict) else None


def _is_environment(value: dict[str, Any]) -> bool:
    listed = value.get("dependencies")
    return isinstance(listed, list) and any(
        isinstance(one, dict) and "pip" in one for one in listed
    )


def _is_project(value: dict[str, Any], member: Member) -> bool:
    return member.name == "pyproject.toml" and any(table in value for table in _PROJECT)


def examine(value: Any, examining: Examining) -> None:
    """Handlers, paths and packages."""
    served, flavors = _served(value), _flavors(value)
    if served is not None:
        _archive(served, examining)
    if flavors is not None:
        _model("flavors", flavors, examining)
    if _is_environment(value):
        for one in value["dependencies"]:
            _packages(one.get("pip") if isinstance(one, dict) else None, SOURCE, examining)
    if _is_project(value, examining.member):
        _build(value, examining)


def _archive(served: dict[str, Any], examining: Examining) -> None:
    handler = served.get("handler")
    for key in ("handler", "serializedFile", "modelFile", "requirementsFile", "specFile"):
        name = served.get(key)
        if isinstance(name, str) and name and escapes(name.partition(":")[0]):
            examining.find(ESCAPE, f"{quoted(key)} is {quoted(name)}")
    if isinstance(handler, str) and handler and handler not in _HANDLERS:
        examining.find(OWN_CODE, f"the handler {quoted(handler)}")
    packages = served.get("requirementsFile")
    if isinstance(packages, str) and packages:
        examining.find(SOURCE, f"the server installs what {quoted(packages)} lists")
    code = served.get("modelFile")
    if isinstance(code, str) and code:
        examining.find(OWN_CODE, f"the class of the model is in {quoted(code)}")


def _model(path: str, value: dict[str, Any], examining: Examining) -> None:
    pending: list[tuple[str, dict[str, Any]]] = [(path, value)]
    while pending:
        where, one = pending.pop()
        for key, inner in one.items():
            place = f"{where}.{key}"
            if isinstance(inner, dict):
                pending.append((place, inner))
            elif key == "keras_module" and isinstance(inner, str) and inner not in MODULES:
                examining.find(MODULE, f"{quoted(place)} names {quoted(inner)}")
            elif key in _PATHS and isinstance(inner, str) and inner:
                if escapes(inner):
                    examining.find(ESCAPE, f"{quoted(place)} is {quoted(inner)}")
                elif key == "code":
                    examining.find(OWN_CODE, f"{quoted(place)} is {quoted(inner)}")


def _packages(lines: Any, rule: Rule, examining: Examining, *, local: bool = True) -> None:
    texts = [str(line) for line in lines] if isinstance(lines, list) else []
    for line in list(unusual(texts, local=local))[:LISTED]:
        examining.find(rule, f"the requirement {quoted(line)}")


def _build(value: dict[str, Any], examining: Examining) -> None:
    """What pip installs before it builds a project, and with it."""
    for table, keys in _PROJECT.items():
        one = value.get(table)
        if isinstance(one, dict):
            for key in keys:
                _packages(one.get(key), PACKAGES, examining, local=False)


CHECK = DocumentCheck(
    id="serving",
    title="Models for serving",
    examines=(
        "Handlers and files that a TorchServe manifest names; code, paths and modules of an "
        "MLflow model; where a Conda environment and pyproject.toml take packages from."
    ),
    applies=applies,
    examine=examine,
    rules=RULES,
)
FOLDER_CHECK = DirectoryCheck(
    id="serving-folder",
    title="Folders for serving",
    examines=(
        "Code that SageMaker and Triton run because of its name, with the files that it imports; "
        "modules that small files of MLflow name; where requirements files take packages from."
    ),
    applies=serving_folder.applies,
    examine=serving_folder.examine,
    rules=(*RULES, *CODE_RULES),
)
