# mypy: ignore-errors
# The frameworks are not in the environment of the type check.
"""Writes the attack files that need h5py and TensorFlow; they are kept, with the versions.

Run with an environment that has them (`make test-frameworks`). No payload does more than echo a
word, read a public file or write one below /tmp.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"

import h5py
import keras
import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

FILES = Path(__file__).parent / "files"
PICKLE = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x0becho pwned!\x85R."
OLD_PICKLE = b"cposix\nsystem\n(S'echo pwned'\ntR."


def lambda_config() -> str:
    """The configuration of a real model with a Lambda layer."""
    layer = keras.layers.Lambda(lambda x: __import__("os").system("echo pwned") or x)
    return keras.Sequential([keras.layers.Input((2,)), layer]).to_json()


def hdf5_files() -> None:
    """One file for each place where something can hide."""
    config = lambda_config()
    kept: list[h5py.Group] = []

    def write(name: str, fill: Callable[[h5py.File], object], **options: object) -> None:
        with h5py.File(FILES / f"{name}.h5", "w", **options) as file:
            fill(file)

    def dense(file: h5py.File) -> None:
        for number in range(30):
            file.attrs[f"note{number:02d}"] = f"value {number}"
        file.attrs["model_config"] = config

    def huge(file: h5py.File) -> None:
        file.attrs["pad"] = np.bytes_(b"x" * 70_000)
        file.attrs["model_config"] = np.bytes_(config.encode() + b" " * 70_000)

    def soft(file: h5py.File) -> None:
        file.create_group("a/b/c").attrs["model_config"] = config
        file["model"] = h5py.SoftLink("/a/b/c")

    def referenced(file: h5py.File) -> None:
        group = h5py.Group(h5py.h5g.create(file.id, None))
        group.attrs["model_config"] = config
        file.attrs["to"] = group.ref
        group.file.flush()
        kept.append(group)

    def virtual(file: h5py.File) -> None:
        layout = h5py.VirtualLayout(shape=(4,), dtype="u1")
        layout[:] = h5py.VirtualSource("/srv/other.h5", "d", shape=(4,))
        file.create_virtual_dataset("kernel", layout)

    def chunked(file: h5py.File) -> None:
        held = np.array([b"plain", config.encode()])
        file.create_dataset("configs", data=held, chunks=(1,), compression="gzip", shuffle=True)

    write("dense_attribute", dense, libver="latest")
    write("huge_attribute", huge, libver="latest")
    write("soft_link", soft)
    write("object_reference", referenced)
    write("virtual_dataset", virtual)
    write("chunked_text", chunked)
    write(
        "external_storage",
        lambda f: f.create_dataset(
            "kernel", shape=(12,), dtype="u1", external=[("/etc/hostname", 0, 12)]
        ),
    )
    write(
        "external_link",
        lambda f: f.__setitem__("layers", h5py.ExternalLink("/srv/other.h5", "/layers")),
    )
    write(
        "external_link_dense",
        lambda f: [
            f.__setitem__(f"l{n}", h5py.ExternalLink("/srv/other.h5", "/x")) for n in range(20)
        ],
        libver="latest",
    )
    write("opaque_pickle", lambda f: f.create_dataset("blob", data=np.void(PICKLE)))
    write(
        "byte_pickle",
        lambda f: f.create_dataset(
            "blob", data=np.frombuffer(PICKLE, dtype="u1"), chunks=(8,), compression="gzip"
        ),
    )
    write("pytables_attribute", lambda f: f.attrs.__setitem__("info", np.bytes_(OLD_PICKLE)))
    write(
        "compound_text",
        lambda f: f.create_dataset(
            "rows",
            data=np.array([(1, config.encode())], dtype=[("n", "i4"), ("c", f"S{len(config)}")]),
        ),
    )
    write("user_block", lambda f: f.attrs.__setitem__("x", 1), userblock_size=512)
    with (FILES / "user_block.h5").open("r+b") as file:
        file.write(PICKLE)
    write("trailing_pickle", lambda f: f.attrs.__setitem__("x", 1))
    with (FILES / "trailing_pickle.h5").open("ab") as file:
        file.write(PICKLE)


class Writer(tf.Module):
    """Overwrites a file when it is called; the operation stands in a function two calls down."""

    @tf.function
    def inner(self, x: tf.Tensor) -> tf.Tensor:
        tf.io.write_file("/tmp/sealwright-attack", "pwned")
        return x + 1

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        return self.inner(x) * 2


class Reader(tf.Module):
    """Gives the content of a file of the host."""

    @tf.function(input_signature=[])
    def __call__(self) -> tf.Tensor:
        return tf.io.read_file("/etc/hostname")


class Python(tf.Module):
    """Calls Python."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        return tf.numpy_function(lambda y: y, [x], tf.float32)


