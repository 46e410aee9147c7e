"""The rules of the Arrow and Parquet readers."""

from __future__ import annotations

from sealwright.vetting.after_end import EndRules
from sealwright.vetting.interface import Rule

MALFORMED = Rule(
    id="SW-ARROW-001",
    effect="fail",
    severity="high",
    title="The file is not well-formed Arrow data",
    remediation="do not load it; get the file again from its source",
    why="Readers map the file and follow its offsets and sizes in native code: those that lead out "
    "of it have them read memory that does not belong to the file.",
    example="a record batch whose buffer lies behind its body",
    atlas=("AML.T0076",),
    cwe=(125,),
)
PY_EXTENSION = Rule(
    id="SW-ARROW-002",
    effect="fail",
    severity="critical",
    title="A column has the extension type arrow.py_extension_type, which is unpickled",
    remediation="do not read it; ask for the data without extension types of Python",
    why="The type's metadata is a pickle, and pyarrow before 14.0.1 loads it as soon as the schema "
    "is read, from Arrow, Feather and Parquet files alike (CVE-2023-47248). Newer versions do so "
    "where PyExtensionType.set_auto_load(True) was called.",
    example="ARROW:extension:name = arrow.py_extension_type, ARROW:extension:metadata = a pickle",
    atlas=("AML.T0011.000", "AML.T0018.002"),
    cwe=(502,),
)
FILE_IN_METADATA = Rule(
    id="SW-ARROW-003",
    effect="review",
    severity="high",
    title="A value of the metadata is a file of its own",
    remediation="find out which library reads it; remove it from the metadata",
    why="Metadata of schemas and columns is short text. Some libraries keep serialized objects "
    "there and load them with the table: Petastorm and Ray a pickle, the R package arrow before "
    "17.0.0 an R object (CVE-2024-52338). The value was examined as what it is.",
    example="dataset-toolkit.unischema.v1 = a pickle",
    atlas=("AML.T0011.000", "AML.T0018.002"),
    cwe=(502,),
)
OBJECTS = Rule(
    id="SW-ARROW-004",
    effect="review",
    severity="high",
    title="A column holds pickled objects",
    remediation="do not read the column; ask for the data with plain types",
    why="The extension type has Ray unpickle every value of the column when it is used. Values of "
    "columns are not examined here.",
    example="ARROW:extension:name = ray.data.arrow_pickled_object",
    atlas=("AML.T0011.000",),
    cwe=(502,),
)
TRAILING = Rule(
    id="SW-ARROW-005",
    effect="review",
    severity="medium",
    title="Bytes follow the end of the stream",
    remediation="find out what they are, or write the table again",
    why="Readers stop at the end of the stream: what follows is a place to carry something.",
    example="4 KiB after the end mark of an Arrow stream",
    atlas=("AML.T0074",),
    cwe=(506,),
)
HIDDEN = Rule(
    id="SW-ARROW-006",
    effect="fail",
    severity="high",
    title="A polyglot: another file follows the end of the stream",
    remediation="do not use the file; find out where it came from",
    why="One reader is shown a table, another takes what is appended.",
    example="an Arrow stream with a pickle after its end mark",
    atlas=("AML.T0018.002", "AML.T0074"),
    cwe=(436, 506),
)
PADDING = Rule(
    id="SW-ARROW-007",
    effect="note",
    severity="info",
    title="Zeros or a newline follow the end of the stream",
    remediation="nothing needs to be done",
    why="Padding carries nothing.",
    example="an Arrow stream with 56 zero bytes after its end mark",
)
PARQUET_MALFORMED = Rule(
    id="SW-PARQUET-001",
    effect="fail",
    severity="high",
    title="The file is not well-formed Parquet",
    remediation="do not load it; get the file again from its source",
    why="Readers follow the offsets of the footer in native code: those that lead out of the file, "
    "and fields of another type, are how their flaws are reached.",
    example="a column chunk that begins behind the end of the file",
    atlas=("AML.T0076",),
    cwe=(125,),
)
EXTERNAL = Rule(
    id="SW-PARQUET-002",
    effect="review",
    severity="medium",
    title="A column's data lie in a file elsewhere",
    remediation="ask for the table in files that hold their own columns",
    why="A column chunk can name another file that holds it. A path that is absolute, leads up or "
    "is an address has the reader open something outside the folder.",
    example="file_path = ../../../etc/passwd",
    atlas=("AML.T0010.002",),
    cwe=(22, 73),
)
SHARED = (PY_EXTENSION, FILE_IN_METADATA, OBJECTS)
RULES = (MALFORMED, *SHARED, TRAILING, HIDDEN, PADDING)
PARQUET_RULES = (PARQUET_MALFORMED, EXTERNAL, *SHARED)
END = EndRules(padding=PADDING, trailing=TRAILING, hidden=HIDDEN)
