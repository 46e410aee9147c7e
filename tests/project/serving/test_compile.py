"""The snapshot says what the gate says: no more, and no other version in its place."""

from __future__ import annotations

import time
from datetime import timedelta

import msgspec
import pytest

from sealwright.clock import format_time
from sealwright.errors import UsageError
from sealwright.evidence.dsse import encode_envelope, sign_statement
from sealwright.evidence.keys import SigningKey
from sealwright.evidence.predicates.operation import Incident, Release
from sealwright.evidence.predicates.serving import Contract, DecisionLogHead
from sealwright.evidence.statement import Subject
from sealwright.phases.deployment.core.snapshot import choose, open_snapshot
from sealwright.phases.deployment.record import contract_problem
from sealwright.project.core import Project
from sealwright.project.serving.compile import compile_snapshot
from tests.project.serving.versions import (  # noqa: F401 - fixtures
    FRONT,
    MINUTE,
    MODEL,
    approve_again,
    compiled,
    data_set,
    installation,
    reasons,
    route,
    say,
    served,
    system,
    twice_trained,
    versions,
    wait,
    withdraw,
)


def test_nothing_is_served_before_somebody_released_it(installation: Project) -> None:  # noqa: F811
    snapshot = compiled(installation)
    assert (snapshot.models, snapshot.refused, snapshot.keys) == ((), (), ())
    assert snapshot.tier == "minimal"
    assert snapshot.losses.log == "alarm"
    assert snapshot.ledger_size == len(installation.evidence())


def test_what_was_released_is_served_with_its_contract(installation: Project) -> None:  # noqa: F811
    first, second = versions(installation)
    route(installation, first)
    snapshot = compiled(installation)
    (model,) = snapshot.models
    assert (model.name, model.version, model.digest) == (MODEL, first.sha256[:12], first.sha256)
    assert model.contract.features == ("a", "b")
    assert model.contract.model_file == "model.onnx"
    assert model.alarms == ()
    route(installation, second)
    assert served(installation) == [(second.sha256, "champion", 100)]
    assert reasons(installation) == {first.sha256: f"replaced by version {second.sha256[:12]}"}


def test_the_same_ledger_and_time_make_the_same_bytes(installation: Project) -> None:  # noqa: F811
    first, second = versions(installation)
    route(installation, first)
    route(installation, second, role="canary", percent=20)
    now = installation.clock()
    texts = {
        msgspec.json.encode(
            compile_snapshot(opened, sequence=3, now=now, valid_for=MINUTE).predicate
        )
        for opened in (installation, Project.open(installation.layout.root))
    }
    assert len(texts) == 1


@pytest.mark.parametrize("name", ["train", "code", "model"])
def test_what_is_revoked_upstream_refuses_every_descendant(
    installation: Project,  # noqa: F811
    name: str,
) -> None:
    first, second = versions(installation)
    route(installation, first)
    route(installation, second, role="canary", percent=10)
    about = {
        "train": data_set(installation, "train"),
        "code": Subject("train.py", _code_of(installation, first)),
        "model": first,
    }[name]
    withdraw(installation, about)
    assert served(installation) == []
    why = reasons(installation)
    kind = {"train": "dataset train", "code": "code train.py", "model": "model model"}[name]
    assert why[first.sha256] == f"revoked: {kind}: consent withdrawn"
    if name == "train":
        assert why[second.sha256] == "revoked: dataset train: consent withdrawn"
    else:
        assert why[second.sha256].startswith("the version that answers everybody is refused")


def _code_of(project: Project, model: Subject) -> dict[str, str]:
    graph = project.graph()
    (digest,) = graph.sources(model.sha256, "made-from", kind="code")
    return {"sha256": digest}


def test_a_refused_champion_is_not_replaced_silently(installation: Project) -> None:  # noqa: F811
    first, second = versions(installation)
    route(installation, first)
    route(installation, second)
    withdraw(installation, second, "quarantine")
    assert served(installation) == []
    why = reasons(installation)
    assert why[second.sha256] == "quarantined: model model: consent withdrawn"
    assert why[first.sha256].startswith("replaced by")
    assert compiled(installation).refused[-1].digest == second.sha256, "told without a version"
    route(installation, first, action="rollback", who=FRONT)
    assert served(installation) == [(first.sha256, "champion", 100)]
    assert reasons(installation)[second.sha256].startswith("quarantined: ")


