from __future__ import annotations

from dataclasses import replace

import pytest
from tests.evidence.people import Actor, actor, root_envelope, trust_of

from sealwright.errors import MalformedError, SignatureError, TamperError
from sealwright.evidence.dsse import encode_envelope, envelope_digest
from sealwright.evidence.predicates.governance import RevokedKey
from sealwright.evidence.trust import extend, load_trust
from sealwright.evidence.verify import History, Verified, verify, verify_history

ROOT = actor("rosa", "root")
MINA = actor("mina", "engineer")
FIRST = root_envelope(ROOT, [ROOT, MINA])
LATER = "2026-06-03T00:00:00Z"
REVOKED = RevokedKey(at=LATER, reason="lost", for_cause=False)


def test_a_statement_of_a_known_principal_is_verified() -> None:
    found = verify(MINA.release(), trust_of(FIRST))
    assert (found.principal.id, found.kind) == ("mina", "release")
    assert found.person is not None
    assert found.person.name == "Mina"


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(SignatureError, match="does not know"):
        verify(actor("eve").release(), trust_of(FIRST))


def test_the_keyid_of_somebody_else_does_not_help() -> None:
    forged = replace(actor("eve").release(), keyid=MINA.key.public.keyid)
    with pytest.raises(SignatureError, match="not made by key"):
        verify(forged, trust_of(FIRST))


def test_another_payload_type_is_refused() -> None:
    with pytest.raises(MalformedError, match="payload type"):
        verify(replace(MINA.release(), payload_type="text/plain"), trust_of(FIRST))


@pytest.mark.parametrize("at", ["2025-12-31T23:59:59Z", "2027-01-01T00:00:01Z"])
def test_outside_the_validity_of_the_key(at: str) -> None:
    with pytest.raises(SignatureError, match="not valid"):
        verify(MINA.release(at), trust_of(FIRST))


def test_after_the_revocation() -> None:
    trust = trust_of(root_envelope(ROOT, [ROOT, replace(MINA, revoked=REVOKED)]))
    assert verify(MINA.release("2026-06-02T23:59:59Z"), trust).kind == "release"
    with pytest.raises(SignatureError, match="revoked"):
        verify(MINA.release(LATER), trust)


def test_nobody_makes_a_verified_value_by_hand() -> None:
    found = verify(MINA.release(), trust_of(FIRST))
    with pytest.raises(TypeError, match=r"sealwright\.evidence\.verify"):
        Verified(
            statement=found.statement,
            principal=found.principal,
            person=None,
            at=found.at,
            digest=found.digest,
            envelope=found.envelope,
            seal=None,
        )


def test_a_trust_root_must_be_signed_by_its_own_root() -> None:
    with pytest.raises(SignatureError, match="does not name"):
        trust_of(root_envelope(actor("eve", "root"), [ROOT]))
    with pytest.raises(SignatureError, match="without the role"):
        trust_of(root_envelope(MINA, [ROOT, MINA]))
    with pytest.raises(MalformedError, match="not a trust root"):
        load_trust(encode_envelope(MINA.release()))


def test_one_key_one_principal() -> None:
    with pytest.raises(MalformedError, match="another principal's key"):
        trust_of(root_envelope(ROOT, [ROOT, Actor("twin", ROOT.key, ("root",))]))


def test_versions_follow_each_other_and_only_add() -> None:
    trust = trust_of(FIRST)
    sam = actor("sam", "approver")
    second = root_envelope(ROOT, [ROOT, MINA, sam], version=2)
    assert extend(trust, second).principal_named("sam") is not None
    for wrong, said in [
        (root_envelope(ROOT, [ROOT, MINA], version=3), "cannot follow"),
        (root_envelope(ROOT, [ROOT], version=2), "forgets"),
        (root_envelope(ROOT, [ROOT, MINA], version=2, log="other"), "log's key"),
        (root_envelope(ROOT, [ROOT, actor("mina", "engineer")], version=2), "rewrites"),
    ]:
        with pytest.raises(TamperError, match=said):
            extend(trust, wrong)
    with pytest.raises(SignatureError, match="without the role"):
        extend(trust, root_envelope(MINA, [ROOT, MINA], version=2))


def test_a_newcomer_cannot_sign_the_root_that_names_him() -> None:
    eve = actor("eve", "root")
    with pytest.raises(SignatureError):
        extend(trust_of(FIRST), root_envelope(eve, [ROOT, MINA, eve], version=2))


def test_a_revocation_cannot_be_undone() -> None:
    trust = trust_of(root_envelope(ROOT, [ROOT, replace(MINA, revoked=REVOKED)]))
    with pytest.raises(TamperError, match="undoes"):
        extend(trust, root_envelope(ROOT, [ROOT, MINA], version=2))


