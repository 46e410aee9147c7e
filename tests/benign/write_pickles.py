"""Writes small pickles with the standard library, numpy, pandas, scipy, scikit-learn and others,
joblib, dill and cloudpickle: what ordinary use of them leaves on disk.

Run with an environment that has them (`make test-frameworks`); the files and the versions that
wrote them are kept, so that the tests need none of these libraries.
"""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import enum
import functools
import importlib.metadata
import json
import operator
import pathlib
import pickle
import platform
import random
import re
import shutil
import sys
import types
import uuid
import warnings
import zoneinfo
from typing import Any

import category_encoders
import cloudpickle
import dill
import hmmlearn.hmm
import imblearn.ensemble
import imblearn.over_sampling
import imblearn.pipeline
import joblib
import numpy as np
import pandas as pd
import scipy.interpolate
import scipy.optimize
import scipy.sparse
import scipy.spatial
import scipy.spatial.distance
import scipy.special
import scipy.stats
import sklearn.calibration
import sklearn.cluster
import sklearn.compose
import sklearn.datasets
import sklearn.decomposition
import sklearn.ensemble
import sklearn.feature_extraction.text
import sklearn.gaussian_process
import sklearn.impute
import sklearn.isotonic
import sklearn.linear_model
import sklearn.metrics
import sklearn.model_selection
import sklearn.naive_bayes
import sklearn.neighbors
import sklearn.neural_network
import sklearn.pipeline
import sklearn.preprocessing
import sklearn.svm
import sklearn.tree

HERE = pathlib.Path(__file__).parent
LIBRARIES = (
    "numpy pandas scipy scikit-learn joblib dill cloudpickle imbalanced-learn category_encoders"
    " hmmlearn"
)
X, Y = sklearn.datasets.make_classification(24, 4, n_informative=3, n_redundant=0, random_state=0)
POSITIVE = np.abs(X) + 0.1
TARGET = X[:, 0] + Y


def standard() -> dict[str, Any]:
    """The data types of Python."""
    return {
        "containers": {
            "ordered": collections.OrderedDict(a=1),
            "default": collections.defaultdict(list, a=[1]),
            "counter": collections.Counter("abca"),
            "deque": collections.deque([1, 2], 3),
            "chain": collections.ChainMap({"a": 1}),
            "sets": [{1, 2}, frozenset({(1, "a")})],
        },
        "times": [
            dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
            dt.timezone(dt.timedelta(hours=1)),
            zoneinfo.ZoneInfo("Europe/Berlin"),
            {dt.date(2020, 1, 1): dt.time(1, 2)},
        ],
        "values": [
            decimal.Decimal("1.5"),
            complex(1, 2),
            slice(1, 3),
            range(4),
            uuid.UUID(int=5),
            pathlib.PurePosixPath("a/b"),
            re.compile(r"\w+", re.IGNORECASE),
            bytearray(b"ab"),
            types.SimpleNamespace(a=1),
            random.Random(1).getstate()[0],
            type(None),
            Ellipsis,
            re.IGNORECASE,
            enum.Enum,
        ],
        "functions": [
            functools.partial(np.clip, a_min=0, a_max=1),
            operator.itemgetter(1),
            operator.attrgetter("a.b"),
            str.lower,
            re.compile("a+").findall,
            " ".join,
            len,
            np.log1p,
            scipy.special.expit,
            np.random.default_rng,
        ],
    }


def arrays() -> dict[str, Any]:
    """numpy, pandas and scipy."""
    days = pd.date_range("2020", periods=3, tz="UTC")
    x = np.arange(6.0)
    return {
        "arrays": [
            np.arange(3),
            np.array([1, None, "a"], dtype=object),
            np.ma.array([1, 2], mask=[True, False]),
            np.matrix([[1.0]]),
            np.zeros(2, dtype=[("a", "O"), ("b", "f4", (2,))]),
            np.array(["a", "b"]),
            np.array(["2020-01-01"], dtype="M8[D]"),
            np.asfortranarray(np.ones((2, 2))),
            {np.float64(1.5): np.str_("a")},
            np.recarray(1, dtype=[("a", "i4")]),
            np.float32,
            np.dtype("i8"),
        ],
        "random": [
            np.random.RandomState(1),
            np.random.default_rng(1),
            np.random.Generator(np.random.Philox(1)),
        ],
        "frame": pd.DataFrame(
            {
                "a": [1, 2, 3],
                "b": ["x", None, "z"],
                "c": pd.Categorical(["u", "v", "u"], ordered=True),
                "d": days,
                "e": pd.array([1, None, 3], dtype="Int64"),
                "f": pd.period_range("2020", periods=3, freq="M"),
                "g": pd.arrays.SparseArray([0, 0, 1]),
                "h": pd.interval_range(0, 3),
                "i": pd.array([True, None, False], dtype="boolean"),
            }
        ),
        "indexes": [
            pd.MultiIndex.from_product([[1, 2], ["a", "b"]], names=["n", "m"]),
            days,
            pd.timedelta_range("1D", periods=2),
            pd.CategoricalIndex(["a"]),
            pd.Timestamp("2020-01-01", tz="Europe/Berlin"),
            pd.Timedelta("1D"),
            pd.NaT,
            pd.NA,
            pd.offsets.BDay(2),
            pd.DateOffset(months=1),
            pd.Interval(0, 1),
        ],
        "sparse": [getattr(scipy.sparse.eye(3), "to" + kind)() for kind in ("csr", "coo", "dok")],
        "distributions": [
            scipy.stats.norm(1, 2),
            scipy.stats.randint(1, 5),
            scipy.stats.loguniform(1, 10),
            scipy.stats.multivariate_normal([0, 0]),
        ],
        "interpolation": [
            scipy.interpolate.interp1d(x, x),
            scipy.interpolate.CubicSpline(x, x),
            scipy.spatial.cKDTree(np.c_[x, x]),
            scipy.optimize.minimize(np.linalg.norm, [1.0, 2.0]),
        ],
    }


