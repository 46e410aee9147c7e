"""What can be wrong with a 7z archive."""

from __future__ import annotations

from sealwright.vetting.interface import Rule

_HIDE = ("AML.T0018.002", "AML.T0074")

MALFORMED = Rule(
    id="SW-7Z-001",
    effect="fail",
    severity="high",
    title="The headers of a 7z archive are broken",
    remediation="do not load it; get the file again from its source",
    why="A header that does not hold together is damaged, or made for a reader with a flaw.",
    example="a start header whose checksum is wrong",
    atlas=("AML.T0076",),
    cwe=(20,),
)
CONTENT = Rule(
    id="SW-7Z-002",
    effect="fail",
    severity="high",
    title="The content of a 7z archive is not what its headers say",
    remediation="do not load it; get the file again from its source",
    why=(
        "A size or a checksum is wrong, or the compressed data are broken. Readers deliver "
        "what comes before the error."
    ),
    example="a file whose CRC-32 is wrong",
    atlas=("AML.T0076",),
    cwe=(354,),
)
PATH = Rule(
    id="SW-7Z-003",
    effect="fail",
    severity="high",
    title="A file's name leads outside, or holds characters that no file name has",
    remediation="do not unpack it",
    why="An unpacker that trusts the name writes where the attacker likes.",
    example="..\\..\\startup.bat",
    atlas=("AML.T0011.000",),
    cwe=(22,),
)
ENCRYPTED = Rule(
    id="SW-7Z-004",
    effect="inconclusive",
    severity="medium",
    title="The archive is encrypted",
    remediation="decrypt it and scan what it holds",
    why=(
        "Nobody can look into it; malicious models have been shipped as encrypted 7z archives "
        "to pass scanners."
    ),
    example="a folder whose first coder is AES-256",
    atlas=("AML.T0074",),
    cwe=(311,),
)
METHOD = Rule(
    id="SW-7Z-005",
    effect="inconclusive",
    severity="medium",
    title="The archive is compressed in a way that is not read",
    remediation="unpack it with its own tool and scan the files",
    why=(
        "Copy, LZMA, LZMA2, deflate, bzip2, Zstandard, delta and the branch filters are read. "
        "What this coder holds was not examined."
    ),
    example="a folder with the coder PPMd",
)
OUTSIDE = Rule(
    id="SW-7Z-006",
    effect="fail",
    severity="high",
    title="Bytes follow the end of a 7z archive",
    remediation="do not load it; unpack it, look at the files, and pack them again",
    why="Another format can stand there for another reader.",
    example="a zip archive behind the last header",
    atlas=_HIDE,
    cwe=(436,),
)
LINK = Rule(
    id="SW-7Z-007",
    effect="warn",
    severity="medium",
    title="A file is a symbolic link",
    remediation="pack the file itself",
    why="What a loader reads through a link lies outside the archive and was not examined.",
    example="weights.bin -> ../weights.bin",
    atlas=("AML.T0011.000",),
    cwe=(59,),
)
DUPLICATE = Rule(
    id="SW-7Z-008",
    effect="fail",
    severity="medium",
    title="Two files have the same name",
    remediation="unpack it, look at the files, and pack them again",
    why="Readers keep the first or the last. All of them are examined.",
    example="model.pkl twice",
    atlas=_HIDE,
    cwe=(694,),
)
RULES = (MALFORMED, CONTENT, PATH, ENCRYPTED, METHOD, OUTSIDE, LINK, DUPLICATE)
