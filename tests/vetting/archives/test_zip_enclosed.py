"""A zip file as one value of another file: a model in a tar, a checkpoint in a pickle."""

from __future__ import annotations

import io
import pickle
import tarfile
from pathlib import Path

import pytest

from sealwright.vetting.archives.zip_enclosed import enclosed
from sealwright.vetting.interface import Member, conclude
from sealwright.vetting.packs.load import builtin_policy
from sealwright.vetting.scan import inspect
from tests.attacks.containers.zip_builder import PAYLOAD, Record, archive
from tests.vetting.examine import session

BENIGN = Path(__file__).parents[2] / "benign"
BAD = archive(Record(name=b"data.pkl", content=PAYLOAD))
GOOD = archive(Record(name=b"notes.txt", content=b"hello"))


def tarred(*members: tuple[str, bytes]) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as opened:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            opened.addfile(info, io.BytesIO(data))
    return held.getvalue()


def verdict(path: str, data: bytes) -> tuple[str, set[str]]:
    work = session(policy=builtin_policy())
    inspect(Member(path=path, data=data), work)
    seen = [each for report in work.reports for each in report.observations]
    return conclude(seen, complete=True), {each.rule.id for each in seen}


def _zips() -> list[Path]:
    found = sorted(
        path
        for folder in ("containers", "torch", "keras_tf", "npy")
        for path in (BENIGN / folder).rglob("*")
        if path.suffix in (".zip", ".pt", ".keras", ".npz") and path.stat().st_size < 60_000
    )
    return [path for path in found if path.read_bytes()[:4] == b"PK\x03\x04"]


@pytest.mark.parametrize("path", _zips(), ids=lambda path: path.name)
def test_the_value_has_the_verdict_that_it_has_alone(path: Path) -> None:
    data = path.read_bytes()
    alone, _ = verdict(path.name, data)
    notes = ("notes.txt", b"hello\n" * 40)
    assert verdict("model.tar", tarred((path.name, data), notes))[0] == alone
    assert verdict("model.nemo", tarred(notes, (path.name, data)))[0] == alone
    for protocol in (3, 4, 5):
        held = pickle.dumps({"model": data, "version": 1}, protocol=protocol)
        assert verdict("model.pkl", held)[0] == alone


def test_what_is_examined() -> None:
    assert len(_zips()) > 5


@pytest.mark.parametrize(
    "data",
    [
        tarred(("model.pt", BAD), ("notes.txt", b"hello")),
        tarred(("notes.txt", b"hello"), ("model.pt", BAD)),
        pickle.dumps({"model": BAD}),
        pickle.dumps([b"x" * 300, BAD], protocol=3),
    ],
)
def test_a_payload_in_it_is_found(data: bytes) -> None:
    ends, found = verdict("model.bin", data)
    assert ends == "fail"
    assert "SW-PKL-001" in found
    assert "SW-FMT-003" not in found


@pytest.mark.parametrize(
    "data",
    [
        tarred(("notes.txt", b"hello")) + GOOD,
        tarred(("notes.txt", b"hello" + GOOD)),
        tarred(("notes.txt", GOOD + b"hello")),
        pickle.dumps({"model": 1}) + GOOD,
        pickle.dumps({"model": b"x" + GOOD}),
    ],
)
def test_an_archive_that_is_no_value_of_its_own_makes_a_polyglot(data: bytes) -> None:
    assert enclosed(data) is None
    ends, found = verdict("model.bin", data)
    assert ends == "fail"
    assert found & {"SW-FMT-003", "SW-ZIP-006"}
