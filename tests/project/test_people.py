"""The trust root: only adds, survives every interruption, and two writers at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from sealwright.errors import CannotLook, InputMissing, SignatureError, UsageError
from sealwright.evidence.dsse import decode_envelope
from sealwright.evidence.keys import SigningKey
from sealwright.evidence.predicates.governance import Person, Principal, TrustRoot
from sealwright.evidence.trust import load_trust
from sealwright.project import people
from sealwright.project.audit import verify_project
from sealwright.project.core import Project
from sealwright.project.people import (
    add_principal,
    add_with_new_key,
    make_principal,
    revoke_principal,
    root_signer,
)
from tests.project.factory import OWNER, add_person

SAM = Person(id="sam", name="Sam", disciplines=("security",))


def principal(project: Project, name: str, *, key: SigningKey | None = None) -> Principal:
    public = (key or SigningKey.generate()).public
    return make_principal(name, public, person="sam", roles=("approver",), now=project.clock())


def reopened(project: Project) -> Project:
    return Project.open(project.layout.root, clock=project.clock)


def test_an_added_key_and_its_holder_are_in_the_ledger_and_in_the_trust_file(
    started: Project,
) -> None:
    recorded = add_principal(started, principal(started, "sam"), person=SAM, signer=OWNER)
    assert isinstance(recorded.predicate, TrustRoot)
    assert recorded.predicate.version == started.trust.root.version == 2
    assert started.trust.person("sam") == SAM
    assert load_trust(started.layout.trust.read_bytes()).root == recorded.predicate
    assert verify_project(started).ok


def test_a_person_keeps_the_name_and_gains_disciplines(started: Project) -> None:
    add_person(started, "sam", disciplines=("security",))
    add_person(started, "sam-2", person="sam", disciplines=("data", "security"))
    holder = started.trust.person("sam")
    assert holder == Person(id="sam", name="Sam", disciplines=("security", "data"))
    assert [p.id for p in started.trust.root.people].count("sam") == 1


def test_an_id_or_a_key_is_never_used_twice(started: Project) -> None:
    key = SigningKey.generate()
    add_principal(started, principal(started, "sam", key=key), person=SAM, signer=OWNER)
    with pytest.raises(UsageError, match="a principal sam already"):
        add_principal(started, principal(started, "sam"), person=SAM, signer=OWNER)
    with pytest.raises(UsageError, match="has this key already"):
        add_principal(started, principal(started, "sam-2", key=key), person=SAM, signer=OWNER)
    assert started.trust.root.version == 2


def test_unknown_roles_and_disciplines_are_refused_with_those_there_are(started: Project) -> None:
    now, public = started.clock(), SigningKey.generate().public
    with pytest.raises(UsageError, match="no role 'king'") as caught:
        make_principal("sam", public, person="sam", roles=("king",), now=now)
    assert "approver" in caught.value.advice
    with pytest.raises(UsageError, match="needs a role"):
        make_principal("sam", public, person="sam", roles=(), now=now)
    odd = Person(id="sam", name="Sam", disciplines=("magic",))
    with pytest.raises(UsageError, match="no discipline magic") as caught:
        add_principal(started, principal(started, "sam"), person=odd, signer=OWNER)
    assert "security" in caught.value.advice


def test_only_a_root_key_changes_the_trust_root(started: Project) -> None:
    add_person(started, "sam")
    with pytest.raises(SignatureError, match="without the role `root`"):
        add_principal(started, principal(started, "eve"), person=SAM, signer="sam")
    assert started.trust.root.version == 2
    assert verify_project(started).ok


def test_a_revoked_key_signs_nothing_more(started: Project) -> None:
    add_person(started, "ann", roles=("root",))
    revoke_principal(started, "ann", reason="left", for_cause=False, signer=OWNER)
    with pytest.raises(SignatureError, match="revoked"):
        add_principal(started, principal(started, "eve"), person=SAM, signer="ann")
    with pytest.raises(UsageError, match=r"ann was revoked at .*: left"):
        revoke_principal(started, "ann", reason="again", for_cause=True, signer=OWNER)
    with pytest.raises(UsageError, match="no principal 'nobody'"):
        revoke_principal(started, "nobody", reason="x", for_cause=True, signer=OWNER)
    assert verify_project(started).ok


def test_the_last_root_key_stays(started: Project) -> None:
    with pytest.raises(UsageError, match="last key with the role `root`"):
        revoke_principal(started, OWNER, reason="left", for_cause=False, signer=OWNER)
    add_person(started, "ann", roles=("root",))
    revoke_principal(started, OWNER, reason="left", for_cause=False, signer="ann")
    assert root_signer(started) == "ann"


def test_who_signs_the_trust_root_is_asked_where_there_is_a_choice(started: Project) -> None:
    assert root_signer(started) == OWNER
    add_person(started, "ann", roles=("root",))
    with pytest.raises(UsageError, match="2 keys with the role `root` are here"):
        root_signer(started)
    started.layout.key("ann").unlink()
    started.layout.key(OWNER).unlink()
    with pytest.raises(UsageError, match="0 keys"):
        root_signer(reopened(started))


def test_a_crash_between_the_ledger_and_the_trust_file_loses_nothing(
    started: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(path: Path, data: bytes, *, mode: int = 0o644) -> None:
        raise CannotLook("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(people, "write_atomically", die)
        with pytest.raises(CannotLook):
            add_person(started, "sam")
    with reopened(started) as project:
        assert load_trust(project.layout.trust.read_bytes()).root.version == 1
        assert project.trust.root.version == 2
        assert project.trust.principal_named("sam") is not None
        assert verify_project(project).ok
        add_person(project, "ann")
        assert load_trust(project.layout.trust.read_bytes()).root.version == 3
        assert verify_project(project).ok


def test_a_key_made_by_an_addition_that_was_cut_short_is_taken_up_again(
    started: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def add(project: Project) -> str:
        add_with_new_key(project, "sam", person=SAM, roles=("approver",), signer=OWNER)
        return project.keyring.signer("sam").public.keyid

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Project, "record", die)
        with pytest.raises(KeyboardInterrupt):
            add(started)
    left = started.layout.key("sam").read_bytes()
    with reopened(started) as project:
        keyid = add(project)
        assert project.trust.principal(keyid) == project.trust.principal_named("sam")
    assert started.layout.key("sam").read_bytes() == left


def test_an_interrupt_after_the_record_keeps_the_key(
    started: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(path: Path, data: bytes, *, mode: int = 0o644) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(people, "write_atomically", die)
        with pytest.raises(KeyboardInterrupt):
            add_with_new_key(started, "sam", person=SAM, roles=("approver",), signer=OWNER)
    with reopened(started) as project:
        keyid = project.keyring.signer("sam").public.keyid
        assert project.trust.principal(keyid) is not None
        with pytest.raises(UsageError, match="a principal sam already"):
            add_with_new_key(project, "sam", person=SAM, roles=("approver",), signer=OWNER)
        assert project.keyring.signer("sam").public.keyid == keyid


@pytest.mark.parametrize(
    ("name", "roles", "disciplines", "signer"),
    [
        ("sam", ("king",), (), OWNER),
        ("sam", (), (), OWNER),
        ("sam", ("approver",), ("magic",), OWNER),
        ("sam", ("approver",), (), "nobody"),
        ("../sam", ("approver",), (), OWNER),
        (OWNER, ("approver",), (), OWNER),
    ],
)
def test_an_addition_that_is_refused_makes_no_key(
    started: Project,
    name: str,
    roles: tuple[str, ...],
    disciplines: tuple[str, ...],
    signer: str,
) -> None:
    before = {path: path.read_bytes() for path in started.layout.keys.iterdir()}
    person = Person(id="sam", name="Sam", disciplines=disciplines)
    with pytest.raises((UsageError, InputMissing)):
        add_with_new_key(started, name, person=person, roles=roles, signer=signer)
    assert {path: path.read_bytes() for path in started.layout.keys.iterdir()} == before
    assert len(started.evidence()) == 1


def test_two_who_change_the_trust_root_at_once_both_get_in(started: Project) -> None:
    def add(first: int) -> None:
        with reopened(started) as project:
            for number in range(first, 8, 2):
                add_person(project, f"sam-{number}", person="sam")

    with ThreadPoolExecutor() as pool:
        list(pool.map(add, (0, 1)))
    with reopened(started) as project:
        assert project.trust.root.version == 9
        assert load_trust(project.layout.trust.read_bytes()).root.version == 9
        assert verify_project(project).ok


def test_a_revocation_that_comes_between_check_and_append_is_not_overtaken(
    started: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever appends holds the turn from the check on: otherwise the ledger would end up with an
    entry that every reader refuses."""
    add_person(started, "ann", roles=("root",))
    other = reopened(started)
    revoking = threading.Thread(
        target=lambda: revoke_principal(other, "ann", reason="stolen", for_cause=True, signer=OWNER)
    )
    append = started.ledger.append

    def slow(*arguments: object, **more: object) -> object:
        revoking.start()
        revoking.join(timeout=0.3)
        return append(*arguments, **more)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(started.ledger, "append", slow)
        add_principal(started, principal(started, "sam"), person=SAM, signer="ann")
    revoking.join()
    other.close()
    with reopened(started) as project:
        assert [p.id for p in project.trust.root.principals] == [OWNER, "ann", "sam"]
        assert project.trust.principal_named("ann").revoked is not None  # type: ignore[union-attr]
        assert verify_project(project).ok


