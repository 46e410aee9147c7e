"""Cases that people decide: who may, how many, and that the ledger alone says what came of it."""

from __future__ import annotations

import json

import msgspec
import pytest

from sealwright.clock import format_time
from sealwright.errors import InputMissing, MalformedError, Refused, UsageError
from sealwright.evidence.predicates.serving import Oversight
from sealwright.evidence.statement import Subject
from sealwright.phases.deployment.core.decision import OpenCase
from sealwright.phases.deployment.gateway.cases import answer_secret, look_up, open_cases
from sealwright.project.core import Project
from sealwright.project.people import revoke_principal
from sealwright.project.serving.pepper import pepper_of
from sealwright.project.serving.reviews import answer, find, list_cases, look_at
from tests.project.factory import add_person
from tests.project.serving.versions import (  # noqa: F401 - fixtures
    FRONT,
    MINUTE,
    MODEL,
    installation,
    say,
    twice_trained,
    versions,
    wait,
)

HELD, LEFT = "0f3c-0", "0f3c-1"


@pytest.fixture
def project(installation: Project) -> Project:  # noqa: F811
    """One case to be confirmed, one that was left open, as the gateway writes them."""
    _, second = versions(installation)
    open_cases(
        installation.layout.reviews,
        (
            case(second, HELD, kind="confirm", model_decision="positive", score=0.91),
            case(second, LEFT, kind="review", model_decision="abstain", score=0.5),
        ),
    )
    return installation


def case(about: Subject, identity: str, **more: object) -> OpenCase:
    return OpenCase(
        case=identity,
        client="clara",
        name=MODEL,
        digest=about.sha256,
        row=0,
        values=(1.0, 2.0),
        at=1_795_000_000.0,
        **more,  # type: ignore[arg-type]
    )


def tell(project: Project, identity: str, word: str, who: str) -> str:
    return answer(project, identity, word, reason="looked at it", signer=who).state  # type: ignore[arg-type]


def outcome(project: Project, identity: str) -> tuple[str, str]:
    """What a gateway tells the client."""
    found = look_up(project.layout.reviews, identity, secret=answer_secret(pepper_of(project)))
    assert found is not None
    return found.status, found.decision


def test_a_held_decision_takes_two_people_who_say_the_same(project: Project) -> None:
    assert outcome(project, HELD) == ("open", "none")
    assert tell(project, HELD, "confirm", "ines") == "pending"
    assert outcome(project, HELD) == ("open", "none")
    assert tell(project, HELD, "confirm", "ines") == "pending", "one person stays one"
    assert tell(project, HELD, "confirm", "sam") == "positive"
    assert outcome(project, HELD) == ("closed", "positive")
    with pytest.raises(UsageError, match="is closed: positive"):
        tell(project, HELD, "reject", "sam")
    said = project.evidence()[-1].predicate
    assert isinstance(said, Oversight)
    assert (said.action, said.decision, said.model_decision) == ("confirm", "positive", "positive")


def test_two_who_differ_wait_for_a_third(project: Project) -> None:
    add_person(project, "dana", disciplines=("data",))
    assert tell(project, HELD, "confirm", "ines") == "pending"
    assert tell(project, HELD, "override", "sam") == "pending"
    assert tell(project, HELD, "negative", "dana") == "negative"


def test_somebody_may_change_their_mind_until_it_is_decided(project: Project) -> None:
    assert tell(project, HELD, "confirm", "ines") == "pending"
    assert tell(project, HELD, "override", "sam") == "pending"
    assert tell(project, HELD, "override", "ines") == "negative"


def test_one_is_enough_to_reject(project: Project) -> None:
    assert tell(project, HELD, "confirm", "ines") == "pending"
    assert tell(project, HELD, "reject", "sam") == "none"
    assert outcome(project, HELD) == ("closed", "none")


def test_what_was_left_open_takes_one_person(project: Project) -> None:
    with pytest.raises(UsageError, match="nothing to confirm"):
        tell(project, LEFT, "confirm", "ines")
    assert tell(project, LEFT, "negative", "ines") == "negative"
    assert outcome(project, LEFT) == ("closed", "negative")


