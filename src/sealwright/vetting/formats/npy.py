"""Reads NumPy arrays (.npy) without NumPy: header, size of the data, and the pickle in object
arrays.

Layout: NEP 1 and numpy/lib/format.py. Several arrays may follow each other, as `numpy.save` to one
open file writes them; whatever else follows is no part of an array and is looked at by its content.
"""

from __future__ import annotations

from sealwright.vetting.formats.npy_header import MAGIC, Header, read_header
from sealwright.vetting.interface import Examining, Fit, Format, Member, Rule

_ATLAS = ("AML.T0076", "AML.T0011.000")
MAX_ARRAYS = 100_000

MALFORMED = Rule(
    id="SW-NPY-001",
    effect="fail",
    severity="high",
    title="The file is not a well-formed NumPy array",
    why=(
        "NumPy evaluates the header as a Python literal and takes type, shape and size from it. A "
        "header that NumPy itself would not write is damaged, or made to be read in two ways."
    ),
    example='b"\\x93NUMPY\\x01\\x00" + b"\\x10\\x00" + b"{\'descr\': \'<f4\'}"',
    remediation="do not load it; write the array again with numpy.save",
    atlas=_ATLAS,
    cwe=(20,),
)
SIZE = Rule(
    id="SW-NPY-002",
    effect="fail",
    severity="high",
    title="The array's type and shape ask for more data than the file holds",
    why=(
        "A reader allocates memory for the shape before it reads: a small file can ask for "
        "terabytes, and a reader in C can read past the end of its buffer."
    ),
    example="descr '<f8', shape (1099511627776,), followed by 8 bytes",
    remediation="do not load it; get the file again from its source",
    atlas=_ATLAS,
    cwe=(125, 789),
)
TRAILING = Rule(
    id="SW-NPY-003",
    effect="fail",
    severity="high",
    title="Bytes follow the array that belong to no array",
    why=(
        "NumPy ignores what follows the array, so anything can travel there: a pickle or a program "
        "that another part of an attack reads."
    ),
    example="numpy.save(f, weights); f.write(pickle.dumps(payload))",
    remediation="write the array again with numpy.save, and find out who appended the bytes",
    atlas=("AML.T0018.002", "AML.T0011.000"),
    cwe=(506,),
)
OBJECTS = Rule(
    id="SW-NPY-004",
    effect="note",
    severity="low",
    title="The array holds Python objects",
    why=(
        "Such an array is a pickle: NumPy loads it only with allow_pickle=True, and unpickling "
        "executes what the pickle says. The pickle is examined like any other."
    ),
    example="numpy.save('words.npy', numpy.array(['a', 'bc'], dtype=object))",
    remediation="store numbers or fixed-width text, so that nobody needs allow_pickle=True",
    atlas=("AML.T0011.000",),
    cwe=(502,),
)


def recognise(member: Member) -> Fit:
    """By the magic bytes."""
    return "strong" if member.data[:6] == MAGIC else "no"


def examine(examining: Examining) -> None:
    """Reads array after array to the end of the file."""
    data = examining.data
    offset = 0
    for _ in range(MAX_ARRAYS):
        header = read_header(data, offset)
        examining.parsed += header.start - offset
        examining.session.spend(1 + (header.start - offset) // 8)
        offset = _array(examining, header)
        if offset >= len(data):
            return
        if bytes(data[offset : offset + 6]) != MAGIC:
            break
    rest = len(data) - offset
    examining.find(TRAILING, f"{rest} bytes follow the array", offset=offset)
    examining.session.visit("trailing", memoryview(data)[offset:], within=examining.member)
    examining.parsed += rest


def _array(examining: Examining, header: Header) -> int:
    """Looks at one array's data; the offset behind it."""
    examining.fact("tensor", f"array {str(header.descr)[:200]} {list(header.shape)}")
    held = len(examining.data) - header.start
    if header.element.objects:
        return _objects(examining, header)
    if header.size > held:
        message = f"type and shape ask for {header.size} bytes of data, the file holds {held}"
        examining.find(SIZE, message, offset=header.start)
        examining.session.visit(
            "data", memoryview(examining.data)[header.start :], within=examining.member
        )
        examining.parsed += held
        return len(examining.data)
    examining.numbers += header.size
    return header.start + header.size


def _objects(examining: Examining, header: Header) -> int:
    """The pickle in place of an object array's data; the offset behind it."""
    from sealwright.vetting.formats.torch_pickle import examine_pickle

    examining.find(OBJECTS, "the elements are Python objects, in a pickle", offset=header.start)
    trace = examine_pickle(examining, start=header.start)
    examining.parsed += trace.end - header.start
    return len(examining.data) if trace.broken else trace.end


FORMAT = Format(
    id="npy",
    title="NumPy array",
    examines=(
        "Header versions 1.0 to 3.0, type, shape and size of the data, what follows; the pickle of "
        "an object array by the policy for pickles. The numbers are not judged."
    ),
    extensions=(".npy",),
    recognise=recognise,
    examine=examine,
    malformed=MALFORMED,
    rules=(MALFORMED, SIZE, TRAILING, OBJECTS),
)