def test_a_key_outlives_its_days_by_nothing(started: Project) -> None:
    key = started.keyring.create("sam")
    added = make_principal(
        "sam", key.public, person="sam", roles=("root",), now=started.clock(), days=1
    )
    add_principal(started, added, person=SAM, signer=OWNER)
    started.clock.now += timedelta(days=2)  # type: ignore[attr-defined]
    with pytest.raises(SignatureError, match="not valid"):
        add_person_signed_by(started, "sam")


def add_person_signed_by(project: Project, signer: str) -> None:
    person = Person(id="ann", name="Ann")
    add_with_new_key(project, "ann", person=person, roles=("approver",), signer=signer)


def test_the_trust_file_is_the_signed_statement_itself(started: Project) -> None:
    add_person(started, "sam")
    envelope = decode_envelope(started.layout.trust.read_bytes())
    assert envelope == started.evidence()[-1].envelope


@pytest.mark.parametrize("name", ["Mina", "  MINA ", "ｍｉｎａ", OWNER])
def test_one_person_does_not_become_two_by_another_id(started: Project, name: str) -> None:
    ghost = Person(id="ghost", name=name, disciplines=("security",))
    added = make_principal(
        "ghost",
        SigningKey.generate().public,
        person="ghost",
        roles=("approver",),
        now=started.clock(),
    )
    with pytest.raises(UsageError, match="mina is called"):
        add_principal(started, added, person=ghost, signer=OWNER)
    assert started.trust.root.version == 1


def test_an_id_that_is_somebody_elses_name_is_refused(started: Project) -> None:
    add_principal(started, principal(started, "sam"), person=SAM, signer=OWNER)
    other = Person(id="x", name="sam")
    added = make_principal(
        "x", SigningKey.generate().public, person="x", roles=("approver",), now=started.clock()
    )
    with pytest.raises(UsageError, match="sam is called"):
        add_principal(started, added, person=other, signer=OWNER)