def test_history_follows_the_trust_root() -> None:
    sam = actor("sam", "approver")
    second = root_envelope(ROOT, [ROOT, MINA, sam], version=2)
    found = verify_history([FIRST, MINA.release(), second, sam.release()], trust_of(FIRST))
    assert [item.principal.id for item in found] == ["rosa", "mina", "rosa", "sam"]
    assert [item.index for item in found] == [0, 1, 2, 3]


def test_nobody_signs_before_being_named() -> None:
    sam = actor("sam", "approver")
    second = root_envelope(ROOT, [ROOT, MINA, sam], version=2)
    with pytest.raises(SignatureError, match="entry 1"):
        verify_history([FIRST, sam.release(), second], trust_of(FIRST))


def test_a_revoked_key_cannot_date_itself_back() -> None:
    revoked = replace(MINA, revoked=REVOKED)
    second = root_envelope(ROOT, [ROOT, revoked], version=2, at=LATER)
    early = MINA.release("2026-06-02T00:00:00Z")
    assert verify_history([FIRST, early, second], trust_of(FIRST))
    with pytest.raises(SignatureError, match="entry 2"):
        verify_history([FIRST, second, early], trust_of(FIRST))


def test_a_revocation_for_cause_shows_on_what_was_signed_before() -> None:
    cause = RevokedKey(at=LATER, reason="stolen", for_cause=True)
    second = root_envelope(ROOT, [ROOT, replace(MINA, revoked=cause)], version=2, at=LATER)
    found = verify_history([FIRST, MINA.release(), second], trust_of(FIRST))
    assert found[1].principal.revoked == cause


def test_a_later_anchor_must_be_the_one_in_the_ledger() -> None:
    second = root_envelope(ROOT, [ROOT, MINA, actor("sam")], version=2)
    other = root_envelope(ROOT, [ROOT, MINA, actor("sam")], version=2)
    assert verify_history([FIRST, second], trust_of(second))
    with pytest.raises(TamperError, match="not the one"):
        verify_history([FIRST, second], trust_of(other))
    with pytest.raises(TamperError, match="ends before"):
        verify_history([FIRST], trust_of(second))


def test_a_ledger_begins_with_its_trust_root() -> None:
    with pytest.raises(TamperError, match="begins with"):
        verify_history([MINA.release()], trust_of(FIRST))
    stranger = actor("eve", "root")
    with pytest.raises(TamperError, match="not the one"):
        verify_history([root_envelope(stranger, [stranger])], trust_of(FIRST))


def test_checking_before_writing_adds_nothing() -> None:
    history = History(trust_of(FIRST))
    history.check(FIRST)
    history.add(FIRST)
    history.check(MINA.release())
    with pytest.raises(SignatureError):
        history.check(actor("eve").release())
    assert len(history) == 1
    assert history.trust.digest == envelope_digest(FIRST)


def test_a_role_is_not_granted_for_what_was_signed_before() -> None:
    promoted = replace(MINA, roles=("engineer", "owner"))
    second = root_envelope(ROOT, [ROOT, promoted], version=2)
    found = verify_history([FIRST, MINA.release(), second, MINA.release()], trust_of(FIRST))
    assert found[1].principal.roles == ("engineer",)
    assert found[3].principal.roles == ("engineer", "owner")


def test_a_role_that_was_taken_away_does_not_count_for_what_was_signed_before() -> None:
    first = root_envelope(ROOT, [ROOT, replace(MINA, roles=("engineer", "owner"))])
    second = root_envelope(ROOT, [ROOT, MINA], version=2)
    found = verify_history([first, MINA.release(), second], trust_of(first))
    assert found[1].principal.roles == ("engineer",)


@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        ({"not_before": "2025-01-01T00:00:00Z"}, False),
        ({"not_before": "2026-05-01T00:00:00Z"}, False),
        ({"not_after": "2028-01-01T00:00:00Z"}, False),
        ({"not_after": "2026-12-01T00:00:00Z"}, True),
        ({"roles": ("engineer", "owner")}, True),
    ],
)
def test_the_validity_of_a_key_is_never_widened(change: dict[str, str], allowed: bool) -> None:
    second = root_envelope(ROOT, [ROOT, replace(MINA, **change)], version=2)  # type: ignore[arg-type]
    if allowed:
        assert extend(trust_of(FIRST), second).root.version == 2
        return
    with pytest.raises(TamperError, match="validity of mina"):
        extend(trust_of(FIRST), second)
