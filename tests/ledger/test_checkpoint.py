from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.errors import MalformedError, SealwrightError, SignatureError
from sealwright.evidence.keys import LogKey
from sealwright.ledger import merkle
from sealwright.ledger.checkpoint import (
    Checkpoint,
    Signer,
    checkpoint_text,
    open_checkpoint,
    parse_checkpoint,
)
from sealwright.ledger.note import sign_note
from sealwright.ledger.proof import (
    ConsistencyProof,
    InclusionProof,
    check_proof,
    encode_proof,
)

KEY = LogKey.generate()
SIGNER = Signer("example.org/log", KEY)
ROOT = base64.b64encode(b"r" * 32).decode()


@given(st.integers(0, 2**48), st.binary(min_size=32, max_size=32))
def test_a_checkpoint_comes_back_and_signing_is_deterministic(size: int, root: bytes) -> None:
    signed = SIGNER.sign(size, root)
    assert open_checkpoint(signed.note, SIGNER.vkey) == signed == SIGNER.sign(size, root)
    assert (signed.size, signed.root) == (size, root)
    assert parse_checkpoint(checkpoint_text(signed.tree)) == signed.tree


@pytest.mark.parametrize(
    "text",
    [
        f"example.org/log\n01\n{ROOT}\n",
        f"example.org/log\n-1\n{ROOT}\n",
        f"example.org/log\n+1\n{ROOT}\n",
        f"example.org/log\n\u0661\n{ROOT}\n",
        f"example.org/log\n{2**48 + 1}\n{ROOT}\n",
        f"example.org/log\n{'9' * 4000}\n{ROOT}\n",
        f"example.org/log\n1\n{ROOT}\nextension\n",
        f"example.org/log\n1\n{ROOT[:-1]}\n",
        f"example.org/log\n1\n{base64.b64encode(b'short').decode()}\n",
        f"\n1\n{ROOT}\n",
        "example.org/log\n1\n",
    ],
)
def test_other_spellings_are_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        open_checkpoint(sign_note(text, name="example.org/log", key=KEY), SIGNER.vkey)


def test_the_origin_is_the_keys_name() -> None:
    text = checkpoint_text(Checkpoint("example.org/other", 1, b"r" * 32))
    with pytest.raises(MalformedError):
        open_checkpoint(sign_note(text, name="example.org/log", key=KEY), SIGNER.vkey)
    with pytest.raises(SignatureError):
        open_checkpoint(SIGNER.sign(1, b"r" * 32).note, Signer("x", LogKey.generate()).vkey)


def _proof(size: int, index: int) -> bytes:
    hashes = [merkle.leaf_hash(b"%d" % n) for n in range(size)]

    def read(level: int, at: int) -> bytes:
        return merkle.tree_hash(hashes[at << level : (at + 1) << level])

    proof = InclusionProof(index, size, merkle.prove_inclusion(index, size, read))
    return encode_proof(proof, SIGNER.sign(size, merkle.tree_hash(hashes)))


@pytest.mark.parametrize(("size", "index"), [(1, 0), (2, 1), (5, 4), (257, 3), (257, 256)])
def test_a_proof_file_proves_its_entry_and_no_other(size: int, index: int) -> None:
    data = _proof(size, index)
    place, checkpoint = check_proof(data, entry=b"%d" % index, key=SIGNER.vkey)
    assert (place, checkpoint.size) == (index, size)
    with pytest.raises(SealwrightError):
        check_proof(data, entry=b"other", key=SIGNER.vkey)


def test_the_form_of_a_proof_file() -> None:
    lines = _proof(2, 1).decode().split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 1"]
    assert lines[2] == base64.b64encode(merkle.leaf_hash(b"0")).decode()
    assert lines[3:5] == ["", "example.org/log"]


@given(st.data())
def test_no_changed_byte_of_a_proof_file_goes_unseen(data: st.DataObject) -> None:
    proof = _proof(5, 2)
    at = data.draw(st.integers(0, len(proof) - 1))
    value = data.draw(st.integers(0, 255).filter(lambda b: b != proof[at]))
    with pytest.raises(SealwrightError):
        check_proof(proof[:at] + bytes([value]) + proof[at + 1 :], entry=b"2", key=SIGNER.vkey)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(SealwrightError):
        check_proof(data, entry=b"", key=SIGNER.vkey)


def test_a_proof_goes_with_its_own_checkpoint() -> None:
    with pytest.raises(MalformedError):
        encode_proof(InclusionProof(0, 2, ()), SIGNER.sign(1, b"r" * 32))
    with pytest.raises(SealwrightError):
        check_proof(b"x" * 200_000, entry=b"", key=SIGNER.vkey)
    assert ConsistencyProof(0, 1, ()).hashes == ()
