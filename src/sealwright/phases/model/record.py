"""The model phase's table of contents: each function does one job and says it as a statement.

A project signs what these return and appends it to the ledger. Nothing here signs or stores.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sealwright.clock import Clock
from sealwright.evidence.manifest import Artifact
from sealwright.evidence.predicates.model import CycloneDxBom, OmsSignature, Scan
from sealwright.evidence.statement import Statement, subject
from sealwright.phases.model import oms, sbom, scan
from sealwright.phases.model.environment import current_environment
from sealwright.phases.model.lockfile import read_lock


def record_signature(model: Artifact, *, name: str) -> Statement[OmsSignature]:
    """The model signature (OpenSSF Model Signing v1.0). Subject: the OMS root of the same files.

    Sign it, and hand the envelope to `oms.write_bundle` for other people's verifiers.
    """
    return oms.statement(model, name)


def record_artifact_scan(path: Path, *, clock: Clock, name: str = "") -> Statement[Scan]:
    """What the artifact checks found in the model at `path`. Subject: the model."""
    return scan.scan_artifact(path, clock=clock, name=name)


def record_code_scan(paths: Sequence[Path], *, clock: Clock) -> Statement[Scan]:
    """What the code checks found in the training code. Subjects: each file or folder of it."""
    return scan.scan_code(paths, clock=clock)


def record_environment(
    model: Artifact, *, name: str, lock: Path | None, clock: Clock
) -> tuple[Statement[CycloneDxBom], Statement[Scan]]:
    """The environment's bill of materials and its dependency scan. Subject of both: the model.

    Speaks of the environment of the interpreter that runs this, which is the one that trains.
    """
    about = subject(name, model.digest)
    locked = read_lock(lock) if lock is not None else None
    installed = sbom.read_installed()
    return (
        sbom.bom_statement(
            about,
            lock=locked,
            installed=installed,
            clock=clock,
            environment=current_environment().digest,
        ),
        sbom.dependency_scan(about, lock=locked, installed=installed, clock=clock),
    )
