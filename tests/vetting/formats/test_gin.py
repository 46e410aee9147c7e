"""Configurations of gin: what ordinary ones import passes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.vetting.formats import gin
from sealwright.vetting.interface import Member
from sealwright.vetting.packs.load import builtin_policy
from tests.vetting.examine import examine, rules

_T5X = """
from __gin__ import dynamic_registration
import __main__ as train_script
import seqio
from t5x import adafactor
from t5x import utils  # a comment
include 't5x/examples/t5/t5_1_1/base.gin'
OPTIMIZER = @adafactor.Adafactor()
train_script.train:
  model = %MODEL
  train_dataset_cfg = @train/utils.DatasetConfig()
"""
_OPERATIVE = """
import mesh_tensorflow.optimize
import t5.models.mesh_transformer
# Macros:
d_model = 768
AdafactorOptimizer.beta1 = 0.0
decoder/LayerStack.dropout_rate = None
run.optimizer = @optimize.AdafactorOptimizer
"""


def found(text: str) -> set[str]:
    work = examine(gin.FORMAT, text.encode(), path="model.gin", policy=builtin_policy())
    assert work.parsed == len(text.encode())
    return rules(work)


@pytest.mark.parametrize(
    "text", [_T5X, _OPERATIVE, "a.b = 1\n", "import numpy as np\na = @np.array()"]
)
def test_ordinary_configurations_pass(text: str) -> None:
    assert found(text) == set()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("import evil_module\n", "SW-GIN-001"),
        ("  from evil.a import b as c # d\n", "SW-GIN-001"),
        ("import \\\n  evil\n", "SW-GIN-001"),
        ("include '/tmp/evil.gin'\n", "SW-GIN-001"),
        ('include "../" "evil.gin"\n', "SW-GIN-001"),
        ("include 'https://example.org/evil.gin'\n", "SW-GIN-001"),
        ("import os\n", "SW-GIN-002"),
        ("from os import system\n", "SW-GIN-002"),
        ("from builtins import exec as f\n", "SW-GIN-002"),
        ("import tensorflow as tf\na.b = @tf.io.write_file()\n", "SW-GIN-002"),
        ("from tensorflow import io\na.b = @x/io.write_file\n", "SW-GIN-002"),
    ],
)
def test_what_a_reader_would_import_or_call(text: str, rule: str) -> None:
    assert found(text) == {rule}


@settings(deadline=None)
@given(st.text("import fromasude'\"@/.\\\n #", max_size=60))
def test_any_text_is_examined(text: str) -> None:
    found(text)


def test_only_what_gin_reads_is_taken_for_it() -> None:
    def fit(name: str, data: bytes) -> str:
        return gin.recognise(Member(path=name, data=data))

    assert fit("a.gin", b"import a") == "weak"
    assert fit("operative_config-0", b"a.b = 1") == "weak"
    assert fit("operative_config-0", b"no binding") == "no"
    assert fit("a.txt", b"a.b = 1") == "no"
    assert fit("a.gin", bytes(9)) == "no"


@pytest.mark.filterwarnings("error")
def test_python_says_nothing_about_what_it_is_shown() -> None:
    assert found("include 'a' 1or 'b'\n") == set()
    assert found("include '/a\\q.gin'\n") == {"SW-GIN-001"}
