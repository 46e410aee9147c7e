"""Keras 3 archives (.keras) within a zip: the members that Keras reads by their names are what they
must be. What they hold is examined by content like any other member."""

from __future__ import annotations

import json
from collections.abc import Collection

from sealwright.errors import MalformedError
from sealwright.vetting import documents
from sealwright.vetting.archives.interface import ZipLayout
from sealwright.vetting.archives.zip_archive import Archive, Entry
from sealwright.vetting.hdf5.bytes import SIGNATURE
from sealwright.vetting.interface import Examining, Rule, quoted

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"

BROKEN = Rule(
    id="SW-KERAS-011",
    effect="fail",
    severity="high",
    title="A part of a Keras archive is not what its name says",
    remediation="do not load it; get the model again from its source",
    why="Keras reads these members by their names. One that is damaged or of another format was "
    "made for a reader other than Keras, or to mislead one who looks at the archive.",
    example="model.keras whose model.weights.h5 is a pickle",
    atlas=("AML.T0076", "AML.T0074"),
    cwe=(20, 646),
)


def recognise(archive: Archive) -> bool:
    """A configuration, and one of the members that Keras writes beside it."""
    names = {entry.name for entry in archive.entries}
    return CONFIG in names and bool({METADATA, WEIGHTS} & names)


def examine(archive: Archive, examining: Examining) -> Collection[Entry]:
    """Says what is not what it must be. All members are left for the visit by content, but for a
    configuration in an encoding that only Python's JSON reader takes."""
    taken: list[Entry] = []
    for entry in archive.entries:
        if entry.name in (CONFIG, METADATA):
            if _configuration(archive, entry, examining):
                taken.append(entry)
        elif entry.name == WEIGHTS and archive.peek(entry, len(SIGNATURE)) != SIGNATURE:
            message = f"member {quoted(entry.name)} is no HDF5 file"
            examining.find(BROKEN, message, offset=entry.header)
    return taken


def _configuration(archive: Archive, entry: Entry, examining: Examining) -> bool:
    """Whether the member was examined here."""
    data = bytes(archive.read(entry) or b"")
    encoding = json.detect_encoding(data)
    what = entry.name
    try:
        if encoding in ("utf-8", "utf-8-sig"):
            documents.parse_json(data, examining.session)
            return False
        documents.examine_json(data.decode(encoding), examining, what=what)
    except (MalformedError, UnicodeDecodeError) as error:
        why = error.message if isinstance(error, MalformedError) else str(error.reason)
        examining.find(BROKEN, f"member {quoted(what)}: {why}", offset=entry.header)
        return False
    return True


LAYOUT = ZipLayout(
    id="keras",
    title="Keras 3 archive",
    recognise=recognise,
    examine=examine,
    rules=(BROKEN,),
)
