"""What serving programs do with a model: handlers of TorchServe, and the files of MLflow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sealwright.patterns import regex
from sealwright.vetting.formats.huggingface_documents import escapes
from sealwright.vetting.interface import (
    DirectoryCheck,
    DocumentCheck,
    Examining,
    Listing,
    Member,
    Rule,
    quoted,
)

_ATLAS = ("AML.T0011.000", "AML.T0010.003")
_MAX_TEXT = 1 << 20
_LISTED = 20

OWN_CODE = Rule(
    id="SW-SERVE-001",
    effect="review",
    severity="high",
    title="Serving the model runs code that comes with it",
    remediation="read the code, or serve the model with a handler of the server's own",
    why="TorchServe imports the handler of an archive, and MLflow puts the `code` folder of a "
    "model first on the import path: what lies there runs when the model is loaded, also under "
    "the name of an ordinary library.",
    example='"model": {"modelName": "m", "handler": "handler.py"}',
    atlas=_ATLAS,
    cwe=(829,),
)
ESCAPE = Rule(
    id="SW-SERVE-002",
    effect="fail",
    severity="critical",
    title="A path leads out of the model that is served",
    remediation="do not serve it; get the model again from its source",
    why="The server opens, imports or unpickles the file that the path names, wherever it lies.",
    example="model_path: ../../other.pkl",
    atlas=("AML.T0011.000",),
    cwe=(22,),
)
MODULE = Rule(
    id="SW-SERVE-003",
    effect="review",
    severity="high",
    title="A file of the model names a module that is imported",
    remediation="find out what the module is, and where it is installed from",
    why="MLflow imports the module that stands in `pickle_module_info.txt` or `keras_module.txt`, "
    "and loads the model with it.",
    example="data/pickle_module_info.txt that holds the word: evil",
    atlas=_ATLAS,
    cwe=(470,),
)
SOURCE = Rule(
    id="SW-SERVE-004",
    effect="review",
    severity="high",
    title="Packages for serving the model are installed from an unusual place",
    remediation="take the packages from the index that you trust, with versions and digests",
    why="Servers install the requirements of a model before they load it, and installing runs "
    "code. Addresses, repositories and further indexes decide what that code is.",
    example="--extra-index-url https://example.org/simple",
    atlas=("AML.T0010.001",),
    cwe=(494, 829),
)
RULES = (OWN_CODE, ESCAPE, MODULE, SOURCE)

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
_MODULES = frozenset(
    (
        *("mlflow.pytorch.pickle_module", "pickle", "cloudpickle", "dill", "keras", "tf_keras"),
        *("tensorflow.keras", "tf.keras", "tensorflow", "torch"),
    )
)
_MODULE_FILES = ("pickle_module_info.txt", "keras_module.txt")
_HOSTS = r"(?:pypi\.org|files\.pythonhosted\.org|download\.pytorch\.org|pypi\.nvidia\.com)"
_ORDINARY = regex(rf"https://{_HOSTS}(?:/\S*)?")
_OPTION = regex(
    r"(?:-i|-f|--index-url|--extra-index-url|--find-links|--trusted-host|-e|--editable)"
    r"(?:\s+|=)(\S+)"
)
_ADDRESS = regex(r"(?:^|@\s*)((?:(?:git|hg|svn|bzr)\+)?[a-z]+://\S+)")


def applies(value: Any, member: Member) -> bool:
    """A manifest of TorchServe, the description of an MLflow model, or a Conda environment."""
    return isinstance(value, dict) and (
        _served(value) is not None or _flavors(value) is not None or _is_environment(value)
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


def examine(value: Any, examining: Examining) -> None:
    """Handlers, paths and packages."""
    served, flavors = _served(value), _flavors(value)
    if served is not None:
        _archive(served, examining)
    if flavors is not None:
        _model("flavors", flavors, examining)
    if _is_environment(value):
        for one in value["dependencies"]:
            listed = one.get("pip") if isinstance(one, dict) else None
            lines = listed if isinstance(listed, list) else []
            _requirements([str(line) for line in lines], examining)


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
            elif key == "keras_module" and isinstance(inner, str) and inner not in _MODULES:
                examining.find(MODULE, f"{quoted(place)} names {quoted(inner)}")
            elif key in _PATHS and isinstance(inner, str) and inner:
                if escapes(inner):
                    examining.find(ESCAPE, f"{quoted(place)} is {quoted(inner)}")
                elif key == "code":
                    examining.find(OWN_CODE, f"{quoted(place)} is {quoted(inner)}")


def _requirements(lines: list[str], examining: Examining, *, location: str = "") -> None:
    for line in list(_unusual(lines))[:_LISTED]:
        examining.find(SOURCE, f"the requirement {quoted(line)}", location=location)


def _unusual(lines: list[str]) -> Iterator[str]:
    for line in lines:
        text = line.strip()
        if text.startswith("#"):
            continue
        places = [found[1] for found in (_OPTION.match(text), _ADDRESS.search(text)) if found]
        if any(not _ORDINARY.fullmatch(place) for place in places):
            yield text


def applies_to_folder(listing: Listing) -> bool:
    """A model of MLflow."""
    return "MLmodel" in listing.members


def examine_folder(listing: Listing, examining: Examining) -> None:
    """The small files that MLflow acts on."""
    for name, opened in sorted(listing.members.items()):
        last = name.rpartition("/")[2]
        if name != "requirements.txt" and last not in _MODULE_FILES:
            continue
        member = opened()
        text = bytes(member.data[:_MAX_TEXT]).decode("utf-8", "replace")
        if name == "requirements.txt":
            _requirements(text.splitlines(), examining, location=member.path)
        elif text.strip() not in _MODULES:
            examining.find(MODULE, f"the module {quoted(text.strip())}", location=member.path)


CHECK = DocumentCheck(
    id="serving",
    title="Models for serving",
    examines=(
        "Handlers and files that a TorchServe manifest names; code, paths and modules of an "
        "MLflow model; where a Conda environment takes its packages from."
    ),
    applies=applies,
    examine=examine,
    rules=RULES,
)
FOLDER_CHECK = DirectoryCheck(
    id="mlflow-folder",
    title="MLflow folder",
    examines="Modules that small files name, and where the requirements come from.",
    applies=applies_to_folder,
    examine=examine_folder,
    rules=RULES,
)
