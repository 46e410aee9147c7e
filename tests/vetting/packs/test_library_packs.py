"""Packs of machine learning libraries: ordinary objects pass, and what reads files, imports, runs
programs or loads pointers stays out."""

from __future__ import annotations

import ast
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.vetting.packs.load import builtin_policy
from sealwright.vetting.pickle.formulas import formula_reason
from sealwright.vetting.scan import scan_paths
from tests.vetting.pickle.assemble import (
    build,
    call,
    listed,
    mapped,
    met,
    name,
    new,
    number,
    raw,
    several,
    text,
    verdict,
)

BENIGN = Path(__file__).parents[2] / "benign" / "libraries"
ALLOWED = (
    *("lightgbm.basic.Booster", "lightgbm.sklearn.LGBMClassifier", "xgboost.core.Booster"),
    *("xgboost.sklearn.XGBRegressor", "catboost.core.CatBoostClassifier"),
    *("gensim.models.word2vec.Word2Vec", "gensim.models.keyedvectors.KeyedVectors"),
    *("networkx.classes.graph.Graph", "networkx.classes.reportviews.NodeView"),
    *("statsmodels.regression.linear_model.RegressionResultsWrapper",),
    *("statsmodels.tsa.arima.model.ARIMAResults", "nltk.probability.FreqDist"),
    *("nltk.tag.sequential.BigramTagger", "PIL.Image.Image", "polars.dataframe.frame.DataFrame"),
    *("spacy.lang.en.English", "spacy.vectors.unpickle_vectors", "optuna.study.study.Study"),
    *("xarray.core.dataset.Dataset", "sktime.forecasting.naive._naive.NaiveForecaster"),
    *("prophet.forecaster.Prophet", "shap._explanation.Explanation"),
)
GADGETS = (
    *("lightgbm.basic.Dataset", "lightgbm.basic._InnerPredictor", "xgboost.core.DMatrix"),
    *("xgboost.core.QuantileDMatrix", "xgboost.tracker.RabitTracker", "catboost.core.Pool"),
    *("catboost.utils.read_cd", "gensim.utils.unpickle", "gensim.utils.SaveLoad.load"),
    *("gensim.utils.check_output", "gensim.downloader.load", "gensim.similarities.docsim.Shard"),
    *("gensim.similarities.docsim.Similarity", "networkx.utils.backends._dispatchable"),
    *("networkx.utils.backends._restore_dispatchable", "networkx.lazy_imports.attach"),
    *("networkx.readwrite.gml.read_gml", "statsmodels.iolib.smpickle.load_pickle"),
    *("statsmodels.tsa.x13.run_spec", "statsmodels.formula.api.ols", "patsy.dmatrices"),
    *("patsy.eval.EvalEnvironment.eval", "patsy.highlevel.dmatrix", "nltk.data.LazyLoader"),
    *("nltk.data.load", "nltk.corpus.util.LazyCorpusLoader", "nltk.internals.java"),
    *("nltk.collections.LazyMap", "nltk.downloader.download", "nltk.tag.hunpos.HunposTagger"),
    *("nltk.picklesec.pickle_load", "PIL.Image.open", "PIL.ImageFont.FreeTypeFont"),
    *("PIL.ImageShow.UnixViewer", "PIL.ImageMath.eval", "PIL.ImageMath.unsafe_eval"),
    *("PIL.PdfParser.PdfParser", "polars.lazyframe.frame.LazyFrame", "polars.expr.expr.Expr"),
    *("polars.io.csv.functions.read_csv", "spacy.util.load_model", "spacy.util.import_file"),
    *("spacy.cli.download.download", "thinc.model.Model", "srsly.pickle_loads"),
    *("srsly.cloudpickle.loads", "optuna.storages._rdb.storage.RDBStorage"),
    *("optuna.storages.journal._file.JournalFileBackend", "optuna._imports.try_import"),
    *("xarray.backends.file_manager.CachingFileManager", "xarray.backends.api.open_dataset"),
    *("cmdstanpy.utils.command.do_command", "cmdstanpy.install_cmdstan.main"),
    *("numba.core.serialize.custom_rebuild", "numba.core.serialize._unpickle__CustomPickled"),
    *("shap.utils._general.OpChain", "sktime.registry._craft.craft", "slicer.UnifiedSlicer"),
    *("hmmlearn.utils.os.system", "imblearn.LazyLoader", "category_encoders.datasets.load_x"),
    *("optuna.integration.lightgbm.train", "prophet.models.StanBackendEnum.get_backend_class"),
)


PIECES = (
    *("x", "C", "I", "np.log", "np", ".load", "(", "(", ")", ")", "[", "]", "'a'", '"', "1", " "),
    *(
        "~",
        "+",
        "**",
        ":",
        ",",
        "=",
        "lambda",
        "__class__",
        "eval",
        "\n",
        "2.",
        "not",
        "if",
        "else",
    ),
)
"""Parts of formulas, sensible or not."""


