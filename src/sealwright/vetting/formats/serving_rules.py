"""The rules about what serving programs do with a model."""

from __future__ import annotations

from sealwright.vetting.interface import Rule

_ATLAS = ("AML.T0011.000", "AML.T0010.003")

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
RUN_BY_NAME = Rule(
    id="SW-SERVE-005",
    effect="review",
    severity="high",
    title="A server runs a file of the model because of its name",
    remediation="read the code and what it imports, or serve the model without it",
    why="SageMaker imports `code/inference.py`, and Triton the `model.py` of each version, without "
    "being told: whoever serves the folder runs what stands there.",
    example="config.pbtxt, and 1/model.py with a class TritonPythonModel",
    atlas=_ATLAS,
    cwe=(829,),
)
PACKAGES = Rule(
    id="SW-SERVE-006",
    effect="warn",
    severity="medium",
    title="Packages for the model come from an address, a repository or another index",
    remediation="take the packages from the index that you trust, with versions and digests",
    why="Whoever follows the README installs what the list says, and installing runs code. Some "
    "servers do so by themselves.",
    example="requirements.txt with: package @ git+https://example.org/package",
    atlas=("AML.T0010.001",),
    cwe=(494, 829),
)
RULES = (OWN_CODE, ESCAPE, MODULE, SOURCE, RUN_BY_NAME, PACKAGES)
