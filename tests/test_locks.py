"""Turns and work folders, with real processes that are really killed."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sealwright.errors import CannotLook, Refused
from sealwright.locks import claim, sweep, turn, work_folder

HOLDER = """
import sys, time
from pathlib import Path
from sealwright.locks import turn, work_folder
what, folder = sys.argv[1], Path(sys.argv[2])
held = turn(folder) if what == "turn" else work_folder(folder, prefix="work-")
with held as place:
    if place is not None:
        (place / "half").mkdir()
        (place / "half/done").write_text("half do")
    print("held", flush=True)
    time.sleep(60)
"""


@contextmanager
def holder(what: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds a turn or a work folder; killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, what, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_turn_lets_one_thread_in_at_a_time(tmp_path: Path) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        for _ in range(20):
            with turn(tmp_path):
                inside.append(number)
                most.append(len(inside))
                inside.remove(number)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 80
    assert set(most) == {1}


def test_a_killed_holder_blocks_nobody_and_waiting_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    with holder("turn", tmp_path) as other:

        def waiting() -> None:
            told.append("waiting")
            other.kill()

        with turn(tmp_path, waiting=waiting):
            told.append("in")
    assert told == ["waiting", "in"]


def test_a_free_turn_is_not_waited_for(tmp_path: Path) -> None:
    with turn(tmp_path, waiting=lambda: pytest.fail("nobody is in")):
        pass
    with turn(tmp_path, waiting=lambda: pytest.fail("the last one is out")):
        pass


def test_a_turn_ends_with_an_error_inside(tmp_path: Path) -> None:
    with pytest.raises(KeyError), turn(tmp_path):
        raise KeyError
    with turn(tmp_path, waiting=lambda: pytest.fail("still locked")):
        pass


def test_a_turn_on_a_folder_that_is_not_there_cannot_be_taken(tmp_path: Path) -> None:
    with pytest.raises(CannotLook, match="gone"), turn(tmp_path / "gone"):
        pass


def fail_in(folder: Path) -> None:
    (folder / "file").write_text("x")
    (folder / "file/below").read_text()


def test_a_work_folder_is_ours_alone_and_gone_afterwards(tmp_path: Path) -> None:
    with work_folder(tmp_path, prefix="work-") as one, work_folder(tmp_path, prefix="work-") as two:
        assert one != two
        assert one.stat().st_mode & 0o777 == 0o700
        (one / "file").write_text("x")
    with pytest.raises(NotADirectoryError), work_folder(tmp_path, prefix="work-") as three:
        fail_in(three)
    assert list(tmp_path.iterdir()) == []


def test_a_work_folder_may_be_moved_away(tmp_path: Path) -> None:
    with work_folder(tmp_path, prefix="work-") as folder:
        (folder / "file").write_text("x")
        folder.rename(tmp_path / "done")
    assert [path.name for path in tmp_path.rglob("*")] == ["done", "file"]


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path) -> None:
    with holder("work", tmp_path):
        pass
    (left,) = tmp_path.iterdir()
    assert (left / "half/done").exists()
    with work_folder(tmp_path, prefix="work-") as ours:
        assert list(tmp_path.iterdir()) == [ours]


def test_what_a_living_process_works_on_is_left_alone(tmp_path: Path) -> None:
    with holder("work", tmp_path):
        (theirs,) = tmp_path.iterdir()
        sweep(tmp_path, prefix="work-")
        with work_folder(tmp_path, prefix="work-"):
            assert (theirs / "half/done").read_text() == "half do"
        assert (theirs / "half/done").exists()


def test_only_folders_of_the_prefix_are_swept(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work-file").write_text("no folder")
    (tmp_path / "work-link").symlink_to(tmp_path / "work")
    (tmp_path / "work-old").mkdir()
    (tmp_path / "work-old/file").write_text("x")
    sweep(tmp_path, prefix="work-")
    assert {path.name for path in tmp_path.iterdir()} == {"work", "work-file", "work-link"}


def test_two_sweepers_and_many_makers_never_take_each_others_folder(tmp_path: Path) -> None:
    broken: list[str] = []

    def make() -> None:
        for _ in range(40):
            with work_folder(tmp_path, prefix="work-") as folder:
                try:
                    (folder / "file").write_text("x")
                    (folder / "file").read_text()
                except OSError as error:
                    broken.append(str(error))

    def clean() -> None:
        for _ in range(100):
            sweep(tmp_path, prefix="work-")

    threads = [threading.Thread(target=job) for job in (make, make, make, clean, clean)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert broken == []
    assert list(tmp_path.iterdir()) == []


def test_a_claim_waits_for_nobody(tmp_path: Path) -> None:
    with holder("turn", tmp_path), pytest.raises(Refused, match="somebody is in"):  # noqa: SIM117
        with claim(tmp_path, taken="somebody is in"):
            raise AssertionError("two of them are in")
    with claim(tmp_path, taken="somebody is in"), pytest.raises(Refused):  # noqa: SIM117
        with claim(tmp_path, taken="I am"):
            raise AssertionError("two of them are in")
    with pytest.raises(CannotLook), claim(tmp_path / "nowhere", taken=""):
        raise AssertionError("there is nothing to hold")