def test_a_refused_canary_leaves_its_clients_to_the_champion(installation: Project) -> None:  # noqa: F811
    first, second = versions(installation)
    route(installation, first)
    route(installation, second, role="canary", percent=40)
    withdraw(installation, second)
    assert served(installation) == [(first.sha256, "champion", 100)]
    assert list(reasons(installation)) == [second.sha256]


def test_a_canary_without_a_champion_serves_nobody(installation: Project) -> None:  # noqa: F811
    first, _ = versions(installation)
    route(installation, first, role="canary", percent=40)
    assert served(installation) == []
    assert "no version answers everybody" in reasons(installation)[first.sha256]


def test_a_canary_is_the_same_clients_each_time(installation: Project) -> None:  # noqa: F811
    first, second = versions(installation)
    route(installation, first)
    route(installation, second, role="canary", percent=25)
    key = SigningKey.generate()
    answered = []
    for sequence in (1, 2):
        statement = compile_snapshot(
            installation, sequence=sequence, now=installation.clock(), valid_for=MINUTE
        )
        opened = open_snapshot(encode_envelope(sign_statement(statement, key)), (key.public,))
        found = {
            client: choose(opened.names[MODEL], client=client, salt=b"s")
            for client in (f"client-{number}" for number in range(200))
        }
        answered.append({client: each.digest if each else "" for client, each in found.items()})
    assert answered[0] == answered[1]
    share = sum(digest == second.sha256 for digest in answered[0].values())
    assert 20 < share < 90


@pytest.mark.parametrize("who", ["mina", "eve", "sam"])
def test_a_release_by_somebody_who_does_not_operate(installation: Project, who: str) -> None:  # noqa: F811
    first, second = versions(installation)
    route(installation, first)
    route(installation, second, who=who)
    expected = second if who == "mina" else first
    assert served(installation) == [(expected.sha256, "champion", 100)], "mina is the owner"


def test_a_model_that_nobody_admitted_is_not_served_by_being_released(
    installation: Project,  # noqa: F811
) -> None:
    stranger = Subject("model", {"sha256": "5" * 64})
    route(installation, stranger)
    assert served(installation) == []
    assert reasons(installation)[stranger.sha256].startswith("not admitted: ")


def test_one_version_with_odd_evidence_does_not_take_the_others_along(
    installation: Project,  # noqa: F811
) -> None:
    first, second = versions(installation)
    contract = Contract(
        name="other",
        model_file="../model.onnx",
        features=("a",),
        positive=1,
        at=format_time(installation.clock()),
    )
    assert contract_problem(contract)
    say(installation, "olga", contract, second)
    approve_again(installation, second)
    route(installation, first)
    route(installation, second, name="other")
    assert served(installation) == [(first.sha256, "champion", 100)]
    assert "cannot be served" in reasons(installation)[second.sha256]


def test_whoever_changes_the_contract_after_the_release_changes_nothing(
    installation: Project,  # noqa: F811
) -> None:
    first, _ = versions(installation)
    route(installation, first)
    before = compiled(installation).models[0].contract
    changed = msgspec.structs.replace(
        before, threshold=0.9, model_file="spare.onnx", at=format_time(installation.clock())
    )
    say(installation, "eve", changed, first)
    assert compiled(installation).models[0].contract == before
    route(installation, first)
    assert compiled(installation).models[0].contract == before, "nobody approved it"
    approve_again(installation, first)
    assert compiled(installation).models[0].contract == before, "nobody released it"
    route(installation, first)
    assert compiled(installation).models[0].contract == changed, "both, and it is in force"


@pytest.mark.parametrize("who", ["sam", FRONT])
def test_a_contract_by_somebody_who_answers_for_no_models(
    installation: Project,  # noqa: F811
    who: str,
) -> None:
    first, _ = versions(installation)
    route(installation, first)
    before = compiled(installation).models[0].contract
    changed = msgspec.structs.replace(before, threshold=0.9, at=format_time(installation.clock()))
    say(installation, who, changed, first)
    approve_again(installation, first)
    route(installation, first)
    expected = changed if who == FRONT else before  # `front` has the role operator, too
    assert compiled(installation).models[0].contract == expected


