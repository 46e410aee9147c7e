"""The rules of the readers of TensorFlow's files."""

from __future__ import annotations

from sealwright.vetting.interface import Rule

_CODE = ("AML.T0011.000", "AML.T0018.002")

MALFORMED = Rule(
    id="SW-TF-001",
    effect="fail",
    severity="high",
    title="The file is not a well-formed TensorFlow file",
    remediation="do not load it; get the file again from its source",
    why="The bytes are cut off or contradict themselves. TensorFlow's readers are native code, and "
    "what they make of such a file is not known.",
    example="a saved_model.pb whose graph reaches beyond the end of the file",
    atlas=("AML.T0076", "AML.T0011.000"),
    cwe=(20,),
)
STRANGE = Rule(
    id="SW-TF-002",
    effect="fail",
    severity="high",
    title="The file holds repeated or wrongly typed fields",
    remediation="export the model again: readers disagree about such fields",
    why="No writer of TensorFlow gives a field twice or with another type. One reader takes the "
    "first value, another the last, a third merges them.",
    example="a node with two values for its operation",
    atlas=("AML.T0074",),
    cwe=(436,),
)
NEWER = Rule(
    id="SW-TF-003",
    effect="inconclusive",
    severity="medium",
    title="The file holds fields that these tables do not know",
    remediation="update the scanner, or export the model with an older TensorFlow",
    why="A newer TensorFlow may act on a field that was not examined.",
    example="field 22 of a node",
)
PYTHON = Rule(
    id="SW-TF-004",
    effect="fail",
    severity="critical",
    title="An operation calls Python",
    remediation="do not load it; ask for a model whose graph only computes",
    why="The operation calls a function of the Python process that runs the model. No model that "
    "is made to be shared needs it: it can only work in the process that made it.",
    example="a node with the operation PyFunc",
    atlas=_CODE,
    cwe=(94,),
)
FILES = Rule(
    id="SW-TF-005",
    effect="fail",
    severity="critical",
    title="An operation reads or writes files",
    remediation="do not load it; ask for a model that takes its data as inputs",
    why="A graph is a program. With these operations it overwrites a start-up file, plants a key, "
    "or gives a secret of the host as its output, when it is loaded or when it is called.",
    example="WriteFile with the name /etc/profile in a function of the library",
    atlas=(*_CODE, "AML.T0025"),
    cwe=(73, 22),
)
NETWORK = Rule(
    id="SW-TF-006",
    effect="fail",
    severity="critical",
    title="An operation opens a network connection or server",
    remediation="do not load it; ask for a model whose graph only computes",
    why="The graph calls another machine, or lets one in, with the rights of the process.",
    example="RpcClient, DataServiceDataset",
    atlas=(*_CODE, "AML.T0025"),
    cwe=(918,),
)
PROCESS = Rule(
    id="SW-TF-007",
    effect="fail",
    severity="high",
    title="An operation ends or stalls the process",
    remediation="do not load it; ask for a model whose graph only computes",
    why="The process that serves the model is aborted or put to sleep by the model.",
    example="Abort",
    atlas=("AML.T0029",),
    cwe=(400,),
)
NATIVE = Rule(
    id="SW-TF-008",
    effect="review",
    severity="medium",
    title="An operation runs code in a form that is not examined",
    remediation="find out which program made it, and what it runs; export without compilation",
    why="The operation holds a compiled program, or calls a function that a library has "
    "registered.",
    example="XlaCallModule",
    atlas=("AML.T0011.000",),
)
CUSTOM = Rule(
    id="SW-TF-009",
    effect="review",
    severity="medium",
    title="The graph needs an operation that is not part of TensorFlow",
    remediation="find out which library has the operation, and review that library",
    why="The operation comes from a shared library that has to be loaded before the model. What it "
    "does is not in the model and was not examined.",
    example="a node with the operation SentencepieceTokenizeOp (tensorflow_text)",
    atlas=("AML.T0010.003",),
    cwe=(829,),
)
PATH = Rule(
    id="SW-TF-010",
    effect="fail",
    severity="high",
    title="The graph chooses the file that it saves to or loads from",
    remediation="do not load it; get the model from another source",
    why="Variables are saved and restored under a name that the caller gives, and vocabularies are "
    "read from the model's assets. Here the name is a constant of the graph: calling the model "
    "writes or reads a file that its maker chose.",
    example="SaveV2 with the constant prefix /srv/models/production",
    atlas=(*_CODE, "AML.T0025"),
    cwe=(73,),
)
NESTED = Rule(
    id="SW-TF-011",
    effect="fail",
    severity="high",
    title="The graph runs another graph that it holds as bytes",
    remediation="do not load it; get the model from another source",
    why="DatasetFromGraph runs a graph from a string tensor. Nothing but an attempt to hide "
    "operations from a reader of the outer graph puts one into a model.",
    example="DatasetFromGraph of a constant with a WriteFile in it",
    atlas=_CODE,
    cwe=(94,),
)
ASSET = Rule(
    id="SW-TF-012",
    effect="fail",
    severity="critical",
    title="An asset lies outside the model's folder",
    remediation="do not load it; get the model from another source",
    why="Assets are files below the folder `assets`. A name that leads out of it makes the model "
    "read another file of the host.",
    example="an asset with the name ../../../../etc/passwd",
    atlas=("AML.T0025",),
    cwe=(22,),
)
RULES = (
    *(MALFORMED, STRANGE, NEWER, PYTHON, FILES, NETWORK, PROCESS, NATIVE, CUSTOM, PATH, NESTED),
    ASSET,
)
