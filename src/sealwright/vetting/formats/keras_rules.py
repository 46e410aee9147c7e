"""The rules of the Keras configuration check."""

from __future__ import annotations

from sealwright.vetting.interface import Rule

_CODE = ("AML.T0011.000", "AML.T0018.002")
_SUPPLY = ("AML.T0010.003", "AML.T0011.000")

LAMBDA = Rule(
    id="SW-KERAS-001",
    effect="fail",
    severity="critical",
    title="The model carries Python code",
    remediation="do not load it; have the layer rewritten as a named class or with keras.ops",
    why="A Lambda layer made from a lambda stores the bytecode of a function. Loading the model "
    "unmarshals it, and the first call runs it. Files in the H5 format and models from JSON did so "
    "whatever safe_mode said (CVE-2024-3660, CVE-2025-9905).",
    example='{"class_name": "Lambda", "config": {"function": ["4wEAAAAA…", null, null]}}',
    atlas=_CODE,
    cwe=(94, 502),
)
IMPORT = Rule(
    id="SW-KERAS-002",
    effect="fail",
    severity="critical",
    title="The configuration names something that is no part of a model",
    remediation="do not load it; get the model from another source",
    why="Keras before 3.9 imported whatever module and name an object gives and called it with the "
    "arguments beside it, safe_mode or not (CVE-2025-1550). No model needs the standard library or "
    "a loader of other files.",
    example='{"module": "subprocess", "class_name": "run", "config": {"args": "…"}}',
    atlas=_CODE,
    cwe=(94, 502),
)
GADGET = Rule(
    id="SW-KERAS-003",
    effect="fail",
    severity="critical",
    title="The configuration names a function of Keras that reads, writes or loads",
    remediation="do not load it; get the model from another source",
    why="Such a function fetches a file from the network and unpacks it, loads another model, or "
    "turns the protection off, as part of loading this one (CVE-2025-8747, CVE-2025-9906, "
    "CVE-2025-12060).",
    example='{"module": "keras.utils", "class_name": "function", "config": "get_file"}',
    atlas=_CODE,
    cwe=(502, 829),
)
FILE = Rule(
    id="SW-KERAS-004",
    effect="fail",
    severity="high",
    title="A layer reads a file or an address when the model is loaded",
    remediation="do not load it; ask for the model with its vocabulary inside",
    why="A vocabulary given as a path is opened while the model is loaded, from the host or "
    "through the network, and can be read back from the model (CVE-2025-12058).",
    example='{"class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}}',
    atlas=("AML.T0011.000", "AML.T0025"),
    cwe=(73, 918),
)
FOREIGN = Rule(
    id="SW-KERAS-005",
    effect="fail",
    severity="critical",
    title="A layer loads another program: a pickle or a SavedModel",
    remediation="do not load it; ask for a model of plain layers, or scan what it loads for itself",
    why="TorchModuleWrapper unpickles a PyTorch module, and TFSMLayer runs a SavedModel from a "
    "path that the file chooses (CVE-2026-1462). Neither was examined as a part of this model.",
    example='{"class_name": "TFSMLayer", "config": {"filepath": "/srv/evil"}}',
    atlas=_CODE,
    cwe=(502, 829),
)
CUSTOM = Rule(
    id="SW-KERAS-006",
    effect="review",
    severity="medium",
    title="The model needs code that is not part of Keras",
    remediation="review the code of the class or function before you load the model with it",
    why="The configuration names a class or function that the user or a library must "
    "provide. The file does not run it by itself; what it does depends on code that was not "
    "examined here.",
    example='{"module": "my.layers", "class_name": "Gate", "registered_name": "my>Gate"}',
    atlas=_SUPPLY,
    cwe=(829,),
)
NAMED_LAMBDA = Rule(
    id="SW-KERAS-007",
    effect="review",
    severity="medium",
    title="A Lambda layer calls a function by its name",
    remediation="review the function; replace the layer by a named class or keras.ops",
    why="The layer runs a function that it finds by name where the model is loaded. The name can "
    "be that of any function that is there.",
    example='{"class_name": "Lambda", "config": {"function": "f", "function_type": "function"}}',
    atlas=_SUPPLY,
    cwe=(829,),
)
OPERATION = Rule(
    id="SW-KERAS-008",
    effect="fail",
    severity="critical",
    title="A layer calls a TensorFlow function that does more than compute",
    remediation="do not load it; get the model from another source",
    why="TFOpLambda and TensorFlowOpLayer call a function of TensorFlow by its name. Beside "
    "arithmetic there are functions that read and write files and that run Python.",
    example='{"class_name": "TFOpLambda", "config": {"function": "io.write_file"}}',
    atlas=_CODE,
    cwe=(94,),
)
ADDRESS = Rule(
    id="SW-KERAS-009",
    effect="review",
    severity="medium",
    title="The configuration holds an address",
    remediation="find out which class uses the address, and whether it fetches it",
    why="A model's configuration describes layers; nothing in it has to be fetched from elsewhere.",
    example='{"class_name": "Encoder", "config": {"weights": "https://example.com/w.h5"}}',
    atlas=("AML.T0011.000",),
    cwe=(829,),
)
STRANGE = Rule(
    id="SW-KERAS-010",
    effect="fail",
    severity="high",
    title="The configuration names something in a way that no writer does",
    remediation="do not load it; get the model again from its source",
    why="Names of classes and modules are plain identifiers. Anything else is there to mislead a "
    "reader of the file.",
    example='{"class_name": ["Dense"], "config": {}}',
    atlas=("AML.T0076",),
    cwe=(20,),
)
RULES = (
    *(LAMBDA, IMPORT, GADGET, FILE, FOREIGN, CUSTOM, NAMED_LAMBDA, OPERATION, ADDRESS, STRANGE),
)
