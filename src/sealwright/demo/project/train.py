"""Trains a logistic regression on each data set that it was given and writes model/model.onnx."""

import csv
from pathlib import Path

import numpy as np
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FEATURES = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]


def main() -> None:
    """Reads, fits, writes."""
    rows = []
    for path in sorted(Path("data").glob("*.csv")):  # the sandbox shows the declared inputs alone
        with path.open(newline="", encoding="utf-8") as file:
            rows += list(csv.DictReader(file))
    features = np.array([[float(row[name]) for name in FEATURES] for row in rows], dtype=np.float32)
    labels = np.array([int(row["high"]) for row in rows])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    model.fit(features, labels)
    converted = to_onnx(model, features[:1], options={"zipmap": False})
    Path("model").mkdir(exist_ok=True)
    Path("model/model.onnx").write_bytes(converted.SerializeToString())
    print(f"trained on {len(rows)} patients; accuracy there {model.score(features, labels):.3f}")


if __name__ == "__main__":
    main()
