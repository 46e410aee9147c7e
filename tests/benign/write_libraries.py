"""Writes small pickles with the libraries that have a policy pack of their own: fitted models,
graphs, images, frames, as ordinary use of them leaves on disk.

Run with an environment that has them (`make test-frameworks`); the files and the versions that
wrote them are kept, so that the tests need none of these libraries.
"""

from __future__ import annotations

import importlib.metadata
import json
import pickle
import shutil
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np
import pandas as pd

HERE = Path(__file__).parent
FOLDER = HERE / "libraries"
LIBRARIES = (
    *("lightgbm", "xgboost-cpu", "catboost", "gensim", "networkx", "statsmodels"),
    *("imbalanced-learn", "category_encoders", "hmmlearn", "nltk", "pillow", "polars", "spacy"),
    *("optuna", "xarray", "sktime", "shap", "dill", "cloudpickle", "joblib", "numpy", "pandas"),
)
random = np.random.default_rng(0)
X = random.normal(size=(24, 3))
Y = (X[:, 0] > 0).astype(int)
R = X @ np.array([1.0, 2.0, 3.0])
FRAME = pd.DataFrame(X, columns=["a", "b", "c"])


def keep(name: str, value: object, protocol: int | None = None) -> None:
    (FOLDER / f"{name}.pkl").write_bytes(pickle.dumps(value, protocol))


def keep_joblib(name: str, value: object, compress: int = 3) -> None:
    joblib.dump(value, FOLDER / f"{name}.joblib", compress=compress)


def boosters() -> None:
    import catboost
    import lightgbm
    import xgboost

    light = {"n_estimators": 2, "num_leaves": 3, "min_child_samples": 2, "verbose": -1}
    keep("lightgbm_classifier.4", lightgbm.LGBMClassifier(**light).fit(FRAME, Y))
    keep("lightgbm_booster.2", lightgbm.LGBMRegressor(**light).fit(X, R).booster_, 2)
    keep_joblib("lightgbm_regressor", lightgbm.LGBMRegressor(**light).fit(X, R))
    trees = {"n_estimators": 2, "max_depth": 2}
    keep("xgboost_regressor.4", xgboost.XGBRegressor(**trees).fit(FRAME, R))
    keep("xgboost_booster.2", xgboost.XGBRegressor(**trees).fit(X, R).get_booster(), 2)
    keep_joblib("xgboost_classifier", xgboost.XGBClassifier(**trees).fit(X, Y))
    cat = {"iterations": 2, "depth": 2, "verbose": 0, "allow_writing_files": False}
    keep("catboost_classifier.4", catboost.CatBoostClassifier(**cat).fit(X, Y))
    keep("catboost_regressor.2", catboost.CatBoostRegressor(**cat).fit(X, R), 2)


def texts() -> None:
    from gensim import corpora, models

    sentences = [["a", "b", "c"], ["b", "c", "d"], ["a", "d", "e"]] * 4
    words = corpora.Dictionary(sentences)
    bags = [words.doc2bow(sentence) for sentence in sentences]
    keep("gensim_tfidf.4", models.TfidfModel(bags, id2word=words))
    keep("gensim_lda.4", models.LdaModel(bags, num_topics=2, id2word=words, random_state=0))
    vectors = models.Word2Vec(sentences, vector_size=3, min_count=1, seed=0)
    vectors.save(str(FOLDER / "gensim_word2vec.model"))
    keep("gensim_vectors.2", vectors.wv, 2)

    import nltk

    labelled = [({"x": i % 3, "y": i % 2 == 0}, "ab"[i % 2]) for i in range(12)]
    tagged = [[("a", "D"), ("b", "N"), ("c", "V")]]
    keep("nltk_bayes.4", nltk.NaiveBayesClassifier.train(labelled))
    keep("nltk_tree.2", nltk.DecisionTreeClassifier.train(labelled), 2)
    fallback = nltk.UnigramTagger(tagged, backoff=nltk.DefaultTagger("N"))
    keep("nltk_tagger.4", nltk.BigramTagger(tagged, backoff=fallback))
    keep("nltk_counts.4", nltk.ConditionalFreqDist([("a", 1), ("b", 2), ("a", 2)]))
    keep("nltk_stemmer.4", nltk.SnowballStemmer("english"))
    keep("nltk_grammar.4", nltk.CFG.fromstring('S -> A B\nA -> "a"\nB -> "b"'))

    from spacy.vectors import Vectors

    table = np.ones((2, 3), dtype=np.float32)
    keep("spacy_vectors.4", Vectors(data=table, keys=["a", "b"]))


