"""Rules about a pickle file as a file: what follows its streams, and what its constants hold."""

from __future__ import annotations

from sealwright.vetting.interface import Rule

_CODE = ("AML.T0011.000", "AML.T0018.002")

TRAILING = Rule(
    id="SW-PKL-101",
    effect="review",
    severity="medium",
    title="Bytes that are no pickle follow the last one",
    why=(
        "An unpickler stops at STOP and leaves what follows to whoever reads next: raw arrays of"
        " a library, or a payload that another part of an attack takes from there."
    ),
    example="pickle.dump(model, file); file.write(payload)",
    remediation="find out which program wrote the bytes, and save the model without them",
    atlas=("AML.T0018.002",),
    cwe=(506,),
)
PADDING = Rule(
    id="SW-PKL-102",
    effect="note",
    severity="info",
    title="Blanks or zero bytes follow the last pickle",
    why="They do nothing. Some programs fill files up to a block, or end them with a line feed.",
    example="pickle.dumps(model) + bytes(16)",
    remediation="nothing has to be done",
)
COMPILED = Rule(
    id="SW-PKL-103",
    effect="review",
    severity="high",
    title="A constant holds compiled code",
    why=(
        "Marshalled code objects and native programs are of no use to a model as data. Something is"
        " meant to run them, now or when the model is used."
    ),
    example="a byte string that marshal.dumps made of a function's __code__",
    remediation="save the model without functions of your own; ask its author what the code is for",
    atlas=_CODE,
    cwe=(506, 94),
)
OTHER_FILE = Rule(
    id="SW-PKL-104",
    effect="review",
    severity="medium",
    title="joblib's loader reads an array from another file",
    why=(
        "joblib before 0.10 kept each array in a file of its own beside the pickle, and loads it"
        " with pickles allowed. The verdict covers those files only where they are scanned, too."
    ),
    example="NDArrayWrapper with filename 'model.pkl_01.npy'",
    remediation="scan the whole folder, then save the model again with a current joblib",
    atlas=("AML.T0011.000",),
    cwe=(502,),
)
FOREIGN_FILE = Rule(
    id="SW-PKL-105",
    effect="fail",
    severity="high",
    title="joblib's loader reads a file from outside the model's folder",
    why=(
        "The name of the file is joined to the folder of the pickle; with an absolute path or with"
        " '..' it leads anywhere, and what is there is unpickled."
    ),
    example="NDArrayWrapper with filename '/srv/payload.npy'",
    remediation="do not load it",
    atlas=_CODE,
    cwe=(22, 502),
)
RULES = (TRAILING, PADDING, COMPILED, OTHER_FILE, FOREIGN_FILE)
