"""Attacks on the live database, each found and named."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from sealwright.errors import SealwrightError, TamperError
from sealwright.evidence.dsse import encode_envelope
from sealwright.evidence.keys import SigningKey
from sealwright.ledger import merkle
from sealwright.ledger.audit import audit
from sealwright.ledger.checkpoint import Signer
from sealwright.ledger.examine import Report
from sealwright.ledger.leaf import build_leaf
from sealwright.ledger.ledger import Ledger
from tests.ledger.house import (
    ORIGIN,
    House,
    create,
    envelopes,
    house,
    principal,
    reopen,
    trust_file,
)

SIZE = 12


@contextmanager
def tampering(folder: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(folder / "ledger.db")) as connection, connection:
        yield connection


def _report(folder: Path) -> Report:
    with reopen(folder, writable=False) as ledger:
        return audit(ledger, trust=trust_file())


def _named(report: Report) -> set[int]:
    assert not report.ok
    assert report.entries == ()
    with pytest.raises(TamperError):
        report.require()
    return {finding.entry for finding in report.findings}


def test_a_whole_ledger_passes(tmp_path: Path) -> None:
    for size in (0, 1, 257):
        folder = tmp_path / str(size)
        folder.mkdir()
        create(folder, size).close()
        with reopen(folder, writable=False) as ledger:
            report = audit(ledger, trust=trust_file()).require()
        assert len(report.entries) == size
        assert [item.index for item in report.entries] == list(range(size))


def test_edited_leaf(tmp_path: Path) -> None:
    create(tmp_path, SIZE).close()
    with tampering(tmp_path) as db:
        (leaf,) = db.execute("SELECT leaf FROM entries WHERE idx = 5").fetchone()
        db.execute("UPDATE entries SET leaf = ? WHERE idx = 5", (leaf[:-9] + b"X" + leaf[-8:],))
    assert 5 in _named(_report(tmp_path))
    with reopen(tmp_path, writable=False) as ledger, pytest.raises(TamperError, match="entry 5"):
        ledger.entry(5)


def test_deleted_entry(tmp_path: Path) -> None:
    create(tmp_path, SIZE).close()
    with tampering(tmp_path) as db:
        db.execute("DELETE FROM entries WHERE idx = 7")
    assert 7 in _named(_report(tmp_path))
    with reopen(tmp_path, writable=False) as ledger, pytest.raises(TamperError, match="entry 7"):
        list(ledger.entries())


def test_truncated_entries(tmp_path: Path) -> None:
    create(tmp_path, SIZE).close()
    with tampering(tmp_path) as db:
        db.execute("DELETE FROM entries WHERE idx >= 10")
        db.execute("DELETE FROM envelopes WHERE idx >= 10")
    assert {10, 11} <= _named(_report(tmp_path))


def test_reordered_entries(tmp_path: Path) -> None:
    create(tmp_path, SIZE).close()
    with tampering(tmp_path) as db:
        for table in ("entries", "envelopes"):
            for old, new in ((3, -1), (4, 3), (-1, 4)):
                db.execute(f"UPDATE {table} SET idx = {new} WHERE idx = {old}")
    assert {3, 4} <= _named(_report(tmp_path))


def test_exchanged_envelopes(tmp_path: Path) -> None:
    create(tmp_path, SIZE).close()
    with tampering(tmp_path) as db:
        rows = dict(db.execute("SELECT idx, envelope FROM envelopes"))
        db.execute("UPDATE envelopes SET envelope = ? WHERE idx = 2", (rows[9],))
    assert 2 in _named(_report(tmp_path))
    with reopen(tmp_path, writable=False) as ledger, pytest.raises(TamperError, match="entry 2"):
        ledger.entry(2)


def test_an_envelope_rewritten_by_its_own_signer(tmp_path: Path) -> None:
    create(tmp_path, SIZE).close()
    with tampering(tmp_path) as db:
        other = encode_envelope(house().envelope(99))
        db.execute("UPDATE envelopes SET envelope = ? WHERE idx = 6", (other,))
    assert 6 in _named(_report(tmp_path))


def test_erased_envelope(tmp_path: Path) -> None:
    create(tmp_path, SIZE).close()
    with tampering(tmp_path) as db:
        db.execute("DELETE FROM envelopes WHERE idx = 8")
    assert 8 in _named(_report(tmp_path))


def test_an_envelope_under_another_leaf_hash(tmp_path: Path) -> None:
    create(tmp_path, SIZE).close()
    with tampering(tmp_path) as db:
        db.execute("UPDATE envelopes SET leaf_hash = zeroblob(32) WHERE idx = 8")
    assert 8 in _named(_report(tmp_path))


def test_edited_tile(tmp_path: Path) -> None:
    create(tmp_path, SIZE).close()
    with tampering(tmp_path) as db:
        (hashes,) = db.execute("SELECT hashes FROM tiles WHERE level = 0").fetchone()
        changed = hashes[:96] + b"\x00" * 32 + hashes[128:]
        db.execute("UPDATE tiles SET hashes = ? WHERE level = 0", (changed,))
    assert 3 in _named(_report(tmp_path))
    with pytest.raises(SealwrightError):
        reopen(tmp_path)


def test_edited_upper_tile(tmp_path: Path) -> None:
    create(tmp_path, 257).close()
    with tampering(tmp_path) as db:
        db.execute("UPDATE tiles SET hashes = zeroblob(32) WHERE level = 1")
    report = _report(tmp_path)
    assert 0 in _named(report)
    assert "tile/1/000" in report.findings[0].where


def test_foreign_rows_and_tables(tmp_path: Path) -> None:
    create(tmp_path, SIZE).close()
    with tampering(tmp_path) as db:
        db.execute("INSERT INTO tiles VALUES (3, 0, zeroblob(32))")
        db.execute("INSERT INTO entries VALUES (77, zeroblob(32))")
        db.execute("CREATE TABLE notes (text)")
    found = [str(finding) for finding in _report(tmp_path).findings]
    assert any("notes" in line for line in found)
    assert any("1 entries too many" in line for line in found)
    assert any("1 tiles too many" in line for line in found)


def test_a_rewritten_history_without_the_log_key(tmp_path: Path) -> None:
    """Everything in the database is made to fit again, but nobody can sign the checkpoint."""
    create(tmp_path, SIZE).close()
    changed = list(envelopes(SIZE))
    changed[9] = house().envelope(500)
    leaves = [build_leaf(e, house().key.public) for e in changed]
    hashes = [merkle.leaf_hash(leaf) for leaf in leaves]
    with tampering(tmp_path) as db:
        db.execute("UPDATE entries SET leaf = ? WHERE idx = 9", (leaves[9],))
        db.execute(
            "UPDATE envelopes SET envelope = ?, leaf_hash = ? WHERE idx = 9",
            (encode_envelope(changed[9]), hashes[9]),
        )
        db.execute("UPDATE tiles SET hashes = ? WHERE level = 0", (b"".join(hashes),))
        db.execute("UPDATE tree SET root = ?", (merkle.tree_hash(hashes),))
    report = _report(tmp_path)
    # Checkpoints were signed at 0, 1, 5 and 12: the change is after the fifth entry.
    assert 5 in _named(report)
    assert any("entries 5 to 11" in finding.message for finding in report.findings)
    with pytest.raises(SealwrightError):
        reopen(tmp_path)


def test_a_rewritten_history_by_the_holder_of_the_log_key(tmp_path: Path) -> None:
    """The operator forks his own log: whoever kept a checkpoint can tell."""
    create(tmp_path, SIZE).close()
    with reopen(tmp_path, writable=False) as ledger:
        kept = ledger.head().note
    other = tmp_path / "other"
    other.mkdir()
    with create(other, 9) as ledger:
        forged = [house().envelope(number) for number in (700, 701, 702, 703)]
        ledger.append_many(forged, public_key=house().key.public)
        assert audit(ledger, trust=trust_file()).ok
        report = audit(ledger, trust=trust_file(), published=[kept])
        assert not report.ok
        assert "first 12 entries do not lead to the root" in report.findings[0].message
        assert not audit(ledger, trust=trust_file(), published=[b"junk"]).ok


def test_two_roots_signed_for_one_size(tmp_path: Path) -> None:
    with create(tmp_path, SIZE) as ledger:
        forged = Signer(ORIGIN, house().log_key).sign(SIZE, b"r" * 32).note
        report = audit(ledger, trust=trust_file(), published=[forged])
    assert "fork" in report.findings[0].message


def test_a_database_rolled_back(tmp_path: Path) -> None:
    create(tmp_path, 4).close()
    shutil.copy(tmp_path / "ledger.db", tmp_path / "old.db")
    with reopen(tmp_path) as ledger:
        ledger.append_many(envelopes(SIZE)[4:], public_key=house().key.public)
    shutil.copy(tmp_path / "old.db", tmp_path / "ledger.db")
    report = _report(tmp_path)
    assert 4 in _named(report)
    assert "entries 4 to 11 are missing" in report.findings[0].message


def _no_checkpoints(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM checkpoints")


def _moved_checkpoint(db: sqlite3.Connection) -> None:
    db.execute("UPDATE checkpoints SET size = 2 WHERE size = 5")


def _edited_checkpoint(db: sqlite3.Connection) -> None:
    db.execute("UPDATE checkpoints SET note = CAST(replace(note, '5', '6') AS BLOB) WHERE size = 5")


def _smaller(db: sqlite3.Connection) -> None:
    db.execute("UPDATE tree SET size = 3")


def _no_tiles(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM tiles")


def _short_tile(db: sqlite3.Connection) -> None:
    db.execute("UPDATE tiles SET hashes = substr(hashes, 1, 40)")


def _no_tree(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM tree")


def _no_table(db: sqlite3.Connection) -> None:
    db.execute("DROP TABLE envelopes")


@pytest.mark.parametrize(
    "attack",
    [
        _no_table,
        _no_checkpoints,
        _moved_checkpoint,
        _edited_checkpoint,
        _smaller,
        _no_tiles,
        _short_tile,
        _no_tree,
    ],
)
def test_other_edits_are_found(
    tmp_path: Path, attack: Callable[[sqlite3.Connection], None]
) -> None:
    create(tmp_path, SIZE).close()
    with tampering(tmp_path) as db:
        attack(db)
    report = _report(tmp_path)
    assert not report.ok
    assert report.findings


def test_damaged_pages_are_evidence_not_a_traceback(tmp_path: Path) -> None:
    create(tmp_path, 60).close()
    path = tmp_path / "ledger.db"
    content = bytearray(path.read_bytes())
    for at in range(4096, len(content), 512):
        content[at] ^= 0xFF
    path.write_bytes(content)
    try:
        report = _report(tmp_path)
    except TamperError:
        return
    assert not report.ok


def test_a_missing_pin_is_a_finding(tmp_path: Path) -> None:
    create(tmp_path, 2).close()
    (tmp_path / "ledger.db.pin").unlink()
    assert any(finding.where == "pin" for finding in _report(tmp_path).findings)


def test_a_statement_of_a_stranger_is_named(tmp_path: Path) -> None:
    stranger = SigningKey.generate()
    with create(tmp_path, 3) as ledger:
        ledger.append(house().envelope(50, key=stranger), public_key=stranger.public)
        report = audit(ledger, trust=trust_file())
        assert _named(report) == {3}
        with pytest.raises(TamperError, match="entry 3"):
            audit(ledger, trust=trust_file()).require()


def test_trust_grows_with_the_ledger(tmp_path: Path) -> None:
    newcomer = SigningKey.generate()
    with create(tmp_path, 2) as ledger:
        second = house().root_envelope(
            version=2, more=(principal("newcomer", newcomer, "engineer"),)
        )
        ledger.append(second, public_key=house().key.public)
        ledger.append(house().envelope(60, key=newcomer), public_key=newcomer.public)
        report = audit(ledger, trust=trust_file()).require()
        assert [item.principal.id for item in report.entries][-1] == "newcomer"
        assert report.trust is not None
        assert report.trust.root.version == 2
        # Who holds the later trust root can start from it, too.
        assert audit(ledger, trust=encode_envelope(second)).ok


def test_another_logs_trust_does_not_do(tmp_path: Path) -> None:

    other = encode_envelope(House().root_envelope())
    with create(tmp_path, 2) as ledger:
        assert not audit(ledger, trust=other).ok


def test_appends_during_an_audit_do_no_harm(tmp_path: Path) -> None:
    with create(tmp_path, 3) as ledger:
        report = _while_appending(ledger)
    assert report.ok


def _while_appending(ledger: Ledger) -> Report:

    def client() -> None:
        for envelope in envelopes(60)[3:]:
            ledger.append(envelope, public_key=house().key.public)

    thread = threading.Thread(target=client)
    thread.start()
    reports = [audit(ledger, trust=trust_file())]
    while thread.is_alive() and all(report.ok for report in reports):
        reports.append(audit(ledger, trust=trust_file()))
    thread.join()
    return next((report for report in reports if not report.ok), reports[-1])
