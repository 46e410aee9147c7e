"""The rules of the HDF5 reader."""

from __future__ import annotations

from sealwright.vetting.interface import Rule

_READS = ("AML.T0011.000", "AML.T0025")

MALFORMED = Rule(
    id="SW-H5-001",
    effect="fail",
    severity="high",
    title="The file is not well-formed HDF5",
    remediation="do not load it; get the file again from its source",
    why="Addresses, sizes and marks of the file contradict each other. The HDF5 library is native "
    "code with a long list of memory errors on such files, and what it makes of them is not known.",
    example="an object header whose continuation points back to itself",
    atlas=("AML.T0076", "AML.T0011.000"),
    cwe=(20, 787),
)
EXTERNAL_STORAGE = Rule(
    id="SW-H5-002",
    effect="fail",
    severity="high",
    title="A dataset takes its data from another file",
    remediation="do not load it; ask for the model as one file",
    why="The library opens whatever path the dataset names when the dataset is read: the weights "
    "of the model become the content of a file of the host, which the model can then give away "
    "(CVE-2026-1669). Keras refuses such files since 3.12.1 and 3.13.2.",
    example='f.create_dataset("kernel", (12,), dtype="u1", external=[("/etc/passwd", 0, 12)])',
    atlas=_READS,
    cwe=(73, 200),
)
EXTERNAL_LINK = Rule(
    id="SW-H5-003",
    effect="fail",
    severity="high",
    title="A link leads into another file",
    remediation="do not load it; ask for the model as one file",
    why="The library opens the other file when the link is followed. What is loaded then is not "
    "what was examined, and it can be any file of the host.",
    example='f["layers"] = h5py.ExternalLink("/srv/other.h5", "/layers")',
    atlas=_READS,
    cwe=(73, 610),
)
VIRTUAL = Rule(
    id="SW-H5-004",
    effect="fail",
    severity="high",
    title="A dataset is put together from others",
    remediation="do not load it; ask for the model with plain datasets",
    why="A virtual dataset names datasets of other files, which are opened when it is read. No "
    "library saves a model that way, and Keras refuses it.",
    example="an h5py.VirtualLayout over /srv/other.h5",
    atlas=_READS,
    cwe=(73, 610),
)
USER_LINK = Rule(
    id="SW-H5-005",
    effect="review",
    severity="medium",
    title="A link or header message is of a kind that the format does not define",
    remediation="find out which program wrote the file, and what it does with it",
    why="Such a link is resolved by code that a program registers, and the meaning of such a "
    "message is known only to its writer. Model files hold neither.",
    example="a link of class 187",
    atlas=("AML.T0011.000",),
)
UNKNOWN_FILTER = Rule(
    id="SW-H5-006",
    effect="review",
    severity="medium",
    title="A dataset needs a filter plug-in that is not generally known",
    remediation="find out which library the filter belongs to; store the data with gzip instead",
    why="The HDF5 library loads a shared library for a filter that it does not have, from the "
    "folders for plug-ins. A file that comes with its own filter asks for native code to be "
    "installed.",
    example="filter 40123 'mycodec'",
    atlas=("AML.T0011.000",),
    cwe=(829,),
)
PLUGIN_FILTER = Rule(
    id="SW-H5-007",
    effect="note",
    severity="info",
    title="A dataset is compressed with a registered filter plug-in",
    remediation="nothing, if the plug-in came from its project; else store the data with gzip",
    why="The data can be read only where that plug-in is installed.",
    example="filter 32001 'blosc'",
)
BROKEN_CONFIG = Rule(
    id="SW-H5-008",
    effect="fail",
    severity="high",
    title="The configuration of the model is not JSON",
    remediation="do not load it; get the file again from its source",
    why="Keras parses this attribute when it loads the file. It breaks off, or it is something "
    "else: what it describes could not be examined.",
    example='model_config = \'{"class_name": "Sequential", "config": \'',
    atlas=("AML.T0076",),
    cwe=(20,),
)
RULES = (
    MALFORMED,
    EXTERNAL_STORAGE,
    EXTERNAL_LINK,
    VIRTUAL,
    USER_LINK,
    UNKNOWN_FILTER,
    PLUGIN_FILTER,
    BROKEN_CONFIG,
)
