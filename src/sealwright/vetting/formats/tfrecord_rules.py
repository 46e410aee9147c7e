"""The rules of the reader of TFRecord files and event files."""

from __future__ import annotations

from sealwright.vetting.interface import Rule

MALFORMED = Rule(
    id="SW-TFREC-001",
    effect="fail",
    severity="medium",
    title="The file is not a well-formed TFRecord file",
    remediation="get the file again from its source",
    why="A length or a checksum is wrong, a record reaches beyond the end, or an event file holds "
    "what is no event. The file is damaged, or made for a reader that does not look.",
    example="train.tfrecord whose second record is longer than the file",
    atlas=("AML.T0076",),
    cwe=(20,),
)
CUT_OFF = Rule(
    id="SW-TFREC-002",
    effect="warn",
    severity="low",
    title="The last event of the file is cut off",
    remediation="nothing, if the run was ended or still goes on; else get the file again",
    why="A run that is killed, or copied while it writes, leaves half an event at the end. "
    "TensorBoard waits for the rest and shows the events before it. The half event was not "
    "examined.",
    example="events.out.tfevents.1700000000.host.1.0 of a run that ran out of memory",
)
UNVERIFIED = Rule(
    id="SW-TFREC-003",
    effect="note",
    severity="info",
    title="Not the checksum of every record was verified",
    remediation="read the file once with TensorFlow, if it may be damaged",
    why="The checksums of the records tell damage and no attack: whoever writes a file writes them "
    "as well. They are verified up to some megabytes. All lengths, their checksums and the content "
    "of the records are looked at.",
    example="a data set of 100 MB",
)