def models() -> dict[str, Any]:
    """Fitted estimators."""
    frame = pd.DataFrame(X, columns=list("abcd"))
    frame["e"] = ["u", "v"] * 12
    columns = sklearn.compose.ColumnTransformer(
        [
            ("numbers", sklearn.preprocessing.StandardScaler(), ["a", "b"]),
            ("texts", sklearn.preprocessing.OneHotEncoder(handle_unknown="ignore"), ["e"]),
            ("rest", "passthrough", ["c"]),
        ]
    )
    logistic = sklearn.linear_model.LogisticRegression
    forest = sklearn.ensemble.RandomForestClassifier(3, max_depth=3, random_state=0)
    histogram = sklearn.ensemble.HistGradientBoostingClassifier(max_iter=2)
    pipe = sklearn.pipeline.make_pipeline(columns, histogram).fit(frame, Y)
    transformer = sklearn.preprocessing.FunctionTransformer
    texts = sklearn.pipeline.make_pipeline(
        sklearn.feature_extraction.text.TfidfVectorizer(tokenizer=str.split, token_pattern=None),
        sklearn.naive_bayes.MultinomialNB(),
    )
    return {
        "pipeline": pipe,
        "texts": texts.fit(["a b", "c d"] * 4, [0, 1] * 4),
        "forest": forest.fit(X, Y),
        "boosting": sklearn.ensemble.GradientBoostingClassifier(n_estimators=2).fit(X, Y),
        "neighbours": sklearn.neighbors.KNeighborsClassifier(algorithm="kd_tree").fit(X, Y),
        "vectors": sklearn.svm.SVC().fit(X, Y),
        "descent": sklearn.linear_model.SGDClassifier().fit(X, Y),
        "gaussian": sklearn.gaussian_process.GaussianProcessRegressor(optimizer=None).fit(X, Y),
        "network": sklearn.neural_network.MLPClassifier(3, max_iter=2).fit(X, Y),
        "isotonic": sklearn.isotonic.IsotonicRegression().fit(X[:, 0], TARGET),
        "calibrated": sklearn.calibration.CalibratedClassifierCV(logistic(), cv=2).fit(X, Y),
        "search": sklearn.model_selection.GridSearchCV(
            logistic(),
            {"C": [1, 2]},
            cv=2,
            scoring=sklearn.metrics.make_scorer(sklearn.metrics.f1_score),
        ).fit(X, Y),
        "voting": sklearn.ensemble.VotingClassifier([("a", logistic()), ("b", forest)]).fit(X, Y),
        "stack": sklearn.ensemble.StackingClassifier([("a", logistic())], cv=2).fit(X, Y),
        "clusters": sklearn.cluster.KMeans(2, n_init=1).fit(X),
        "components": sklearn.decomposition.PCA(2).fit(X),
        "imputer": sklearn.impute.SimpleImputer().fit(X),
        "functions": [transformer(np.log1p).fit(POSITIVE), transformer(scipy.stats.zscore).fit(X)],
        "target": sklearn.compose.TransformedTargetRegressor(
            sklearn.linear_model.Ridge(), func=np.log1p, inverse_func=np.expm1
        ).fit(X, np.abs(TARGET)),
        "balanced": imblearn.pipeline.make_pipeline(
            imblearn.over_sampling.SMOTE(k_neighbors=2), logistic()
        ).fit(X, Y),
        "bagging": imblearn.ensemble.BalancedRandomForestClassifier(2).fit(X, Y),
        "encoder": category_encoders.TargetEncoder().fit(frame[["e"]], Y),
        "metric": sklearn.neighbors.KNeighborsClassifier(
            2, algorithm="ball_tree", metric=scipy.spatial.distance.braycurtis
        ).fit(POSITIVE, Y),
        "hidden": hmmlearn.hmm.GaussianHMM(2).fit(X[:, :1]),
    }


def main() -> None:
    warnings.simplefilter("ignore")
    folder = HERE / "pickles"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    plain = standard() | arrays()
    for name, value in plain.items():
        protocols = (2, 4, 5) if name in {"indexes", "interpolation"} else (0, 2, 4, 5)
        for protocol in protocols:  # some classes have no protocol 0
            (folder / f"{name}.{protocol}.pkl").write_bytes(pickle.dumps(value, protocol))
    fitted = models()
    for name, value in fitted.items():
        (folder / f"model_{name}.4.pkl").write_bytes(pickle.dumps(value, 4))
    for name in ("pipeline", "forest", "neighbours", "vectors"):
        for protocol in (0, 2, 5):
            data = pickle.dumps(fitted[name], protocol)
            (folder / f"model_{name}.{protocol}.pkl").write_bytes(data)
    some = {"frame": plain["frame"], "array": np.arange(3), "model": fitted["pipeline"]}
    (folder / "some.dill.pkl").write_bytes(dill.dumps(some))
    (folder / "some.cloudpickle.pkl").write_bytes(cloudpickle.dumps(some))
    joblib.dump(some, folder / "some.joblib")
    joblib.dump([*plain["arrays"], fitted["forest"]], folder / "arrays.joblib")
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES.split()}
    versions["python"] = platform.python_version()
    target = HERE / "write_pickles.versions.json"
    target.write_text(json.dumps(versions, indent=2, sort_keys=True) + "\n")
    sys.stdout.write(f"{len(list(folder.iterdir()))} files\n")


if __name__ == "__main__":
    main()
