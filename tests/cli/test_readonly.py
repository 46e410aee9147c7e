"""A project that cannot be written can be looked at, and so can one without the log's key."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.console import Answer, Console

NOBODY = 65534


@dataclass(frozen=True)
class Sealed:
    """A copy that its owner may read and not write, and the project that it was made from."""

    folder: Path
    original: Path


@pytest.fixture
def sealed(admitted: Console) -> Iterator[Sealed]:
    """The copy, in a folder that the other user may enter."""
    with tempfile.TemporaryDirectory(prefix="sealwright-test-") as place:
        Path(place).chmod(0o755)
        folder = Path(place) / "copy"
        shutil.copytree(admitted.folder, folder)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o500 if path.is_dir() else 0o400)
            if os.geteuid() == 0:
                os.chown(path, NOBODY, NOBODY)
        yield Sealed(folder, admitted.folder)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o700 if path.is_dir() else 0o600)


def as_nobody(sealed: Sealed, *words: str, expect: int = 0) -> Answer:
    """Runs a command as a user whom modes stop: root ignores them.

    It is run on the original first: that loads what the other user may not be able to import.
    """
    probe = (
        "import contextlib, io, os, sys\n"
        "from sealwright.cli import execute\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):"
        f" execute({[*words, '-C', str(sealed.original)]!r})\n"
        f"if os.geteuid() == 0: os.setgroups([]); os.setegid({NOBODY}); os.seteuid({NOBODY})\n"
        f"sys.exit(execute({list(words)!r}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe],
        cwd=sealed.folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    answer = Answer(done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in answer.err
    assert answer.code == expect, f"sealwright {' '.join(words)}: {answer}"
    return answer


def test_the_gate_answers_and_says_that_nothing_was_recorded(sealed: Sealed) -> None:
    answer = as_nobody(sealed, "gate", "model", "--for", "release")
    assert "ADMITTED" in answer.out
    assert "not recorded: the folder cannot be written" in answer.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("ledger", "verify"), "\nVERIFIED"),
        (("ledger", "show"), "approval"),
        (("keys", "list"), "sam"),
        (("report",), "diabetes"),
        (("gate", "model", "--for", "release", "--no-record"), "ADMITTED"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_only_looks_works_on_a_copy_that_cannot_be_written(
    sealed: Sealed, words: tuple[str, ...], says: str
) -> None:
    before = sorted(path.name for path in (sealed.folder / ".sealwright").iterdir())
    assert says in as_nobody(sealed, *words).out
    assert sorted(path.name for path in (sealed.folder / ".sealwright").iterdir()) == before


def test_what_would_write_is_told_why_it_cannot(sealed: Sealed) -> None:
    asked = as_nobody(sealed, "gate", "model", "--for", "release", "--record", expect=3)
    assert "the folder cannot be written" in asked.err
    answer = as_nobody(sealed, "approve", "model", "--as", "sam", "--reason", "x", expect=3)
    assert "nothing can be written" in answer.err


def test_without_the_logs_key_the_verdict_is_shown_and_not_recorded(admitted: Console) -> None:
    (admitted.folder / ".sealwright/keys/log.pem").unlink()
    before = len(admitted.json("ledger", "show"))
    answer = admitted("gate", "model", "--for", "release")
    assert "ADMITTED" in answer.out
    assert "not recorded: the log's key is not here" in answer.out
    assert len(admitted.json("ledger", "show")) == before
    asked = admitted("gate", "model", "--for", "release", "--record", expect=3)
    assert "the log's key is not here" in asked.err
    assert "log.pem" in asked.err
