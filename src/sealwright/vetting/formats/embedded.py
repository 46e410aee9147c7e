"""Whether bytes that are a value in something else (an attribute, a text) are themselves a file."""

from __future__ import annotations

from sealwright.patterns import regex
from sealwright.vetting.interface import Buffer, Member
from sealwright.vetting.pickle.probe import would_act
from sealwright.vetting.recognise import PLAIN, candidates
from sealwright.vetting.session import Session

_MARKS = regex(
    rb"PK[\x03\x05]|\x1f\x8b\x08|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd|7z\xbc\xaf|\x93NUMPY|\x89HDF"
    rb"|\x7fELF|MZ|GGUF|\x80[\x01-\x05]|[\xca-\xcf]\xfe"
)
_OLD_PICKLE = regex(rb"[ci][\w.]+\r?\n[\w.]+\r?\n|\x93")


def is_file(data: Buffer, session: Session, *, strong: bool = False) -> bool:
    """Whether a format other than plain text would take the bytes.

    Old pickles have no mark: PyTables unpickles an attribute that ends with a full stop when it is
    read, so that is where one is looked for. `strong`: only what chance does not give, for
    values that may be any bytes: no weak fit, and no pickle that breaks before it imports anything.
    """
    from sealwright.vetting.registry import FORMATS

    session.spend(1)
    old = bytes(data[-1:]) == b"." and _OLD_PICKLE.search(data) is not None
    if not (old or _MARKS.match(data)):
        return False
    member = Member(path="value", data=data)
    fits = [(form.id, fit) for form, fit in candidates(member, FORMATS) if form.id not in PLAIN]
    if not strong:
        return bool(fits)
    return any(fit == "strong" and (form != "pickle" or would_act(data)) for form, fit in fits)
