"""Opening data by hand: only a version on record, and never without a trace."""

from __future__ import annotations

from pathlib import Path

import pytest

from sealwright.errors import CannotLook, InputMissing, Refused, SignatureError, UsageError
from sealwright.evidence.predicates.data import DataAccess
from sealwright.project.access import open_data
from sealwright.project.core import Project
from tests.project.factory import OWNER, ROWS, table


def last(project: Project) -> DataAccess:
    predicate = project.evidence()[-1].predicate
    assert isinstance(predicate, DataAccess)
    return predicate


def test_an_access_is_on_record_with_its_purpose(released: Project) -> None:
    granted = open_data(released, "train", purpose="label review", signer="sam")
    assert granted.path == released.layout.root / "data/train.csv"
    assert granted.rows == ROWS
    assert granted.index == released.evidence()[-1].index
    said = last(released)
    assert (said.purpose, said.outcome) == ("label review", "granted")
    assert released.evidence()[-1].principal.id == "sam"


def test_the_rows_are_written_as_asked(released: Project, tmp_path: Path) -> None:
    out = tmp_path / "copy/rows.csv"
    granted = open_data(
        released, "train", purpose="a look", columns=("label", "a"), out=out, signer=OWNER
    )
    assert granted.path == out
    lines = out.read_text().splitlines()
    original = [line.split(",") for line in table("train").splitlines()]
    assert lines[0] == "label,a"
    assert len(lines) == ROWS + 1
    label, a = lines[1].split(",")
    assert (int(label), float(a)) == (int(original[1][3]), float(original[1][0]))
    assert tuple(last(released).columns) == ("label", "a")


def test_a_column_that_is_not_there_opens_nothing(released: Project, tmp_path: Path) -> None:
    size = len(released.evidence())
    out = tmp_path / "o"
    with pytest.raises(UsageError, match="no column no") as caught:
        open_data(released, "train", purpose="x", columns=("a", "no"), out=out, signer=OWNER)
    assert caught.value.advice == "it has: a, b, side, label"
    assert not (tmp_path / "o").exists()
    assert len(released.evidence()) == size


def test_files_that_are_no_version_on_record_are_refused_on_record(
    released: Project, tmp_path: Path
) -> None:
    file = released.layout.root / "data/train.csv"
    file.write_text(file.read_text() + "1,1,left,1\n")
    with pytest.raises(Refused, match="no version on record") as caught:
        open_data(released, "train", purpose="x", out=tmp_path / "o", signer=OWNER)
    assert "sealwright data add train" in caught.value.advice
    assert last(released).outcome == "denied"
    assert not (tmp_path / "o").exists()


def test_who_cannot_sign_for_it_gets_nothing(released: Project, tmp_path: Path) -> None:
    released.keyring.create("eve")
    for signer, error in (("eve", SignatureError), ("nobody", InputMissing)):
        with pytest.raises(error):
            open_data(released, "train", purpose="x", out=tmp_path / "o", signer=signer)
    assert not (tmp_path / "o").exists()


def test_an_unknown_data_set(released: Project) -> None:
    with pytest.raises(UsageError, match="no data set 'horoscope'"):
        open_data(released, "horoscope", purpose="x", signer=OWNER)


def test_rows_that_cannot_be_written_were_accessed_all_the_same(
    released: Project, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CannotLook, match="cannot be written"):
        open_data(released, "train", purpose="x", out=tmp_path / "file/o", signer=OWNER)
    assert last(released).outcome == "granted"
