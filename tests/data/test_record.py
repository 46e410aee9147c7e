from pathlib import Path

import pytest

from sealwright.errors import UsageError
from sealwright.evidence.statement import decode_statement, encode_statement
from sealwright.evidence.tree import identify
from sealwright.lifecycle.model import ColumnRule, Labels
from sealwright.phases.data import record
from tests.data.support import NOW, opened, source, write_csv

AT = "2026-11-22T20:00:00.000000Z"


def test_a_version_says_what_lies_open(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "data.csv", ["f", "y"], [["0.5", "1"], ["", "0"]])
    known = source(
        path,
        columns={
            "f": ColumnRule(type="number", required=False),
            "y": ColumnRule(type="integer"),
        },
        labels=Labels(column="y", method="by hand", by=["ann"], protocol="p1"),
        sensitive=["f"],
        groups=["y"],
        parent="a" * 64,
        contains_personal_data="no",
    )
    with opened(train=known) as tables:
        statement = record.version(tables["train"], clock=lambda: NOW)
    assert decode_statement(encode_statement(statement)) == statement
    assert statement.kind == "dataset-version"
    assert [(item.name, item.sha256) for item in statement.subjects] == [
        ("train", known.artifact.digest)
    ]
    said = statement.predicate
    assert (said.rows, said.at, said.parent) == (2, AT, "a" * 64)
    assert said.files == known.artifact.files
    assert [(item.name, item.type, item.nullable) for item in said.schema] == [
        ("f", "float64", True),
        ("y", "int64", False),
    ]
    assert said.labelling is not None
    assert said.labelling.by == ("ann",)
    assert said.provenance.licence == "CC0-1.0"


def test_lineage_names_data_and_code(tmp_path: Path) -> None:
    artifact = identify(write_csv(tmp_path / "train.csv", ["x"], [["1"]]))
    statement = record.lineage(
        "train",
        artifact,
        inputs={"raw": "a" * 64},
        code={"prepare.py": "b" * 64},
        clock=lambda: NOW,
        command=("python", "prepare.py"),
    )
    assert decode_statement(encode_statement(statement)) == statement
    (made_from,) = statement.predicate.inputs
    assert (made_from.name, made_from.digest, made_from.annotations) == (
        "raw",
        {"sha256": "a" * 64},
        {"kind": "dataset"},
    )
    assert statement.predicate.code[0].annotations == {"kind": "code"}
    with pytest.raises(UsageError):
        record.lineage("train", artifact, inputs={}, code={}, clock=lambda: NOW)


def test_access_is_recorded_with_who_and_why(tmp_path: Path) -> None:
    artifact = identify(write_csv(tmp_path / "train.csv", ["x"], [["1"]]))
    statement = record.access(
        "train", artifact, actor="ann", purpose="training", outcome="denied",
        clock=lambda: NOW, columns=["x"], reason="no grant",
    )  # fmt: skip
    assert decode_statement(encode_statement(statement)) == statement
    assert (statement.predicate.actor, statement.predicate.outcome) == ("ann", "denied")
    for actor, purpose in (("", "training"), ("ann", "")):
        with pytest.raises(UsageError):
            record.access(
                "train", artifact, actor=actor, purpose=purpose, outcome="granted",
                clock=lambda: NOW,
            )  # fmt: skip


def test_validation_yields_one_statement_per_kind(tmp_path: Path) -> None:
    rules = {"f": ColumnRule(type="number", max=150), "y": ColumnRule(type="integer")}
    labels = Labels(column="y", method="by hand")
    train = [[index, int(index >= 100)] for index in range(200)]
    test = [[index + 0.5, int(index >= 100)] for index in range(90, 110)]
    known = {
        name: source(
            write_csv(tmp_path / f"{name}.csv", ["f", "y"], rows), columns=rules, labels=labels
        )
        for name, rows in (("train", train), ("test", test), ("before", train))
    }
    with opened(**known) as tables:
        statements = record.validate(
            "train",
            opened=tables,
            clock=lambda: NOW,
            parent="before",
            against=["test"],
            quarantine=tmp_path / "aside.csv",
        )
    found = {item.predicate.kind: item for item in statements}
    assert list(found) == ["constraints", "personal-data", "labels", "overlap"]
    assert {kind: item.predicate.result for kind, item in found.items()} == {
        "constraints": "failed",
        "personal-data": "passed",
        "labels": "passed",
        "overlap": "passed",
    }
    for statement in statements:
        assert decode_statement(encode_statement(statement)) == statement
        said = statement.predicate
        assert (said.at, said.engine.name) == (AT, "duckdb+ibis")
        assert "+" in said.engine.version
        assert said.config == record.declaration_digest(known["train"].declaration)
    assert [item.name for item in found["overlap"].subjects] == ["train", "test"]
    assert found["constraints"].predicate.quarantine is not None
    assert found["constraints"].predicate.quarantine.rows == 49


def test_the_declaration_digest_follows_the_declaration(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "data.csv", ["x"], [["1"]])
    one, same, other = (
        record.declaration_digest(source(path, min_rows=rows).declaration) for rows in (1, 1, 2)
    )
    assert one == same != other