def split(dotted: str) -> tuple[str, str]:
    """Module and name, for names whose modules are in lower case and not also classes."""
    module, _, last = dotted.rpartition(".")
    return module, last


def built(dotted: str, state: bytes) -> bytes:
    return build(new(name(dotted)), state)


@pytest.mark.parametrize("path", sorted(BENIGN.iterdir()), ids=lambda path: path.name)
def test_files_of_these_libraries_pass(path: Path) -> None:
    outcome = scan_paths([path])
    assert [seen.finding.message for seen in outcome.observations] == []
    assert outcome.verdict == "pass"


@pytest.mark.parametrize("dotted", ALLOWED)
def test_ordinary_names_are_in(dotted: str) -> None:
    assert builtin_policy().entry(*split(dotted)) is not None


@pytest.mark.parametrize("dotted", GADGETS)
def test_what_reads_imports_or_runs_is_in_no_pack(dotted: str) -> None:
    assert builtin_policy().entry(*split(dotted)) is None
    assert verdict(new(name(dotted))) in {"fail", "review"}
    assert verdict(call(name(dotted), text("x"))) == "fail"


class TestPointers:
    @pytest.mark.parametrize("attribute", ["_handle", "handle"])
    def test_lightgbm_takes_only_text(self, attribute: str) -> None:
        dotted = "lightgbm.basic.Booster"
        assert verdict(built(dotted, mapped(text(attribute), text("a model")))) == "pass"
        assert verdict(built(dotted, mapped(text(attribute), number(4096)))) == "fail"

    def test_the_last_of_two_handles_does_not_hide_the_first(self) -> None:
        state = mapped(text("handle"), number(7), text("handle"), text("a model"))
        assert verdict(built("lightgbm.basic.Booster", state)) == "fail"

    def test_xgboost_takes_only_bytes(self) -> None:
        dotted = "xgboost.core.Booster"
        assert verdict(built(dotted, mapped(text("handle"), raw(b"a model")))) == "pass"
        assert verdict(built(dotted, mapped(text("handle"), number(4096)))) == "fail"

    def test_catboost_takes_only_bytes(self) -> None:
        dotted = "catboost.core.CatBoostClassifier"
        assert verdict(built(dotted, mapped(text("__model"), raw(b"a model")))) == "pass"
        assert verdict(built(dotted, mapped(text("__model"), text("/tmp/x")))) == "fail"

    def test_a_tree_that_points_outside_of_itself_is_found_in_a_pickle(
        self, tmp_path: Path
    ) -> None:
        body = (BENIGN / "lightgbm_classifier.4.pkl").read_bytes()
        at = body.index(b"left_child=") + len(b"left_child=")
        path = tmp_path / "model.pkl"
        path.write_bytes(body[:at] + b"7" + body[at + 1 :])
        assert scan_paths([path]).verdict == "fail"

    def test_polars_holds_no_addresses(self) -> None:
        dotted = "polars.series.series.Series"
        assert verdict(built(dotted, raw(b"an arrow stream"))) == "pass"
        assert verdict(built(dotted, raw(b"with POLARS_EXTENSION_TYPE"))) == "fail"
        assert verdict(built(dotted, text("no bytes"))) == "fail"


