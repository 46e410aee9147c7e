"""The model phase as a project uses it: every statement can be signed and read back."""

from __future__ import annotations

from pathlib import Path

from sealwright.evidence.statement import decode_statement, encode_statement
from sealwright.evidence.tree import identify
from sealwright.phases.model.record import (
    record_artifact_scan,
    record_code_scan,
    record_environment,
    record_signature,
)
from tests.vetting.onnx_files import clock, onnx_model


def test_every_record_speaks_of_what_it_should(tmp_path: Path) -> None:
    (tmp_path / "heart").mkdir()
    (tmp_path / "heart" / "model.onnx").write_bytes(onnx_model().SerializeToString())
    (tmp_path / "train.py").write_text("x = 1\n")
    model = identify(tmp_path / "heart")
    environment = record_environment(model, name="heart", lock=None, clock=clock)
    statements = (
        record_signature(model, name="heart"),
        record_artifact_scan(tmp_path / "heart", clock=clock),
        record_code_scan([tmp_path / "train.py"], clock=clock),
        *environment,
    )
    kinds = [statement.kind for statement in statements]
    assert kinds == ["model-signature", "scan", "scan", "sbom", "scan"]
    for statement in statements:
        assert decode_statement(encode_statement(statement)) == statement
    assert statements[1].subjects[0].sha256 == model.digest
    assert {s.subjects[0].sha256 for s in environment} == {model.digest}
    assert environment[1].predicate.result == "inconclusive"
