"""The rules of the image readers."""

from __future__ import annotations

from sealwright.vetting.after_end import EndRules
from sealwright.vetting.interface import Rule

MALFORMED = Rule(
    id="SW-IMG-001",
    effect="review",
    severity="medium",
    title="The image is not well-formed",
    remediation="write the image again with an image editor, or remove it",
    why="Decoders of images are native code, and a file that breaks their rules is how their flaws "
    "are reached. It may as well be a broken download; nobody can tell where the image ends.",
    example="a PNG file whose chunk claims more bytes than the file has",
    atlas=("AML.T0076",),
    cwe=(20, 125),
)
TRAILING = Rule(
    id="SW-IMG-002",
    effect="review",
    severity="medium",
    title="Bytes follow the end of the image",
    remediation="find out what they are, or write the image again with an image editor",
    why="Viewers stop at the end of the image and show nothing odd. What follows is a place to "
    "carry a payload past people who look at the picture. Some cameras append a film.",
    example="a PNG file with 4 KiB after the chunk IEND",
    atlas=("AML.T0074",),
    cwe=(506,),
)
HIDDEN = Rule(
    id="SW-IMG-003",
    effect="fail",
    severity="high",
    title="A polyglot: another file follows the end of the image",
    remediation="do not use the file; find out where it came from",
    why="The picture is shown to people, the rest is for a loader: code beside the image, or a "
    "program that is already there, opens the same file and takes what is appended.",
    example="a JPEG file with a pickle after its end marker",
    atlas=("AML.T0018.002", "AML.T0074"),
    cwe=(436, 506),
)
PADDING = Rule(
    id="SW-IMG-004",
    effect="note",
    severity="info",
    title="Zeros or a newline follow the end of the image",
    remediation="nothing needs to be done",
    why="Cameras and disks fill files up; padding carries nothing.",
    example="a JPEG file with 512 zero bytes after its end marker",
)
RULES = (MALFORMED, TRAILING, HIDDEN, PADDING)
END = EndRules(padding=PADDING, trailing=TRAILING, hidden=HIDDEN)
