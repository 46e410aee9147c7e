"""The fork guard: an old, foreign or edited database does not get appended to."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from sealwright.errors import ForkError, InputMissing, SealwrightError, TamperError, UsageError
from sealwright.ledger.checkpoint import Signer
from sealwright.ledger.ledger import Ledger, pin_path
from sealwright.ledger.pin import SLOT, Pin
from tests.ledger.house import ORIGIN, create, envelopes, house, reopen


def _append(ledger: Ledger, number: int) -> None:
    ledger.append(envelopes(20)[number], public_key=house().key.public)


def _copy(folder: Path) -> Path:
    """A copy of the closed database alone."""
    backup = folder / "backup.db"
    shutil.copy(folder / "ledger.db", backup)
    return backup


def test_rolling_the_database_back_is_seen_at_the_next_opening(tmp_path: Path) -> None:
    create(tmp_path, 5).close()
    backup = _copy(tmp_path)
    with reopen(tmp_path) as ledger:
        _append(ledger, 5)
    shutil.copy(backup, tmp_path / "ledger.db")
    with pytest.raises(ForkError, match="entries 5 to 5 are missing"):
        reopen(tmp_path)


def test_another_history_of_the_same_size_is_seen(tmp_path: Path) -> None:
    create(tmp_path, 5).close()
    backup = _copy(tmp_path)
    with reopen(tmp_path) as ledger:
        _append(ledger, 5)
    pin = pin_path(tmp_path / "ledger.db").read_bytes()
    fork = tmp_path / "fork"
    fork.mkdir()
    shutil.copy(backup, fork / "ledger.db")
    with Ledger.create(
        fork / "seed.db", origin=ORIGIN, log_key=house().log_key
    ) as ledger:  # a pin for the fork to grow with
        pass
    shutil.copy(pin_path(fork / "seed.db"), pin_path(fork / "ledger.db"))
    with reopen(fork) as ledger:
        for number in (6, 7, 8):
            _append(ledger, number)
    pin_path(fork / "ledger.db").write_bytes(pin)
    with pytest.raises(ForkError, match="first 6 entries"):
        reopen(fork)


def test_a_pin_moved_on_by_a_fork_stops_a_running_ledger(tmp_path: Path) -> None:
    with create(tmp_path, 3) as ledger:
        signer = Signer(ORIGIN, house().log_key)
        place = pin_path(tmp_path / "ledger.db")
        place.unlink()
        Pin(place, signer.vkey).create(
            signer.sign(3, b"another root, of just the right length"[:32])
        )
        with pytest.raises(ForkError):
            _append(ledger, 3)
        with pytest.raises(ForkError):
            _append(ledger, 4)
        assert ledger.head().size == 3


def test_a_ledger_without_its_pin_is_not_appended_to(tmp_path: Path) -> None:
    create(tmp_path, 3).close()
    pin_path(tmp_path / "ledger.db").unlink()
    with pytest.raises((ForkError, InputMissing)):
        reopen(tmp_path)
    with reopen(tmp_path, writable=False) as ledger:
        assert ledger.head().size == 3


def test_an_empty_ledger_gets_its_pin_back(tmp_path: Path) -> None:
    create(tmp_path).close()
    pin_path(tmp_path / "ledger.db").unlink()
    with reopen(tmp_path) as ledger:
        _append(ledger, 0)
    with pytest.raises(UsageError):
        Ledger.create(
            tmp_path / "new.db",
            origin=ORIGIN,
            log_key=house().log_key,
            pin=pin_path(tmp_path / "ledger.db"),
        )


def test_a_torn_slot_leaves_the_other(tmp_path: Path) -> None:
    create(tmp_path, 8).close()
    place = pin_path(tmp_path / "ledger.db")
    content = place.read_bytes()
    pin = Pin(place, house().vkey)
    newest = pin.read()
    assert newest is not None
    slot = 0 if content.startswith(newest.note) else 1
    place.write_bytes(
        content[: slot * SLOT]
        + content[slot * SLOT : slot * SLOT + 40].ljust(SLOT, b"\x00")
        + content[(slot + 1) * SLOT :]
    )
    older = pin.read()
    assert older is not None
    assert older.size < newest.size
    with reopen(tmp_path) as ledger:
        _append(ledger, 9)
    assert pin.read() == _head(tmp_path)


def _head(folder: Path) -> object:
    with reopen(folder, writable=False) as ledger:
        return ledger.head()


@pytest.mark.parametrize("content", [b"", b"\n" * 2 * SLOT, b"nonsense"])
def test_a_pin_without_a_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    create(tmp_path, 2).close()
    pin_path(tmp_path / "ledger.db").write_bytes(content)
    with pytest.raises(ForkError):
        reopen(tmp_path)


def test_a_pin_that_is_a_link_is_refused(tmp_path: Path) -> None:
    create(tmp_path, 2).close()
    place = pin_path(tmp_path / "ledger.db")
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SealwrightError):
        reopen(tmp_path)


def test_the_pin_follows_each_append_and_never_goes_back(tmp_path: Path) -> None:
    with create(tmp_path) as ledger:
        pin = Pin(pin_path(tmp_path / "ledger.db"), ledger.vkey)
        for number in range(5):
            _append(ledger, number)
            assert pin.read() == ledger.head()
        older = Signer(ORIGIN, house().log_key).sign(0, ledger.head().root)
        ledger.pin.publish(older, state=ledger.store.state, root_at=lambda size: b"")
        assert pin.read() == ledger.head()


def test_a_signed_size_is_never_signed_again(tmp_path: Path) -> None:
    with create(tmp_path, 2) as ledger:
        other = Signer(ORIGIN, house().log_key).sign(2, b"r" * 32)
        with pytest.raises(ForkError):
            ledger.store.put_checkpoint(2, other.note)


def test_an_interrupted_append_is_finished_at_the_next_opening(tmp_path: Path) -> None:
    """The process dies after the commit of entries and before its checkpoint was signed."""
    create(tmp_path, 4).close()
    with reopen(tmp_path, writable=False) as ledger:
        published = ledger.store.checkpoint(1)
    assert published is not None
    connection = sqlite3.connect(tmp_path / "ledger.db")
    with connection:
        connection.execute("DELETE FROM checkpoints WHERE size = 4")
    connection.close()
    place = pin_path(tmp_path / "ledger.db")
    place.write_bytes(published.ljust(SLOT, b"\n") + b"\n" * SLOT)
    with reopen(tmp_path) as ledger:
        assert ledger.head().size == 4
        assert Pin(place, ledger.vkey).read() == ledger.head()


def test_a_rollback_after_an_error_is_seen_by_the_running_ledger(tmp_path: Path) -> None:
    create(tmp_path, 3).close()
    shutil.copy(tmp_path / "ledger.db", tmp_path / "old.db")
    place = pin_path(tmp_path / "ledger.db")
    with reopen(tmp_path) as ledger:
        _append(ledger, 3)
        place.rename(tmp_path / "away")
        with pytest.raises(InputMissing):
            _append(ledger, 4)
        (tmp_path / "away").rename(place)
        old = sqlite3.connect(tmp_path / "old.db")
        live = sqlite3.connect(tmp_path / "ledger.db")
        old.backup(live)
        old.close()
        live.close()
        with pytest.raises(ForkError):
            _append(ledger, 5)


def test_a_tree_changed_under_a_running_ledger_stops_it(tmp_path: Path) -> None:
    with create(tmp_path, 4) as ledger:
        connection = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
        connection.execute("UPDATE tree SET size = 3")
        connection.close()
        with pytest.raises((ForkError, TamperError)):
            _append(ledger, 5)
