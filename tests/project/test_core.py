"""An opened project: what it refuses to record, and who may write at the same time."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from sealwright.errors import (
    CannotLook,
    ForkError,
    InputMissing,
    SignatureError,
    TamperError,
    UsageError,
)
from sealwright.evidence.keys import SigningKey
from sealwright.evidence.predicates.operation import Incident
from sealwright.evidence.statement import Statement, subject
from sealwright.phases.governance import record
from sealwright.project.audit import verify_project
from sealwright.project.core import Project
from tests.project.factory import OWNER, Ticking, add_person, lifecycle_text, make_project


def incident(project: Project, name: str) -> Statement[Incident]:
    return record.incident(
        subject("small", project.system),
        incident_id=name,
        status="open",
        severity="low",
        title="a test",
        now=project.clock(),
    )


def reopened(project: Project) -> Project:
    return Project.open(project.layout.root, clock=project.clock)


def test_it_opens_from_any_folder_below(started: Project) -> None:
    with Project.open(started.layout.root / "data") as project:
        assert project.layout == started.layout


def test_without_a_ledger_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputMissing, match=r"no sealwright\.toml"):
        Project.open(tmp_path)
    (tmp_path / "sealwright.toml").write_text(lifecycle_text())
    with pytest.raises(InputMissing, match="has no ledger yet") as caught:
        Project.open(tmp_path)
    assert "sealwright init" in caught.value.advice


def test_what_was_recorded_is_there_for_everybody_who_opens_it(started: Project) -> None:
    recorded = started.record(incident(started, "one"), signer=OWNER)
    assert recorded.index == 1
    assert started.evidence()[1] == recorded == started.entry(1)
    with reopened(started) as other:
        assert other.entry(1).digest == recorded.digest
        assert other.record(incident(other, "two"), signer=OWNER).index == 2
    assert started.entry(2).predicate.id == "two"  # type: ignore[attr-defined]


@pytest.mark.parametrize("index", [-1, 1, 10**9])
def test_an_entry_that_is_not_there(started: Project, index: int) -> None:
    with pytest.raises(UsageError, match="has no entry"):
        started.entry(index)


def test_a_key_that_the_trust_root_does_not_know_writes_nothing(started: Project) -> None:
    started.keyring.create("eve")
    with pytest.raises(SignatureError, match="the trust root does not know"):
        started.record(incident(started, "one"), signer="eve")
    assert len(started.evidence()) == started.ledger.head().size == 1


def test_a_statement_from_before_the_keys_time_writes_nothing(started: Project) -> None:
    early = Ticking()
    early.now -= timedelta(days=3)
    statement = record.incident(
        subject("small", started.system),
        incident_id="early",
        status="open",
        severity="low",
        title="a test",
        now=early(),
    )
    with pytest.raises(SignatureError, match="when the key was not valid"):
        started.record(statement, signer=OWNER)
    assert len(started.evidence()) == started.ledger.head().size == 1


def test_without_the_logs_key_the_ledger_can_be_read_and_not_written(started: Project) -> None:
    started.close()
    started.layout.log_key.unlink()
    with reopened(started) as project:
        assert len(project.evidence()) == 1
        with pytest.raises(UsageError, match="reading only"):
            project.record(incident(project, "one"), signer=OWNER)


def test_another_logs_ledger_is_not_taken_for_ours(started: Project, tmp_path: Path) -> None:
    started.close()
    with make_project(tmp_path / "other") as other:
        other.close()
        for name in ("ledger.db", "ledger.db.pin"):
            shutil.copyfile(other.layout.state / name, started.layout.state / name)
    with reopened(started) as project, pytest.raises(TamperError, match="not the ledger"):
        project.evidence()


def test_an_older_copy_of_the_ledger_is_refused(started: Project, tmp_path: Path) -> None:
    started.close()
    shutil.copyfile(started.layout.ledger, tmp_path / "old")
    with reopened(started) as project:
        project.record(incident(project, "one"), signer=OWNER)
    shutil.copyfile(tmp_path / "old", started.layout.ledger)
    with reopened(started) as project, pytest.raises(ForkError, match="1 entries, but 2 were"):
        project.evidence()


def test_turns_lie_inside_each_other(started: Project) -> None:
    with started.turn(), started.turn():
        started.record(incident(started, "one"), signer=OWNER)
    with pytest.raises(KeyError), started.turn():
        raise KeyError
    assert started.record(incident(started, "two"), signer=OWNER).index == 2


def test_while_one_has_the_turn_nobody_else_records(started: Project) -> None:
    done: list[int] = []

    def other() -> None:
        with reopened(started) as project:
            done.append(project.record(incident(project, "theirs"), signer=OWNER).index)

    thread = threading.Thread(target=other)
    with started.turn():
        before = started.evidence()
        thread.start()
        thread.join(timeout=0.2)
        assert started.evidence() == before
        ours = started.record(incident(started, "ours"), signer=OWNER)
    thread.join()
    assert (ours.index, done) == (1, [2])


def _own(project: Project) -> Project:
    return reopened(project)


def _shared(project: Project) -> Project:
    return project


@pytest.mark.parametrize("opening", [_own, _shared])
def test_many_threads_record_side_by_side(
    started: Project, opening: Callable[[Project], Project]
) -> None:
    def work(number: int) -> list[int]:
        project, places = opening(started), []
        for each in range(4):
            recorded = project.record(incident(project, f"{number}-{each}"), signer=OWNER)
            assert project.entry(recorded.index).digest == recorded.digest
            places.append(recorded.index)
        if project is not started:
            project.close()
        return places

    with ThreadPoolExecutor(max_workers=4) as pool:
        places = [place for done in pool.map(work, range(4)) for place in done]
    assert sorted(places) == list(range(1, 17))
    assert verify_project(started).ok


def test_nothing_is_recorded_where_the_state_folder_is_gone(started: Project) -> None:
    statement = incident(started, "one")
    started.keyring.signer(OWNER)
    shutil.move(started.layout.state, started.layout.root / "moved")
    with pytest.raises(CannotLook, match="cannot be locked"):
        started.record(statement, signer=OWNER)


def test_who_signs_for_a_phase(tmp_path: Path) -> None:
    text = f'criteria = "sam"\n[governance.signers]\ndefault = "{OWNER}"\n'
    with make_project(tmp_path) as project:
        file = project.layout.lifecycle
        file.write_text(file.read_text().replace("[governance.signers]", "[governance.signers]\n"))
        file.write_text(file.read_text().replace(f'default = "{OWNER}"', ""))
        assert reopened(project).signer_for("data") == OWNER  # the only key that is here
        add_person(project, "sam")
        with pytest.raises(InputMissing, match="who signs for data\\? 2 keys are here") as caught:
            reopened(project).signer_for("data")
        assert "[governance.signers] data" in caught.value.advice
        assert reopened(project).signer_at_hand("data") is None
        file.write_text(
            file.read_text().replace("[governance.signers]\n", f"[governance.signers]\n{text[:17]}")
        )
        assert reopened(project).signer_for("criteria") == "sam"
        assert reopened(project).signer_at_hand("criteria") == "sam"
        project.layout.key("sam").unlink()
        assert reopened(project).signer_at_hand("criteria") is None


def test_a_key_that_somebody_put_in_the_place_of_another_signs_nothing(started: Project) -> None:
    from sealwright.evidence.keyfile import write_key

    started.layout.key(OWNER).unlink()
    write_key(SigningKey.generate(), started.layout.key(OWNER))
    with reopened(started) as project, pytest.raises(SignatureError, match="does not know"):
        project.record(incident(project, "one"), signer=OWNER)
    assert len(started.evidence()) == 1