class TestFormulas:
    @pytest.mark.parametrize(
        "formula",
        [
            *("y ~ x", "y ~ x1 + C(group, Treatment(reference='a')) * np.log(x2)"),
            *("np.log1p(y) ~ I(x ** 2) + x:z - 1", "y ~ Q('a column') + bs(x, df=4)"),
            *(
                "y ~ 0 + x / (a + b)",
                "y ~ C(x > 1.5e3) + scale(z)",
                "y ~ bs(x, knots=[1, 2], degree=3) + C(g, levels=['a', 'b'])",
            ),
        ],
    )
    def test_ordinary_ones(self, formula: str) -> None:
        assert formula_reason(formula) == ""

    @pytest.mark.parametrize(
        "formula",
        [
            *("y ~ I(__import__('os').system('id'))", "y ~ eval('1')", "y ~ np.load('x')"),
            *("y ~ x.__class__", "y ~ (lambda: 1)()", "y ~ np.ctypeslib.load_library('x', 'y')"),
            *("y ~ open ('/etc/passwd')", "y ~ C(x)(1)", "y ~ {x}", "y ~ `x`(1)", "y ~ a[0](1)"),
            *("y ~ exec\n('1')", "y ~ \uff45val('1')", "y ~ I(os.system('id'))", "y ~ 1 .real"),
            *("y ~ [x][0](1)", "y ~ 'a'[0]", "y ~ x [0]", "y ~ C(x) [0] (1)", "y ~ lambda: 1"),
            *("y ~ np.log.__call__(x)", "y ~ 'a'.format(x)", "y ~ np.log(x).tofile('x')"),
        ],
    )
    def test_what_could_run_something(self, formula: str) -> None:
        assert formula_reason(formula) != ""

    @given(st.lists(st.sampled_from(PIECES), max_size=12))
    def test_only_calls_of_the_list_get_through(self, pieces: list[str]) -> None:
        formula = "".join(pieces)
        if formula_reason(formula):
            return
        for side in formula.replace(":", "+").split("~"):
            try:
                tree = ast.parse(side.strip(), mode="eval")
            except SyntaxError:
                continue
            for node in ast.walk(tree):
                assert not isinstance(node, ast.Subscript | ast.Lambda | ast.Await)
                if isinstance(node, ast.Call):
                    assert ast.unparse(node.func) in {"C", "np.log", "I"}

    @pytest.mark.parametrize("kind", ["ModelData", "PandasData", "PatsyData"])
    def test_data_evaluate_only_ordinary_ones(self, kind: str) -> None:
        dotted = f"statsmodels.base.data.{kind}"
        good = mapped(text("formula"), text("y ~ x"), text("restore_model_spec"), number(1))
        evil = mapped(text("formula"), text("y ~ I(__import__('os').system('id'))"))
        made = mapped(text("formula"), call(name("builtins.str"), text("y ~ x")))
        assert verdict(built(dotted, good)) == "pass"
        assert verdict(built(dotted, evil)) == "fail"
        assert verdict(built(dotted, made)) == "fail"


class TestFiles:
    @pytest.mark.parametrize("part", ["__numpys", "__scipys", "__recursive_saveloads"])
    def test_gensim_names_only_attributes(self, part: str) -> None:
        dotted = "gensim.models.word2vec.Word2Vec"
        assert verdict(built(dotted, mapped(text(part), listed(text("vectors"))))) == "pass"
        assert verdict(built(dotted, mapped(text(part), listed(text("/../../tmp/x"))))) == "fail"
        assert verdict(built(dotted, mapped(text(part), text("vectors")))) == "fail"

    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            ("/usr/lib/python3/site-packages/prophet/stan_model/prophet_model.bin", "pass"),
            ("/tmp/x", "fail"),
            ("prophet/stan_model/prophet_model.bin", "fail"),
            ("/a/../prophet/stan_model/prophet_model.bin", "fail"),
        ],
    )
    def test_stan_models_run_prophets_own_program(self, path: str, expected: str) -> None:
        state = mapped(text("_exe_file"), text(path))
        assert verdict(built("cmdstanpy.model.CmdStanModel", state)) == expected


class TestImages:
    def state(self, mode: str, sides: tuple[int, ...], held: bytes) -> bytes:
        size = several(*(number(side) for side in sides))
        return listed(mapped(), text(mode), size, listed(), raw(held))

    def test_as_many_bytes_as_the_size_says(self) -> None:
        assert verdict(built("PIL.Image.Image", self.state("L", (2, 3), b"123456"))) == "pass"
        assert verdict(built("PIL.Image.Image", self.state("L", (60_000, 60_000), b"1"))) == "fail"

    def test_modes_and_sizes_are_pillows_own(self) -> None:
        assert verdict(built("PIL.Image.Image", self.state("ZZ", (1, 1), b"1"))) == "fail"
        assert verdict(built("PIL.Image.Image", self.state("L", (1, 1, 1), b"1"))) == "fail"
        assert verdict(built("PIL.Image.Image", self.state("L", (-1, 1), b"1"))) == "fail"
        assert verdict(built("PIL.Image.Image", listed(number(1)))) == "fail"


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("harmless",)


class TestPicklesWithin:
    def vocab(self, inner: bytes) -> bytes:
        table = call(name("spacy.strings.StringStore"), listed())
        return call(
            name("spacy.vocab.unpickle_vocab"),
            *(table, mapped(), mapped(), mapped(), inner, mapped(), mapped()),
        )

    def test_a_vocabulary_of_data(self) -> None:
        assert verdict(self.vocab(raw(pickle.dumps({66: "x"}, 4)))) == "pass"

    @pytest.mark.parametrize("inner", [b"cos\nsystem\n(S'id'\ntR.", b"no pickle", b""])
    def test_takes_only_what_is_examined(self, inner: bytes) -> None:
        assert "SW-PKL-006" in met(self.vocab(raw(inner)))

    def test_what_it_unpickles_is_judged(self, tmp_path: Path) -> None:
        path = tmp_path / "vocab.pkl"
        inner = raw(pickle.dumps({66: Evil()}, 4))
        path.write_bytes(b"\x80\x04" + self.vocab(inner) + b".")
        outcome = scan_paths([path])
        assert outcome.verdict == "fail"
        assert any("print" in seen.finding.message for seen in outcome.observations)
