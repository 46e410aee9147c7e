"""Several versions behind one gateway, and a rollback that nobody had to order."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

from sealwright.clock import format_time
from sealwright.evidence.predicates.monitoring import Alert, Detector
from sealwright.evidence.predicates.operation import Release
from sealwright.evidence.statement import subject
from sealwright.evidence.tree import identify
from sealwright.phases.deployment.core.snapshot import open_snapshot
from sealwright.project.core import Project
from sealwright.project.named import Named
from sealwright.project.resolve import model
from sealwright.project.serving.automatic import roll_back_where_due
from sealwright.project.serving.publish import Publisher
from sealwright.project.serving.releases import release
from sealwright.project.serving.withdraw import revoke
from tests.cli.console import Console
from tests.project.serving.versions import (  # noqa: F401 - fixtures
    installation,
    say,
    served,
    twice_trained,
    wait,
)
from tests.serving_house import FRONT, MODEL, OPERATOR, key
from tests.serving_running import Load, serving, until


def running_versions(models: list[dict[str, Any]]) -> int:
    """How many of what the admin listener lists have a runtime that is ready."""
    return sum(bool(each.get("running")) for each in models)


def first_model(project: Project) -> Named:
    """The first version, from the copy of its files."""
    found = identify(project.layout.root / "first")
    return Named(name="model", digest=found.digest, artifact=found)


def suspect(project: Project, digest: str, detector: Detector, *, client: str = "") -> None:
    """An alert of the installation's own about a version."""
    said = Alert(
        id=f"alert-{detector}",
        detector=detector,
        severity="medium",
        title="odd",
        client=client,
        at=format_time(project.clock()),
    )
    say(project, FRONT, said, subject("model", digest))


def test_two_signs_roll_back_and_one_does_not(installation: Project) -> None:  # noqa: F811
    project = installation
    release(project, first_model(project), signer=OPERATOR, reason="first")
    release(project, model(project), signer=OPERATOR, reason="second")
    first, second = first_model(project).digest, model(project).digest
    wait(project, timedelta(minutes=31))
    suspect(project, second, "drift")
    assert list(roll_back_where_due(project, signer=FRONT)) == []
    suspect(project, second, "disagreement", client="clara")  # one caller's word is none
    assert list(roll_back_where_due(project, signer=FRONT)) == []
    assert [digest for digest, *_ in served(project)] == [second]
    suspect(project, second, "out-of-distribution")
    (told,) = roll_back_where_due(project, signer=FRONT)
    assert f"rolled back to {first[:12]}" in told
    assert [digest for digest, *_ in served(project)] == [first]
    said = project.evidence()[-1].predicate
    assert isinstance(said, Release)
    assert (said.action, bool(said.because)) == ("rollback", True)
    # And not back and forth.
    wait(project, timedelta(minutes=31))
    suspect(project, first, "drift")
    suspect(project, first, "out-of-distribution")
    assert list(roll_back_where_due(project, signer=FRONT)) == []


def test_each_version_has_a_runtime_of_its_own(
    twice_trained: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    root = tmp_path / "house"
    shutil.copytree(twice_trained, root)
    clara, olga = key(root), key(root, "olga", actions=("admin",))
    with Project.open(root) as project:
        release(project, first_model(project), signer=OPERATOR, reason="first")
    with serving(root) as running:
        assert running.ask(clara, [[1.0, 2.0]])[0] == 200
        with Project.open(root) as project:
            release(
                project, model(project), signer=OPERATOR, reason="try it", role="canary", percent=50
            )
        until(lambda: running_versions(running.operate("/admin/v1/models", olga)[2]) == 2)
        keys = [key(root, f"client-{number}") for number in range(12)]
        until(lambda: running.ask(keys[-1], [[1.0, 2.0]])[0] == 200)
        answered = {running.ask(each, [[1.0, 2.0]])[2]["model_version"] for each in keys}
        assert len(answered) == 2
        Console(root)("release", "model", "--reason", "for all", "--as", OPERATOR)
        Console(root)("rollback", MODEL, "--reason", "odd", "--as", OPERATOR)
        with Project.open(root) as project:
            first = first_model(project).digest[:12]
        until(lambda: running.ask(clara, [[1.0, 2.0]])[2].get("model_version") == first)
        until(lambda: running_versions(running.operate("/admin/v1/models", olga)[2]) == 1)


def test_a_release_leaves_no_gap_and_a_revocation_does_not_wait_for_it(
    twice_trained: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    root = tmp_path / "house"
    shutil.copytree(twice_trained, root)
    clara = key(root)
    with Project.open(root) as project:
        release(project, first_model(project), signer=OPERATOR, reason="first")
        first, second = first_model(project), model(project)
    with serving(root) as running:
        assert running.ask(clara, [[1.0, 2.0]])[0] == 200

        def version() -> str:
            found: str = running.ask(clara, [[1.0, 2.0]])[2].get("model_version", "")
            return found

        with Load(running, clara, threads=2) as load:
            with Project.open(root) as project:
                release(project, second, signer=OPERATOR, reason="better")
            until(lambda: version() == second.digest[:12])
            until(lambda: len(load.answers) > 20)
        assert load.broken == 0
        assert [each for each in load.answers if each[1] != 200] == []

        # What was released before is released again, and what answers is revoked at once.
        with Project.open(root) as project:
            release(project, first, signer=OPERATOR, reason="back")
            revoke(project, second, reason="bad", signer=OPERATOR)
            size = project.ledger.head().size
        until(lambda: f"sealwright_ledger_entries {size}" in str(running.operate("/metrics")[2]))
        until(lambda: version() != second.digest[:12])
        assert version() in ("", first.digest[:12])


def test_what_answers_is_renewed_while_a_release_waits_and_only_then(
    twice_trained: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    root = tmp_path / "house"
    shutil.copytree(twice_trained, root)
    with Project.open(root) as project:
        first, second = first_model(project), model(project)
        release(project, first, signer=OPERATOR, reason="first")
    publisher = Publisher(
        Project.open(root).layout,
        lambda: Project.open(root),
        signer=FRONT,
        valid_for=timedelta(seconds=10),
    )
    held = publisher.publish().opened.snapshot
    with Project.open(root) as project:
        release(project, second, signer=OPERATOR, reason="better")
        place, key = project.layout.snapshot, project.keyring.signer(FRONT).public
    waiting = publisher.draft()
    assert waiting.adds

    publisher.renew(waiting)
    renewed = open_snapshot(place.read_bytes(), (key,)).snapshot
    assert [each.digest for each in renewed.models] == [first.digest]
    assert renewed.sequence > held.sequence
    assert renewed.expires >= held.expires
    assert renewed.ledger_size == held.ledger_size

    with Project.open(root) as project:
        revoke(project, first, reason="bad", signer=OPERATOR)
    before = place.read_bytes()
    publisher.renew(publisher.draft())
    assert place.read_bytes() == before
    now = publisher.publish().opened.snapshot
    assert [each.digest for each in now.models] == [second.digest]
    assert now.sequence > renewed.sequence
    publisher.close()
