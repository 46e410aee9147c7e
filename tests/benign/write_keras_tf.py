"""Writes small models with Keras 3, Keras 2 (tf_keras), TensorFlow and h5py, as their users do.

Run with an environment that has them (`make test-frameworks`); the files and the versions that
wrote them are kept, so that the tests need none of these libraries.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"

import h5py
import keras
import numpy as np
import tensorflow as tf
import tf_keras
from keras import layers

HERE = Path(__file__).parent
FOLDER = HERE / "keras_tf"


def keras3() -> None:
    """Sequential, functional and nested models; weights alone; text and image layers."""
    small = keras.Sequential(
        [
            layers.Input((4,)),
            layers.Dense(4, activation="relu", kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.Dropout(0.1),
            layers.Dense(2, activation="softmax"),
        ]
    )
    small.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    small.fit(np.zeros((8, 4)), np.zeros((8, 1), dtype="int32"), verbose=0)
    small.save(FOLDER / "sequential.keras")
    small.save(FOLDER / "sequential.h5")
    small.save_weights(FOLDER / "sequential.weights.h5")
    (FOLDER / "sequential.json").write_text(small.to_json())
    lite = tf.lite.TFLiteConverter.from_keras_model(small).convert()
    (FOLDER / "sequential.tflite").write_bytes(lite)

    start = layers.Input((5, 3))
    x = layers.Bidirectional(layers.LSTM(2, return_sequences=True))(start)
    y = layers.TimeDistributed(layers.Dense(3))(x)
    z = layers.Add()([y, layers.MultiHeadAttention(1, 2)(y, y)])
    end = layers.Dense(1, kernel_initializer=keras.initializers.VarianceScaling())(
        layers.GlobalAveragePooling1D()(keras.ops.relu(z) * 2.0)
    )
    functional = keras.Model(start, end)
    rate = keras.optimizers.schedules.CosineDecay(0.1, 100)
    functional.compile(
        keras.optimizers.SGD(rate),
        keras.losses.Huber(),
        metrics=[keras.metrics.MeanAbsoluteError()],
    )
    functional.fit(np.zeros((8, 5, 3)), np.zeros((8, 1)), verbose=0)
    functional.save(FOLDER / "functional.keras")
    functional.save(FOLDER / "functional.h5")

    words = layers.TextVectorization(max_tokens=20, output_sequence_length=5)
    words.adapt(["a b c", "d e f"])
    text = keras.Sequential(
        [keras.Input((1,), dtype=tf.string), words, layers.Embedding(20, 2), layers.Flatten()]
    )
    text.save(FOLDER / "text.keras")
    text.export(FOLDER / "text_saved_model", verbose=False)

    scale = layers.Normalization()
    scale.adapt(np.arange(30.0).reshape(10, 3))
    nested = keras.Sequential(
        [layers.Input((3,)), scale, keras.Sequential([layers.Dense(2)]), layers.Dense(1)]
    )
    nested.save(FOLDER / "nested.h5")
    images = keras.Sequential(
        [
            layers.Input((8, 8, 3)),
            layers.RandomFlip(),
            layers.Rescaling(1 / 255),
            layers.Conv2D(2, 3, activation="gelu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(3, dtype="mixed_float16"),
        ]
    )
    images.save(FOLDER / "images.keras")


def keras2() -> None:
    """The H5, SavedModel and v3 formats of Keras 2, with operations as layers."""
    small = tf_keras.Sequential([tf_keras.layers.Dense(2, input_shape=(4,), activation="relu")])
    small.compile("adam", "mse", metrics=["mae"])
    small.fit(np.zeros((8, 4)), np.zeros((8, 2)), verbose=0)
    small.save(FOLDER / "keras2.h5")
    small.save(FOLDER / "keras2.keras")
    small.save(FOLDER / "keras2_saved_model", save_format="tf")
    start = tf_keras.Input((5, 3))
    x = tf_keras.layers.Bidirectional(tf_keras.layers.GRU(2, return_sequences=True))(start)
    x = tf.nn.relu(tf.math.reduce_mean(x, axis=1)) * 2 + 1
    model = tf_keras.Model(start, tf_keras.layers.Dense(1)(x[:, :3]))
    rate = tf_keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    model.compile(tf_keras.optimizers.legacy.SGD(rate), tf_keras.losses.Huber())
    model.save(FOLDER / "keras2_operations.h5")


class Table(tf.Module):
    """A variable and a vocabulary that is an asset."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.v = tf.Variable(tf.ones((3, 2)))
        self.asset = tf.saved_model.Asset(path)
        start = tf.lookup.TextFileInitializer(
            self.asset,
            tf.string,
            tf.lookup.TextFileIndex.WHOLE_LINE,
            tf.int64,
            tf.lookup.TextFileIndex.LINE_NUMBER,
        )
        self.table = tf.lookup.StaticVocabularyTable(start, 1)

    @tf.function(
        input_signature=[tf.TensorSpec([None, 3], tf.float32), tf.TensorSpec([None], tf.string)]
    )
    def __call__(self, x: tf.Tensor, words: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return x @ self.v, self.table.lookup(words)


def tensorflow_files() -> None:
    """SavedModels of both versions, checkpoints of both, a frozen graph."""
    with TemporaryDirectory() as folder:
        vocabulary = Path(folder, "vocabulary.txt")
        vocabulary.write_text("a\nb\nc\n")
        module = Table(str(vocabulary))
        tf.saved_model.save(module, str(FOLDER / "table"), signatures=module.__call__)
        tf.train.Checkpoint(v=module.v).save(str(FOLDER / "checkpoint" / "c"))
    graph = tf.Graph()
    with graph.as_default(), tf.compat.v1.Session() as session:
        x = tf.compat.v1.placeholder(tf.float32, [None, 3], name="x")
        y = tf.identity(x @ tf.compat.v1.get_variable("w", (3, 2)), "y")
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.train.Saver().save(session, str(FOLDER / "tensorflow1" / "m"))
        tf.compat.v1.saved_model.simple_save(
            session, str(FOLDER / "tensorflow1_saved_model"), {"x": x}, {"y": y}
        )
        frozen = tf.compat.v1.graph_util.convert_variables_to_constants(
            session, graph.as_graph_def(), ["y"]
        )
        (FOLDER / "frozen.pb").write_bytes(frozen.SerializeToString())


def hdf5_files() -> None:
    """Every kind of structure, in the oldest and the newest form that h5py writes."""
    for version, block in (("earliest", 0), ("v108", 0), ("latest", 1024)):
        with h5py.File(
            FOLDER / f"structures_{version}.h5", "w", libver=version, userblock_size=block
        ) as file:
            file.attrs["bytes"] = np.bytes_(b"fixed")
            file.attrs["texts"] = np.array(["x", "yy"], dtype=h5py.string_dtype())
            many = file.create_group("many")
            for number in range(40):
                many.create_group(f"sub{number:03d}").attrs["n"] = str(number)
            dense = file.create_group("dense")
            for number in range(20):
                dense.attrs[f"a{number}"] = f"value {number}"
            file["soft"] = h5py.SoftLink("/many")
            file["type"] = np.dtype("S10")
            file.create_dataset("typed", data=np.zeros(3, "S10"), dtype=file["type"])
            file.create_dataset("contiguous", data=np.arange(100.0))
            file.create_dataset(
                "chunked", data=np.arange(2000.0), chunks=(100,), compression="gzip", shuffle=True
            )
            file.create_dataset("lzf", data=np.arange(100.0), compression="lzf", fletcher32=True)
            file.create_dataset("growing", data=np.arange(99), maxshape=(None,), chunks=(9,))
            file.create_dataset("words", data=["hello", "world"], dtype=h5py.string_dtype())
            file.create_dataset("reference", data=many.ref, dtype=h5py.ref_dtype)
            file.create_dataset("rows", data=np.array([(1, b"aa")], dtype="i4,S4"))
            levels = h5py.enum_dtype({"A": 0, "B": 1}, basetype="i4")
            file.create_dataset("enumeration", data=np.array([0, 1]), dtype=levels)
            file.create_dataset("nothing", data=h5py.Empty("f4"))
            file.create_dataset("bytes", data=np.arange(50, dtype="u1"))


def main() -> None:
    """Writes everything anew."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    keras3()
    keras2()
    tensorflow_files()
    hdf5_files()
    versions = {
        "python": sys.version.split()[0],
        "keras": keras.__version__,
        "tf_keras": tf_keras.__version__,
        "tensorflow": tf.__version__,
        "h5py": h5py.__version__,
    }
    (HERE / "write_keras_tf.versions.json").write_text(json.dumps(versions, indent=2) + "\n")


if __name__ == "__main__":
    main()
