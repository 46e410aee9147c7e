"""Pickle files: plain, joblib's with raw arrays between the opcodes, and several in one file.

Recognised by what the bytes do, not by their name: a text of protocol 0 that calls something is a
pickle, a list of words that begins with c is not.
"""

from __future__ import annotations

from sealwright.vetting.formats.torch_legacy import is_legacy
from sealwright.vetting.interface import Buffer, Fit, Format, Member
from sealwright.vetting.pickle import rules, stream_rules
from sealwright.vetting.pickle.opcodes import KNOWN
from sealwright.vetting.pickle.probe import headed, is_text, probe
from sealwright.vetting.pickle.streams import examine_streams

_TEXT_OPENS = b"(]})VSILFN"
"""How plain data of protocol 0 begins; what begins otherwise ends like a pickle by chance."""


def recognise(member: Member) -> Fit:
    """Strong: a PROTO opcode of protocols 2 to 5 and another opcode; or, whatever the first opcode,
    bytes that call something by a name that could be one, or that are pickles to their end.

    A file that begins with torch's magic number is left to its reader, which judges every pickle.
    """
    data = member.data
    if not len(data) or data[0] not in KNOWN or is_legacy(data):
        return "no"
    if headed(data) and data[1] >= 2:
        return "strong"
    return _headless(data)


def _headless(data: Buffer) -> Fit:
    found = probe(data)
    if found.act == "calls":
        return "strong"
    if found.act == "names":
        return "strong" if found.whole else "no" if is_text(data) else "weak"
    if found.whole:
        return "strong" if not is_text(data) else "weak" if data[0] in _TEXT_OPENS else "no"
    return "no"


FORMAT = Format(
    id="pickle",
    title="Python pickle",
    examines=(
        "Every opcode of protocols 0 to 5, as CPython's unpicklers read them: the names that are "
        "looked up, what is called with which arguments, the states that are set, by the policy "
        "packs. Several pickles in a file, joblib's raw arrays (whose numbers are not judged), and "
        "files inside constants."
    ),
    extensions=(".pkl", ".pickle", ".p", ".joblib", ".jl", ".dill", ".sav", ".pck", ".pcl"),
    recognise=recognise,
    examine=examine_streams,
    rules=(*rules.RULES, *stream_rules.RULES),
    executes=True,
)
