"""Writes small files with scikit-learn, skops, the boosters, transformers, sentence-transformers,
torch and ONNX Runtime: what ordinary use of them leaves on disk.

Run with an environment that has them (`make test-frameworks`); the files and the versions that
wrote them are kept, so that the tests need none of these libraries. The chat templates beside them
were written by hand, after the constructs that published ones use.
"""

from __future__ import annotations

import json
import platform
import shutil
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import catboost
import lightgbm
import numpy as np
import onnx
import onnxruntime
import pandas as pd
import skops.io
import torch
import xgboost
from onnxruntime.quantization import quantize_dynamic
from sentence_transformers import SentenceTransformer, models
from skl2onnx import to_onnx
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from tokenizers import Tokenizer
from tokenizers import models as token_models
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

HERE = Path(__file__).parent / "documents"
LIBRARIES = (
    *("scikit-learn", "skops", "lightgbm", "catboost", "transformers", "sentence-transformers"),
    *("torch", "onnx", "skl2onnx", "onnxruntime", "numpy"),
)
ROWS = np.random.default_rng(0).normal(size=(60, 5)).astype("f")
LABELS = (ROWS[:, 0] > 0).astype(int)
TABLE = pd.DataFrame(ROWS, columns=list("abcde")).assign(g=pd.Categorical(["x", "y"] * 30))


def skops_files(folder: Path) -> None:
    text = ["red green blue", "green blue", "blue black red", "black red"] * 5
    columns = ColumnTransformer(
        [("n", StandardScaler(), list("abc")), ("c", OneHotEncoder(), ["g"])]
    )
    found = {
        "pipeline": make_pipeline(columns, LogisticRegression()).fit(TABLE, LABELS),
        "boosting": GradientBoostingClassifier(n_estimators=2).fit(ROWS, LABELS),
        "histogram": HistGradientBoostingRegressor(max_iter=2).fit(ROWS, LABELS),
        "text": make_pipeline(TfidfVectorizer(), SGDClassifier()).fit(text, [0, 1] * 10),
        "function": make_pipeline(FunctionTransformer(np.log1p), LinearRegression()).fit(
            abs(ROWS), LABELS
        ),
        "calibrated": CalibratedClassifierCV(LogisticRegression(), cv=2).fit(ROWS, LABELS),
        "isolation": IsolationForest(n_estimators=1, max_samples=8).fit(ROWS),
        "search": GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2).fit(ROWS, LABELS),
        "neighbours": KNeighborsClassifier().fit(ROWS, LABELS),
    }
    for name, model in found.items():
        skops.io.dump(model, folder / f"{name}.skops")


def boosters(folder: Path) -> None:
    quiet = {"n_estimators": 3, "num_leaves": 7, "verbose": -1}
    light = lightgbm.LGBMClassifier(**quiet, min_child_samples=5)
    light.fit(TABLE, LABELS).booster_.save_model(folder / "lightgbm.txt")
    (folder / "lightgbm.json").write_text(json.dumps(light.booster_.dump_model()))
    linear = lightgbm.LGBMRegressor(**quiet, linear_tree=True).fit(ROWS, ROWS[:, 1] * 3)
    linear.booster_.save_model(folder / "lightgbm_linear.txt")
    stump = lightgbm.LGBMClassifier(**quiet, min_data_in_leaf=900).fit(ROWS, LABELS)
    stump.booster_.save_model(folder / "lightgbm_stump.txt")
    extreme = xgboost.XGBClassifier(n_estimators=2, max_depth=3).fit(ROWS, LABELS)
    for name in ("xgboost.json", "xgboost.ubj"):
        extreme.save_model(folder / name)
    extreme.get_booster().dump_model(folder / "xgboost_dump.txt")
    extreme.get_booster().dump_model(folder / "xgboost_dump.json", dump_format="json")
    for name, settings, rows in (
        ("xgboost_linear.ubj", {"booster": "gblinear"}, ROWS),
        ("xgboost_dart.json", {"booster": "dart"}, ROWS),
        ("xgboost_categories.ubj", {"enable_categorical": True}, TABLE),
    ):
        model = xgboost.XGBRegressor(n_estimators=2, max_depth=3, **settings)
        model.fit(rows, LABELS).save_model(folder / name)
    cat = catboost.CatBoostClassifier(iterations=2, depth=3, verbose=0, allow_writing_files=False)
    cat.fit(ROWS, LABELS)
    for name, kind in (("cbm", "cbm"), ("json", "json"), ("pmml", "pmml"), ("onnx", "onnx")):
        cat.save_model(folder / f"catboost.{name}", format=kind)
    with_categories = catboost.CatBoostRegressor(
        iterations=2, depth=3, verbose=0, allow_writing_files=False, cat_features=["g"]
    )
    with_categories.fit(TABLE, LABELS).save_model(folder / "catboost_categories.cbm")


def huggingface(folder: Path) -> None:
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdef", "##a", "hello", "world"]
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(
            token_models.WordPiece({w: n for n, w in enumerate(words)}, unk_token="[UNK]")
        ),
        unk_token="[UNK]",
        pad_token="[PAD]",
    )
    templates = HERE / "chat_templates"
    tokenizer.chat_template = (templates / "turns.jinja").read_text()
    settings = BertConfig(
        vocab_size=len(words),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
        max_position_embeddings=16,
    )
    bert = folder / "bert"
    BertModel(settings).save_pretrained(bert, max_shard_size="1KB")
    tokenizer.save_pretrained(bert)
    modules = [models.Transformer(str(bert)), models.Pooling(8), models.Dense(8, 4)]
    SentenceTransformer(modules=[*modules, models.Normalize()]).save(str(folder / "sentences"))


def onnx_files(folder: Path) -> None:
    net = torch.nn.Sequential(
        *(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.ReLU()),
        *(torch.nn.Flatten(), torch.nn.Linear(2 * 36, 3)),
    ).eval()
    exported = folder / "torch.onnx"
    torch.onnx.export(net, (torch.randn(1, 1, 8, 8),), exported, dynamo=False)
    lstm = torch.nn.LSTM(4, 3, batch_first=True)
    torch.onnx.export(lstm, (torch.randn(1, 5, 4),), folder / "lstm.onnx", dynamo=False)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(folder / "optimised.onnx")
    onnxruntime.InferenceSession(exported, options, providers=["CPUExecutionProvider"])
    quantize_dynamic(exported, folder / "quantised.onnx")
    for name, one_file in (("one_file", True), ("many_files", False)):
        (folder / name).mkdir()
        onnx.save_model(
            onnx.load(exported),
            folder / name / "model.onnx",
            save_as_external_data=True,
            all_tensors_to_one_file=one_file,
            location="model.onnx.data" if one_file else None,
            size_threshold=0,
        )
    for name, model in (("neighbours", KNeighborsClassifier()), ("linear", LogisticRegression())):
        written = to_onnx(model.fit(ROWS, LABELS), ROWS[:1], target_opset={"": 18, "ai.onnx.ml": 3})
        (folder / f"{name}.onnx").write_bytes(written.SerializeToString())


def main(target: Path) -> None:
    warnings.simplefilter("ignore")
    for name, write in (
        ("skops", skops_files),
        ("boosters", boosters),
        ("huggingface", huggingface),
        ("onnx", onnx_files),
    ):
        folder = target / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        write(folder)
    versions = {"python": platform.python_version(), "xgboost": xgboost.__version__}
    versions |= {name: version(name) for name in LIBRARIES}
    (target.parent / "write_documents.versions.json").write_text(
        json.dumps(versions, indent=2) + "\n"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]) / "documents" if len(sys.argv) > 1 else HERE)
