"""Writes small files with sentencepiece, nbformat, tomlkit, Flax, msgpack-numpy, spaCy, TensorFlow,
zstd and an XGBoost that still wrote its own binary form.

Run with an environment that has them; a library that is not there leaves its files out. The files
and the versions that wrote them are kept, so that the tests need none of these libraries.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "other_formats"
VERSIONS = Path(__file__).with_suffix(".versions.json")
WORDS = [
    "the quick brown fox jumps over the lazy dog",
    "a model learns from the data that it is given",
    "names, numbers and dates: 12 May 2024",
] * 20


def sentencepiece() -> dict[str, str]:
    import io

    import sentencepiece

    for kind in ("unigram", "bpe", "char"):
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(WORDS),
            model_writer=model,
            vocab_size=60,
            model_type=kind,
            hard_vocab_limit=False,
            minloglevel=2,
            normalization_rule_name="identity",
        )
        (HERE / f"{kind}.spm.model").write_bytes(model.getvalue())
    return {"sentencepiece": version("sentencepiece")}


def notebook() -> dict[str, str]:
    import nbformat
    from nbformat import v4

    cells = [
        v4.new_markdown_cell("# Training\n\nWhat the model learns from."),
        v4.new_code_cell("import numpy as np\n\nvalues = np.arange(10)\nvalues.mean()"),
        v4.new_code_cell("print('done')", outputs=[v4.new_output("stream", text="done\n")]),
    ]
    nbformat.write(v4.new_notebook(cells=cells), HERE / "training.ipynb")
    return {"nbformat": version("nbformat")}


def toml() -> dict[str, str]:
    import tomlkit

    document: Any = tomlkit.document()
    document.add(tomlkit.comment("What to train."))
    document["model"] = {"name": "small", "layers": [64, 32], "dropout": 0.1, "frozen": False}
    (HERE / "training.toml").write_text(tomlkit.dumps(document))
    return {"tomlkit": version("tomlkit")}


def tensorflow() -> dict[str, str]:
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        tf.add(tf.constant([1.0, 2.0]), tf.constant(3.0), name="sum")
    tf.io.write_graph(graph, str(HERE), "graph.pbtxt", as_text=True)
    return {"tensorflow": version("tensorflow-cpu")}


def xgboost() -> dict[str, str]:
    import numpy as np
    import xgboost

    rows = np.random.default_rng(0).random((60, 4))
    data = xgboost.DMatrix(rows, (rows[:, 0] > 0.5).astype(int))
    model = xgboost.train({"objective": "binary:logistic", "max_depth": 2}, data, 3)
    try:
        raw = model.save_raw(raw_format="deprecated")
    except xgboost.core.XGBoostError:
        return {}  # 3.1 and later do not write it any more
    (HERE / "booster.bin").write_bytes(raw)
    return {"xgboost with the binary form": xgboost.__version__}


def flax() -> dict[str, str]:
    import numpy as np
    from flax import serialization

    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    layer = {"kernel": values, "bias": values[0].astype(np.float16)}
    tree = {"params": {"dense": layer}, "step": 7}
    (HERE / "flax_model.msgpack").write_bytes(serialization.msgpack_serialize(tree))
    more = {"a": {}, "b": [values > 3, np.float64(1.5), 2 - 3j], "name": "größer", "none": None}
    (HERE / "two_keys.msgpack").write_bytes(serialization.msgpack_serialize(more))
    return {"flax": version("flax")}


def msgpack_numpy() -> dict[str, str]:
    import msgpack
    import msgpack_numpy
    import numpy as np

    mixed = np.array([(1, 2.0)], dtype=[("a", "<i4"), ("b", "<f8")])
    held = {"weights": np.eye(3), "scale": np.float32(2.0), "mixed": mixed, "rows": {1: [1, -1]}}
    raw = msgpack.packb(held, default=msgpack_numpy.encode)
    (HERE / "arrays.msgpack").write_bytes(raw)
    return {"msgpack": version("msgpack"), "msgpack-numpy": version("msgpack-numpy")}


def spacy() -> dict[str, str]:
    import spacy
    from thinc.api import Linear, Relu, chain

    folder = HERE / "spacy_parts"
    folder.mkdir(exist_ok=True)
    layers = chain(Relu(4, 3), Linear(2, 4))
    layers.initialize()
    layers.to_disk(folder / "model")
    language = spacy.blank("en")
    list(language.pipe(["Names and numbers: 12 May 2024."]))
    language.vocab.to_disk(folder / "vocab")
    return {"spacy": version("spacy"), "thinc": version("thinc")}


def zstd() -> dict[str, str]:
    text = "These are ordinary words in an ordinary file.\n" * 8
    packed = subprocess.run(
        ["zstd", "-q", "-c"], input=text.encode(), capture_output=True, check=True
    )
    (HERE / "words.txt.zst").write_bytes(packed.stdout)
    told = subprocess.run(["zstd", "--version"], capture_output=True, check=True, text=True)
    return {"zstd": told.stdout.strip().partition(" v")[2].partition(",")[0] or told.stdout.strip()}


def main() -> None:
    """Writes what can be written, and keeps the versions of what wrote it."""
    HERE.mkdir(exist_ok=True)
    versions = json.loads(VERSIONS.read_text()) if VERSIONS.exists() else {}
    writers: tuple[Callable[[], dict[str, str]], ...] = (
        *(sentencepiece, notebook, toml, flax, msgpack_numpy, spacy, tensorflow, xgboost, zstd),
    )
    for write in writers:
        try:
            versions |= write()
        except (ImportError, PackageNotFoundError, FileNotFoundError) as error:
            sys.stderr.write(f"{write.__name__} left out: {error}\n")
    VERSIONS.write_text(json.dumps(versions, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
