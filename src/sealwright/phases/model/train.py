"""Trains a model in the sandbox and says, in statements ready to sign, what went in and came out.

A run that tries what it may not is stopped, leaves no model, and becomes an incident that tells
what it tried. Values of environment variables are in nothing that leaves this module.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from sealwright.clock import Clock, format_time
from sealwright.errors import TamperError, UsageError
from sealwright.evidence.manifest import Artifact, system_digest
from sealwright.evidence.predicates.common import JsonObject, Predicate, Resource
from sealwright.evidence.predicates.model import (
    BuildDefinition,
    Builder,
    BuildMetadata,
    Custody,
    RunDetails,
    SlsaProvenance,
)
from sealwright.evidence.predicates.operation import Incident
from sealwright.evidence.statement import Statement, subject
from sealwright.evidence.tree import identify
from sealwright.lifecycle.model import Training
from sealwright.phases.model import outputs
from sealwright.phases.model.environment import current_environment, environment_resource
from sealwright.phases.model.redact import redactor
from sealwright.sandbox.interface import (
    Level,
    Limits,
    SandboxOutcome,
    SandboxSpec,
    Violation,
)
from sealwright.sandbox.supervise import run

BUILD_TYPE = "urn:sealwright:buildtype:sandboxed-training:v1"
BUILDER = "urn:sealwright:builder:sandbox"
_MAX_DETAIL = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingInput:
    """A data set, or a model from outside, that the run may read. `path` is relative to the
    project, `digest` as recorded."""

    name: str
    path: str
    digest: str
    kind: Literal["dataset", "model"] = "dataset"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingResult:
    """How a training went. Without an artifact there is no model, and `reason` says why."""

    outcome: SandboxOutcome
    violations: tuple[Violation, ...]
    """What the run tried, and what was wrong with what it left behind."""
    artifact: Artifact | None
    statements: tuple[Statement[Predicate], ...]
    """Provenance and custody of the model; or the incident; or, for a plain failure, nothing."""
    reason: str

    @property
    def succeeded(self) -> bool:
        """There is a model, in its place, with provenance."""
        return self.artifact is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Material:
    """Everything that goes in, by its path in the project."""

    data: dict[str, Artifact]
    code: dict[str, Artifact]
    lock: dict[str, Artifact]


def train(
    training: Training,
    *,
    root: Path,
    system: str,
    inputs: Sequence[TrainingInput],
    clock: Clock,
    code: Mapping[str, str] | None = None,
    config: str = "",
    level: Level | None = None,
) -> TrainingResult:
    """Runs `training.command` over exactly the recorded inputs and puts the model in its place.

    `root` is the project folder, `code` maps paths of `training.code` to the digests they must have
    (what a scan looked at), `config` is the digest of the lifecycle file, `level` forces an
    isolation level. Raises TamperError if an input, or the code, is not what was recorded or
    changes during the run; Refused and Unsupported if the sandbox cannot be had (see
    `sandbox.choose`).
    """
    root = root.resolve()
    _check_inputs(training, inputs)
    expected = {**{item.path: item.digest for item in inputs}, **(code or {})}
    material = _identify(training, root, inputs)
    _compare(material, expected, when="before the run")
    target = _target(root, training.output)
    target.parent.mkdir(parents=True, exist_ok=True)
    with outputs.stage(target.parent) as stage:
        produced = stage / "output"
        produced.mkdir(mode=0o700)
        redact = redactor(training.environment)
        outcome = redact.outcome(
            run(_spec(training, root, inputs, produced), clock=clock, level=level)
        )
        seen = {**_digests(material.data), **_digests(material.code)}
        _compare(_identify(training, root, inputs), seen, when="during the run")
        left = outputs.examine(produced, bound=training.limits.output_mb << 20)
        violations = outcome.violations + redact.violations(left)
        reason = _failure(outcome, violations) or outputs.unusable(produced)
        if reason:
            incident = _incident(material, system, violations, reason, at=format_time(clock()))
            return TrainingResult(
                outcome=outcome,
                violations=violations,
                artifact=None,
                statements=(incident,) if violations else (),
                reason=reason,
            )
        outputs.settle(produced)
        artifact = identify(produced)
        outputs.move_into_place(produced, target, aside=stage / outputs.PREVIOUS / target.name)
    placed = Artifact(digest=artifact.digest, files=artifact.files, root=target)
    provenance = _provenance(training, material, inputs, outcome, config=config)
    custody = Custody(
        name=training.output, files=artifact.files, action="trained", at=format_time(clock())
    )
    about = (subject(training.output, artifact.digest),)
    return TrainingResult(
        outcome=outcome,
        violations=(),
        artifact=placed,
        statements=(Statement(about, provenance), Statement(about, custody)),
        reason="",
    )


def _check_inputs(training: Training, inputs: Sequence[TrainingInput]) -> None:
    declared = [*training.inputs, *training.models]
    missing = set(declared) ^ {item.name for item in inputs}
    if missing or len(inputs) != len(declared):
        raise UsageError(
            f"the training declares other inputs than were handed in: {', '.join(sorted(missing))}",
            advice="name each data set of [training] inputs once",
        )
    if not training.code:
        raise UsageError("the training declares no code", advice="set [training] code")


def _target(root: Path, output: str) -> Path:
    target = root / output
    if not target.parent.resolve().is_relative_to(root) or target.is_symlink():
        raise UsageError(
            f"{output}: leads out of the project folder", advice="use a folder inside the project"
        )
    if target.exists() and not target.is_dir():
        raise UsageError(f"{output}: is a file", advice="set [training] output to a folder")
    return target


def _identify(training: Training, root: Path, inputs: Sequence[TrainingInput]) -> _Material:
    lock = [training.lock] if training.lock else []
    return _Material(
        data={item.path: identify(root / item.path) for item in inputs},
        code={path: identify(root / path) for path in training.code},
        lock={path: identify(root / path) for path in lock},
    )


def _digests(artifacts: Mapping[str, Artifact]) -> dict[str, str]:
    return {path: artifact.digest for path, artifact in artifacts.items()}


def _compare(material: _Material, expected: Mapping[str, str], *, when: str) -> None:
    found = {**_digests(material.data), **_digests(material.code)}
    for path, digest in expected.items():
        if path not in found:
            raise UsageError(f"{path}: is no input and no code of the training")
        if found[path] != digest:
            raise TamperError(
                f"{path}: changed {when}: recorded as {digest[:12]}, found {found[path][:12]}",
                advice="record the new version first, or restore the recorded one",
            )


def _spec(
    training: Training, root: Path, inputs: Sequence[TrainingInput], produced: Path
) -> SandboxSpec:
    paths = [*training.code, *(item.path for item in inputs)]
    return SandboxSpec(
        command=tuple(training.command),
        inputs={path.strip("/"): root / path for path in paths},
        output=training.output,
        output_dir=produced,
        project=root,
        environment=dict(training.environment),
        limits=Limits(
            seconds=training.limits.seconds,
            memory_mb=training.limits.memory_mb,
            processes=training.limits.processes,
            output_mb=training.limits.output_mb,
        ),
        minimum=training.isolation,
    )


def _failure(outcome: SandboxOutcome, violations: tuple[Violation, ...]) -> str:
    if violations:
        return "the run was stopped: it tried to " + violations[0].detail
    if outcome.signal is not None:
        return f"the command was ended by signal {outcome.signal}"
    if outcome.exit_code != 0:
        return f"the command failed with exit code {outcome.exit_code}"
    return ""


def _incident(
    material: _Material,
    system: str,
    violations: tuple[Violation, ...],
    reason: str,
    *,
    at: str,
) -> Statement[Predicate]:
    """Who reaches for the network or for hidden files leaves an incident that a person must close;
    running into a limit is on record, and closed."""
    grave = any(violation.kind in ("network", "file") for violation in violations)
    kinds = ", ".join(sorted({violation.kind for violation in violations}))
    lines = [f"{v.kind}: {v.detail}" + f" ({v.times} times)" * (v.times > 1) for v in violations]
    return Statement(
        (
            subject(system, system_digest(system)),
            *(subject(path, artifact.digest) for path, artifact in material.code.items()),
        ),
        Incident(
            id=f"training-{uuid.uuid4()}",
            status="open" if grave else "closed",
            severity="high" if grave else "medium",
            title=f"training stopped by the sandbox ({kinds})",
            detail="; ".join(lines or [reason])[:_MAX_DETAIL],
            at=at,
        ),
    )


def _provenance(
    training: Training,
    material: _Material,
    inputs: Sequence[TrainingInput],
    outcome: SandboxOutcome,
    *,
    config: str,
) -> SlsaProvenance:
    return SlsaProvenance(
        build_definition=BuildDefinition(
            build_type=BUILD_TYPE,
            external_parameters=_asked(training),
            internal_parameters=_enforced(outcome),
            resolved_dependencies=_dependencies(material, inputs, config=config),
        ),
        run_details=RunDetails(
            builder=Builder(id=BUILDER, version={"sealwright": version("sealwright")}),
            metadata=BuildMetadata(
                invocation_id=uuid.uuid4().urn,
                started_on=format_time(outcome.started),
                finished_on=format_time(outcome.finished),
            ),
            byproducts=tuple(
                Resource(
                    name=name,
                    digest={"sha256": log.sha256},
                    media_type="text/plain",
                    annotations={"kind": "log", "size": str(log.size)},
                )
                for name, log in (("stdout", outcome.stdout), ("stderr", outcome.stderr))
            ),
        ),
    )


def _asked(training: Training) -> JsonObject:
    """What the user decided. Values of environment variables are nobody's business, nor are their
    digests: a short secret can be found again by trying."""
    return {
        "command": list(training.command),
        "environment": sorted(training.environment),
        "inputs": list(training.inputs),
        "isolation": training.isolation,
        "limits": {
            "memory_mb": training.limits.memory_mb,
            "output_mb": training.limits.output_mb,
            "processes": training.limits.processes,
            "seconds": training.limits.seconds,
        },
        "models": sorted(training.models),
        "output": training.output,
    }


def _enforced(outcome: SandboxOutcome) -> JsonObject:
    return {
        "exit": {"code": outcome.exit_code, "signal": outcome.signal},
        "isolation": {
            "level": outcome.level,
            "mechanisms": list(outcome.mechanisms),
            "network": "none" if outcome.network_isolated else "host",
        },
        "resources": {
            "peak_memory": outcome.peak_memory,
            "peak_processes": outcome.peak_processes,
        },
        "violations": [
            {"detail": v.detail, "kind": v.kind, "times": v.times} for v in outcome.violations
        ],
    }


def _dependencies(
    material: _Material, inputs: Sequence[TrainingInput], *, config: str
) -> tuple[Resource, ...]:
    found = [_resource(i.name, i.digest, kind=i.kind, path=i.path) for i in inputs]
    for path, artifact in material.code.items():
        found.append(_resource(path, artifact.digest, kind="code", path=path))
        for entry in artifact.files:
            folder = artifact.root is not None and artifact.root.is_dir()
            inside = f"{path.rstrip('/')}/{entry.path}" if folder else path
            found.append(_resource(inside, entry.sha256, kind="file", path=inside))
    found.append(environment_resource(current_environment()))
    for path, artifact in material.lock.items():
        found.append(_resource(path, artifact.digest, kind="config", path=path))
    if config:
        found.append(_resource("sealwright.toml", config, kind="config", path="sealwright.toml"))
    return tuple(found)


def _resource(name: str, digest: str, *, kind: str, path: str) -> Resource:
    return Resource(name=name, digest={"sha256": digest}, annotations={"kind": kind, "path": path})
