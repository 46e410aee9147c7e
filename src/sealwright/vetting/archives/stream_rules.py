"""What can be wrong with a compressed stream."""

from __future__ import annotations

from sealwright.vetting.interface import Rule

BROKEN = Rule(
    id="SW-CMP-001",
    effect="fail",
    severity="high",
    title="The compressed stream is broken or cut off",
    remediation="do not load it; get the file again from its source",
    why=(
        "A loader inflates and reads step by step: what stood before the break has already run "
        "when the error comes. Scanners that inflate the whole file first see nothing. What "
        "could be inflated is examined."
    ),
    example="model.pkl.gz without its last 20 bytes",
    atlas=("AML.T0076",),
    cwe=(354,),
)
TRAILING = Rule(
    id="SW-CMP-002",
    effect="fail",
    severity="high",
    title="Bytes follow the compressed stream",
    remediation="do not load it; inflate it, look at what it holds, and compress that again",
    why=(
        "Python ignores what follows a bzip2 or xz stream and stops with an error after a gzip "
        "one, when the content has been used. Another format can stand there for another "
        "reader."
    ),
    example="a gzip file with a zip archive appended",
    atlas=("AML.T0018.002", "AML.T0074"),
    cwe=(436,),
)
CHECKSUM = Rule(
    id="SW-CMP-003",
    effect="fail",
    severity="high",
    title="The checksum or header of a compressed stream is wrong",
    remediation="do not load it; get the file again from its source",
    why="Checksums stand at the end, so unpickling from the stream has run before anyone compares "
    "them. Strict readers refuse the file, and so never show what it holds.",
    example="model.joblib (gzip) with four zero bytes for its CRC-32",
    atlas=("AML.T0076", "AML.T0018.002"),
    cwe=(354,),
)
CLOSED = Rule(
    id="SW-CMP-004",
    effect="inconclusive",
    severity="medium",
    title="The compressed stream needs what a scan does not have",
    remediation="inflate it with its own tool and scan the result",
    why=(
        "It asks for an outside dictionary, for an old format, or for more memory than any "
        "file gets. What it holds was not examined."
    ),
    example="an xz file with a dictionary of 4 GiB",
    atlas=("AML.T0029",),
    cwe=(770,),
)
RULES = (BROKEN, TRAILING, CHECKSUM, CLOSED)
