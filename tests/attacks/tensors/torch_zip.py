"""Attacks in torch archives. Those with `executed_by` ran their payload, with weights_only=False.

torch 2.13 itself refuses archives with entries outside the first entry's folder; versions before it
did not.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from functools import partial

from tests.attacks.tensors import pickles
from tests.attacks.tensors.case import Attack

TORCH = "torch.load 2.13"
FOUR = bytes(16)


def archive(entries: Sequence[tuple[str, bytes]]) -> bytes:
    """A zip file with stored entries, as torch writes it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name, content in entries:
            made.writestr(zipfile.ZipInfo(name), content)
    return file.getvalue()


def checkpoint(
    data: bytes | None = None, *, records: Sequence[tuple[str, bytes]] = (), root: str = "archive"
) -> bytes:
    """A checkpoint with one storage of four floats, and `records` below its folder."""
    content = data if data is not None else pickles.state_dict(pickles.tensor())
    listed = [
        ("data.pkl", content),
        ("byteorder", b"little"),
        ("version", b"3\n"),
        ("data/0", FOUR),
    ]
    names = {name for name, _ in records}
    kept = [pair for pair in listed if pair[0] not in names]
    return archive([(f"{root}/{name}", raw) for name, raw in (*kept, *records)])


def _two_roots() -> bytes:
    harmless = pickles.state_dict(pickles.tensor())
    return archive(
        [
            ("b/version", b"3\n"),
            ("b/data/0", FOUR),
            ("a/data.pkl", harmless),
            ("a/version", b"3\n"),
            ("a/data/0", FOUR),
            ("b/data.pkl", pickles.calls()),
        ]
    )


def _decoy() -> bytes:
    """The checkpoint that a person finds is not below the folder that torch looks into."""
    harmless = pickles.state_dict(pickles.tensor())
    return archive(
        [
            ("x/version", b"3\n"),
            ("x/DATA.PKL", pickles.calls()),
            ("archive/data.pkl", harmless),
            ("archive/version", b"3\n"),
            ("archive/data/0", FOUR),
        ]
    )


def _package() -> bytes:
    return archive(
        [
            ("model/.data/extern_modules", b"os\n"),
            ("model/.data/version", b"6\n"),
            ("model/payload.py", b"import os\nos.system('touch pwned')\n"),
            ("model/model/model.pkl", b"cpayload\nThing\n)\x81."),
        ]
    )


def _pickle(data: bytes) -> bytes:
    return checkpoint(data)


_ELF = b"\x7fELF\x02\x01\x01" + bytes(57)
_STORAGE = frozenset({"SW-TORCH-002"})
_TENSOR = frozenset({"SW-TORCH-003"})
_ROOTS = frozenset({"SW-TORCH-004"})
_one = pickles.tensor
_state = pickles.state_dict

