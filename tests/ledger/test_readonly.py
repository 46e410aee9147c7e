"""A ledger that cannot be written is read as it is, or not at all: never an older state of it."""

from __future__ import annotations

import os
import shutil
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sealwright.errors import CannotLook
from tests.ledger.house import create, envelopes, house, reopen, trust_file

NOBODY = 65534


@pytest.fixture
def folder() -> Iterator[Path]:
    """A ledger of five entries in a folder of its own, which may be entered by everybody."""
    with tempfile.TemporaryDirectory(prefix="sealwright-test-") as place:
        Path(place).chmod(0o755)
        within = Path(place) / "ledger"
        within.mkdir()
        create(within, 5).close()
        yield within
        within.chmod(0o700)


def seal(folder: Path) -> None:
    for path in (*folder.iterdir(), folder):
        path.chmod(0o555 if path.is_dir() else 0o444)


def as_nobody(work: Callable[[], None]) -> None:
    """Does the work in a process of its own, as a user whom modes stop: root ignores them."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setegid(NOBODY)
                os.seteuid(NOBODY)
            work()
            code = 0
        finally:
            if code:
                traceback.print_exc()
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


@pytest.mark.parametrize("writable", [True, False])
def test_it_is_read_and_audited_and_nothing_is_appended(folder: Path, writable: bool) -> None:
    from sealwright.ledger.audit import audit

    with reopen(folder, writable=False) as ledger:
        assert audit(ledger, trust=trust_file()).ok  # and loads what the other user may not
    for left in folder.glob("*-*"):
        left.unlink()
    seal(folder)
    names = sorted(path.name for path in folder.iterdir())

    def work() -> None:
        with reopen(folder, writable=writable) as ledger:
            assert [entry.envelope for entry in ledger.entries()] == list(envelopes(5))
            assert audit(ledger, trust=trust_file()).ok
            assert ledger.why_reading
            if writable:
                with pytest.raises(CannotLook, match="nothing can be written"):
                    ledger.append(envelopes(6)[5], public_key=house().key.public)
        assert sorted(path.name for path in folder.iterdir()) == names

    as_nobody(work)


def test_newest_entries_in_a_log_that_cannot_be_read_are_not_left_out(folder: Path) -> None:
    copy = folder.parent / "copy"
    with reopen(folder) as ledger:
        ledger.append(envelopes(6)[5], public_key=house().key.public)
        shutil.copytree(folder, copy)
    assert (copy / "ledger.db-wal").stat().st_size
    (copy / "ledger.db-shm").unlink()
    seal(copy)

    def work() -> None:
        with pytest.raises(CannotLook, match="write-ahead log"):
            reopen(copy, writable=False)

    as_nobody(work)
    copy.chmod(0o700)
