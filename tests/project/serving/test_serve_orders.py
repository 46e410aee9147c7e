"""Orders over the admin API of a running installation: done, signed by it, and on record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sealwright.errors import UsageError
from sealwright.project.core import Project
from sealwright.project.serving.orders import Release, Revoke, perform
from tests.serving_house import FRONT, MODEL, OPERATOR, key
from tests.serving_running import Running, serving, until


def order(running: Running, what: str, operator: str, **said: str) -> tuple[int, Any]:
    status, _, answer = running.operate(f"/admin/v1/{what}", operator, said)
    return status, answer


def test_stop_resume_release_and_revoke(house: Path) -> None:
    clara = key(house)
    olga = key(house, "olga", actions=("admin",))
    with serving(house) as running:
        (served,) = running.operate("/admin/v1/models", olga)[2]
        assert (served["name"], served["running"], served["stopped"]) == (MODEL, True, None)

        status, said = order(running, "release", olga, model=served["digest"], reason="again")
        assert status == 200, said
        assert said["digest"] == served["digest"]

        status, said = order(running, "stop", olga, name=MODEL, reason="odd")
        assert (status, said["stopped"], len(said["entries"])) == (200, True, 1)
        until(lambda: running.ask(clara, [[1.0, 2.0]])[0] == 403)
        assert order(running, "resume", clara, name=MODEL, reason="fine")[0] == 403
        assert order(running, "resume", olga, name=MODEL, reason="fine")[0] == 200
        until(lambda: running.ask(clara, [[1.0, 2.0]])[0] == 200)

        assert order(running, "rollback", olga, name=MODEL, reason="back")[0] == 409
        assert order(running, "rollback", olga, name="else", reason="back")[0] == 400
        status, said = order(running, "revoke", olga, artifact="train", reason="withdrawn")
        assert (status, [each["name"] for each in said["fallen"]]) == (200, [MODEL])
        until(lambda: running.ask(clara, [[1.0, 2.0]])[0] == 403)
        assert "withdrawn" in running.ask(clara, [[1.0, 2.0]])[2]["error"]
        # What fell does not come back over this listener, either.
        assert order(running, "release", olga, model=served["digest"], reason="again")[0] == 409
        assert order(running, "resume", olga, name=MODEL, reason="please")[0] == 409
        metrics = running.operate("/metrics")[2]
        assert "sealwright_models_refused 1" in metrics
        assert "clara" not in metrics
    with Project.open(house) as project:
        first, *rest = [item for item in project.evidence() if item.kind == "release"]
        assert first.principal.id == OPERATOR
        assert {item.principal.id for item in rest} == {FRONT}
        reasons = [getattr(item.predicate, "reason", "") for item in rest]
    assert len(reasons) == 4  # released, quarantined, restored, revoked
    assert all("asked by olga over the admin API" in reason for reason in reasons)


@pytest.mark.parametrize(
    "wrong",
    [
        Release(reason="x", model="../model"),
        Release(reason="x", model="sealwright.toml"),
        Revoke(reason="x", artifact="/etc/passwd"),
        Revoke(reason="x", artifact="data/train.csv"),
        Revoke(reason=" ", artifact="train"),
    ],
)
def test_orders_name_no_files_and_have_a_reason(house: Path, wrong: Any) -> None:
    with Project.open(house) as project:
        size = len(project.evidence())
        with pytest.raises(UsageError):
            perform(project, wrong, signer=FRONT, client="olga")
        assert len(project.evidence()) == size
