from __future__ import annotations

import dataclasses
import os
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from sealwright.errors import (
    CannotLook,
    InputMissing,
    LimitReached,
    SignatureError,
    TamperError,
    UsageError,
)
from sealwright.evidence.dsse import Envelope, pae
from sealwright.evidence.keys import LogKey, SigningKey
from sealwright.evidence.trust import load_trust
from sealwright.evidence.verify import verify
from sealwright.ledger import merkle
from sealwright.ledger.checkpoint import Checkpoint, SignedCheckpoint, open_checkpoint
from sealwright.ledger.commit import MAX_BATCH, Committer
from sealwright.ledger.interface import NewEntry
from sealwright.ledger.ledger import Ledger
from sealwright.ledger.proof import check_proof, encode_proof
from sealwright.ledger.tiles import tiles_of
from tests.ledger.house import ORIGIN, create, envelopes, house, reopen, trust_file


def test_a_new_ledger_is_the_empty_tree(tmp_path: Path) -> None:
    with create(tmp_path) as ledger:
        head = ledger.head()
        assert (head.size, head.root) == (0, merkle.EMPTY_ROOT)
        assert list(ledger.entries()) == []
        assert ledger.origin == ORIGIN
        with pytest.raises(InputMissing):
            ledger.entry(0)


def test_receipts(tmp_path: Path) -> None:
    with create(tmp_path) as ledger:
        for index, envelope in enumerate(envelopes(5)):
            receipt = ledger.append(envelope, public_key=house().key.public)
            assert (receipt.index, receipt.size) == (index, index + 1)
            assert receipt.checkpoint == ledger.head()
            entry = ledger.entry(index)
            assert (entry.envelope, entry.leaf_hash) == (envelope, receipt.leaf_hash)
            assert ledger.find(receipt.leaf_hash) == index
            assert receipt.at.tzinfo is not None
        assert ledger.find(b"\x00" * 32) is None


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257])
def test_tree_proofs_and_entries(tmp_path: Path, size: int) -> None:
    create(tmp_path, size).close()
    with reopen(tmp_path, writable=False) as ledger:
        entries = list(ledger.entries())
        hashes = [entry.leaf_hash for entry in entries]
        head = ledger.head()
        assert [entry.envelope for entry in entries] == list(envelopes(size))
        assert (head.size, head.root) == (size, merkle.tree_hash(hashes))
        for index in {0, size // 2, size - 1}:
            proof = ledger.prove_inclusion(index)
            merkle.check_inclusion(
                hashes[index], index=index, size=size, proof=proof.hashes, root=head.root
            )
            file = encode_proof(proof, head)
            assert check_proof(file, entry=entries[index].leaf, key=ledger.vkey)[0] == index
        for size_before, note in ledger.store.checkpoints():
            old = open_checkpoint(note, ledger.vkey)
            assert old.size == size_before
            assert old.root == merkle.tree_hash(hashes[: old.size])
            merkle.check_consistency(
                old=old.size,
                new=size,
                old_root=old.root,
                new_root=head.root,
                proof=ledger.prove_consistency(old.size).hashes,
            )
        assert ledger.store.counts().tiles == len(list(tiles_of(size)))
        assert list(ledger.entries(size - 1, size + 10)) == entries[-1:]
        with pytest.raises(UsageError):
            ledger.prove_inclusion(0, size=size + 1)


def test_appending_goes_on_after_reopening(tmp_path: Path) -> None:
    whole = envelopes(300)
    create(tmp_path, 1).close()
    for start, stop in ((1, 200), (200, 256), (256, 257), (257, 300)):
        with reopen(tmp_path) as ledger:
            ledger.append_many(whole[start:stop], public_key=house().key.public)
    with reopen(tmp_path) as ledger:
        hashes = [entry.leaf_hash for entry in ledger.entries()]
        assert ledger.head().root == merkle.tree_hash(hashes)
        assert len(hashes) == 300


def test_many_threads_share_a_ledger(tmp_path: Path) -> None:
    whole = envelopes(200)
    places: dict[int, Envelope] = {}
    with create(tmp_path) as ledger:

        def client(number: int) -> None:
            for envelope in whole[number::20]:
                receipt = ledger.append(envelope, public_key=house().key.public)
                places[receipt.index] = envelope

        threads = [threading.Thread(target=client, args=(n,)) for n in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(places) == list(range(200))
        assert [entry.envelope for entry in ledger.entries()] == [places[n] for n in range(200)]


def test_a_bad_signature_never_gets_in(tmp_path: Path) -> None:
    good = envelopes(2)[1]
    with create(tmp_path) as ledger:
        with pytest.raises(SignatureError):
            ledger.append(
                dataclasses.replace(good, payload=good.payload + b" "),
                public_key=house().key.public,
            )
        with pytest.raises(SignatureError):
            ledger.append(good, public_key=SigningKey.generate().public)
        with pytest.raises(TamperError):
            ledger.append(dataclasses.replace(good, keyid="0" * 64), public_key=house().key.public)
        assert ledger.head().size == 0


def test_what_was_verified_is_taken(tmp_path: Path) -> None:
    verified = verify(envelopes(2)[1], load_trust(trust_file()))
    with create(tmp_path) as ledger:
        ledger.append(verified, public_key=house().key.public)
        assert ledger.entry(0).envelope == envelopes(2)[1]
        with pytest.raises(TamperError):
            ledger.append(verified, public_key=SigningKey.generate().public)


def test_an_envelope_that_could_not_be_read_again_is_refused(tmp_path: Path) -> None:
    key = house().key
    good = envelopes(2)[1]
    payload = b"x" * (13 * 1024 * 1024)
    large = dataclasses.replace(
        good, payload=payload, signature=key.sign(pae(good.payload_type, payload))
    )
    with create(tmp_path) as ledger, pytest.raises(LimitReached):
        ledger.append(large, public_key=key.public)


def test_read_only(tmp_path: Path) -> None:
    create(tmp_path, 3).close()
    with reopen(tmp_path, writable=False) as ledger:
        assert ledger.head().size == 3
        with pytest.raises(UsageError):
            ledger.append(envelopes(4)[3], public_key=house().key.public)


def test_a_closed_ledger_takes_nothing(tmp_path: Path) -> None:
    ledger = create(tmp_path, 1)
    ledger.close()
    ledger.close()
    with pytest.raises(UsageError):
        ledger.append(envelopes(2)[1], public_key=house().key.public)


def test_a_forked_child_is_told_instead_of_hanging(tmp_path: Path) -> None:
    with create(tmp_path, 1) as ledger:
        child = os.fork()
        if child == 0:
            try:
                ledger.append(envelopes(2)[1], public_key=house().key.public)
            except CannotLook:
                os._exit(7)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_a_closed_ledger_is_not_read(tmp_path: Path) -> None:
    ledger = create(tmp_path, 1)
    ledger.close()
    with pytest.raises(UsageError):
        ledger.head()


def test_open_asks_for_the_right_log(tmp_path: Path) -> None:
    create(tmp_path, 1).close()
    path = tmp_path / "ledger.db"
    with pytest.raises(UsageError):
        Ledger.open(path, origin="other.example/log")
    with pytest.raises(UsageError):
        Ledger.open(path, log_key=LogKey.generate())
    with pytest.raises(InputMissing):
        Ledger.open(tmp_path / "nothing")
    with pytest.raises(UsageError):
        create(tmp_path)
    (tmp_path / "text").write_text("no database" * 1000)
    with pytest.raises(TamperError):
        Ledger.open(tmp_path / "text")


def test_a_foreign_database_is_no_ledger(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE meta (name TEXT, value TEXT)")
    connection.close()
    with pytest.raises(TamperError):
        Ledger.open(tmp_path / "other.db")


def test_group_commit_takes_what_waits_in_one_batch() -> None:
    entry = NewEntry(b"", b"", b"")
    sizes: list[int] = []
    total = 0
    gate = threading.Event()
    signer = house().vkey

    def append(batch: object) -> object:
        nonlocal total
        gate.wait()
        sizes.append(len(batch))  # type: ignore[arg-type]
        total += sizes[-1]
        return SignedCheckpoint(Checkpoint(signer.name, total, b""), b"")

    committer: Committer[Any] = Committer(append)  # type: ignore[arg-type]
    firsts: list[int] = []

    def client() -> None:
        firsts.append(committer.submit([entry, entry])[0])

    threads = [threading.Thread(target=client) for _ in range(40)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join()
    committer.close()
    assert sorted(firsts) == list(range(0, 80, 2))
    assert sum(sizes) == 80
    assert len(sizes) < 40
    assert max(sizes) <= MAX_BATCH
    with pytest.raises(UsageError):
        committer.submit([entry])


def test_an_error_reaches_every_waiting_client() -> None:
    def append(batch: object) -> object:
        raise TamperError("no")

    committer: Committer[Any] = Committer(append)  # type: ignore[arg-type]
    seen: list[str] = []

    def client() -> None:
        try:
            committer.submit([NewEntry(b"", b"", b"")])
        except TamperError as error:
            seen.append(error.message)

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    committer.close()
    assert seen == ["no"] * 8
    with pytest.raises(UsageError):
        committer.submit([])
