"""Out of use at once and by anybody; back only by somebody who had no part in it."""

from __future__ import annotations

import shutil

import pytest

from sealwright.errors import Refused, UsageError
from sealwright.project.core import Project
from sealwright.project.named import Named
from sealwright.project.serving.halt import record_stop, resume, stop
from sealwright.project.serving.releases import release
from sealwright.project.serving.stopfile import EVERYTHING, read_stops
from sealwright.project.serving.withdraw import named, quarantine, restore, revoke
from tests.project.serving.test_releases import both, change, kept_file, put
from tests.project.serving.versions import (  # noqa: F401 - fixtures
    FRONT,
    MODEL,
    OPERATOR,
    data_set,
    installation,
    reasons,
    route,
    served,
    twice_trained,
    versions,
    withdraw,
)


def test_revoking_a_data_set_takes_down_all_that_came_from_it(installation: Project) -> None:  # noqa: F811
    first, second = both(installation)
    put(installation, named(installation, first[:12]), role="canary", percent=10)
    train = named(installation, "train")
    done = revoke(installation, train, reason="consent withdrawn", signer="sam")
    assert {node.digest for node in done.descendants} >= {first, second}
    assert {each.route.digest for each in done.fallen} == {first, second}
    assert {each.reason for each in done.fallen} == {"revoked: dataset train: consent withdrawn"}
    assert served(installation) == []
    again = revoke(installation, train, reason="once more", signer="eve")
    assert again.fallen == (), "it was down already"


def test_revoking_what_nobody_serves_takes_nothing_down(installation: Project) -> None:  # noqa: F811
    first, _ = both(installation)
    model = Named(name="model", digest=first)
    done = revoke(installation, model, reason="replaced for good", signer="sam")
    assert (done.descendants, done.fallen) == ((), ())
    assert len(served(installation)) == 1


def test_data_that_is_gone_from_disk_can_be_revoked_by_its_name(installation: Project) -> None:  # noqa: F811
    digest = data_set(installation, "train").sha256
    place = installation.layout.root / "data" / "train.csv"
    place.write_text(place.read_text() + "9,9,left,1\n")
    assert named(installation, "train").digest == digest, "what is on disk is on no record"
    place.unlink()
    assert named(installation, "train").digest == digest
    assert named(installation, digest[:8]).digest == digest


def test_what_no_statement_speaks_of_is_not_revoked_by_mistake(installation: Project) -> None:  # noqa: F811
    stray = installation.layout.root / "stray.txt"
    stray.write_text("x")
    with pytest.raises(UsageError, match="nothing on record speaks of"):
        named(installation, str(stray))
    for name in ("small", "system"):
        with pytest.raises(UsageError, match="the system itself"):
            named(installation, name)
    with pytest.raises(UsageError, match="no principal"):
        revoke(installation, named(installation, "train"), reason="x", signer="nobody")
    with pytest.raises(UsageError, match="the reason is empty"):
        revoke(installation, named(installation, "train"), reason=" ", signer="sam")


def test_a_quarantine_is_lifted_by_somebody_else_than_the_author(installation: Project) -> None:  # noqa: F811
    first = put(installation, named(installation, "model"))
    model = Named(name="model", digest=first)
    done = quarantine(installation, model, reason="odd answers", signer=FRONT)
    assert [each.route.digest for each in done.fallen] == [first]
    for who, why in (("mina", "nobody judges their own work"), ("eve", "has not the role")):
        with pytest.raises(Refused, match=why):
            restore(installation, model, reason="fine", signer=who)
    assert served(installation) == []
    restore(installation, model, reason="the sensor was broken", signer="ines")
    assert served(installation) == [(first, "champion", 100)]
    with pytest.raises(Refused, match="is not withdrawn"):
        restore(installation, model, reason="again", signer="ines")


def test_a_revocation_is_final(installation: Project) -> None:  # noqa: F811
    _, second = versions(installation)
    put(installation, named(installation, "model"))
    withdraw(installation, second)
    with pytest.raises(Refused, match="was revoked by sam"):
        restore(
            installation, Named(name="model", digest=second.sha256), reason="x", signer=OPERATOR
        )
    withdraw(installation, second, "restore", who=OPERATOR)
    assert served(installation) == []


# Stop and resume


def halt(project: Project, name: str) -> None:
    stop(project.layout, name, reason="odd answers", clock=project.clock)
    record_stop(project, name, reason="odd answers", signer=OPERATOR)


