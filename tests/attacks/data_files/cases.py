"""One case for each technique, on top of files that ordinary libraries wrote (tests/benign)."""

from __future__ import annotations

import base64
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from tests.attacks.documents.case import Case

BENIGN = Path(__file__).parents[2] / "benign"
PICKLE = b"cos\nsystem\n(S'echo hidden'\ntR."
NEW_PICKLE = b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x0becho hidden\x85R."
R_OBJECT = b"A\n3\n263169\n197888\n5\nUTF-8\n5\n254\n"
_EXTENSION = {"ARROW:extension:name": "arrow.py_extension_type"}


def benign(name: str) -> bytes:
    """A file below tests/benign."""
    return (BENIGN / name).read_bytes()


def torch_archive() -> bytes:
    """A zip archive as torch writes it, whose pickle calls something."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("archive/data.pkl", NEW_PICKLE)
        archive.writestr("archive/version", "3\n")
    return made.getvalue()


def schema(
    of_table: Mapping[str, bytes | str] | None = None,
    of_column: Mapping[str, bytes | str] | None = None,
    *,
    nested: bool = False,
) -> Any:
    """A schema of one column, with these metadata; `nested`: those of the column in a list's."""
    import pyarrow as pa

    column = pa.field("x", pa.binary(), metadata=of_column)
    if nested:
        column = pa.field("outer", pa.struct([pa.field("list", pa.list_(column))]))
    return pa.schema([column], metadata=of_table)


def pickled(data: bytes = NEW_PICKLE) -> dict[str, bytes | str]:
    """The metadata of a column that pyarrow before 14.0.1 unpickles (CVE-2023-47248)."""
    return {**_EXTENSION, "ARROW:extension:metadata": data}


def arrow(kind: Any, *, stream: bool = False) -> bytes:
    """An Arrow file or stream of no rows."""
    import pyarrow as pa

    made = pa.BufferOutputStream()
    new = pa.ipc.new_stream if stream else pa.ipc.new_file
    with new(made, kind) as writer:
        writer.write_table(kind.empty_table())
    return bytes(made.getvalue())


def parquet(kind: Any, *, elsewhere: str = "") -> bytes:
    """A Parquet file of no rows; `elsewhere`: a file that its column chunks name."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    made = BytesIO()
    pq.write_table(kind.empty_table(), made)
    if not elsewhere:
        return made.getvalue()
    kept: list[Any] = []
    pq.write_table(pa.table({"x": [b"words"]}), BytesIO(), metadata_collector=kept)
    kept[0].set_file_path(elsewhere)
    made = BytesIO()
    kept[0].write_metadata_file(made)
    return made.getvalue()


def restored() -> bytes:
    """A Parquet file with a second Arrow schema; only that one has the extension type."""
    stream = arrow(schema(of_column=pickled()), stream=True)
    pairs = {"ARROW:sketch": base64.b64encode(stream)}
    return parquet(schema(of_table=pairs)).replace(b":sketch", b":schema")


_APPENDED = {
    "png": ("images/rgb.png", PICKLE),
    "jpeg": ("images/baseline.jpg", NEW_PICKLE),
    "gif": ("images/still.gif", bytes(64) + NEW_PICKLE),
    "webp": ("images/lossy.webp", PICKLE),
    "bmp": ("images/rgb.bmp", NEW_PICKLE),
    "multi-picture": ("images/several.mpo", NEW_PICKLE),
}
CASES = (
    *(
        Case(
            name=f"pickle-after-{kind}",
            data=benign(file) + payload,
            rule="SW-IMG-003",
            path=Path(file).name,
        )
        for kind, (file, payload) in _APPENDED.items()
    ),
    Case(
        name="torch-archive-after-png",
        data=lambda: benign("images/rgb.png") + torch_archive(),
        rule="SW-FMT-003",
        path="logo.png",
    ),
    Case(
        name="torch-archive-after-jpeg-is-scanned",
        data=lambda: benign("images/baseline.jpg") + torch_archive(),
        rule="SW-IMG-003",
        path="photo.jpg",
    ),
    Case(
        name="noise-after-gif",
        data=lambda: benign("images/still.gif") + bytes(range(255, 128, -1)) * 4,
        rule="SW-IMG-002",
        path="still.gif",
        ends="review",
    ),
    Case(
        name="noise-between-header-and-pixels-of-bmp",
        data=lambda: _with_gap(benign("images/rgb.bmp"), NEW_PICKLE),
        rule="SW-IMG-002",
        path="rgb.bmp",
        ends="review",
    ),
    Case(
        name="cve-2023-47248-arrow-file",
        data=lambda: arrow(schema(of_column=pickled())),
        rule="SW-ARROW-002",
        path="train.arrow",
    ),
    Case(
        name="cve-2023-47248-feather-deep-in-a-column",
        data=lambda: arrow(schema(of_column=pickled(PICKLE), nested=True)),
        rule="SW-ARROW-002",
        path="train.feather",
    ),
    Case(
        name="cve-2023-47248-arrow-stream",
        data=lambda: arrow(schema(of_column=pickled()), stream=True),
        rule="SW-ARROW-002",
        path="train.arrow",
    ),
    Case(
        name="cve-2023-47248-parquet",
        data=lambda: parquet(schema(of_column=pickled())),
        rule="SW-ARROW-002",
        path="train.parquet",
    ),
    Case(
        name="cve-2023-47248-parquet-schema", data=restored, rule="SW-ARROW-002", path="t.parquet"
    ),
    Case(
        name="extension-type-of-ray-with-a-pickle",
        data=lambda: parquet(
            schema(
                of_column={
                    "ARROW:extension:name": "ray.data.arrow_tensor_v2",
                    "ARROW:extension:metadata": NEW_PICKLE,
                }
            )
        ),
        rule="SW-ARROW-003",
        path="train.parquet",
    ),
    Case(
        name="pickle-in-the-metadata-of-petastorm",
        data=lambda: parquet(schema(of_table={"dataset-toolkit.unischema.v1": NEW_PICKLE})),
        rule="SW-ARROW-003",
        path="_common_metadata",
    ),
    Case(
        name="cve-2024-52338-r-object",
        data=lambda: parquet(schema(of_table={"r": R_OBJECT})),
        rule="SW-ARROW-003",
        path="train.parquet",
        ends="inconclusive",
    ),
    Case(
        name="column-of-pickled-objects",
        data=lambda: arrow(
            schema(of_column={"ARROW:extension:name": "ray.data.arrow_pickled_object"})
        ),
        rule="SW-ARROW-004",
        path="train.arrow",
        ends="review",
    ),
    Case(
        name="pickle-after-arrow-stream",
        data=lambda: arrow(schema(), stream=True) + NEW_PICKLE,
        rule="SW-ARROW-006",
        path="train.arrow",
    ),
    *(
        Case(
            name=f"parquet-elsewhere-{name}",
            data=lambda path=path: parquet(schema(), elsewhere=path),  # type: ignore[misc]
            rule="SW-PARQUET-002",
            path="_metadata",
            ends="review",
        )
        for name, path in (
            ("absolute", "/etc/passwd"),
            ("up", "part/../../secrets.parquet"),
            ("address", "https://example.org/part.parquet"),
            ("drive", "C:\\part.parquet"),
            ("share", "\\\\host\\part.parquet"),
        )
    ),
)


def _with_gap(image: bytes, payload: bytes) -> bytes:
    """A BMP image whose pixels start later."""
    start = int.from_bytes(image[10:14], "little")
    moved = (start + len(payload)).to_bytes(4, "little")
    return image[:10] + moved + image[14:start] + payload + image[start:]
