"""What can be wrong with a tar archive."""

from __future__ import annotations

from sealwright.vetting.interface import Rule

_HIDE = ("AML.T0018.002", "AML.T0074")
_AGAIN = "do not load it; unpack it with a tool you trust, look at the files, and pack them again"

MALFORMED = Rule(
    id="SW-TAR-001",
    effect="fail",
    severity="high",
    title="A tar header is broken, or the archive is cut off",
    remediation="do not load it; get the file again from its source",
    why=(
        "Python's tarfile stops silently at a broken header after the first member, other "
        "readers go on to the next header that they find. What follows is seen by some of them "
        "only."
    ),
    example="a 512-byte header whose checksum is wrong, between two members",
    atlas=("AML.T0076",),
    cwe=(20, 436),
)
PATH = Rule(
    id="SW-TAR-002",
    effect="fail",
    severity="high",
    title="A member's name leads outside, or holds characters that no file name has",
    remediation="do not unpack it",
    why="Unpacked without care the member is written where the attacker likes: a start-up file, a "
    "site-packages folder, a key.",
    example="../../.ssh/authorized_keys, /etc/cron.d/x",
    atlas=("AML.T0011.000",),
    cwe=(22,),
)
LINK = Rule(
    id="SW-TAR-003",
    effect="warn",
    severity="low",
    title="A member is a link",
    remediation="pack the file itself",
    why="What a reader gets through a link depends on where the archive is unpacked.",
    example="latest.ckpt -> step_100.ckpt",
    atlas=("AML.T0011.000",),
    cwe=(59,),
)
LINK_OUTSIDE = Rule(
    id="SW-TAR-004",
    effect="fail",
    severity="high",
    title="A link leads outside the archive",
    remediation="do not unpack it",
    why="The next member is written through the link, or a secret is read through it.",
    example="weights -> ../../.ssh",
    atlas=("AML.T0011.000",),
    cwe=(59, 22),
)
DEVICE = Rule(
    id="SW-TAR-005",
    effect="fail",
    severity="high",
    title="A member is a device or a pipe",
    remediation="do not unpack it",
    why=(
        "No model needs one. Unpacked by root it gives access to the disk; a pipe blocks its "
        "reader."
    ),
    example="a member of type 4 (block device)",
    atlas=("AML.T0011.000",),
    cwe=(59,),
)
PRIVILEGED = Rule(
    id="SW-TAR-006",
    effect="fail",
    severity="medium",
    title="A member has the set-user-id or set-group-id bit",
    remediation="pack the file without it",
    why="Unpacked by root with its owner kept, the program runs with that owner's rights.",
    example="mode 4755",
    atlas=("AML.T0011.000",),
    cwe=(732,),
)
DUPLICATE = Rule(
    id="SW-TAR-007",
    effect="warn",
    severity="medium",
    title="Two members have the same name",
    remediation="pack the files again; `tar --append` leaves the old one in",
    why="tarfile reads the last one, others the first. All of them are examined.",
    example="model.pkl twice",
    atlas=_HIDE,
    cwe=(436, 694),
)
TRAILING = Rule(
    id="SW-TAR-008",
    effect="fail",
    severity="high",
    title="Bytes follow the end of the archive",
    remediation=_AGAIN,
    why=(
        "A block of zeros ends a tar archive. What stands behind it is seen by readers that "
        "skip zeros, or is another format for another program."
    ),
    example="two zero blocks, then a header and a member",
    atlas=_HIDE,
    cwe=(436,),
)
SIZE = Rule(
    id="SW-TAR-009",
    effect="fail",
    severity="high",
    title="Readers disagree about the size of a member",
    remediation=_AGAIN,
    why=(
        "An extended header gives the member another size than its own header does, or a "
        "folder or a link has data. One reader takes the member's content for the next header, "
        "and so sees members that the other does not see."
    ),
    example="pax size=1024 before a header with size 0, and a tar header inside the 1024 bytes",
    atlas=_HIDE,
    cwe=(436, 843),
)
GLOBAL = Rule(
    id="SW-TAR-010",
    effect="fail",
    severity="medium",
    title="A global header names or sizes every member",
    remediation=_AGAIN,
    why="No writer does so. Some readers give every member that name, others pass the header by.",
    example="a pax global header with path=model.pkl",
    atlas=_HIDE,
    cwe=(436,),
)
SPARSE = Rule(
    id="SW-TAR-011",
    effect="inconclusive",
    severity="medium",
    title="A member is sparse",
    remediation="pack the file without --sparse",
    why=(
        "The member is put together from pieces when it is unpacked, and may claim terabytes. "
        "Its pieces were not put together."
    ),
    example="a member of type S",
    atlas=("AML.T0029",),
    cwe=(409,),
)
UNKNOWN = Rule(
    id="SW-TAR-012",
    effect="inconclusive",
    severity="medium",
    title="A member is of an unknown type",
    remediation="pack the files again as ordinary files",
    why=(
        "Readers take it for an ordinary file or pass it by; its data were examined as those "
        "of a file."
    ),
    example="a member of type V",
)
RULES = (
    *(MALFORMED, PATH, LINK, LINK_OUTSIDE, DEVICE, PRIVILEGED, DUPLICATE, TRAILING, SIZE, GLOBAL),
    *(SPARSE, UNKNOWN),
)
