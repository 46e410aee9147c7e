"""`sealwright data`: versions, checks, and openings that leave a trace."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.cli.console import Console


def spoil(sealwright: Console, old: str, new: str) -> None:
    """Changes one value of the training data's first row."""
    place = sealwright.folder / "data/train.csv"
    header, first, rest = place.read_text().split("\n", 2)
    assert old in first
    place.write_text("\n".join([header, first.replace(old, new, 1), rest]))


def first_value(sealwright: Console) -> str:
    """The first value of the training data's first row."""
    return (sealwright.folder / "data/train.csv").read_text().splitlines()[1].split(",")[0]


def test_each_version_is_on_record_with_its_source(fresh: Console) -> None:
    fresh("data", "add", "train")
    (version,) = fresh.entries("dataset-version")
    assert version["predicate"]["provenance"]["licence"] == "BSD-3-Clause"
    assert version["predicate"]["rows"] == 249
    assert version["signer"] == "mina"


def test_a_value_out_of_range_fails_the_check_and_is_set_aside(fresh: Console) -> None:
    spoil(fresh, first_value(fresh), "1999")
    answer = fresh("data", "check", "train", expect=1)
    assert "age" in answer.out
    (quarantined,) = (fresh.folder / ".sealwright/quarantine").iterdir()
    rows = list(csv.reader(quarantined.read_text().splitlines()))
    assert any("1999" in row for row in rows)
    results = {
        entry["predicate"]["kind"]: entry["predicate"]["result"]
        for entry in fresh.entries("dataset-validation")
    }
    assert results["constraints"] == "failed"


def test_files_on_record_are_opened_and_the_opening_is_on_record(
    trained: Console, tmp_path: Path
) -> None:
    out = tmp_path / "ages.csv"
    answer = trained.json(
        "data", "open", "train", "--purpose", "label review", "--as", "dana",
        "--column", "age", "--column", "high", "--out", str(out),
    )  # fmt: skip
    rows = list(csv.reader(out.read_text().splitlines()))
    assert rows[0] == ["age", "high"]
    assert len(rows) == 1 + answer["rows"] == 250
    access = trained.json("ledger", "show", str(answer["index"]))
    assert access["signer"] == "dana"
    assert access["predicate"]["purpose"] == "label review"
    assert access["predicate"]["outcome"] == "granted"


def test_files_that_are_no_version_on_record_are_refused_and_that_is_on_record(
    trained: Console,
) -> None:
    spoil(trained, first_value(trained), "33")
    answer = trained("data", "open", "train", "--purpose", "a look", expect=1)
    assert answer.out == ""
    assert "no version on record" in answer.err
    assert "sealwright data add train" in answer.err
    denied = trained.entries("data-access")[-1]["predicate"]
    assert (denied["outcome"], denied["purpose"]) == ("denied", "a look")


def test_a_column_that_is_not_there_is_told(trained: Console) -> None:
    answer = trained("data", "open", "train", "--purpose", "x", "--column", "salary", expect=2)
    assert "no column salary" in answer.err


def test_a_test_row_in_the_training_data_is_found(fresh: Console) -> None:
    leaked = (fresh.folder / "data/test.csv").read_text().splitlines()[1:21]
    with (fresh.folder / "data/train.csv").open("a") as file:
        file.write("\n".join(leaked) + "\n")
    answer = fresh("data", "check", "test", expect=1)
    assert "overlap" in answer.out