@pytest.mark.parametrize(
    ("who", "why"),
    [
        ("mina", "nobody confirms what their own work decided"),
        ("eve", "neither approver nor owner"),
        ("olga", "nor an operator of the discipline domain"),
        (FRONT, "nor an operator of the discipline domain"),
    ],
)
def test_who_may_not(project: Project, who: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        tell(project, HELD, "confirm", who)
    assert outcome(project, HELD) == ("open", "none")


def test_an_author_may_decide_what_the_model_left_open(project: Project) -> None:
    assert tell(project, LEFT, "positive", "mina") == "positive"


def test_a_second_key_of_the_author_is_the_author(project: Project) -> None:
    add_person(project, "mina-2", person="mina", roles=("approver",), disciplines=("domain",))
    with pytest.raises(Refused, match="nobody confirms"):
        tell(project, HELD, "confirm", "mina-2")


def test_two_keys_of_one_person_are_one_person(project: Project) -> None:
    add_person(project, "sam-2", person="sam")
    assert tell(project, HELD, "confirm", "sam") == "pending"
    assert tell(project, HELD, "confirm", "sam-2") == "pending"


def test_words_that_were_signed_by_hand_count_only_as_they_may(project: Project) -> None:
    _, second = versions(project)
    for who, decision, model_decision, action in (
        ("eve", "positive", "positive", "confirm"),
        ("mina", "positive", "positive", "confirm"),
        ("sam", "positive", "negative", "confirm"),
        ("ines", "positive", "positive", "answer"),
    ):
        said = Oversight(
            case=HELD,
            action=action,  # type: ignore[arg-type]
            decision=decision,  # type: ignore[arg-type]
            model_decision=model_decision,  # type: ignore[arg-type]
            score=0.91,
            reason="by hand",
            at=format_time(project.clock()),
        )
        say(project, who, said, second)
    assert find(project, HELD).state == "open"


def test_a_key_revoked_for_cause_decides_nothing(project: Project) -> None:
    assert tell(project, HELD, "confirm", "sam") == "pending"
    revoke_principal(project, "sam", reason="stolen", for_cause=True, signer="mina")
    assert tell(project, HELD, "confirm", "ines") == "pending"


def test_the_answer_file_only_repeats_the_ledger(project: Project) -> None:
    tell(project, LEFT, "positive", "ines")
    place = project.layout.reviews / f"{LEFT}.answer.json"
    right = place.read_bytes()
    for wrong in (None, b"{}", right.replace(b"positive", b"negative")):
        place.unlink()
        if wrong is not None:
            place.write_bytes(wrong)
        assert [each.case.case for each in list_cases(project)] == [HELD]
        assert place.read_bytes() == right
    assert place.stat().st_mode & 0o077 == 0


def test_who_opened_it_and_how_long_they_looked(project: Project) -> None:
    assert look_at(project, HELD, signer="ines").case.values == (1.0, 2.0)
    noted = json.loads((project.layout.reviews / f"{HELD}.opened.json").read_text())
    assert list(noted) == ["ines"]
    wait(project, MINUTE)
    look_at(project, HELD, signer="ines")
    assert json.loads((project.layout.reviews / f"{HELD}.opened.json").read_text()) == noted
    tell(project, HELD, "confirm", "ines")
    said = project.evidence()[-1].predicate
    assert isinstance(said, Oversight)
    assert 60 <= said.seconds < 90
    tell(project, HELD, "confirm", "sam")
    said = project.evidence()[-1].predicate
    assert isinstance(said, Oversight)
    assert said.seconds == 0, "nobody saw sam look"


def test_the_list_is_of_what_waits(project: Project) -> None:
    assert [each.case.case for each in list_cases(project)] == [HELD, LEFT]
    tell(project, LEFT, "reject", "ines")
    assert [each.case.case for each in list_cases(project)] == [HELD]
    assert [each.state for each in list_cases(project, everything=True)] == ["open", "none"]


@pytest.mark.parametrize("identity", ["../trust", "", "a/b", "0f3c-0.answer", "x" * 65])
def test_an_id_that_is_none(project: Project, identity: str) -> None:
    with pytest.raises(UsageError, match="is no case's id"):
        find(project, identity)


def test_files_that_are_no_cases(project: Project) -> None:
    with pytest.raises(InputMissing, match="there is no case abc"):
        find(project, "abc")
    folder = project.layout.reviews
    (folder / "abc.json").write_bytes(msgspec.json.encode(find(project, HELD).case))
    with pytest.raises(MalformedError, match="another case's file"):
        find(project, "abc")
    (folder / "abc.json").write_bytes(b"{")
    with pytest.raises(MalformedError, match="is not a case"):
        list_cases(project)


def test_without_a_queue_nothing_waits(installation: Project) -> None:  # noqa: F811
    assert list_cases(installation) == ()
