"""Rules about files and folders on disk, before anything in them is looked at."""

from __future__ import annotations

from sealwright.vetting.interface import Rule

UNREADABLE = Rule(
    id="SW-SRC-001",
    effect="inconclusive",
    severity="medium",
    title="A file could not be read",
    remediation="check that it is there and may be read, and scan again",
    why="What cannot be read cannot be examined; whoever loads the model may have other rights.",
    example="model/weights.bin with mode 000",
)
SPECIAL = Rule(
    id="SW-SRC-002",
    effect="inconclusive",
    severity="high",
    title="A device, pipe or socket is no file to scan",
    remediation="remove it, or save its content to a file and scan that: a model consists of files",
    why="A loader that opens it blocks, or reads what another program writes at that moment.",
    example="a named pipe called model.pkl",
    cwe=(67,),
)
LINK = Rule(
    id="SW-SRC-003",
    effect="warn",
    severity="low",
    title="A symbolic link leads out of the folder",
    remediation="replace it with a copy of what it points to",
    why="What the link points to was examined now; it can be another file when the model is "
    "loaded.",
    example="weights.bin -> ../../blobs/4f0c",
    cwe=(59,),
)
DANGLING = Rule(
    id="SW-SRC-004",
    effect="inconclusive",
    severity="medium",
    title="A symbolic link leads to no file that can be examined",
    remediation="remove the link, or put the file in its place",
    why="The file may appear after the scan. Links to folders are not followed.",
    example="model.bin -> /nowhere",
    cwe=(59,),
)
CHANGED = Rule(
    id="SW-SRC-005",
    effect="fail",
    severity="high",
    title="The file changed while it was examined",
    remediation="stop whoever writes it, and scan again",
    why="What was examined is not what is there now.",
    example="a download that is still running",
    cwe=(367,),
)
TOO_MANY = Rule(
    id="SW-SRC-006",
    effect="inconclusive",
    severity="medium",
    title="The folder holds more files or levels than are examined",
    remediation="scan its parts one by one",
    why="The files beyond the limit were not examined.",
    example="a folder of two million files",
)
EXCLUDED = Rule(
    id="SW-SRC-007",
    effect="note",
    severity="info",
    title="Files were left out because the caller said so",
    remediation="scan without --exclude before you rely on the verdict",
    why="The verdict does not cover them.",
    example="sealwright scan model --exclude '*.md'",
)
RULES = (UNREADABLE, SPECIAL, LINK, DANGLING, CHANGED, TOO_MANY, EXCLUDED)
