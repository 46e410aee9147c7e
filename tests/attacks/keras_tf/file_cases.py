"""Attacks through HDF5 files and TensorFlow's graphs, written by `write_files.py`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from tests.attacks.keras_tf.case import Case

FILES = Path(__file__).parent / "files"
_RULES = {
    "dense_attribute.h5": "SW-KERAS-001",
    "huge_attribute.h5": "SW-KERAS-001",
    "soft_link.h5": "SW-KERAS-001",
    "object_reference.h5": "SW-KERAS-001",
    "chunked_text.h5": "SW-KERAS-001",
    "compound_text.h5": "SW-KERAS-001",
    "virtual_dataset.h5": "SW-H5-004",
    "external_storage.h5": "SW-H5-002",
    "external_link.h5": "SW-H5-003",
    "external_link_dense.h5": "SW-H5-003",
    "opaque_pickle.h5": "SW-PKL-001",
    "byte_pickle.h5": "SW-PKL-001",
    "pytables_attribute.h5": "SW-PKL-001",
    "user_block.h5": "SW-PKL-001",
    "trailing_pickle.h5": "SW-PKL-001",
    "write_file.saved_model.pb": "SW-TF-005",
    "read_file.saved_model.pb": "SW-TF-005",
    "print_file.saved_model.pb": "SW-TF-005",
    "py_func.saved_model.pb": "SW-TF-004",
    "save_constant.saved_model.pb": "SW-TF-010",
    "table_constant.saved_model.pb": "SW-TF-010",
    "nested_graph.saved_model.pb": "SW-TF-011",
    "asset_outside.saved_model.pb": "SW-TF-012",
    "frozen_read.pb": "SW-TF-005",
    "read_file.meta": "SW-TF-005",
    "keras2_lambda_metadata.pb": "SW-KERAS-001",
}
_TEXT = b"""saved_model_schema_version: 1
meta_graphs {
  graph_def { node { name: "w" op: "WriteFile" input: "n" input: "c" } }
}
"""

CASES: tuple[Case, ...] = (
    *(
        Case(name=name, rule=rule, path=name, build=partial(Path.read_bytes, FILES / name))
        for name, rule in _RULES.items()
    ),
    Case(name="graph_as_text", rule="SW-TF-005", path="saved_model.pbtxt", build=lambda: _TEXT),
    Case(
        name="graph_as_text_without_danger",
        rule="SW-SCAN-003",
        path="saved_model.pbtxt",
        build=lambda: _TEXT.replace(b"WriteFile", b"AddV2"),
        ends="inconclusive",
    ),
)
