"""The code scan: bandit looks, and nothing in the code can look away for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sealwright.errors import InputMissing, UsageError
from sealwright.evidence.predicates.model import Scan
from sealwright.evidence.statement import Statement, decode_statement, encode_statement
from sealwright.evidence.tree import identify
from sealwright.phases.model.scan import scan_code
from sealwright.vetting.code import bandit_engine as code_bandit
from tests.vetting.onnx_files import clock, model_file, rules

CLEAN = "def add(a: int, b: int) -> int:\n    return a + b\n"


def scan(folder: Path, files: dict[str, str | bytes]) -> Statement[Scan]:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return scan_code([folder], clock=clock)


def test_clean_code_passes_and_is_counted(tmp_path: Path) -> None:
    said = scan(tmp_path / "train", {"train.py": CLEAN, "params.toml": "a = 1\n"})
    seen = said.predicate
    assert seen.result == "passed"
    assert [(finding.rule, finding.severity) for finding in seen.findings] == [
        ("SW-CODE-005", "info")
    ]
    assert seen.findings[0].location == "train/params.toml"
    assert seen.coverage.files == 2
    assert seen.coverage.bytes_parsed == len(CLEAN)
    assert seen.coverage.not_examined == ("train/params.toml",)
    assert said.subjects[0].sha256 == identify(tmp_path / "train").digest
    assert decode_statement(encode_statement(said)) == said


def test_severity_decides_the_result(tmp_path: Path) -> None:
    high = "import subprocess\nsubprocess.call(x, shell=True)\n"
    medium = 'import yaml\nyaml.load("a", Loader=yaml.Loader)\n'
    low = "import random\nrandom.random()\n"
    assert scan(tmp_path / "h", {"a.py": high, "b.py": medium}).predicate.result == "failed"
    assert scan(tmp_path / "m", {"a.py": medium, "b.py": low}).predicate.result == "warned"
    hashed = 'import hashlib\nname = hashlib.md5(b"x").hexdigest()\n'
    assert scan(tmp_path / "w", {"a.py": hashed}).predicate.result == "warned"
    found = scan(tmp_path / "l", {"a.py": low}).predicate
    assert found.result == "passed"
    assert [finding.severity for finding in found.findings] == ["low"]
    assert "(CWE-330)" in found.findings[0].message
    assert found.findings[0].location == "l/a.py:2"


@pytest.mark.parametrize(
    "name",
    ["a.py", "__pycache__/a.py", ".git/a.py", "x.egg/a.py", ".tox/a.py", "run", "venv/a.pyw"],
)
def test_code_cannot_silence_the_scan(tmp_path: Path, name: str) -> None:
    call = 'subprocess.call("x", shell=True)  # nosec\n'
    code = "#!/usr/bin/env python\nimport subprocess  # nosec\n" + call
    settings = "[bandit]\nskips: B602,B404\nexclude: .\n"
    found = scan(tmp_path / "c", {name: code, "ok.py": CLEAN, ".bandit": settings}).predicate
    located = {finding.location for finding in found.findings}
    assert f"c/{name}:3" in located
    assert "SW-CODE-B602" in rules(found)


def test_what_bandit_cannot_parse_is_inconclusive(tmp_path: Path) -> None:
    found = scan(tmp_path / "c", {"bad.py": "def (:\n", "ok.py": CLEAN}).predicate
    assert found.result == "inconclusive"
    assert found.coverage.not_examined == ("c/bad.py",)
    nul = scan(tmp_path / "n", {"bad.py": b"x = 1\0\n", "ok.py": CLEAN}).predicate
    assert nul.result == "inconclusive"
    deep = scan(tmp_path / "d", {"bad.py": "x = " + "(" * 5000 + ")" * 5000}).predicate
    assert deep.result == "inconclusive"


def test_what_could_run_unseen_is_not_a_pass(tmp_path: Path) -> None:
    shell = scan(tmp_path / "s", {"a.py": CLEAN, "run.sh": "ls\n"}).predicate
    assert (shell.result, rules(shell)) == ("inconclusive", {"SW-CODE-002"})
    notebook = scan(tmp_path / "n", {"a.py": CLEAN, "x.ipynb": "{}"}).predicate
    assert notebook.result == "inconclusive"
    dressed = scan(tmp_path / "t", {"a.py": CLEAN, "x.txt": "#!/bin/sh\nls\n"}).predicate
    assert dressed.result == "inconclusive"
    compiled = scan(tmp_path / "c", {"a.py": CLEAN, "__pycache__/a.cpython-311.pyc": b"\0"})
    assert (compiled.predicate.result, rules(compiled.predicate)) == ("failed", {"SW-CODE-001"})


@pytest.mark.parametrize(
    ("name", "content", "rule", "result"),
    [
        ("rows.csv", "a,b\n1,2\n", "SW-CODE-003", "failed"),
        ("rows.CSV", "a,b\n1,2\n", "SW-CODE-003", "failed"),
        ("rows.parquet", b"PAR1", "SW-CODE-003", "failed"),
        ("rows.npy", b"\x93NUMPY", "SW-CODE-003", "failed"),
        ("model.onnx", b"\x08\x07", "SW-CODE-003", "failed"),
        ("weights.pkl", b"cos\nsystem\n(S'true'\ntR.", "SW-CODE-003", "failed"),
        ("rows.jsonl", "{}\n", "SW-CODE-003", "failed"),
        ("rows", b"\x00\x01\x02", "SW-CODE-003", "failed"),
        ("rows.txt", b"PAR1\xff\xfe", "SW-CODE-003", "failed"),
        ("rows.json", b"{}\x00", "SW-CODE-003", "failed"),
        ("rows.weird", "a b\n", "SW-CODE-002", "inconclusive"),
        ("Makefile", "all:\n", "SW-CODE-002", "inconclusive"),
        ("rows.txt", "1 2\n" * 300, "SW-CODE-004", "inconclusive"),
        ("rows.json", str([0.5] * 600), "SW-CODE-004", "inconclusive"),
        ("rows.md", "word " * 20_000, "SW-CODE-004", "inconclusive"),
        ("digits.txt", "1" * 60_000 + "x", "SW-CODE-005", "passed"),
        ("notes.md", "Trained in 2026, on 2 machines.\n", "SW-CODE-005", "passed"),
        ("lock.txt", "numpy==2.0.0\n" * 600, "SW-CODE-005", "passed"),
    ],
)
def test_data_among_the_code_is_no_code(
    tmp_path: Path, name: str, content: str | bytes, rule: str, result: str
) -> None:
    said = scan(tmp_path / "c", {"train.py": CLEAN, name: content}).predicate
    assert (said.result, rules(said)) == (result, {rule})
    assert said.findings[0].location == f"c/{name}"


def test_a_table_in_many_settings_files_is_counted_in_all(tmp_path: Path) -> None:
    parts = {f"part{number}.toml": "a = [" + "1, " * 200 + "]\n" for number in range(3)}
    said = scan(tmp_path / "c", {"train.py": CLEAN, **parts}).predicate
    assert said.result == "inconclusive"
    assert rules(said) == {"SW-CODE-004", "SW-CODE-005"}


def test_no_python_at_all_is_inconclusive(tmp_path: Path) -> None:
    assert scan(tmp_path / "e", {"README.md": "hi"}).predicate.result == "inconclusive"
    (tmp_path / "empty").mkdir()
    assert scan_code([tmp_path / "empty"], clock=clock).predicate.result == "inconclusive"
    with pytest.raises(UsageError):
        scan_code([], clock=clock)
    with pytest.raises(InputMissing):
        scan_code([tmp_path / "gone"], clock=clock)


def test_files_and_folders_are_subjects_each(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "a.py").write_text(CLEAN)
    (tmp_path / "train.py").write_text(CLEAN)
    paths = [tmp_path / "train.py", tmp_path / "lib"]
    said = scan_code(paths, clock=clock)
    assert [s.sha256 for s in said.subjects] == [identify(path).digest for path in paths]
    assert said.predicate.coverage.bytes_parsed == 2 * len(CLEAN)


def test_a_scan_that_does_not_finish_is_inconclusive(monkeypatch: pytest.MonkeyPatch) -> None:
    files = (model_file(CLEAN.encode(), name="a.py"),)
    assert code_bandit.examine(files).examined == {"a.py"}
    for limit, value in (("TIMEOUT", 0.01), ("MAX_FILES", 0), ("MAX_BYTES", 1), ("MAX_REPORT", 1)):
        with monkeypatch.context() as patched:
            patched.setattr(code_bandit, limit, value)
            stopped = code_bandit.examine(files)
        assert stopped.examined == frozenset()
        assert [seen.rule.effect for seen in stopped.observations] == ["inconclusive"]


def test_the_engine_names_its_rules() -> None:
    engine = code_bandit.engine()
    assert engine["name"] == "bandit"
    assert len(engine["code"]) == 64
    assert engine == code_bandit.engine()
