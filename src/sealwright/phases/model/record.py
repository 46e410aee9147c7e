"""The model phase's table of contents: each function does one job and says it as a statement.

A project signs what these return and appends it to the ledger. Nothing here signs or stores.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from sealwright.clock import Clock
from sealwright.evidence.manifest import Artifact
from sealwright.evidence.predicates.model import CycloneDxBom, OmsSignature, Scan, Vulns
from sealwright.evidence.statement import Statement, subject
from sealwright.phases.model import oms, sbom, scan
from sealwright.phases.model.environment import current_environment
from sealwright.phases.model.reports import Reports
from sealwright.vetting.dependencies.lockfile import read_lock
from sealwright.vetting.dependencies.startup import examine_site, site_folders
from sealwright.vetting.dependencies.vulndb import MAX_AGE_DAYS, open_database
from sealwright.vetting.dependencies.vulnerabilities import examine


def record_signature(model: Artifact, *, name: str) -> Statement[OmsSignature]:
    """The model signature (OpenSSF Model Signing v1.0). Subject: the OMS root of the same files.

    Sign it, and hand the envelope to `oms.write_bundle` for other people's verifiers.
    """
    return oms.statement(model, name)


def record_artifact_scan(path: Path, *, clock: Clock, name: str = "") -> Statement[Scan]:
    """What the artifact checks found in the model at `path`. Subject: the model."""
    return scan.scan_artifact(path, clock=clock, name=name)


def record_code_scan(
    paths: Sequence[Path], *, clock: Clock, reports: Reports | None = None
) -> Statement[Scan]:
    """What the code checks, and other tools' reports, found in the training code. Subjects: each
    file or folder of it."""
    return scan.scan_code(paths, clock=clock, reports=reports)


def record_secret_scan(
    paths: Sequence[Path], *, clock: Clock, cache: Path | None = None
) -> Statement[Scan]:
    """What looks like a secret in the training code, by type and place. Subjects: as above."""
    return scan.scan_secrets(paths, clock=clock, cache=cache)


def record_environment(
    model: Artifact,
    *,
    name: str,
    lock: Path | None,
    clock: Clock,
    vulndb: Path | None = None,
    max_age_days: int = 0,
) -> tuple[Statement[CycloneDxBom], Statement[Scan], *tuple[Statement[Vulns], ...]]:
    """The environment's bill of materials, its dependency scan, and what is known against it.

    Subject of all: the model. Speaks of the environment of the interpreter that runs this, which is
    the one that trains. `vulndb`: a database of known vulnerabilities; one that is older than
    `max_age_days` makes the scan inconclusive, as does its absence. 0: none is demanded, and one
    that
    is at hand may be as old as is usual.
    """
    about = subject(name, model.digest)
    locked = read_lock(lock) if lock is not None else None
    installed = sbom.read_installed()
    with open_database(vulndb) if vulndb is not None else nullcontext() as database:
        known = examine(
            database,
            sbom.packages(locked, installed),
            clock=clock,
            max_age_days=max_age_days or MAX_AGE_DAYS,
            demanded=max_age_days > 0,
        )
    unlooked = ("known vulnerabilities",) if known.statement is None else ()
    vulns = () if known.statement is None else (Statement((about,), known.statement),)
    return (
        sbom.bom_statement(
            about,
            lock=locked,
            installed=installed,
            clock=clock,
            environment=current_environment().digest,
        ),
        sbom.dependency_scan(
            about,
            lock=locked,
            installed=installed,
            clock=clock,
            more=(*known.observations, *examine_site(site_folders())),
            not_examined=(*unlooked, "the content of installed packages"),
        ),
        *vulns,
    )
