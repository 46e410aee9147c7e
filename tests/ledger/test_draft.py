from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from sealwright.errors import MalformedError, SignatureError, TamperError
from sealwright.evidence.dsse import Envelope, encode_envelope, pae
from sealwright.evidence.keys import SigningKey
from sealwright.evidence.statement import PAYLOAD_TYPE
from sealwright.evidence.trust import load_trust
from sealwright.evidence.verify import verify
from sealwright.ledger import merkle
from sealwright.ledger.draft import Draft
from sealwright.ledger.leaf import build_leaf
from tests.ledger.house import create, envelopes, house, reopen, trust_file


def signed(payload: bytes, kind: str = PAYLOAD_TYPE) -> Envelope:
    key = house().key
    return Envelope(
        payload=payload,
        payload_type=kind,
        signature=key.sign(pae(kind, payload)),
        keyid=key.public.keyid,
    )


@pytest.mark.parametrize("kind", [PAYLOAD_TYPE, "text/plain"])
@pytest.mark.parametrize("size", [0, 1, 1900, 2000, 2048, 100_000])
def test_an_entry_is_the_same_whoever_makes_it(size: int, kind: str) -> None:
    envelope, public = signed(b"x" * size, kind), house().key.public
    entry = Draft(envelope, public).entry()
    assert entry.leaf == build_leaf(envelope, public)
    assert entry.leaf_hash == merkle.leaf_hash(entry.leaf)
    assert entry.envelope == encode_envelope(envelope)


@pytest.mark.parametrize("size", [1, 100_000])
def test_the_caller_hears_of_it_before_anything_waits(size: int) -> None:
    good, public = signed(b"x" * size), house().key.public
    with pytest.raises(SignatureError):
        Draft(dataclasses.replace(good, signature=b""), public)
    with pytest.raises(SignatureError):
        Draft(good, SigningKey.generate().public)
    with pytest.raises(TamperError):
        Draft(dataclasses.replace(good, keyid="0" * 64), public)
    with pytest.raises(TamperError):
        Draft(
            verify(envelopes(2)[1], load_trust(trust_file())),
            SigningKey.generate().public,
        )


def test_a_leaf_that_no_tile_could_hold_is_the_callers_error() -> None:
    verified = verify(envelopes(2)[1], load_trust(trust_file()))
    huge = dataclasses.replace(verified.envelope, signature=b"s" * 60_000)
    with pytest.raises(MalformedError):
        Draft(dataclasses.replace(verified, envelope=huge), house().key.public)


@pytest.mark.parametrize("size", [31, 32, 33, 64, 65])
def test_batches_of_every_shape_are_stored_whole(tmp_path: Path, size: int) -> None:
    with create(tmp_path) as ledger:
        receipts = ledger.append_many(envelopes(size), public_key=house().key.public)
    assert [receipt.index for receipt in receipts] == list(range(size))
    with reopen(tmp_path, writable=False) as ledger:
        entries = list(ledger.entries())
        assert [entry.envelope for entry in entries] == list(envelopes(size))
        assert [entry.leaf_hash for entry in entries] == [r.leaf_hash for r in receipts]
        assert ledger.head().root == merkle.tree_hash([r.leaf_hash for r in receipts])
