from __future__ import annotations

from pathlib import Path

import pytest

from sealwright.vetting.interface import Member, conclude
from sealwright.vetting.outcome import MemberReport
from sealwright.vetting.packs.load import builtin_policy
from sealwright.vetting.scan import inspect
from tests.attacks.keras_tf.config_cases import archive
from tests.vetting.examine import rules, session

BENIGN = Path(__file__).parents[2] / "benign" / "keras_tf"


def scan(data: bytes, *, path: str = "model.keras") -> list[MemberReport]:
    work = session(policy=builtin_policy())
    inspect(Member(path=path, data=data), work)
    return work.reports


@pytest.mark.parametrize("path", sorted(BENIGN.glob("*.keras")), ids=lambda path: path.name)
def test_models_of_keras_pass_with_all_their_members(path: Path) -> None:
    reports = scan(path.read_bytes(), path=path.name)
    seen = [one for report in reports for one in report.observations]
    assert conclude(seen, complete=True) == "pass"
    formats = {report.path.rpartition("!")[2]: report.formats for report in reports}
    assert formats["config.json"] == ("json",)
    assert formats["model.weights.h5"] == ("hdf5",)


def test_a_whole_folder_of_every_kind_passes() -> None:
    for path in sorted(BENIGN.rglob("*")):
        if path.is_file():
            reports = scan(path.read_bytes(), path=str(path.relative_to(BENIGN)))
            seen = [one for report in reports for one in report.observations]
            assert conclude(seen, complete=not any(r.gaps for r in reports)) == "pass", path


def test_an_archive_that_only_has_a_configuration_is_no_model_of_keras() -> None:
    data = archive(b"[1]").replace(b"metadata.json", b"somethin.json")
    assert not any("SW-KERAS-011" in rules(report) for report in scan(data))


def test_a_damaged_configuration_fails() -> None:
    assert any("SW-KERAS-011" in rules(report) for report in scan(archive(b'{"a": ')))
