"""Attacks in NumPy files."""

from __future__ import annotations

import io
import zipfile
from functools import partial

from tests.attacks.tensors import pickles
from tests.attacks.tensors.case import Attack

NUMPY = "numpy.load 2.4, allow_pickle=True"


def array(header: str, data: bytes, *, version: tuple[int, int] = (1, 0)) -> bytes:
    """A file with this header."""
    raw = header.encode("utf-8") + b"\n"
    width = 2 if version == (1, 0) else 4
    return b"\x93NUMPY" + bytes(version) + len(raw).to_bytes(width, "little") + raw + data


def of(descr: str, shape: str, data: bytes) -> bytes:
    """An array by its type and shape as they stand in the header."""
    return array(f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}", data)


def _npz(*members: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name, content in members:
            made.writestr(name, content)
    return file.getvalue()


_COMMAND = frozenset({"SW-PKL-001", "SW-PKL-002"})
_MALFORMED = frozenset({"SW-NPY-001"})
_SIZE = frozenset({"SW-NPY-002"})
_GOOD = of("'<f4'", "(2,)", bytes(8))

CASES = (
    Attack(
        name="objects that run a command",
        file="words.npy",
        build=partial(of, "'|O'", "(1,)", pickles.calls()),
        rules=_COMMAND,
        executed_by=NUMPY,
    ),
    Attack(
        name="objects in one field of a record",
        file="table.npy",
        build=partial(of, "[('id', '<i4'), ('', '|V4'), ('o', '|O')]", "(1,)", pickles.calls()),
        rules=_COMMAND,
        executed_by=NUMPY,
    ),
    Attack(
        name="objects in a nested field with a shape",
        file="table.npy",
        build=partial(of, "[('a', [('b', '|O', (2,))])]", "(1,)", pickles.calls()),
        rules=_COMMAND,
        executed_by=NUMPY,
    ),
    Attack(
        name="objects without elements",
        file="empty.npy",
        build=partial(of, "'O'", "(0,)", pickles.calls()),
        rules=_COMMAND,
        executed_by=NUMPY,
    ),
    Attack(
        name="an array of objects in an archive",
        file="data.npz",
        build=partial(_npz, ("labels.npy", of("'|O'", "()", pickles.calls()))),
        rules=_COMMAND,
        executed_by=NUMPY,
    ),
    Attack(
        name="a pickle that is called .npy in an archive",
        file="data.npz",
        build=partial(
            _npz, ("a.npy", _GOOD), ("b.npy", _GOOD), ("labels.npy", b"\x80\x02" + pickles.calls())
        ),
        rules=frozenset({"SW-NPZ-001"}),
    ),
    Attack(
        name="a pickle after the array",
        file="weights.npy",
        build=lambda: _GOOD + b"\x80\x02" + pickles.calls(),
        rules=frozenset({"SW-NPY-003"}),
    ),
    Attack(
        name="a second array with objects",
        file="weights.npy",
        build=lambda: _GOOD + of("'|O'", "()", pickles.calls()),
        rules=_COMMAND,
    ),
    Attack(
        name="a shape of terabytes",
        file="weights.npy",
        build=partial(of, "'<f8'", "(1099511627776,)", bytes(8)),
        rules=_SIZE,
    ),
    Attack(
        name="a shape whose product overflows to a small number",
        file="weights.npy",
        build=partial(of, "'<f4'", "(4294967296, 4294967296, 2)", bytes(16)),
        rules=_MALFORMED | _SIZE,
    ),
    Attack(
        name="a negative shape",
        file="weights.npy",
        build=partial(of, "'<f4'", "(-1,)", bytes(16)),
        rules=_MALFORMED,
    ),
    Attack(
        name="a header that is code",
        file="weights.npy",
        build=partial(of, "__import__('os').system('touch pwned')", "(1,)", b""),
        rules=_MALFORMED,
    ),
    Attack(
        name="a header that hides the type in two strings",
        file="weights.npy",
        build=partial(of, "'|' 'O'", "(1,)", pickles.calls()),
        rules=_MALFORMED,
        executed_by=NUMPY,
    ),
    Attack(
        name="a header that hides the type as hexadecimal",
        file="weights.npy",
        build=partial(of, "'|\\x4f'", "(1,)", pickles.calls()),
        rules=_COMMAND,
        executed_by=NUMPY,
    ),
    Attack(
        name="a type that reinterprets numbers as pointers",
        file="weights.npy",
        build=partial(of, "('<i8', 'O')", "(1,)", bytes(8)),
        rules=_MALFORMED,
    ),
    Attack(
        name="a type with a comma",
        file="weights.npy",
        build=partial(of, "'f4,O'", "(1,)", pickles.calls()),
        rules=_MALFORMED,
        executed_by=NUMPY,
    ),
    Attack(
        name="a header that is nested without end",
        file="weights.npy",
        build=partial(of, "(" * 5000 + ")" * 5000, "(1,)", b""),
        rules=_MALFORMED,
    ),
    Attack(
        name="a header longer than the file",
        file="weights.npy",
        build=lambda: b"\x93NUMPY\x02\x00" + b"\xff\xff\xff\x7f" + b"{'descr': '<f4'",
        rules=_MALFORMED,
    ),
    Attack(
        name="a version that does not exist",
        file="weights.npy",
        build=partial(array, "{}", b"", version=(9, 0)),
        rules=_MALFORMED,
    ),
    Attack(
        name="a key that occurs twice",
        file="weights.npy",
        build=partial(
            array,
            "{'descr': '<f4', 'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
            pickles.calls(),
        ),
        rules=_MALFORMED,
        executed_by=NUMPY,
    ),
)
