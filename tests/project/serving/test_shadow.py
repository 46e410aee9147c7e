"""A model and its shadow are compared before they serve, on data that neither learnt from."""

from __future__ import annotations

import shutil

import pytest

from sealwright.errors import InputMissing, Refused, TamperError, UsageError
from sealwright.evidence.predicates.data import DataAccess
from sealwright.evidence.predicates.monitoring import Disagreement
from sealwright.project.core import Project
from sealwright.project.named import Named
from sealwright.project.resolve import data_set, model
from sealwright.project.serving import store
from sealwright.project.serving.shadow import calibrate
from tests.project.factory import OWNER, ROWS
from tests.project.serving.versions import installation, twice_trained, versions

__all__ = ["installation", "twice_trained"]


def both(project: Project) -> tuple[Named, Named]:
    """The second version, which lies in the model's folder, and the first, which is kept."""
    first, _ = versions(project)
    if store.kept(project, first.sha256) is None:
        output = project.layout.root / "model"
        shutil.move(output, project.layout.root / "second")
        shutil.copytree(project.layout.root / "first", output)
        store.keep(project, model(project))
        shutil.rmtree(output)
        shutil.move(project.layout.root / "second", output)
    return model(project), Named(name=first.name, digest=first.sha256)


def test_both_are_asked_and_what_they_answer_is_on_record(installation: Project) -> None:
    champion, shadow = both(installation)
    recorded = calibrate(installation, champion, shadow)
    said = recorded.predicate
    assert isinstance(said, Disagreement)
    assert [each.sha256 for each in recorded.statement.subjects] == [
        champion.digest,
        shadow.digest,
    ]
    assert (said.rows, said.label_rate, said.distance) == (ROWS, 0.0, 0.0)
    assert said.dataset.digest["sha256"] == data_set(installation, "test").digest
    assert recorded.principal.id == OWNER
    opened = installation.evidence()[recorded.index - 1].predicate
    assert isinstance(opened, DataAccess)
    assert calibrate(installation, shadow, champion, signer="eve").principal.id == "eve"


def test_nobody_else_says_how_they_differ(installation: Project) -> None:
    champion, shadow = both(installation)
    size = len(installation.evidence())
    with pytest.raises(Refused, match="it takes the role engineer or owner or validator"):
        calibrate(installation, champion, shadow, signer="olga")
    assert len(installation.evidence()) == size


def test_a_version_whose_files_are_not_here_or_not_right_is_not_asked(
    installation: Project,
) -> None:
    champion, shadow = both(installation)
    with pytest.raises(UsageError, match="its own shadow"):
        calibrate(installation, champion, champion)
    kept = store.verify_kept(installation, shadow.digest)
    (kept / "model.onnx").chmod(0o644)
    (kept / "model.onnx").write_bytes(b"something else")
    with pytest.raises(TamperError):
        calibrate(installation, champion, shadow)
    kept.chmod(0o755)
    shutil.rmtree(kept)
    with pytest.raises(InputMissing, match="not here"):
        calibrate(installation, champion, shadow)
    with pytest.raises(InputMissing, match="no contract"):
        calibrate(installation, champion, Named(name="x", digest="0" * 64))
