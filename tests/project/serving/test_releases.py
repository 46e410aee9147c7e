"""Forward only through the gate; back to nothing that is withdrawn or was changed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from sealwright.clock import format_time
from sealwright.errors import InputMissing, Refused, UsageError
from sealwright.evidence.predicates.governance import Decision
from sealwright.evidence.predicates.monitoring import Alert
from sealwright.evidence.predicates.operation import Incident, MonitorWindow, Release
from sealwright.evidence.statement import Subject
from sealwright.evidence.tree import identify
from sealwright.project.core import Project
from sealwright.project.named import Named
from sealwright.project.resolve import model
from sealwright.project.serving import store
from sealwright.project.serving.hysteresis import (
    may_roll_back_automatically,
    rollback_hindrance,
)
from sealwright.project.serving.releases import NotAdmitted, candidates, release, rollback
from sealwright.project.serving.routes import history
from tests.project.serving.versions import (  # noqa: F401 - fixtures
    FRONT,
    MODEL,
    OPERATOR,
    compiled,
    data_set,
    installation,
    say,
    served,
    twice_trained,
    versions,
    wait,
    withdraw,
)

HOUR = timedelta(hours=1)


def first_model(project: Project) -> Named:
    """The first version, from the copy of its files."""
    folder = project.layout.root / "first"
    found = identify(folder)
    return Named(name="model", digest=found.digest, artifact=found)


def put(project: Project, named: Named, **more: object) -> str:
    done = release(project, named, signer=OPERATOR, reason="told to", **more)  # type: ignore[arg-type]
    return done.route.digest


def both(project: Project) -> tuple[str, str]:
    """Releases the first version, then the second."""
    first = put(project, first_model(project))
    return first, put(project, model(project))


def kept_file(project: Project, digest: str) -> Path:
    return store.verify_kept(project, digest) / "model.onnx"


def change(path: Path) -> None:
    path.parent.chmod(0o755)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes() + b"x")


def test_a_release_keeps_a_copy_records_the_decision_and_is_served(
    installation: Project,  # noqa: F811
) -> None:
    before = len(installation.evidence())
    done = release(installation, model(installation), signer=OPERATOR, reason="first")
    assert done.recorded.index >= before
    assert served(installation) == [(done.route.digest, "champion", 100)]
    assert kept_file(installation, done.route.digest).is_file()
    said = done.recorded.predicate
    assert isinstance(said, Release)
    assert (said.action, said.name, said.replaces) == ("admit", MODEL, "")


def test_a_second_release_names_what_it_replaces(installation: Project) -> None:  # noqa: F811
    first, second = both(installation)
    said = installation.evidence()[-1].predicate
    assert isinstance(said, Release)
    assert said.replaces == first
    assert [each.digest for each in history(installation.evidence(), MODEL)] == [first]
    assert served(installation) == [(second, "champion", 100)]


def test_what_the_gate_does_not_admit_is_not_released(installation: Project) -> None:  # noqa: F811
    withdraw(installation, data_set(installation, "train"), "quarantine")
    before = len(installation.evidence())
    with pytest.raises(NotAdmitted, match="not admitted for release") as caught:
        put(installation, model(installation))
    assert not caught.value.verdict.admitted
    assert len(installation.evidence()) == before
    assert not installation.layout.models.exists()


def test_who_releases_must_operate(installation: Project) -> None:  # noqa: F811
    for who in ("eve", "sam"):
        with pytest.raises(Refused, match="takes the role operator or owner"):
            release(installation, model(installation), signer=who, reason="x")
    with pytest.raises(UsageError, match="no principal 'nobody'"):
        release(installation, model(installation), signer="nobody", reason="x")


def test_a_release_by_an_operator_rests_on_the_decision_of_the_owner(
    installation: Project,  # noqa: F811
) -> None:
    put(installation, model(installation))
    decided = [item for item in installation.evidence() if isinstance(item.predicate, Decision)]
    assert decided[-1].principal.id in ("mina", OPERATOR)


def test_a_canary_stands_beside_a_champion_only(installation: Project) -> None:  # noqa: F811
    with pytest.raises(Refused, match="nobody to stand beside"):
        put(installation, model(installation), role="canary", percent=5)
    first = put(installation, first_model(installation))
    with pytest.raises(UsageError, match="answers everybody already"):
        put(installation, first_model(installation), role="canary", percent=5)
    with pytest.raises(UsageError, match="answers whoever is not"):
        put(installation, model(installation), percent=5)
    second = put(installation, model(installation), role="canary", percent=5)
    assert served(installation) == [(first, "champion", 100), (second, "canary", 5)]
    rollback(installation, MODEL, to=first[:12], reason="slow", signer=FRONT)
    assert served(installation) == [(first, "champion", 100)]


def test_a_rollback_serves_the_version_before(installation: Project) -> None:  # noqa: F811
    first, second = both(installation)
    done = rollback(installation, MODEL, reason="drift", signer=FRONT)
    assert (done.route.digest, done.replaces) == (first, second)
    assert served(installation) == [(first, "champion", 100)]
    again = rollback(installation, MODEL, reason="no, forward", signer=OPERATOR)
    assert again.route.digest == second


@pytest.mark.parametrize("action", ["revoke", "quarantine", "retire"])
def test_a_withdrawn_version_is_nothing_to_go_back_to(
    installation: Project,  # noqa: F811
    action: str,
) -> None:
    first, second = both(installation)
    withdraw(installation, Subject("model", {"sha256": first}), action)
    with pytest.raises(Refused, match="no version to go back to") as caught:
        rollback(installation, MODEL, reason="drift", signer=OPERATOR)
    assert f"{first[:12]}: " in caught.value.message
    assert "model model: consent withdrawn" in caught.value.message
    assert served(installation) == [(second, "champion", 100)], "nothing was changed"


def test_the_newest_that_holds_is_taken_and_the_others_are_skipped(
    installation: Project,  # noqa: F811
) -> None:
    first, second = both(installation)
    put(installation, first_model(installation))
    withdraw(installation, Subject("model", {"sha256": first}))
    assert served(installation) == []
    done = rollback(installation, MODEL, reason="revoked", signer=OPERATOR)
    assert done.route.digest == second
    assert [
        (each.route.digest, bool(each.problem)) for each in candidates(installation, MODEL)
    ] == [(first, True)]


def test_a_kept_copy_that_was_changed_is_nothing_to_go_back_to(
    installation: Project,  # noqa: F811
) -> None:
    first, _ = both(installation)
    change(kept_file(installation, first))
    with pytest.raises(Refused, match="not the model it was"):
        rollback(installation, MODEL, reason="drift", signer=OPERATOR)


def test_a_version_that_was_never_kept_is_nothing_to_go_back_to(
    installation: Project,  # noqa: F811
) -> None:
    both(installation)
    store.remove_others(installation, {model(installation).digest})
    with pytest.raises(Refused, match="not in the store"):
        rollback(installation, MODEL, reason="drift", signer=OPERATOR)
    digest = first_model(installation).digest
    with pytest.raises(InputMissing, match="not in the store"):
        put(installation, Named(name="model", digest=digest))


def test_rollback_of_what_is_not_there(installation: Project) -> None:  # noqa: F811
    with pytest.raises(UsageError, match="nothing was ever released"):
        rollback(installation, MODEL, reason="x", signer=OPERATOR)
    first = put(installation, first_model(installation))
    with pytest.raises(Refused, match="no version to go back to"):
        rollback(installation, MODEL, reason="x", signer=OPERATOR)
    with pytest.raises(UsageError, match="begin with"):
        rollback(installation, MODEL, to=first[:12], reason="x", signer=OPERATOR)
    with pytest.raises(Refused, match="to roll back"):
        rollback(installation, MODEL, reason="x", signer="eve")


# Automatic rollback


def alert(project: Project, detector: str, *, client: str = "", who: str = FRONT) -> None:
    said = Alert(
        id=f"a{len(project.evidence())}",
        detector=detector,  # type: ignore[arg-type]
        severity="high",
        title="odd",
        client=client,
        at=format_time(project.clock()),
    )
    say(project, who, said, model(project).subject)


def window(project: Project, kind: str) -> None:
    at = format_time(project.clock())
    said = MonitorWindow(kind=kind, result="failed", start=at, end=at, n=256, at=at)  # type: ignore[arg-type]
    say(project, FRONT, said, model(project).subject)


def hindrance(project: Project) -> str:
    now = project.clock()
    found = rollback_hindrance(project, MODEL, now)
    assert may_roll_back_automatically(project, MODEL, now) is (not found)
    return found


def test_two_witnesses_that_speak_of_the_model_allow_it(installation: Project) -> None:  # noqa: F811
    both(installation)
    wait(installation, HOUR)
    alert(installation, "drift")
    assert "a second witness is missing: drift" in hindrance(installation)
    alert(installation, "drift")
    window(installation, "drift")
    assert "a second witness is missing" in hindrance(installation), "the same sign three times"
    alert(installation, "disagreement")
    assert hindrance(installation) == ""


def test_no_caller_causes_it_and_nobody_who_does_not_operate(installation: Project) -> None:  # noqa: F811
    both(installation)
    wait(installation, HOUR)
    for detector in ("drift", "disagreement", "out-of-distribution"):
        alert(installation, detector, client="mallory")
        alert(installation, detector, who="eve")
    for detector in ("rate", "near-duplicate", "denied", "silent", "log"):
        alert(installation, detector)
    window(installation, "access")
    assert "nothing speaks against" in hindrance(installation)


def test_a_persons_incident_is_a_witness(installation: Project) -> None:  # noqa: F811
    both(installation)
    wait(installation, HOUR)
    alert(installation, "drift")
    said = Incident(
        id="i1",
        status="open",
        severity="medium",
        title="odd",
        at=format_time(installation.clock()),
    )
    say(installation, "ines", said, model(installation).subject)
    assert hindrance(installation) == ""


def test_not_shortly_after_a_change_and_once_a_day(installation: Project) -> None:  # noqa: F811
    first, _ = both(installation)
    alert(installation, "drift")
    alert(installation, "disagreement")
    assert "30 minutes must pass" in hindrance(installation)
    wait(installation, HOUR / 2)
    assert hindrance(installation) == ""
    cause = installation.evidence()[-1].digest
    rollback(installation, MODEL, reason="drift", because=cause, signer=FRONT)
    assert served(installation) == [(first, "champion", 100)]
    put(installation, model(installation))
    wait(installation, HOUR)
    alert(installation, "drift")
    alert(installation, "disagreement")
    assert "once a day at most" in hindrance(installation)
    wait(installation, timedelta(hours=23))
    alert(installation, "drift")
    alert(installation, "disagreement")
    assert hindrance(installation) == ""


def test_old_signs_and_signs_against_another_version_are_none(installation: Project) -> None:  # noqa: F811
    put(installation, first_model(installation))
    alert(installation, "drift")
    alert(installation, "disagreement")
    put(installation, model(installation))
    wait(installation, HOUR)
    assert "nothing speaks" in hindrance(installation), "they were there before it was released"
    alert(installation, "drift")
    alert(installation, "disagreement")
    wait(installation, 2 * HOUR)
    assert "nothing speaks" in hindrance(installation)
    assert rollback_hindrance(installation, "other", installation.clock()).startswith("nothing")


def test_a_single_version_has_nothing_to_go_back_to(installation: Project) -> None:  # noqa: F811
    put(installation, model(installation))
    wait(installation, HOUR)
    assert "no earlier version" in hindrance(installation)
    assert compiled(installation).models