CASES = (
    Attack(
        name="a command in data.pkl",
        file="model.pt",
        build=partial(_pickle, pickles.calls()),
        rules=frozenset({"SW-PKL-001", "SW-PKL-002"}),
        executed_by=TORCH,
    ),
    Attack(
        name="a command beside tensors that are in order",
        file="model.pt",
        build=partial(
            _pickle,
            b"\x80\x02}("
            + pickles.text("w")
            + _one()
            + pickles.text("x")
            + pickles.COMMAND
            + b"u.",
        ),
        rules=frozenset({"SW-PKL-001", "SW-PKL-002"}),
        executed_by=TORCH,
    ),
    Attack(
        name="two folders with a checkpoint",
        file="model.pt",
        build=_two_roots,
        rules=_ROOTS,
    ),
    Attack(
        name="torch's own folder has DATA.PKL in capitals",
        file="model.pt",
        build=_decoy,
        rules=_ROOTS,
    ),
    Attack(
        name="data.pkl twice, different in case",
        file="model.pt",
        build=partial(checkpoint, records=[("Data.pkl", pickles.calls())]),
        rules=_ROOTS,
    ),
    Attack(
        name="a payload in a record that no tensor uses",
        file="model.pt",
        build=partial(checkpoint, records=[("data/99", pickles.calls())]),
        rules=frozenset({"SW-TORCH-005"}),
    ),
    Attack(
        name="a payload outside the folder",
        file="model.pt",
        build=lambda: archive(
            [
                ("archive/data.pkl", _state(_one())),
                ("archive/version", b"3\n"),
                ("archive/data/0", FOUR),
                ("setup.py", b"import os\n"),
            ]
        ),
        rules=frozenset({"SW-TORCH-005"}),
    ),
    Attack(
        name="a second pickle after the first",
        file="model.pt",
        build=partial(_pickle, _state(_one()) + pickles.calls()),
        rules=frozenset({"SW-TORCH-005", "SW-PKL-001"}),
    ),
    Attack(
        name="a storage with more elements than its record",
        file="model.pt",
        build=partial(_pickle, _state(_one(count=1_000_000))),
        rules=_STORAGE,
    ),
    Attack(
        name="bytes hidden behind the elements of a storage",
        file="model.pt",
        build=partial(checkpoint, records=[("data/0", FOUR + _ELF)]),
        rules=_STORAGE,
    ),
    Attack(
        name="a storage without a record",
        file="model.pt",
        build=partial(_pickle, _state(_one(key="7"))),
        rules=_STORAGE,
    ),
    Attack(
        name="a storage whose number of elements overflows",
        file="model.pt",
        build=partial(_pickle, _state(_one(count=1 << 62))),
        rules=_STORAGE,
    ),
    Attack(
        name="a storage with a negative number of elements",
        file="model.pt",
        build=partial(_pickle, _state(_one(count=-1))),
        rules=_STORAGE,
    ),
    Attack(
        name="a persistent id that is no storage",
        file="model.pt",
        build=partial(_pickle, b"\x80\x02(" + pickles.text("module") + b"cposix\nsystem\nNNtQ."),
        rules=_STORAGE,
    ),
    Attack(
        name="a persistent id that is a text",
        file="model.pt",
        build=partial(_pickle, b"\x80\x02P0\n."),
        rules=_STORAGE,
    ),
    Attack(
        name="a tensor beyond its storage",
        file="model.pt",
        build=partial(_pickle, _state(_one(offset=2))),
        rules=_TENSOR,
    ),
    Attack(
        name="a tensor whose stride leaves the storage",
        file="model.pt",
        build=partial(_pickle, _state(_one(size=(2, 2), stride=(1 << 61, 1)))),
        rules=_TENSOR,
    ),
    Attack(
        name="a tensor with a negative offset",
        file="model.pt",
        build=partial(_pickle, _state(_one(offset=-4))),
        rules=_TENSOR,
    ),
    Attack(
        name="a tensor without a storage",
        file="model.pt",
        build=partial(_pickle, b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(K\x01K\x00))tR."),
        rules=_TENSOR | {"SW-PKL-006"},
    ),
    Attack(
        name="native code of AOTInductor",
        file="model.pt2",
        build=lambda: archive(
            [
                ("model/version", b"0\n"),
                ("model/archive_format", b"pt2"),
                ("model/data/aotinductor/model/model.so", _ELF),
            ]
        ),
        rules=frozenset({"SW-TORCH-006"}),
    ),
    Attack(
        name="native code under a harmless name",
        file="model.pt",
        build=partial(checkpoint, records=[("extra/readme", _ELF)]),
        rules=frozenset({"SW-TORCH-006"}),
    ),
    Attack(
        name="Python source that runs at import (torch.package)",
        file="model.pt",
        build=_package,
        rules=frozenset({"SW-TORCH-007"}),
    ),
    Attack(
        name="a mark that holds a payload",
        file="model.pt",
        build=partial(checkpoint, records=[("byteorder", b"little" + bytes(4096))]),
        rules=frozenset({"SW-TORCH-008"}),
    ),
)
