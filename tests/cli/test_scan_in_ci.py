"""The pre-commit hook and the GitHub Action: what they declare is run as those programs run it."""

from __future__ import annotations

import os
import pickle
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from sealwright.vetting.registry import FORMATS
from tests.cli.console import Console
from tests.cli.test_scan import Harmless, safetensors

ROOT = Path(__file__).parents[2]
HOOKS = {each["id"]: each for each in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS = {each["name"]: each for each in ACTION["runs"]["steps"]}

NOT_HOOKED = (
    # Code, and text that is mostly code's: `sealwright-scan-everything` has them.
    *(".py", ".pyi", ".pyw", ".ipynb", ".jinja", ".jinja2", ".j2"),
    *(".json", ".jsonl", ".ndjson", ".webmanifest", ".yaml", ".yml", ".toml"),
    *(".xml", ".svg", ".xsd", ".xsl", ".html", ".txt", ".md", ".csv", ".tsv", ".rst", ".log"),
    *(".ini", ".cfg", ".conf", ".gin"),
    # Data, pictures, sound and films: no model is loaded from them.
    *(".db", ".sqlite", ".sqlite3", ".tfrecord", ".tfrecords", ".tfrec"),
    *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".gif", ".webp", ".bmp", ".dib"),
    *(".tif", ".tiff", ".avif", ".heic", ".heif"),
    *(".wav", ".mp3", ".flac", ".ogg", ".opus", ".mp4", ".m4a", ".mov", ".webm", ".mkv"),
)
"""Extensions of known formats that the hook for model files leaves alone."""


def write(folder: Path) -> None:
    (folder / "good.safetensors").write_bytes(safetensors())
    (folder / "evil.pkl").write_bytes(pickle.dumps(Harmless()))
    (folder / "train.py").write_text("print('hello')\n")


class TestHook:
    """As pre-commit does it: `entry`, `args`, then the staged files that `files` matches."""

    def staged(self, hook: str, names: list[str]) -> list[str]:
        return [name for name in names if re.search(HOOKS[hook].get("files", ""), name)]

    def run(self, hook: str, names: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
        declared = HOOKS[hook]
        return subprocess.run(
            [*shlex.split(declared["entry"]), *declared["args"], *self.staged(hook, names)],
            cwd=folder,
            env=environment(folder),
            capture_output=True,
            text=True,
            timeout=120,
        )

    def test_a_model_that_must_not_be_loaded_stops_the_commit(self, tmp_path: Path) -> None:
        write(tmp_path)
        names = [path.name for path in tmp_path.iterdir()]
        done = self.run("sealwright-scan", names, tmp_path)
        assert done.returncode == 1, done
        assert "evil.pkl" in done.stdout
        assert "train.py" not in done.stdout
        done = self.run("sealwright-scan", ["good.safetensors"], tmp_path)
        assert done.returncode == 0, done

    def test_a_file_is_never_taken_for_an_option(self, tmp_path: Path) -> None:
        name = "--exclude=*.pkl"
        (tmp_path / name).write_bytes(pickle.dumps(Harmless()))
        done = self.run("sealwright-scan", [name], tmp_path)
        assert done.returncode == 1, done

    def test_names_are_matched_whatever_their_case(self) -> None:
        names = ["a.PKL", "b/c.Pt", "d.tar.gz", "e.safetensors", "f.txt", "g.py", "h.pkl.bak"]
        assert self.staged("sealwright-scan", names) == names[:4]
        assert self.staged("sealwright-scan-everything", names) == names

    def test_names_of_every_format_that_can_run_code_are_matched(self) -> None:
        names = [f"x{each}" for form in FORMATS if form.executes for each in form.extensions]
        text = (
            ".py",
            ".pyw",
            ".pyi",
            ".ipynb",
            ".jinja",
            ".jinja2",
            ".j2",
            ".yaml",
            ".yml",
            ".json",
        )
        wanted = [name for name in names if not name.endswith(text)]
        assert self.staged("sealwright-scan", wanted) == wanted

    def test_names_that_the_registry_knows_are_matched_unless_they_are_listed_here(self) -> None:
        known = {each for form in FORMATS for each in form.extensions}
        missed = {each for each in known if not self.staged("sealwright-scan", [f"x{each}"])}
        assert missed == set(NOT_HOOKED)

    def test_it_is_declared_as_pre_commit_wants_it(self) -> None:
        for hook in HOOKS.values():
            assert hook["language"] == "python"
            assert hook["require_serial"] is True
            assert hook["args"][-1] == "--"


@dataclass
class Job:
    """What a step left: exit code, its outputs and the job's summary."""

    code: int
    outputs: dict[str, str]
    summary: str
    log: str


def environment(home: Path) -> dict[str, str]:
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": programs, "HOME": str(home), "LANG": "C.UTF-8"}


def step(name: str, folder: Path, temporary: Path, **inputs: str) -> Job:
    """Runs one shell step as the runner does: a script file, bash -e, inputs as environment."""
    declared: dict[str, Any] = STEPS[name]
    temporary.mkdir(exist_ok=True)
    files = {
        key: temporary / key for key in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH")
    }
    for file in files.values():
        file.write_text("")
    given = {key: value.get("default", "") for key, value in ACTION["inputs"].items()} | {
        key.replace("_", "-"): value for key, value in inputs.items()
    }
    variables = {
        key: re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda found: given[found[1]], value)
        for key, value in declared.get("env", {}).items()
    }
    script = temporary / "step.sh"
    script.write_text(declared["run"])
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", script],
        cwd=folder,
        env=environment(temporary)
        | {"RUNNER_TEMP": str(temporary), "GITHUB_ACTION_PATH": str(ROOT)}
        | {key: str(file) for key, file in files.items()}
        | variables,
        capture_output=True,
        text=True,
        timeout=120,
    )
    text = files["GITHUB_OUTPUT"].read_text()
    outputs = dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))
    outputs |= dict(re.findall(r"^(\w+)<<SEALWRIGHT\n(.*)\nSEALWRIGHT$", text, re.MULTILINE))
    summary = files["GITHUB_STEP_SUMMARY"].read_text()
    return Job(done.returncode, outputs, summary, done.stdout + done.stderr)


