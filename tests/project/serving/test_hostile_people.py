"""What people with a key could do beyond their word: the author, an operator alone, a service."""

from __future__ import annotations

import msgspec
import pytest

from sealwright.clock import format_time
from sealwright.errors import Refused
from sealwright.evidence.predicates.operation import Incident
from sealwright.evidence.statement import Subject
from sealwright.phases.governance import record
from sealwright.policy.load import builtin_text
from sealwright.project.core import Project
from sealwright.project.decide import sign_policy
from sealwright.project.incidents import close_incident
from sealwright.project.named import Named
from tests.project.factory import add_person
from tests.project.serving.versions import (  # noqa: F401 - fixtures
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
)


def incident(
    project: Project,
    who: str,
    about: Subject,
    severity: str = "critical",
    *,
    name: str = "i1",
    status: str = "open",
) -> None:
    said = Incident(
        id=name,
        status=status,  # type: ignore[arg-type]
        severity=severity,  # type: ignore[arg-type]
        title=f"{severity} trouble",
        at=format_time(project.clock()),
    )
    say(project, who, said, about)


@pytest.mark.parametrize("upstream", [False, True])
@pytest.mark.parametrize("first_severity", ["info", "low", "medium"])
def test_a_small_incident_does_not_hide_a_grave_one(
    installation: Project,  # noqa: F811
    first_severity: str,
    upstream: bool,
) -> None:
    """Whoever opens a harmless incident first would keep a grave one from stopping the model."""
    first, _ = versions(installation)
    about = data_set(installation, "train") if upstream else first
    route(installation, first)
    incident(installation, "eve", first, first_severity, name="a")
    assert served(installation) == [(first.sha256, "champion", 100)]
    incident(installation, "sam", about, "critical", name="b")
    assert served(installation) == []
    assert "critical trouble" in reasons(installation)[first.sha256]


def test_a_grave_incident_stops_whatever_else_has_aged(installation: Project) -> None:  # noqa: F811
    """An incident upstream that is not grave comes before a grave one on the model itself."""
    first, _ = versions(installation)
    route(installation, first)
    incident(installation, "eve", data_set(installation, "train"), "low", name="a")
    incident(installation, "sam", first, "high", name="b")
    assert served(installation) == []
    assert "high trouble" in reasons(installation)[first.sha256]


def test_an_author_does_not_close_a_grave_incident_on_the_own_work(
    installation: Project,  # noqa: F811
) -> None:
    first, _ = versions(installation)
    route(installation, first)
    incident(installation, "sam", first)
    incident(installation, "mina", first, status="closed")
    assert served(installation) == []
    incident(installation, "olga", first, status="closed")
    assert served(installation) == [(first.sha256, "champion", 100)]


def test_an_engineer_who_made_nothing_does_not_close_a_grave_incident(
    installation: Project,  # noqa: F811
) -> None:
    first, _ = versions(installation)
    route(installation, first)
    incident(installation, "sam", first)
    incident(installation, "eve", first, status="closed")
    assert served(installation) == []


def test_the_command_says_so_before_anything_is_signed(installation: Project) -> None:  # noqa: F811
    first, _ = versions(installation)
    incident(installation, "sam", first)
    entries = len(installation.evidence())
    with pytest.raises(Refused, match="nobody judges their own work"):
        close_incident(installation, "i1", reason="nothing", signer="mina")
    assert len(installation.evidence()) == entries


def test_nobody_talks_a_grave_incident_down(installation: Project) -> None:  # noqa: F811
    """The same id, said again as a trifle."""
    first, _ = versions(installation)
    route(installation, first)
    incident(installation, "sam", first, "critical")
    incident(installation, "eve", first, "info")
    assert served(installation) == []


def test_a_grave_incident_about_the_system_stops_all_of_it(installation: Project) -> None:  # noqa: F811
    first, _ = versions(installation)
    route(installation, first)
    incident(installation, "sam", system(installation), "medium", name="a")
    assert served(installation) == [(first.sha256, "champion", 100)]
    incident(installation, "sam", system(installation), "critical", name="b")
    assert served(installation) == []


