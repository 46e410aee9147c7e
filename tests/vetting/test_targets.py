"""Names that configurations point at: what is known to be harmless, what is known to be
dangerous.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.vetting.pickle.policy import Entry, Label, Policy
from sealwright.vetting.targets import judge_name, outright

POLICY = Policy(
    entries={
        ("sklearn.svm", "SVC"): Entry(name="sklearn.svm.SVC", role="class"),
        ("numpy", "load_it"): Entry(name="numpy.load_it", role="reduce"),
    },
    labels={
        "evil.*": Label(name="evil.*", what="does evil"),
        "mostly.fine.bad": Label(name="mostly.fine.bad", what="does one evil thing"),
    },
)


@pytest.mark.parametrize(
    "name",
    [
        *("torch.nn.Linear", "torch.nn.modules.linear.Linear", "torch.optim.adamw.AdamW"),
        *("torch.optim.lr_scheduler.StepLR", "torchmetrics.Accuracy", "lightning.pytorch.Trainer"),
        *("pytorch_lightning.callbacks.ModelCheckpoint", "collections.OrderedDict"),
        *("nemo.collections.asr.modules.ConformerEncoder", "sklearn.svm.SVC", "torch.device"),
        "nemo.collections.asr.modules.audio_preprocessing.AudioToMelSpectrogramPreprocessor",
    ],
)
def test_classes_that_only_build_something_are_harmless(name: str) -> None:
    judged = judge_name(name, POLICY)
    assert judged.harmless
    assert not judged.dangerous


@pytest.mark.parametrize(
    "name",
    [
        *("lightning.pytorch.loggers.tensorboard.TensorBoardLogger", "lightning.Trainer"),
        *("pytorch_lightning.loggers.csv_logs.CSVLogger", "torchmetrics.classification.EER"),
        *("torchvision.transforms.Compose", "torchvision.transforms.v2.ToDtype"),
        *("torchvision.models.resnet18", "sklearn.ensemble.RandomForestClassifier"),
        *("sklearn.pipeline.Pipeline", "lightgbm.LGBMRegressor", "xgboost.XGBClassifier"),
        *("transformers.BertConfig", "transformers.get_linear_schedule_with_warmup"),
    ],
)
def test_public_names_of_ordinary_libraries_are_harmless(name: str) -> None:
    assert judge_name(name, Policy()).harmless


@pytest.mark.parametrize(
    "name",
    [
        *("transformers.AutoConfig", "transformers.DetrConfig", "transformers.BertModel"),
        *("torchvision.datasets.MNIST", "torchvision.models.get_model", "lightgbm.Booster"),
        *("lightgbm.Dataset", "xgboost.Booster", "xgboost.DMatrix", "sklearn.datasets.load_files"),
        *("sklearn.datasets.fetch_openml", "torchmetrics.text.BERTScore", "lightning.Fabric"),
        *("sklearn.calibration.Parallel", "lightning.pytorch.loggers.comet.CometLogger"),
    ],
)
def test_what_reads_or_fetches_what_its_arguments_name_is_not_harmless(name: str) -> None:
    assert not judge_name(name, Policy()).harmless


@pytest.mark.parametrize(
    "name",
    [
        *("os.system", "posix.system", "builtins.exec", "__builtin__.eval", "exec", "eval"),
        *("subprocess.Popen", "a.b.subprocess.run", "torch.nn.os.system", "torch.hub.load"),
        *("nemo.collections.asr.models.os.system", "importlib.import_module", "evil.thing"),
        *(
            "mostly.fine.bad",
            "torch.nn.Linear.__class__",
            "numpy.testing.runstring",
            "pickle.loads",
        ),
        *("lightning.pytorch.builtins.exec", " os.system ", "joblib.load", "operator.methodcaller"),
    ],
)
def test_what_runs_or_loads_something_is_dangerous(name: str) -> None:
    judged = judge_name(name, POLICY)
    assert judged.dangerous
    assert judged.because
    assert not judged.harmless


@pytest.mark.parametrize(
    "name",
    [
        *(
            "mine.Net",
            "torch.nn.Evil",
            "torch.nn.functional",
            "nemo.collections.x.Model",
            "Net",
            "",
        ),
        *(
            "numpy.load_it",
            "mostly.fine.good",
            "functools.partial",
            "my.code.Model",
            "a..b",
            "a.b c",
        ),
        *("nemo.collections.asr.models.restore", "profile.views.Page", "src.types.Thing"),
    ],
)
def test_everything_else_is_for_a_person(name: str) -> None:
    judged = judge_name(name, POLICY)
    assert not judged.harmless
    assert not judged.dangerous


def test_only_some_names_are_meant_to_run_something_wherever_they_stand() -> None:
    assert outright("os.system")
    assert outright("builtins.exec")
    assert not outright("pandas.io.clipboard")


@given(st.text(max_size=60) | st.from_regex(r"[a-z._]{1,40}", fullmatch=True))
def test_any_text_is_judged(name: str) -> None:
    judged = judge_name(name, POLICY)
    assert not (judged.harmless and judged.dangerous)