def statistics() -> None:
    import statsmodels.api as sm
    import statsmodels.formula.api as smf

    keep("statsmodels_ols.4", sm.OLS(R, sm.add_constant(X)).fit())
    keep("statsmodels_formula.4", smf.ols("a ~ np.log(b ** 2 + 1) + C(c > 0)", FRAME).fit())
    keep("statsmodels_glm.2", sm.GLM(Y, X, family=sm.families.Poisson()).fit(), 2)
    keep("statsmodels_arima.4", sm.tsa.ARIMA(np.round(R, 1), order=(1, 0, 0)).fit())

    smoothing = sm.tsa.ETSModel(pd.Series(R - R.min() + 1), error="add", trend="add")
    keep("statsmodels_smoothing.4", smoothing.fit(disp=False))

    from hmmlearn import hmm

    keep("hmmlearn_gaussian.4", hmm.GaussianHMM(2, random_state=0).fit(X))

    import category_encoders as encoders

    names = pd.DataFrame({"c": list("abc") * 8})
    keep("category_encoders_target.4", encoders.TargetEncoder(cols=["c"]).fit(names, Y))

    from imblearn.over_sampling import SMOTE
    from imblearn.pipeline import make_pipeline
    from sklearn.linear_model import LogisticRegression

    rare = np.r_[np.zeros(17, int), np.ones(7, int)]
    keep_joblib("imblearn_pipeline", make_pipeline(SMOTE(), LogisticRegression()).fit(X, rare))

    from sktime.forecasting.naive import NaiveForecaster

    series = pd.Series(R, index=pd.period_range("2020-01", periods=24, freq="M"))
    keep("sktime_naive.4", NaiveForecaster(sp=12).fit(series, fh=[1, 2]))


def data() -> None:
    import networkx as nx

    graph = nx.path_graph(4)
    views = (graph.nodes, graph.edges, graph.adj, graph.degree)
    keep("networkx_graph.4", (graph, *views))
    multi = nx.MultiDiGraph()
    multi.add_edge("a", "b", w=1)
    keep("networkx_multi.2", (multi, multi.edges), 2)

    keep("networkx_subgraph.4", (graph.subgraph([0, 1]), nx.freeze(nx.path_graph(2))))

    import io

    from PIL import Image

    keep("pillow_rgb.4", Image.new("RGB", (3, 2), (1, 2, 3)))
    buffer = io.BytesIO()
    Image.new("P", (4, 4)).save(buffer, "PNG")
    keep("pillow_png.2", Image.open(io.BytesIO(buffer.getvalue())), 2)

    import polars as pl

    frame = pl.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    keep("polars_frame.4", {"frame": frame, "series": frame["a"], "schema": frame.schema})

    import xarray

    keep("xarray_dataset.4", xarray.Dataset({"a": ("t", R)}, coords={"t": range(24)}))
    nodes = {"/": xarray.Dataset({"a": 1}), "/b": xarray.Dataset({"c": ("t", R)})}
    keep("xarray_tree.4", xarray.DataTree.from_dict(nodes))

    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    keep_joblib("optuna_study", study)

    import shap

    keep("shap_explanation.4", shap.Explanation(values=X, data=X, feature_names=["a", "b", "c"]))


def by_reference() -> None:
    import cloudpickle
    import dill

    value = {"array": X, "frame": FRAME, "types": [int, dict, X.dtype], "numbers": {1, 2.5}}
    (FOLDER / "dill_plain.pkl").write_bytes(dill.dumps(value))
    (FOLDER / "cloudpickle_plain.pkl").write_bytes(cloudpickle.dumps(value))


def main() -> None:
    warnings.filterwarnings("ignore")
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    writers: tuple[Callable[[], None], ...] = (boosters, texts, statistics, data, by_reference)
    for write in writers:
        write()
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES}
    versions = {"python": sys.version.split()[0], **versions}
    (HERE / "write_libraries.versions.json").write_text(json.dumps(versions, indent=2) + "\n")


if __name__ == "__main__":
    main()
