from __future__ import annotations

import io
import struct
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.vetting.formats.hdf5 import FORMAT
from sealwright.vetting.interface import Member
from tests.attacks.keras_tf.file_cases import FILES
from tests.vetting.examine import examine, rules, verdict

BENIGN = Path(__file__).parents[2] / "benign" / "keras_tf"


@pytest.mark.parametrize("path", sorted(BENIGN.glob("*.h5")), ids=lambda path: path.name)
def test_files_of_keras_and_h5py_pass(path: Path) -> None:
    work = examine(FORMAT, path.read_bytes())
    assert FORMAT.recognise(work.member) == "strong"
    assert verdict(work) == "pass"
    assert work.parsed
    assert work.parsed + work.numbers <= path.stat().st_size


def test_an_archive_that_begins_with_a_model_is_no_hdf5_file() -> None:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=tarfile.USTAR_FORMAT) as file:
        file.add(BENIGN / "keras2.h5", arcname="model.h5")
    member = Member(path="model.tar", data=held.getvalue())
    assert bytes(member.data[512:516]) == b"\x89HDF"
    assert FORMAT.recognise(member) == "no"


def test_a_configuration_that_breaks_off_fails() -> None:
    data = (BENIGN / "keras2.h5").read_bytes()
    broken = data.replace(b'{"class_name": "Sequential"', b'{"class_name"= "Sequential"')
    assert broken != data
    assert "SW-H5-008" in rules(examine(FORMAT, broken))


def test_a_file_without_its_end_fails() -> None:
    data = (BENIGN / "keras2.h5").read_bytes()
    assert "SW-H5-001" in rules(examine(FORMAT, data[:-64]))


def test_zeros_behind_the_file_are_nothing() -> None:
    data = (BENIGN / "keras2.h5").read_bytes()
    assert verdict(examine(FORMAT, data + bytes(4096))) == "pass"


@pytest.mark.parametrize(
    ("identity", "rule"), [(40_123, "SW-H5-006"), (32_001, "SW-H5-007"), (1, "")]
)
def test_filters_by_plug_ins_are_told(identity: int, rule: str) -> None:
    data = bytearray((BENIGN / "structures_earliest.h5").read_bytes())
    at = data.index(struct.pack("<HH", 32_000, 8))
    struct.pack_into("<H", data, at, identity)
    found = rules(examine(FORMAT, bytes(data)))
    assert found == ({rule} if rule else set())


def test_many_links_out_of_the_file_are_shown_in_part() -> None:
    work = examine(FORMAT, (FILES / "external_link_dense.h5").read_bytes())
    assert len(work.observations) == 20


CONFIGURED = (BENIGN / "keras2.h5").read_bytes()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(CONFIGURED) - 1), st.binary(min_size=1, max_size=4))
def test_a_changed_model_ends_in_a_verdict(at: int, piece: bytes) -> None:
    held = bytearray(CONFIGURED)
    held[at : at + len(piece)] = piece
    assert verdict(examine(FORMAT, bytes(held))) in ("pass", "review", "fail", "inconclusive")
