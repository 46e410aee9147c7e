"""Every check of the model phase in one list, and the digest of the rules that were applied."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sealwright.evidence import canonical
from sealwright.evidence.digest import sha256_hex
from sealwright.phases.model.checks import (
    artifact_format,
    artifact_onnx,
    artifact_safetensors,
    code_bandit,
    code_files,
    onnx_tables,
)
from sealwright.phases.model.checks.interface import ArtifactCheck, CodeCheck

ARTIFACT_CHECKS: tuple[ArtifactCheck, ...] = (
    artifact_format.CHECK,
    artifact_onnx.CHECK,
    artifact_safetensors.CHECK,
)
CODE_CHECKS: tuple[CodeCheck, ...] = (code_files.CHECK, code_bandit.CHECK)


def artifact_rules_digest() -> str:
    """Hex sha256 over the artifact checks, their rules and the ONNX tables."""
    return sha256_hex(
        canonical.encode(
            {
                "checks": [_declared(check) for check in ARTIFACT_CHECKS],
                "operators": {d: sorted(names) for d, names in onnx_tables.OPERATORS.items()},
                "opsets": onnx_tables.OPSETS,
                "ir_version": onnx_tables.IR_VERSION,
            }
        )
    )


def code_rules_digest() -> str:
    """Hex sha256 over the code checks, their rules, and the engines with their rules."""
    return sha256_hex(
        canonical.encode([_declared(check) | {"engine": check.engine()} for check in CODE_CHECKS])
    )


def _declared(check: ArtifactCheck | CodeCheck) -> dict[str, Any]:
    return {"id": check.id, "rules": [asdict(rule) for rule in check.rules]}