class Saver(tf.Module):
    """Saves a tensor under a name of its own."""

    @tf.function
    def inner(self, prefix: tf.Tensor) -> tf.Tensor:
        tf.raw_ops.SaveV2(
            prefix=tf.strings.join([prefix, ".x"]),
            tensor_names=["t"],
            shape_and_slices=[""],
            tensors=[tf.constant([1.0])],
        )
        return tf.constant(1)

    @tf.function(input_signature=[])
    def __call__(self) -> tf.Tensor:
        return self.inner(tf.constant("/tmp/sealwright-save"))


class Printer(tf.Module):
    """Prints into a file."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        tf.print("pwned", output_stream="file:///tmp/sealwright-print")
        return x


class Nested(tf.Module):
    """Runs a graph that stands as bytes in this one."""

    def __init__(self) -> None:
        super().__init__()
        graph = tf.Graph()
        with graph.as_default():
            tf.raw_ops.WriteFile(filename="/tmp/sealwright-nested", contents="pwned")
        self.hidden = graph.as_graph_def().SerializeToString()

    @tf.function(input_signature=[])
    def __call__(self) -> tf.Tensor:
        made = tf.raw_ops.DatasetFromGraph(graph_def=tf.constant(self.hidden))
        return tf.data.experimental.to_variant(made) if False else tf.shape(tf.reshape(made, [1]))


class Asset(tf.Module):
    """Reads a vocabulary, whose name is changed after saving."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.file = tf.saved_model.Asset(path)
        start = tf.lookup.TextFileInitializer(
            self.file,
            tf.string,
            tf.lookup.TextFileIndex.WHOLE_LINE,
            tf.int64,
            tf.lookup.TextFileIndex.LINE_NUMBER,
        )
        self.table = tf.lookup.StaticVocabularyTable(start, 1)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        return self.table.lookup(x)


def tensorflow_files() -> None:
    """SavedModels, a frozen graph and a meta graph."""
    with TemporaryDirectory() as folder:
        vocabulary = Path(folder, "vocabulary.txt")
        vocabulary.write_text("a\nb\n")
        modules = {
            "write_file": Writer(),
            "read_file": Reader(),
            "py_func": Python(),
            "save_constant": Saver(),
            "print_file": Printer(),
            "nested_graph": Nested(),
            "asset": Asset(str(vocabulary)),
        }
        for name, module in modules.items():
            place = Path(folder, name)
            tf.saved_model.save(module, str(place), signatures=None)
            shutil.copy(place / "saved_model.pb", FILES / f"{name}.saved_model.pb")
    model = saved_model_pb2.SavedModel()
    model.ParseFromString((FILES / "asset.saved_model.pb").read_bytes())
    model.meta_graphs[0].asset_file_def[0].filename = "../../../../etc/hostname"
    (FILES / "asset.saved_model.pb").unlink()
    (FILES / "asset_outside.saved_model.pb").write_bytes(model.SerializeToString())
    model.meta_graphs[0].ClearField("asset_file_def")
    for node in model.meta_graphs[0].graph_def.node:
        if node.name == "asset_path_initializer":
            node.op = "Const"
            del node.attr["shape"]
            node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto("/etc/hostname"))
    (FILES / "table_constant.saved_model.pb").write_bytes(model.SerializeToString())
    graph = tf.Graph()
    with graph.as_default():
        tf.io.read_file("/etc/hostname", name="y")
        (FILES / "frozen_read.pb").write_bytes(graph.as_graph_def().SerializeToString())
        meta = tf.compat.v1.train.export_meta_graph(graph=graph)
        (FILES / "read_file.meta").write_bytes(meta.SerializeToString())


def main() -> None:
    """Writes everything anew."""
    FILES.mkdir(exist_ok=True)
    for old in FILES.iterdir():
        if old.name != "keras2_lambda_metadata.pb":
            old.unlink()
    hdf5_files()
    tensorflow_files()
    versions = {
        "python": sys.version.split()[0],
        "h5py": h5py.__version__,
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
    }
    (FILES / "versions.json").write_text(json.dumps(versions, indent=2) + "\n")


if __name__ == "__main__":
    main()
