"""What can be wrong with a zip file: mostly places where two zip readers see two different
archives."""

from __future__ import annotations

from sealwright.vetting.interface import Rule

_HIDE = ("AML.T0018.002", "AML.T0074")
_BROKEN = ("AML.T0076",)
_AGAIN = "do not load it; unpack it with a tool you trust, look at the files, and zip them again"

MALFORMED = Rule(
    id="SW-ZIP-001",
    effect="fail",
    severity="high",
    title="The archive's end record or directory cannot be read",
    remediation="do not load it; get the file again from its source",
    why="Without its directory an archive is cut off or made up. Some readers give up; others go "
    "through the file from the front and find entries all the same.",
    example="PK\\x03\\x04 at the start of a file without PK\\x05\\x06 at its end",
    atlas=_BROKEN,
    cwe=(20,),
)
DISAGREE = Rule(
    id="SW-ZIP-002",
    effect="fail",
    severity="high",
    title="The directory and a local header disagree",
    remediation=_AGAIN,
    why=(
        "Every entry is described twice: in the directory at the end and before its data. "
        "Python's zipfile and torch believe the directory, streaming readers believe the local "
        "header. Where the two differ, a scanner can be shown one file and the loader another. "
        "Both views are examined."
    ),
    example="directory: archive/data.pkl, stored, 120 bytes; local header: archive/data.pkl, "
    "deflated, 80 bytes",
    atlas=_HIDE,
    cwe=(436,),
)
HIDDEN = Rule(
    id="SW-ZIP-003",
    effect="fail",
    severity="high",
    title="An entry is in no directory",
    remediation=_AGAIN,
    why=(
        "A local header with data stands between the listed entries. Readers that go by the "
        "directory never see it; readers of streams, and repair tools, unpack it."
    ),
    example="data.pkl at offset 420, which the directory skips",
    atlas=_HIDE,
    cwe=(436, 912),
)
DUPLICATE = Rule(
    id="SW-ZIP-004",
    effect="fail",
    severity="high",
    title="Two entries have the same name",
    remediation=_AGAIN,
    why=(
        "zipfile takes the last one, torch takes any, unpackers overwrite the first with the "
        "second. A name counts as the same with \\ for /, with what follows a NUL cut off, and "
        "in another Unicode normal form."
    ),
    example="archive/data.pkl twice, the first harmless",
    atlas=_HIDE,
    cwe=(436, 694),
)
CASE = Rule(
    id="SW-ZIP-005",
    effect="note",
    severity="low",
    title="The names of two entries differ by case only",
    remediation="rename one of them if the archive is to be unpacked on every system",
    why="torch looks names up without regard to case, and some file systems keep only one of them. "
    "Arrays called `W` and `w` are common; all of them are examined.",
    example="W.npy and w.npy",
    atlas=("AML.T0074",),
    cwe=(178,),
)
OUTSIDE = Rule(
    id="SW-ZIP-006",
    effect="fail",
    severity="high",
    title="Bytes belong to no entry",
    remediation=_AGAIN,
    why=(
        "Bytes before the first entry, between entries or after the end record are what "
        "polyglots are made of: the file is an archive to one program and a pickle, a script "
        "or another archive to the next. zipfile and unzip skip a prefix; torch refuses it."
    ),
    example="a pickle of 60 bytes, then a zip archive",
    atlas=_HIDE,
    cwe=(436,),
)
OVERLAP = Rule(
    id="SW-ZIP-007",
    effect="fail",
    severity="high",
    title="Entries overlap",
    remediation="do not unpack it",
    why=(
        "Entries that share bytes are how an archive of some kilobytes unpacks to petabytes, "
        "and how one entry's content is another one's header."
    ),
    example="250 directory records that point into one block of compressed data",
    atlas=("AML.T0029",),
    cwe=(409,),
)
ENDS = Rule(
    id="SW-ZIP-008",
    effect="fail",
    severity="high",
    title="The archive has more than one end, or its end lies about the directory",
    remediation=_AGAIN,
    why=(
        "Readers find the directory by its offset (torch, Java), by its size counted back from "
        "the end record (zipfile), or by the zip64 record, and count its entries or not. Where "
        "these lead to different places the archive has two contents. All that can be found "
        "are examined."
    ),
    example="an end record whose comment holds a second archive with its own end record",
    atlas=_HIDE,
    cwe=(436,),
)
ENCRYPTED = Rule(
    id="SW-ZIP-009",
    effect="inconclusive",
    severity="medium",
    title="An entry is encrypted",
    remediation="decrypt the archive and scan what it holds",
    why=(
        "Nobody can look into an encrypted entry; malware is often shipped this way to pass "
        "scanners."
    ),
    example="payload.pkl with bit 0 of its flags set",
    atlas=("AML.T0074",),
    cwe=(311,),
)
METHOD = Rule(
    id="SW-ZIP-010",
    effect="inconclusive",
    severity="medium",
    title="An entry is compressed in a way that is not read",
    remediation="zip the files again with deflate",
    why=(
        "Stored, deflate, bzip2, LZMA, xz and Zstandard entries are read. This one was not "
        "looked at."
    ),
    example="method 98 (PPMd)",
)
PATH = Rule(
    id="SW-ZIP-011",
    effect="fail",
    severity="high",
    title="An entry's name leads outside, or holds characters that no file name has",
    remediation="do not unpack it",
    why="An unpacker that trusts the name writes where the attacker likes: a start-up file, a site-"
    "packages folder, a key. A NUL or a line break in a name shows people and programs two names.",
    example="../../.bashrc, C:\\\\x, data.pkl\\0.txt",
    atlas=("AML.T0011.000",),
    cwe=(22, 158),
)
LINK = Rule(
    id="SW-ZIP-012",
    effect="warn",
    severity="medium",
    title="An entry is a symbolic link",
    remediation="zip the file itself",
    why="What a loader reads through a link lies outside the archive and was not examined.",
    example="weights.bin -> data/weights.bin",
    atlas=("AML.T0011.000",),
    cwe=(59,),
)
LINK_OUTSIDE = Rule(
    id="SW-ZIP-013",
    effect="fail",
    severity="high",
    title="A symbolic link leads outside the archive",
    remediation="do not unpack it",
    why="The next entry is written through the link, or a secret is read through it.",
    example="config -> /etc/passwd",
    atlas=("AML.T0011.000",),
    cwe=(59, 22),
)
CONTENT = Rule(
    id="SW-ZIP-014",
    effect="fail",
    severity="high",
    title="An entry's content is not what its header says",
    remediation="do not load it; get the file again from its source",
    why=(
        "The size or the checksum is wrong, or the compressed stream is broken or followed by "
        "more. zipfile refuses a wrong checksum and so do scanners built on it; torch does not "
        "look and loads it."
    ),
    example="crc 0x00000000 for a data.pkl of 120 bytes",
    atlas=("AML.T0076", "AML.T0018.002"),
    cwe=(354,),
)
PRETENCE = Rule(
    id="SW-ZIP-015",
    effect="fail",
    severity="high",
    title="An entry says that it is encrypted and is not",
    remediation=_AGAIN,
    why="Scanners skip what asks for a password. A reader that ignores the flag loads it.",
    example="bit 0 of the flags set, and the plain bytes have the right checksum",
    atlas=_HIDE,
    cwe=(436,),
)
ZEROS = Rule(
    id="SW-ZIP-016",
    effect="note",
    severity="info",
    title="Zero bytes lie between entries",
    remediation="nothing has to be done",
    why="Padding. Nothing can hide in zeros.",
    example="2 zero bytes before the next local header",
)
DISKS = Rule(
    id="SW-ZIP-017",
    effect="inconclusive",
    severity="medium",
    title="The archive is one part of several",
    remediation="join the parts and scan the whole archive",
    why="What the other parts hold was not examined.",
    example="model.z01",
)
UNCHECKED = Rule(
    id="SW-ZIP-018",
    effect="warn",
    severity="low",
    title="The archive was written without checksums",
    remediation="write it with checksums: torch.serialization.set_crc32_options(True)",
    why=(
        "Every entry has the checksum 0, as torch writes where it is told not to compute any. "
        "Nothing tells a damaged file from a whole one."
    ),
    example="crc 0x00000000 for every entry",
    atlas=_BROKEN,
    cwe=(353,),
)
RULES = (
    *(
        MALFORMED,
        DISAGREE,
        HIDDEN,
        DUPLICATE,
        CASE,
        OUTSIDE,
        OVERLAP,
        ENDS,
        ENCRYPTED,
        METHOD,
        PATH,
    ),
    *(LINK, LINK_OUTSIDE, CONTENT, PRETENCE, ZEROS, DISKS, UNCHECKED),
)