def test_a_stop_is_a_line_and_a_quarantine(installation: Project) -> None:  # noqa: F811
    first, second = both(installation)
    halt(installation, MODEL)
    assert read_stops(installation.layout).reason(MODEL) == "odd answers"
    assert served(installation) == []
    assert reasons(installation)[second] == "quarantined: model model: odd answers"
    before = len(installation.evidence())
    halt(installation, EVERYTHING)
    assert len(installation.evidence()) == before, "it is quarantined already"
    with pytest.raises(Refused, match="everything is stopped"):
        resume(installation, MODEL, reason="fine", signer="ines")
    resume(installation, EVERYTHING, reason="the sensor was broken", signer="ines")
    assert served(installation) == [(second, "champion", 100)]
    assert read_stops(installation.layout).reason(MODEL) == "odd answers", "its own line stands"
    done = resume(installation, MODEL, reason="the sensor was broken", signer="ines")
    assert (done.lines, done.restored) == (1, ())
    assert not installation.layout.stop_file.exists()
    assert first


def test_what_is_revoked_for_good_does_not_keep_everything_else_stopped(
    installation: Project,  # noqa: F811
) -> None:
    first, second = versions(installation)
    both(installation)
    route(installation, first, name="old")
    withdraw(installation, first)
    stop(installation.layout, EVERYTHING, reason="x", clock=installation.clock)
    done = resume(installation, EVERYTHING, reason="fine", signer="ines")
    assert done.refused[0].startswith("old: revoked: model model")
    assert served(installation) == [(second.sha256, "champion", 100)]
    withdraw(installation, second)
    stop(installation.layout, EVERYTHING, reason="x", clock=installation.clock)
    with pytest.raises(Refused, match="the stop stands"):
        resume(installation, EVERYTHING, reason="fine", signer="ines")


@pytest.mark.parametrize("who", ["mina", "eve", "nobody"])
def test_who_made_the_model_does_not_resume_it(installation: Project, who: str) -> None:  # noqa: F811
    both(installation)
    halt(installation, MODEL)
    with pytest.raises((Refused, UsageError)):
        resume(installation, MODEL, reason="fine", signer=who)
    assert installation.layout.stop_file.exists()
    assert served(installation) == []


def test_the_stop_stands_while_the_gate_says_no(installation: Project) -> None:  # noqa: F811
    first, second = both(installation)
    stop(installation.layout, MODEL, reason="x", clock=installation.clock)
    withdraw(installation, data_set(installation, "train"), "quarantine")
    with pytest.raises(Refused, match="quarantined: dataset train"):
        resume(installation, MODEL, reason="fine", signer="ines")
    withdraw(installation, data_set(installation, "train"), "restore")
    withdraw(installation, versions(installation)[1])
    with pytest.raises(Refused, match="revoked: model model"):
        resume(installation, MODEL, reason="fine", signer="ines")
    route(installation, versions(installation)[0], action="rollback")
    resume(installation, MODEL, reason="the earlier version", signer="ines")
    assert served(installation) == [(first, "champion", 100)]
    assert second


def test_the_stop_stands_while_the_kept_files_are_not_what_they_were(
    installation: Project,  # noqa: F811
) -> None:
    _, second = both(installation)
    stop(installation.layout, MODEL, reason="x", clock=installation.clock)
    change(kept_file(installation, second))
    with pytest.raises(Refused, match="not the model it was"):
        resume(installation, MODEL, reason="fine", signer="ines")
    assert installation.layout.stop_file.exists()


def test_what_is_neither_stopped_nor_served_is_not_resumed(installation: Project) -> None:  # noqa: F811
    with pytest.raises(UsageError, match="neither stopped nor served"):
        resume(installation, "other", reason="fine", signer="ines")
    stop(installation.layout, "other", reason="x", clock=installation.clock)
    assert resume(installation, "other", reason="a slip", signer="ines").lines == 1


def test_the_files_of_a_release_are_kept_though_training_writes_others(
    installation: Project,  # noqa: F811
) -> None:
    _, second = versions(installation)
    release(installation, named(installation, "model"), signer=OPERATOR, reason="x")
    shutil.rmtree(installation.layout.root / "model")
    halt(installation, MODEL)
    resume(installation, MODEL, reason="fine", signer="ines")
    assert served(installation) == [(second.sha256, "champion", 100)]
