"""What servers find in a folder by itself: code under a certain name, small files of MLflow, and
lists of packages.
"""

from __future__ import annotations

import re

from sealwright.patterns import regex
from sealwright.vetting.formats.imported_code import Imported
from sealwright.vetting.formats.requirements import unusual
from sealwright.vetting.formats.run_by_name import holds_weights, is_meant
from sealwright.vetting.formats.serving_rules import MODULE, PACKAGES, RUN_BY_NAME, SOURCE
from sealwright.vetting.interface import Examining, Listing, Member, quoted

LISTED = 20
_MAX_TEXT = 1 << 20
_MLFLOW = "MLmodel"
MODULES = frozenset(
    (
        *("mlflow.pytorch.pickle_module", "pickle", "cloudpickle", "dill", "keras", "tf_keras"),
        *("tensorflow.keras", "tf.keras", "tensorflow", "torch"),
    )
)
"""Modules that MLflow itself writes down."""
_MODULE_FILES = ("pickle_module_info.txt", "keras_module.txt")
_REQUIREMENTS = regex(r"[^/]*requirements[^/]*\.txt", re.IGNORECASE)
_SAGEMAKER = "code/inference.py"
_SAGEMAKER_TAKES = frozenset(
    (
        *("model_fn", "input_fn", "predict_fn", "output_fn", "transform_fn"),
        *("input_handler", "output_handler"),
    )
)
_TRITON = "config.pbtxt"
_MODEL = "model.py"
_TRITON_TAKES = frozenset(("TritonPythonModel",))
_VERSION = regex(r"\d+/[^/]+\.py")
_OTHER_NAME = regex(rb"\b(?:default_model_filename|cc_model_filenames|runtime)\b")
"""Settings of Triton that name another file than model.py."""


def applies(listing: Listing) -> bool:
    """A model of MLflow, code that a server runs by its name, or a list of packages."""
    return _is_version(listing) or any(
        name in (_MLFLOW, _SAGEMAKER) or _REQUIREMENTS.fullmatch(name) or _VERSION.fullmatch(name)
        for name in listing.members
    )


def examine(listing: Listing, examining: Examining) -> None:
    """Code, small files and packages."""
    imported = Imported(listing, examining)
    if _SAGEMAKER in listing.members:
        _sagemaker(imported)
    _triton(imported)
    mlflow = _MLFLOW in listing.members
    for name, opened in sorted(listing.members.items()):
        if _REQUIREMENTS.fullmatch(name):
            _requirements(opened(), examining, installed=mlflow and name == "requirements.txt")
        elif mlflow and name.rpartition("/")[2] in _MODULE_FILES:
            _module(opened(), examining)


def _sagemaker(imported: Imported) -> None:
    listing = imported.listing
    beside = holds_weights(listing)
    if is_meant(_SAGEMAKER, listing, takes=_SAGEMAKER_TAKES, hidden=beside):
        _run(_SAGEMAKER, imported)
    elif beside:
        # It may be an example for people; a server would import it all the same.
        imported.examine(_SAGEMAKER, on_path=True)


def _triton(imported: Imported) -> None:
    """In the folder of a version the class tells; beside a description any code is meant."""
    listing = imported.listing
    if _is_version(listing) and _is_triton(_MODEL, listing):
        _run(_MODEL, imported)
    if _TRITON not in listing.members:
        return
    described = bytes(listing.members[_TRITON]().data[:_MAX_TEXT])
    others = _OTHER_NAME.search(described) is not None
    for name in sorted(filter(_VERSION.fullmatch, listing.members)):
        model = name.endswith(f"/{_MODEL}")
        if not (model or others) or (model and _is_triton(name, listing)):
            continue
        if is_meant(name, listing, takes=_TRITON_TAKES, anyhow=True):
            _run(name, imported)


def _is_version(listing: Listing) -> bool:
    """Whether it is one version of a model as Triton keeps them: 1/model.py."""
    return _MODEL in listing.members and listing.root.rpartition("/")[2].isdecimal()


def _is_triton(name: str, listing: Listing) -> bool:
    return is_meant(name, listing, takes=_TRITON_TAKES, hidden=False)


def _run(name: str, imported: Imported) -> None:
    message = f"the file {quoted(name)} is run because of its name"
    place = imported.listing.members[name]().path
    imported.examining.find(RUN_BY_NAME, message, location=place)
    imported.examine(name, on_path=True)


def _requirements(member: Member, examining: Examining, *, installed: bool) -> None:
    """`installed`: a server installs them by itself."""
    raw = bytes(member.data[:_MAX_TEXT])
    wide = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = raw.decode("utf-16" if wide else "utf-8-sig", "replace")
    examining.session.spend(1 + len(text))
    for line in list(unusual(text.splitlines(), local=installed))[:LISTED]:
        rule = SOURCE if installed else PACKAGES
        examining.find(rule, f"the requirement {quoted(line)}", location=member.path)


def _module(member: Member, examining: Examining) -> None:
    text = bytes(member.data[:_MAX_TEXT]).decode("utf-8", "replace").strip()
    if text not in MODULES:
        examining.find(MODULE, f"the module {quoted(text)}", location=member.path)
