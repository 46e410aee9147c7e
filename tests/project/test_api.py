"""The public names for Python programs and notebooks."""

from __future__ import annotations

import subprocess
import sys
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

import sealwright
from sealwright import api
from sealwright.errors import InputMissing, UsageError
from sealwright.project.core import Project
from sealwright.project.named import Named
from sealwright.project.resolve import model, resolve
from tests.project.factory import OWNER, lifecycle_text, table, training_script

HOSTILE = '"></iframe><script>alert(1)</script>&quot; onload=alert(2) \u202e'


class Tags(HTMLParser):
    """Which elements a browser would see, and the frame's content."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.frame: dict[str, str | None] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "iframe":
            self.frame = dict(attrs)


def seen(text: str) -> Tags:
    parser = Tags()
    parser.feed(text)
    parser.close()
    return parser


def test_the_way_from_nothing_to_a_verdict(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for name in ("train", "test"):
        (tmp_path / f"data/{name}.csv").write_text(table(name))
    (tmp_path / "train.py").write_text(training_script())
    (tmp_path / "sealwright.toml").write_text(lifecycle_text())
    with api.create_project(tmp_path, system="small", owner=OWNER) as project:
        assert api.run(project, phases=("governance",)).verdict is None
        assert not api.gate(project, "train", question="train").admitted
        api.export(project, tmp_path / "out")
        assert api.verify(project).ok
    assert api.verify_export(tmp_path / "out", trust=tmp_path / ".sealwright/trust.json").ok
    with api.open_project(tmp_path / "data") as project:
        assert api.report(project).document.system.name == "small"
        with pytest.raises(UsageError, match="something is there already"):
            api.export(project, tmp_path / "out")


def test_a_question_is_recorded_with_a_signer_only(released: Project) -> None:
    size = len(released.evidence())
    assert api.gate(released, model(released), question="release").admitted
    assert api.gate(released, "model", question="serve").admitted
    assert len(released.evidence()) == size
    assert api.gate(released, "model", question="serve", signer=OWNER).admitted
    assert len(released.evidence()) == size + 1


@pytest.mark.parametrize("name", ["system", "small"])
def test_the_system_is_asked_about_with_its_training_data(released: Project, name: str) -> None:
    verdict = api.gate(released, name, question="train")
    assert verdict.inputs == (("train", resolve(released, "train").digest, "dataset"),)


def test_a_statement_can_be_recorded(released: Project) -> None:
    statement = released.evidence()[3].statement
    assert api.record(released, statement, signer=OWNER).statement == statement


def test_there_is_no_project_here(tmp_path: Path) -> None:
    with pytest.raises(InputMissing):
        api.open_project(tmp_path)


def test_every_public_name_is_there_and_described() -> None:
    assert set(sealwright.__all__) <= set(api.__all__)
    for name in api.__all__:
        assert getattr(api, name).__doc__, name
    for name in sealwright.__all__:
        assert getattr(sealwright, name) is getattr(api, name)


def test_importing_it_starts_nothing_heavy() -> None:
    heavy = ("numpy", "duckdb", "ibis", "onnxruntime", "sklearn", "bandit", "onnx", "rich")
    code = f"import sys, sealwright.api; print([n for n in {heavy!r} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def hostile(project: Project) -> Project:
    """The same project under a lifecycle whose every free text is an attack."""
    file = project.layout.lifecycle
    text = file.read_text()
    quoted = HOSTILE.replace("\\", "\\\\").replace('"', '\\"')
    for words in ("Show what a project does.", "made by the tests", "it fails", "it is read"):
        assert words in text
        text = text.replace(words, quoted)
    file.write_text(text)
    return Project.open(project.layout.root, clock=project.clock)


def test_a_notebook_shows_the_report_in_a_frame_that_nothing_leaves(released: Project) -> None:
    with hostile(released) as project:
        api.run(project, phases=("governance", "data"))
        shown = api.report(project)._repr_html_()
        page = api.report(project).html
    outer = seen(shown)
    assert outer.tags == ["iframe"]
    assert "sandbox" in outer.frame
    assert outer.frame["sandbox"] in (None, "")
    inner = outer.frame["srcdoc"]
    assert inner is not None
    assert seen(inner).tags.count("iframe") == 0
    assert "script" not in seen(inner).tags
    assert "alert(1)" in unescape(inner)  # it is shown, as text
    assert seen(page).tags == seen(inner).tags


def test_a_notebook_shows_a_verdict_as_text_only(released: Project) -> None:
    named = Named(name=HOSTILE, digest="ab" * 32)
    shown = api.gate(released, named, question="release")._repr_html_()
    assert "<script" not in shown
    assert "alert(1)" in unescape(shown)
    assert set(seen(shown).tags) <= {"p", "b", "table", "thead", "tbody", "tr", "th", "td", "code"}
