"""Folders for servers: code that is run because of its name, and where packages come from."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.vetting.formats.requirements import unusual
from sealwright.vetting.scan import scan_paths
from tests.attacks.tensors import gguf

_MODEL_FN = "def model_fn(folder):\n    return None\n"
_TRITON = "class TritonPythonModel:\n    pass\n"


def scanned(folder: Path, **files: str) -> tuple[str, set[str]]:
    """Verdict and rules of a folder; `code__inference` is code/inference.py."""
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
    outcome = scan_paths([folder], strict=True)
    return outcome.verdict, {seen.rule.id for seen in outcome.observations}


@pytest.mark.parametrize(
    "source", [_MODEL_FN, "from impl import predict_fn\n", "import a as input_fn"]
)
def test_what_sagemaker_imports_is_for_a_person(tmp_path: Path, source: str) -> None:
    assert scanned(tmp_path, code__inference=source) == ("review", {"SW-SERVE-005"})


def test_what_is_imported_with_it_is_examined(tmp_path: Path) -> None:
    effect = "import os\nos.system('echo')\n"
    star = "from impl import *\n"
    found = scanned(tmp_path, code__inference=star, code__impl=effect + _MODEL_FN)
    assert {"SW-SERVE-005", "SW-CODE-119"} <= found[1]


def test_a_script_beside_weights_is_examined_as_what_is_imported(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(gguf.model())
    assert scanned(tmp_path, code__inference="print(1)\n") == ("pass", set())
    effect = "import os\nos.system('echo')\n"
    assert "SW-CODE-119" in scanned(tmp_path, code__inference=effect)[1]
    assert scanned(tmp_path, code__inference="from package import *\n") == ("pass", set())
    (tmp_path / "code" / "package.so").write_text("")
    assert "SW-SERVE-005" in scanned(tmp_path)[1]


@pytest.mark.parametrize(
    "source",
    [
        "import argparse\nprint(vars(argparse.Namespace()))\n",
        "from utils import *\nrun()\n",
        "from numpy import *\n",
    ],
)
def test_an_ordinary_script_passes(tmp_path: Path, source: str) -> None:
    found = scanned(tmp_path, code__inference=source, code__utils="def run():\n    pass\n")
    assert found == ("pass", set())


def test_what_triton_imports_is_for_a_person(tmp_path: Path) -> None:
    assert scanned(tmp_path, m__1__model=_TRITON) == ("review", {"SW-SERVE-005"})
    assert scanned(tmp_path, m__1__model="import torch\n") == ("pass", set())
    (tmp_path / "m" / "config.pbtxt").write_text('backend: "python"\n')
    assert scanned(tmp_path) == ("review", {"SW-SERVE-005"})
    assert scanned(tmp_path, m__1__model="pass\n", m__1__other="import a\n") == ("pass", set())
    named = 'backend: "python"\ndefault_model_filename: "other.py"\n'
    (tmp_path / "m" / "config.pbtxt").write_text(named)
    assert scanned(tmp_path) == ("review", {"SW-SERVE-005"})


UNUSUAL = (
    *("--extra-index-url http://example.org/simple", "--index-url=https://example.org/simple"),
    *("-ihttps://example.org", "-i https://pypi.org/simple --extra-index https://example.org"),
    *("--trusted-host example.org", "-r https://example.org/more.txt", "-e git+https://a.org/b"),
    *("a @ git+https://example.org/a.git", "https://example.org/a.tar.gz", "HTTPS://a.org/a.whl"),
    *("git+https://github.com/huggingface/transformers", "--index-url \\\nhttps://example.org"),
)
ORDINARY = (
    *("torch", "numpy>=1.2 --hash=sha256:abcd", "--pre", "--no-binary :all:", "-r base.txt"),
    *("--extra-index-url https://download.pytorch.org/whl/cu121", "-e .", "# -i http://a.org"),
    *("a==1 # see https://example.org", "-i https://pypi.org/simple", "-f ./wheels", ""),
)


@pytest.mark.parametrize("line", UNUSUAL)
def test_packages_from_elsewhere_are_told(tmp_path: Path, line: str) -> None:
    (tmp_path / "requirements-gpu.txt").write_text(f"torch\n{line}\n")
    assert scanned(tmp_path) == ("pass", {"SW-SERVE-006"})


@pytest.mark.parametrize("line", ORDINARY)
def test_packages_of_the_usual_indexes_are_not(tmp_path: Path, line: str) -> None:
    (tmp_path / "requirements.txt").write_text(f"torch\n{line}\n")
    assert scanned(tmp_path) == ("pass", set())


@settings(deadline=None)
@given(st.lists(st.text("-ierfc= @#\\\\:/.+$http\n", max_size=30)))
def test_any_lines_are_read(lines: list[str]) -> None:
    assert len(list(unusual(lines))) <= len(lines)
    assert set(unusual(lines, local=False)) <= set(unusual(lines))


def test_in_sixteen_bits_they_are_told_as_well(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(UNUSUAL[0], "utf-16")
    assert scanned(tmp_path) == ("pass", {"SW-SERVE-006"})


def test_what_mlflow_installs_is_for_a_person(tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text(
        "flavors:\n  python_function: {loader_module: mlflow.sklearn}\n"
    )
    (tmp_path / "requirements.txt").write_text(UNUSUAL[0])
    assert scanned(tmp_path) == ("review", {"SW-SERVE-004"})


def test_folders_of_this_machine_count_where_a_server_installs() -> None:
    assert list(unusual(["-e ./a", "-f ./b"])) == ["-e ./a", "-f ./b"]
    assert not list(unusual(["-e ./a", "-f ./b"], local=False))


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('[build-system]\nrequires = ["a @ https://example.org/a.tar.gz"]\n', True),
        ('[project]\nname = "x"\ndependencies = ["a @ git+https://example.org/a"]\n', True),
        ('[build-system]\nrequires = ["setuptools"]\nbackend-path = ["."]\n', False),
        ('[project]\nname = "x"\nurls = {a = "https://example.org"}\n', False),
        ("[build-system]\nrequires = 5\n[tool.ruff]\n", False),
        ("build-system = 5\n", False),
    ],
)
def test_what_a_project_is_built_with(tmp_path: Path, table: str, told: bool) -> None:
    (tmp_path / "pyproject.toml").write_text(table)
    assert scanned(tmp_path) == ("pass", {"SW-SERVE-006"} if told else set())
