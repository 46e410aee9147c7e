"""Ordinary Hugging Face folders pass; what their configurations name is followed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.vetting.formats import huggingface_documents as documents
from sealwright.vetting.formats.huggingface_names import escapes
from sealwright.vetting.interface import Examining, Member
from sealwright.vetting.scan import scan_paths
from tests.vetting.examine import rules, session

BENIGN = Path(__file__).parents[2] / "benign" / "documents" / "huggingface"


def found(value: Any) -> set[str]:
    member = Member(path="config.json", data=b"")
    work = Examining(member, session())
    if documents.CHECK.applies(value, member):
        documents.CHECK.examine(value, work)
    return rules(work)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(BENIGN / "bert", tmp_path / "bert")
    return tmp_path / "bert"


def scanned(folder: Path) -> tuple[str, set[str]]:
    outcome = scan_paths([folder], strict=True)
    return outcome.verdict, {seen.rule.id for seen in outcome.observations}


def change(path: Path, **values: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


@pytest.mark.parametrize("name", ["bert", "sentences"])
def test_what_the_libraries_write_passes(name: str) -> None:
    assert scanned(BENIGN / name) == ("pass", set())


def test_an_ordinary_repository_passes(folder: Path) -> None:
    (folder / "README.md").write_text("---\nlicense: mit\nbase_model: a/b\n---\n# A model\n")
    (folder / ".gitattributes").write_text("*.safetensors filter=lfs\n")
    (folder / "vocab.txt").write_text("[PAD]\n[UNK]\n")
    (folder / "merges.txt").write_text("#version: 0.2\na b\n")
    (folder / "vocab.json").write_text('{"a": 0}')
    (folder / "special_tokens_map.json").write_text('{"unk_token": "[UNK]"}')
    (folder / "generation_config.json").write_text('{"bos_token_id": 1, "do_sample": true}')
    assert scanned(folder) == ("pass", set())


def test_a_shard_that_is_not_there_is_missed(folder: Path) -> None:
    next(folder.glob("model-00002*.safetensors")).unlink()
    assert scanned(folder) == ("inconclusive", {"SW-HF-005"})


def test_an_index_of_weights_that_were_not_fetched_is_no_gap(folder: Path) -> None:
    index = {"weight_map": {"a": "pytorch_model-00001-of-00001.bin"}}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    assert scanned(folder) == ("pass", set())


def test_code_that_is_named_is_examined_as_what_is_imported(folder: Path) -> None:
    change(folder / "config.json", auto_map={"AutoModel": "modeling_mine.Net"})
    assert scanned(folder) == ("inconclusive", {"SW-HF-001", "SW-HF-005"})
    (folder / "modeling_mine.py").write_text("class Net:\n    pass\n")
    assert scanned(folder) == ("review", {"SW-HF-001"})
    (folder / "modeling_mine.py").write_text("import os\nos.system('echo')\n")
    verdict, met = scanned(folder)
    assert verdict in ("fail", "review")
    assert any(rule.startswith("SW-CODE") for rule in met) or len(met) > 1


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("custom_generate/generate.py", "def generate(model, **kwargs):\n    return model\n"),
        ("handler.py", "class EndpointHandler:\n    pass\n"),
    ],
)
def test_code_that_is_run_because_of_its_name_is_for_a_person(
    folder: Path, name: str, source: str
) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(source)
    assert scanned(folder) == ("review", {"SW-HF-001"})
    (folder / name).write_text("pass\n")
    assert scanned(folder) == ("pass", set())


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("custom_generate/generate.py", "from .impl import generate\n"),
        ("custom_generate/generate.py", "from .impl import *\n"),
        ("handler.py", "from .impl import *\n"),
        ("handler.py", "import impl as EndpointHandler\n"),
        ("handler.py", "globals()['Endpoint' + 'Handler'] = object\n"),
        ("handler.py", "if True:\n    locals()['Endpoint' + 'Handler'] = object\n"),
        ("handler.py", "def __getattr__(name):\n    return object\n"),
        ("handler.py", "class \uff25ndpointHandler: ...\n"),
        ("pipeline.py", "class PreTrainedPipeline:\n    pass\n"),
    ],
)
def test_code_that_is_run_because_of_its_name_needs_no_configuration(
    tmp_path: Path, name: str, source: str
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(source)
    assert scanned(tmp_path) == ("review", {"SW-HF-001"})


def test_what_such_code_imports_is_examined_as_what_is_imported(tmp_path: Path) -> None:
    (tmp_path / "handler.py").write_text("from parts import model\nclass EndpointHandler: ...\n")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "model.py").write_text("from . import deep\n")
    (tmp_path / "parts" / "deep.py").write_text("import os\nos.system('echo')\n")
    assert "SW-CODE-119" in scanned(tmp_path)[1]
    (tmp_path / "parts" / "model.py").write_text("from .. import deep\n")
    assert "SW-CODE-119" not in scanned(tmp_path)[1]


def test_a_handler_among_weights_is_run_whatever_it_defines(folder: Path) -> None:
    (folder / "handler.py").write_text("import impl\n")
    assert scanned(folder) == ("review", {"SW-HF-001"})


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("handler.py", "class Handler:\n    def handle(self, event):\n        return event\n"),
        ("handler.py", "from package import *\ndef handle(a):\n    return locals()\n"),
        ("handler.py", "from torch import nn\nclass Net(nn.Module):\n    pass\n"),
        ("pipeline.py", "from .steps import *\n\nclass Pipeline:\n    pass\n"),
        ("generate.py", "def generate(model):\n    return model\n"),
    ],
)
def test_ordinary_scripts_of_such_names_pass(tmp_path: Path, name: str, source: str) -> None:
    (tmp_path / name).write_text(source)
    (tmp_path / "config.json").write_text("{}")
    assert scanned(tmp_path) == ("pass", set())


def test_a_module_of_sentence_transformers_is_examined_as_what_is_imported(tmp_path: Path) -> None:
    modules = [{"idx": 0, "name": "0", "path": "", "type": "custom_st.Transformer"}]
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    (tmp_path / "custom_st.py").write_text("import os\nos.system('echo')\n")
    assert {"SW-HF-006", "SW-CODE-119"} <= scanned(tmp_path)[1]


def test_code_that_is_followed_for_too_long_is_a_gap(tmp_path: Path) -> None:
    (tmp_path / "handler.py").write_text("from a0 import EndpointHandler\n")
    for number in range(250):
        (tmp_path / f"a{number}.py").write_text(f"from a{number + 1} import EndpointHandler\n")
    assert scanned(tmp_path)[0] == "inconclusive"


def test_parts_of_a_modular_pipeline_from_elsewhere_are_told() -> None:
    part = ["diffusers", "UNet2DConditionModel", {"repo": "a/b"}]
    assert found({"_class_name": "P", "unet": part}) == {"SW-HF-011"}


@pytest.mark.parametrize(
    "value",
    [
        {"auto_map": None, "trust_remote_code": False, "chat_template": None},
        {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "x/y.bin"}},
        {"_attn_implementation": "sdpa", "activation_function": "gelu_new"},
        {"activation_function": "torch.nn.modules.activation.Tanh"},
        [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}],
        [{"idx": 0, "path": "1_P", "type": "sentence_transformers.models.Pooling.Pooling"}],
        {
            "_class_name": "P",
            "_diffusers_version": "0.3",
            "unet": ["diffusers", "U"],
            "x": [None, None],
        },
        {"_class_name": "P", "safety_checker": ["stable_diffusion", "S"], "size": [1, 2]},
        {"auto_mapping": {"base_model_class": "BertModel", "parent_library": "transformers"}},
        {
            "auto_mapping": {
                "base_model_class": "AModel",
                "parent_library": "transformers.models.a.b",
            }
        },
        {"peft_type": "LORA", "megatron_config": None, "megatron_core": "megatron.core"},
        {"megatron_config": {"tensor_model_parallel_size": 2}, "megatron_core": "megatron.core"},
        {"tokenizer_class": "BertTokenizer"},
        {
            "tokenizer_class": "sentence_transformers.models.tokenizer.WhitespaceTokenizer"
            ".WhitespaceTokenizer"
        },
        {
            "_class_name": "P",
            "_blocks_class_name": "B",
            "unet": [None, None, {"type_hint": ["diffusers", "UNet2DConditionModel"]}],
            "sizes": [1, 2, {"a": 3}],
        },
        [1, 2, 3],
        [{"type": "a"}],
        {"weight_map": {}},
    ],
)
def test_ordinary_configurations_pass(value: Any) -> None:
    assert found(value) == set()


def test_an_adapter_names_its_base() -> None:
    assert found({"peft_type": "LORA", "base_model_name_or_path": "a/b"}) == {"SW-HF-009"}


@pytest.mark.parametrize(
    ("name", "leads_out"),
    [
        *(("model.bin", False), ("a/b.bin", False), ("a..b", False), ("", True), ("/a", True)),
        *(("..", True), ("a/../b", True), ("..\\a", True), ("C:\\a", True), ("file:///a", True)),
        *(("s3://a/b", True), ("~/a", True), ("a\0b", True), ("\\\\host\\a", True)),
    ],
)
def test_paths_that_lead_out(name: str, leads_out: bool) -> None:
    assert escapes(name) is leads_out


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*documents._KEYS, "impl", "type", "path", "_class_name"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(JSON)
def test_any_document_is_examined(value: Any) -> None:
    found(value)
