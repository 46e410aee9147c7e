"""Whether bytes that are a value in something else (an attribute, a text) are themselves a file."""

from __future__ import annotations

from sealwright.patterns import regex
from sealwright.vetting.interface import Member
from sealwright.vetting.recognise import PLAIN, candidates
from sealwright.vetting.session import Session

_MARKS = regex(
    rb"PK[\x03\x05]|\x1f\x8b\x08|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd|7z\xbc\xaf|\x93NUMPY|\x89HDF"
    rb"|\x7fELF|MZ|GGUF|\x80[\x01-\x05]|[\xca-\xcf]\xfe"
)
_OLD_PICKLE = regex(rb"[ci][\w.]+\r?\n[\w.]+\r?\n|\x93")


def is_file(data: bytes, session: Session) -> bool:
    """Whether a format other than plain text would take the bytes.

    Old pickles have no mark: PyTables unpickles an attribute that ends with a full stop when it is
    read, so that is where one is looked for.
    """
    from sealwright.vetting.registry import FORMATS

    session.spend(1)
    old = data.endswith(b".") and _OLD_PICKLE.search(data) is not None
    if not (old or _MARKS.match(data)):
        return False
    member = Member(path="value", data=data)
    return any(form.id not in PLAIN for form, _ in candidates(member, FORMATS))