def test_a_contract_for_a_file_that_is_none_of_the_models(installation: Project) -> None:  # noqa: F811
    first, _ = versions(installation)
    route(installation, first)
    before = compiled(installation).models[0].contract
    changed = msgspec.structs.replace(
        before, model_file="extra.onnx", at=format_time(installation.clock())
    )
    say(installation, "olga", changed, first)
    approve_again(installation, first)
    route(installation, first)
    assert served(installation) == []
    assert "none of its files" in reasons(installation)[first.sha256]


@pytest.mark.parametrize(("severity", "goes_on"), [("low", True), ("critical", False)])
def test_an_incident_stops_or_alarms_by_its_severity(
    installation: Project,  # noqa: F811
    severity: str,
    goes_on: bool,
) -> None:
    first, _ = versions(installation)
    route(installation, first)
    said = Incident(
        id="i1",
        status="open",
        severity=severity,  # type: ignore[arg-type]
        title="odd answers",
        at=format_time(installation.clock()),
    )
    say(installation, "sam", said, first)
    snapshot = compiled(installation)
    assert bool(snapshot.models) is goes_on
    if goes_on:
        assert any("odd answers" in alarm for alarm in snapshot.models[0].alarms)
    else:
        assert snapshot.refused[-1].reason == "incident: model model: odd answers (i1)"


def test_reasons_are_one_printable_line(installation: Project) -> None:  # noqa: F811
    first, _ = versions(installation)
    route(installation, first)
    said = Release(
        action="revoke",
        reason="a\nb\x1b[31m\u202e" + "x" * 2000,
        at=format_time(installation.clock()),
    )
    say(installation, "sam", said, first)
    reason = reasons(installation)[first.sha256]
    assert reason.isprintable()
    assert len(reason) <= 300


def test_a_gateway_takes_every_snapshot_and_none_that_went_back(installation: Project) -> None:  # noqa: F811
    first, second = versions(installation)
    route(installation, first)
    route(installation, second, role="canary", percent=10)
    withdraw(installation, second)
    key = SigningKey.generate()
    statement = compile_snapshot(
        installation, sequence=7, now=installation.clock(), valid_for=MINUTE
    )
    opened = open_snapshot(encode_envelope(sign_statement(statement, key)), (key.public,))
    assert opened.digests == {first.sha256}
    assert opened.refused[MODEL, ""].digest == second.sha256
    assert opened.expires == pytest.approx((installation.clock() + MINUTE).timestamp(), abs=60)


def test_a_snapshot_that_is_over_before_it_begins(installation: Project) -> None:  # noqa: F811
    with pytest.raises(UsageError, match="expired"):
        compile_snapshot(installation, sequence=1, now=installation.clock(), valid_for=timedelta(0))


def test_some_hundred_entries_are_compiled_well_below_a_second(installation: Project) -> None:  # noqa: F811
    first, second = versions(installation)
    route(installation, first)
    route(installation, second, role="canary", percent=10)
    for number in range(250):
        head = DecisionLogHead(
            gateway="g",
            segment="0",
            seq=number,
            head="0" * 64,
            at=format_time(installation.clock()),
        )
        say(installation, FRONT, head, system(installation))
    started = time.process_time()
    assert len(compiled(installation).models) == 2
    assert time.process_time() - started < 1.0


def test_a_restore_by_the_author_restores_nothing(installation: Project) -> None:  # noqa: F811
    first, _ = versions(installation)
    route(installation, first)
    withdraw(installation, first, "quarantine")
    withdraw(installation, first, "restore", who="mina")
    withdraw(installation, first, "restore", who="eve")
    withdraw(installation, first, "restore", who=FRONT)
    assert served(installation) == [(first.sha256, "champion", 100)], "front operates as well"
    withdraw(installation, first, "quarantine")
    withdraw(installation, first, "restore", who="mina")
    assert served(installation) == []
    wait(installation, MINUTE)
    withdraw(installation, first, "restore", who="olga")
    assert served(installation) == [(first.sha256, "champion", 100)]
