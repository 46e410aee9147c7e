"""Examines NumPy archives (.npz) within a zip: every array, and members that are none.

numpy.load opens a member whose bytes begin as an array as one, whatever its name, and gives the
bytes of all others; so each is visited by its content, and this layout only says what is odd.
"""

from __future__ import annotations

from collections.abc import Collection

from sealwright.vetting.archives.interface import ZipLayout
from sealwright.vetting.archives.zip_archive import Archive, Entry
from sealwright.vetting.formats.npy_header import MAGIC
from sealwright.vetting.interface import Examining, Rule, quoted

NO_ARRAY = Rule(
    id="SW-NPZ-001",
    effect="fail",
    severity="high",
    title="A member of an archive of arrays is no array",
    why=(
        "numpy.savez writes arrays only. A member that is called .npy and is none is damaged or "
        "something else in disguise: loaders that trust the name give it to another reader."
    ),
    example="weights.npz with the member w.npy that begins as a pickle",
    remediation="write the archive again with numpy.savez",
    atlas=("AML.T0074", "AML.T0011.000"),
    cwe=(646,),
)


def recognise(archive: Archive) -> bool:
    """More than half of the members are called .npy, and some begin as an array."""
    files = [entry for entry in archive.entries if not entry.is_folder]
    named = [entry for entry in files if entry.name.casefold().endswith(".npy")]
    if 2 * len(named) <= len(files):
        return False
    return any(archive.peek(entry, 6) == MAGIC for entry in named[:16])


def examine(archive: Archive, examining: Examining) -> Collection[Entry]:
    """Says which members are called arrays and are none. All are left for the visit by content."""
    for entry in archive.entries:
        if entry.name.casefold().endswith(".npy") and archive.peek(entry, 6) != MAGIC:
            message = f"member {quoted(entry.name)} is no NumPy array"
            examining.find(NO_ARRAY, message, offset=entry.header)
    return ()


LAYOUT = ZipLayout(
    id="npz",
    title="NumPy archive",
    recognise=recognise,
    examine=examine,
    rules=(NO_ARRAY,),
)
