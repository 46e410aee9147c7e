"""What a second review of formats other than pickle got past the scan is found, and what it called
for no reason is not."""

from __future__ import annotations

import json
import struct
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from sealwright.vetting.interface import Member, Verdict, conclude
from sealwright.vetting.packs.load import builtin_policy
from sealwright.vetting.scan import inspect, scan_paths
from sealwright.vetting.session import Limits
from tests.attacks.documents.case import Case, text
from tests.attacks.other_review import CASES, served, template, trees
from tests.vetting.examine import session


def scanned(path: str, data: bytes) -> tuple[Verdict, set[str]]:
    """Verdict and rules of one file."""
    work = session(policy=builtin_policy())
    inspect(Member(path=path, data=data), work)
    seen = [each for report in work.reports for each in report.observations]
    complete = not any(report.gaps for report in work.reports)
    return conclude(seen, complete=complete), {each.rule.id for each in seen}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_attack_is_found(case: Case) -> None:
    verdict, found = scanned(case.path, case.bytes)
    assert case.rule in found
    assert verdict == case.ends, found


def test_each_has_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


def apple_double(*, size: int = 32) -> bytes:
    """What macOS puts beside a file in an archive."""
    head = b"\x00\x05\x16\x07\x00\x02\x00\x00" + b"Mac OS X        " + struct.pack(">H", 1)
    return head + struct.pack(">III", 9, 38, size) + bytes(32)


def vector_leaves() -> bytes:
    """A tree of XGBoost 3 with two outputs for each leaf."""
    model = json.loads(trees(groups=[0]))
    tree = model["learner"]["gradient_booster"]["model"]["trees"][0]
    tree["tree_param"]["size_leaf_vector"] = "2"
    tree["right_children"] = [2, 0, 1]
    tree["leaf_weights"] = [0.5, 0.5, 1.0, 1.0]
    return text(model)


_BLOCKS: dict[str, Any] = {
    "_class_name": "UNet2DConditionModel",
    "_diffusers_version": "0.30.0",
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"],
}
_ENVIRONMENT = """\
dependencies:
- python=3.11
- pip:
  - --extra-index-url https://download.pytorch.org/whl/cpu
  - torch==2.1.0+cpu
"""
_COUNTED = (
    "{% set ns = namespace(i=0) %}{% for m in messages %}{{ messages[ns.i].content }}"
    "{% set ns.i = ns.i + 1 %}{% endfor %}"
)
ORDINARY = {
    "blocks of diffusers": ("config.json", text(_BLOCKS)),
    "AppleDouble": ("__MACOSX/._config.json", apple_double()),
    "Finder": (
        ".DS_Store",
        b"\x00\x00\x00\x01Bud1" + struct.pack(">III", 4096, 2048, 4096) + bytes(6128),
    ),
    "leaves with several outputs": ("model.json", vector_leaves()),
    "one tree": ("model.json", trees(groups=[0])),
    "handler of the server": ("m.mar", served(handler="image_classifier")),
    "packages of PyTorch": ("conda.yaml", _ENVIRONMENT.encode()),
    "counted subscript": ("tokenizer_config.json", template(_COUNTED)),
    "settings that repeat": ("config.yaml", b"a: 1\na: 2\n"),
    "Caffe": ("deploy.prototxt", b'name: "net"\nlayer {\n  name: "a"\n  type: "Input"\n}\n'),
    "routes": (
        "router_config.json",
        text(
            {
                "types": {"q_0": "sentence_transformers.models.Transformer"},
                "structure": {"query": ["q_0"]},
            }
        ),
    ),
}


@pytest.mark.parametrize("name", ORDINARY)
def test_what_is_ordinary_passes(name: str) -> None:
    path, data = ORDINARY[name]
    verdict, found = scanned(path, data)
    assert verdict == "pass", found


def test_a_damaged_apple_double_is_not_passed() -> None:
    assert scanned("._a.json", apple_double(size=1 << 30)) == (
        "inconclusive",
        {"SW-MAC-001", "SW-FMT-004"},
    )


def test_leaf_numbers_lie_within_the_array() -> None:
    model = json.loads(vector_leaves())
    model["learner"]["gradient_booster"]["model"]["trees"][0]["right_children"] = [2, 0, 9]
    verdict, found = scanned("model.json", text(model))
    assert (verdict, "SW-XGB-002" in found) == ("fail", True)


def test_more_tags_than_are_judged_are_no_pass() -> None:
    tags = "".join(f"- !ENV {n}\n- !<tag:yaml.org,2002:python/x{n}> a\n" for n in range(2100))
    verdict, _ = scanned("a.yaml", tags.encode())
    assert verdict == "fail"


def test_a_vocabulary_without_end_is_left_at_a_limit() -> None:
    count = 100_000
    key = struct.pack("<Q", 1) + b"a" + struct.pack("<IIQ", 9, 8, count)
    data = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + key + bytes(8 * count)
    work = session(policy=builtin_policy(), limits=Limits(operations=200_000))
    inspect(Member(path="a.gguf", data=data), work)
    assert "SW-SCAN-002" in {seen.rule.id for seen in work.reports[0].observations}


def test_the_small_files_of_mlflow(tmp_path: Path) -> None:
    described = "flavors:\n  python_function: {loader_module: mlflow.pytorch, data: data}\n"
    (tmp_path / "MLmodel").write_text(described)
    (tmp_path / "data").mkdir()
    named = tmp_path / "data" / "pickle_module_info.txt"
    named.write_text("mlflow.pytorch.pickle_module")
    wanted = tmp_path / "requirements.txt"
    wanted.write_text("torch==2.1.0\n--extra-index-url https://download.pytorch.org/whl/cpu\n")
    assert scan_paths([tmp_path]).verdict == "pass"
    named.write_text("evil_module")
    wanted.write_text("a @ https://example.org/a.whl\n")
    outcome = scan_paths([tmp_path])
    found = {seen.rule.id for seen in outcome.observations}
    assert outcome.verdict == "review"
    assert {"SW-SERVE-003", "SW-SERVE-004"} <= found


def test_many_hollow_members_are_a_bomb() -> None:
    inner, outer = BytesIO(), BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(4):
            archive.writestr(f"{n}", bytes(3 << 20))
    with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(8):
            archive.writestr(f"{n}.zip", inner.getvalue())
    work = session(policy=builtin_policy(), limits=Limits(large=8 << 20))
    inspect(Member(path="a.zip", data=outer.getvalue()), work)
    assert "nearly empty members" in work.bomb
