"""Whose clock counts: one that is wrong stops its owner, and nobody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sealwright.clock import Clock, system_clock
from sealwright.errors import Refused, SignatureError
from sealwright.evidence.predicates.operation import Incident
from sealwright.evidence.statement import Statement
from sealwright.phases.governance import record
from sealwright.project.core import Project
from sealwright.project.resolve import model
from sealwright.project.steps.model import sign_model
from tests.cli.console import Console


def off_by(**offset: float) -> Clock:
    return lambda: system_clock() + timedelta(**offset)


def incident(project: Project, *, now: datetime) -> Statement[Incident]:
    return record.incident(
        model(project).subject,
        incident_id="drill",
        status="closed",
        severity="low",
        title="a test",
        now=now,
    )


@pytest.mark.parametrize("offset", [timedelta(minutes=6), timedelta(days=300), timedelta(days=-2)])
def test_a_statement_that_is_not_dated_now_is_not_recorded(
    trained: Console, offset: timedelta
) -> None:
    now = system_clock() + timedelta(days=10)  # the keys are older than what is dated back
    with Project.open(trained.folder, clock=lambda: now) as project:
        before = len(project.evidence())
        with pytest.raises(Refused, match=r"is dated .*: nothing was recorded"):
            project.record(incident(project, now=now + offset), signer="mina")
        assert len(project.evidence()) == before
        project.record(incident(project, now=now - timedelta(hours=23)), signer="mina")
        project.record(incident(project, now=now + timedelta(minutes=4)), signer="mina")


def test_the_clock_of_one_laptop_dates_nobody_elses_signature(trained: Console) -> None:
    with Project.open(trained.folder, clock=off_by(days=300)) as wrong:
        wrong.record(incident(wrong, now=wrong.clock()), signer="sam")
    with Project.open(trained.folder) as project:
        signed = sign_model(project).evidence[0]
        assert signed.at < datetime.now(UTC) + timedelta(minutes=1)
        assert project.now() < datetime.now(UTC) + timedelta(minutes=1)
        verdict = project.gate(model(project), "release")
        assert verdict.statuses["model-signature"] == "satisfied"


def test_a_clock_that_is_set_back_brings_nothing_back(admitted: Console) -> None:
    with Project.open(admitted.folder, clock=off_by(days=-20)) as project:
        newest = max(item.at for item in project.evidence())
        assert newest - timedelta(minutes=5) < project.now() <= newest
        before = len(project.evidence())
        with pytest.raises(SignatureError, match="when the key was not valid"):
            project.record(incident(project, now=project.clock()), signer="mina")
        assert len(project.evidence()) == before
