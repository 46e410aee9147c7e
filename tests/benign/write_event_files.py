"""Writes small TFRecord files and event files of TensorBoard with torch, TensorFlow, Keras and
tensorboardX.

Run with an environment that has them and tensorboard; a library that is not there leaves its files
out. The files and the versions that wrote them are kept, so that the tests need none of these
libraries.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "event_files"
VERSIONS = Path(__file__).with_suffix(".versions.json")


def _keep(folder: str, name: str) -> None:
    """Keeps the two largest event files of a folder."""
    found = [path for path in Path(folder).rglob("*tfevents*") if path.is_file()]
    for number, path in enumerate(sorted(found, key=lambda each: -each.stat().st_size)[:2]):
        shutil.copyfile(path, HERE / f"events.out.tfevents.{name}.{number}")


def _write_all(writer: Any) -> None:
    """What the writers of torch and tensorboardX have in common."""
    import numpy as np

    rng = np.random.default_rng(0)
    for step in range(4):
        writer.add_scalar("loss/train", 1 / (step + 1), step)
        writer.add_scalars("both", {"a": step, "b": -step}, step)
        writer.add_histogram("weights", rng.random(50), step)
    writer.add_image("picture", rng.random((3, 8, 8)), 0)
    writer.add_text("notes", "# Training\n\nWhat the model *learns* from.", 0)
    writer.add_pr_curve("curve", np.array([0, 1, 1, 0]), np.array([0.1, 0.8, 0.7, 0.4]), 0)
    writer.add_custom_scalars({"losses": {"both": ["Multiline", ["loss/train"]]}})
    writer.add_hparams({"rate": 0.1, "name": "small", "frozen": True}, {"score": 0.9})
    writer.flush()


def torch() -> dict[str, str]:
    import torch
    from torch.utils.tensorboard import SummaryWriter

    with tempfile.TemporaryDirectory() as folder:
        writer = SummaryWriter(folder)
        _write_all(writer)
        layers = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2))
        writer.add_graph(layers, torch.zeros(1, 4))
        writer.add_audio("tone", torch.zeros(1, 40), 0, 8000)
        writer.add_mesh("mesh", torch.zeros(1, 3, 3), faces=torch.zeros(1, 1, 3, dtype=torch.int))
        writer.close()
        _keep(folder, "torch")
    return {"torch": torch.__version__, "tensorboard": version("tensorboard")}


def tensorboardx() -> dict[str, str]:
    from tensorboardX import SummaryWriter

    with tempfile.TemporaryDirectory() as folder:
        writer = SummaryWriter(folder)
        _write_all(writer)
        writer.close()
        _keep(folder, "tensorboardX")
    return {"tensorboardX": version("tensorboardX")}


def keras() -> dict[str, str]:
    import keras
    import numpy as np

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    with tempfile.TemporaryDirectory() as folder:
        callback = keras.callbacks.TensorBoard(folder, histogram_freq=1, update_freq=1)
        rows = np.zeros((8, 4)), np.zeros((8, 2))
        model.fit(*rows, epochs=2, verbose=0, callbacks=[callback], validation_data=rows)
        _keep(folder, "keras")
    return {"keras": keras.__version__}


def tensorflow() -> dict[str, str]:
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as folder:
        with tf.Graph().as_default() as graph:
            weights = tf.compat.v1.get_variable("weights", (4, 2))
            tf.compat.v1.train.Saver([weights])
            run = tf.compat.v1.summary.FileWriter(folder, graph)
            run.add_meta_graph(tf.compat.v1.train.export_meta_graph(graph=graph), 1)
        run.add_run_metadata(tf.compat.v1.RunMetadata(), "step 1")
        run.add_session_log(tf.compat.v1.SessionLog(status=tf.compat.v1.SessionLog.START), 1)
        run.close()
        _keep(folder, "tensorflow1")
    with tempfile.TemporaryDirectory() as folder:
        tf.summary.trace_on(graph=True)
        with tf.summary.create_file_writer(folder).as_default(0):
            tf.function(lambda x: x * 2 + 1)(tf.ones(3))
            tf.summary.trace_export("trace")
            tf.summary.write("raw", tf.constant(["a", "b"]))
        _keep(folder, "tensorflow")
    with tf.io.TFRecordWriter(str(HERE / "examples.tfrecord")) as records:
        for number in range(5):
            feature = {
                "image": tf.train.Feature(
                    bytes_list=tf.train.BytesList(
                        value=[tf.io.encode_png(tf.zeros((4, 4, 3), tf.uint8)).numpy()]
                    )
                ),
                "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[number, -1])),
                "size": tf.train.Feature(float_list=tf.train.FloatList(value=[0.5] * number)),
            }
            features = tf.train.Features(feature=feature)
            records.write(tf.train.Example(features=features).SerializeToString())
    with tf.io.TFRecordWriter(str(HERE / "words.tfrecord")) as records:
        for word in (b"", b"one", b"two\n" * 50):
            records.write(word)
    with tf.io.TFRecordWriter(str(HERE / "words.tfrecord.gz"), "GZIP") as records:
        records.write(b"three")
    return {"tensorflow": tf.__version__}


def main() -> None:
    """Writes what can be written, and keeps the versions of what wrote it."""
    HERE.mkdir(exist_ok=True)
    versions = json.loads(VERSIONS.read_text()) if VERSIONS.exists() else {}
    writers: tuple[Callable[[], dict[str, str]], ...] = (torch, tensorboardx, keras, tensorflow)
    for write in writers:
        try:
            versions |= write()
        except (ImportError, PackageNotFoundError) as error:
            sys.stderr.write(f"{write.__name__} left out: {error}\n")
    VERSIONS.write_text(json.dumps(versions, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