class TestAction:
    """The composite action's own shell steps, with the environment that a runner sets."""

    @pytest.fixture
    def work(self, tmp_path: Path) -> Path:
        folder = tmp_path / "work"
        folder.mkdir()
        write(folder)
        return folder

    def test_a_scan_writes_the_report_the_summary_and_its_outputs(
        self, work: Path, tmp_path: Path
    ) -> None:
        job = step("Scan", work, tmp_path / "t", paths="good.safetensors\nevil.pkl\n")
        assert job.code == 0, job
        assert job.outputs == {"verdict": "fail", "code": "1", "report": "sealwright-scan.sarif"}
        assert Console(work)(
            "scan", "good.safetensors", "evil.pkl", expect=1
        ).out in job.log + "\n" or ("FAIL: 2 files" in job.log)
        assert job.summary.startswith("## ❌ Model scan: fail")
        assert '"version": "2.1.0"' in (work / "sealwright-scan.sarif").read_text()

    @pytest.mark.parametrize(
        ("paths", "verdict"), [("good.safetensors", "pass"), ("evil.pkl", "fail")]
    )
    def test_the_last_step_fails_the_job_by_the_verdict(
        self, work: Path, tmp_path: Path, paths: str, verdict: str
    ) -> None:
        job = step("Scan", work, tmp_path / "t", paths=paths, summary="false", format="json")
        assert job.outputs["verdict"] == verdict
        assert job.summary == ""
        said = STEPS["Say the verdict"]
        done = subprocess.run(["bash", "-c", said["run"]], env={"CODE": job.outputs["code"]})
        assert done.returncode == (verdict == "fail")

    def test_what_could_not_be_scanned_fails_at_once(self, work: Path, tmp_path: Path) -> None:
        assert step("Scan", work, tmp_path / "t", paths="").code == 2
        job = step("Scan", work, tmp_path / "t", paths="gone.pkl")
        assert job.outputs.get("verdict") != "pass"

    def test_a_report_of_an_earlier_run_is_not_taken_for_this_one(
        self, work: Path, tmp_path: Path
    ) -> None:
        stale = work / "sealwright-scan.sarif"
        stale.write_text("stale")
        job = step("Scan", work, tmp_path / "t", paths="gone.pkl")
        assert job.code == 3, job
        assert job.outputs == {}
        assert "no report was written to sealwright-scan.sarif" in job.log
        assert stale.read_text() == "stale"
        job = step("Scan", work, tmp_path / "t", paths="gone.pkl\ngood.safetensors")
        assert job.code == 0, job
        assert job.outputs["verdict"] == "inconclusive"
        assert stale.read_text() != "stale"

    def test_inputs_are_data_and_no_shell(self, work: Path, tmp_path: Path) -> None:
        (work / "$(touch ran).pkl").write_bytes(pickle.dumps(Harmless()))
        job = step("Scan", work, tmp_path / "t", paths="$(touch ran).pkl\n", exclude="`touch ran`")
        assert job.outputs["verdict"] == "fail"
        assert not (work / "ran").exists()
        for each in STEPS.values():
            assert "${{" not in each.get("run", "")

    def test_every_input_is_used_and_every_output_is_made(self) -> None:
        used = re.findall(r"inputs\.([a-z-]+)", (ROOT / "action.yml").read_text())
        assert set(used) == set(ACTION["inputs"])
        made = re.findall(r"steps\.scan\.outputs\.(\w+)", (ROOT / "action.yml").read_text())
        assert set(made) == {"verdict", "report", "code"}