def test_an_operator_alone_does_not_change_how_an_approved_model_decides(
    installation: Project,  # noqa: F811
) -> None:
    """A contract and a release by the same hand: nobody approved the contract."""
    first, _ = versions(installation)
    route(installation, first)
    before = compiled(installation).models[0].contract
    changed = msgspec.structs.replace(before, threshold=0.99, at=format_time(installation.clock()))
    say(installation, "olga", changed, first)
    route(installation, first)
    assert compiled(installation).models[0].contract == before
    approve_again(installation, first)
    route(installation, first)
    assert compiled(installation).models[0].contract == changed


def test_a_forged_decision_carries_no_contract_however_it_is_covered_up(
    installation: Project,  # noqa: F811
) -> None:
    """Contract, forged decision and release by one hand; then all is as if nothing had happened."""
    first, _ = versions(installation)
    route(installation, first)
    good = compiled(installation).models[0].contract
    bad = msgspec.structs.replace(good, threshold=0.99, at=format_time(installation.clock()))
    say(installation, "olga", bad, first)
    artifact = Named(name=first.name, digest=first.sha256)
    verdict = installation.gate(artifact, "release")
    assert not verdict.admitted
    forged = msgspec.structs.replace(record.decision(verdict).predicate, outcome="admitted")
    say(installation, "mina", forged, first)
    route(installation, first)
    again = msgspec.structs.replace(good, at=format_time(installation.clock()))
    say(installation, "olga", again, first)
    approve_again(installation, first)
    (model,) = compiled(installation).models
    assert model.contract.threshold == good.threshold


def test_an_earlier_contract_of_another_name_is_not_to_be_had_back(
    installation: Project,  # noqa: F811
) -> None:
    """People approved the newest contract; the one that it replaced has the old name."""
    first, _ = versions(installation)
    route(installation, first)
    before = compiled(installation).models[0].contract
    newer = msgspec.structs.replace(
        before, name="other", abstain_margin=0.2, at=format_time(installation.clock())
    )
    say(installation, "olga", newer, first)
    approve_again(installation, first)
    route(installation, first)
    assert served(installation) == []
    assert "is for the name other" in reasons(installation)[first.sha256]
    route(installation, first, name="other")
    assert compiled(installation).models[0].contract == newer


def test_a_newer_contract_does_not_stand_in_for_the_one_in_force(
    installation: Project,  # noqa: F811
) -> None:
    """The rules become stricter; a contract that meets them is approved, and nothing is released
    with it: the gate is content, and what is served goes on by the old one."""
    first, _ = versions(installation)
    route(installation, first)
    (before,) = compiled(installation).models
    with _stricter(installation) as project:
        newer = msgspec.structs.replace(
            before.contract, abstain_margin=0.1, at=format_time(project.clock())
        )
        say(project, "front", newer, first)
        approve_again(project, first)
        (model,) = compiled(project).models
        assert model.contract == before.contract
        assert any("release it again" in alarm for alarm in model.alarms)
        route(project, first)
        (model,) = compiled(project).models
        assert (model.contract, model.alarms) == (newer, ())


def _stricter(project: Project) -> Project:
    """The same project, after two people recorded a policy that asks for a margin."""
    asked = 'predicate = "contract"\nwhere = [{ path = "features", empty = false }'
    assert asked in builtin_text()
    text = builtin_text().replace(asked, f'{asked}, {{ path = "abstain_margin", min = 0.01 }}', 1)
    root = project.layout.root
    (root / "stricter.toml").write_text(text, encoding="utf-8")
    declared = (root / "sealwright.toml").read_text(encoding="utf-8")
    head = "" if "\n[governance]\n" in declared else "\n[governance]\n"
    declared = declared.replace("\n[governance.impact]", f"{head}\n[governance.impact]", 1)
    declared = declared.replace("\n[governance]\n", '\n[governance]\npolicy = "stricter.toml"\n', 1)
    (root / "sealwright.toml").write_text(declared, encoding="utf-8")
    opened = Project.open(root, clock=project.clock)
    for who in ("mina", "ines"):
        sign_policy(opened, signer=who)
    return opened


def test_a_service_does_not_release(installation: Project) -> None:  # noqa: F811
    """A stolen installation key goes back; it does not go forward."""
    add_person(installation, "gate-1", roles=("gateway",), disciplines=())
    first, second = versions(installation)
    route(installation, first)
    route(installation, second, who="gate-1")
    assert served(installation) == [(first.sha256, "champion", 100)]
