"""How often a model and its shadow disagree where nothing is wrong: measured before they serve."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sealwright.errors import InputMissing, UsageError
from sealwright.evidence.predicates.serving import Contract
from sealwright.evidence.tree import identify
from sealwright.evidence.verify import Verified
from sealwright.policy.evidence_index import index_evidence
from sealwright.project.core import Project
from sealwright.project.named import Named
from sealwright.project.resolve import data_set
from sealwright.project.serving.authority import check_signer
from sealwright.project.serving.publish import PROFILE_ROLES
from sealwright.project.serving.standing import contract_of
from sealwright.project.serving.store import kept, verify_kept
from sealwright.project.steps.monitoring import profile_signer
from sealwright.project.steps.validation import read_rows

if TYPE_CHECKING:
    from sealwright.inference.scoring import ScoringModel


def calibrate(
    project: Project, champion: Named, shadow: Named, *, signer: str | None = None
) -> Verified:
    """Asks both about the test set, and records how they disagree (`disagreement`).

    Files are those in the store, or the training output where it is the version in question.
    Raises Refused for a signer who does not answer for models, InputMissing where a version's
    contract or files are not at hand, UsageError where they do not take the same features.
    """
    from sealwright.phases.data.record import access
    from sealwright.phases.monitoring import record

    who = signer or profile_signer(project)
    check_signer(project, who, PROFILE_ROLES, to="say how versions disagree")
    declaration = project.lifecycle.validation
    asked, other = (_open(project, each) for each in (champion, shadow))
    test = data_set(project, declaration.test)
    opened = access(
        test.name,
        test.files,
        actor=who,
        purpose="comparison of two versions",
        outcome="granted",
        clock=project.clock,
    )
    project.record(opened, signer=who)
    rows = read_rows(project, {declaration.test: test})[declaration.test]
    statement = record.disagreement(
        asked,
        other,
        rows.features,
        artifacts=(champion.subject, shadow.subject),
        dataset=test.subject,
        clock=project.clock,
    )
    return project.record(statement, signer=who)


def _open(project: Project, version: Named) -> ScoringModel:
    from sealwright.inference.onnx import open_onnx, read_model

    contract = _contract(project, version)
    if list(contract.features) != project.lifecycle.validation.features:
        raise UsageError(
            f"{version.name} ({version.digest[:12]}) takes other features than those declared now",
            advice="versions are compared on the features in [validation]",
        )
    folder = _folder(project, version)
    files = {entry.path: entry.sha256 for entry in identify(folder).files}
    data = read_model(folder / contract.model_file, sha256=files[contract.model_file])
    return open_onnx(
        data, digest=version.digest, features=contract.features, positive=contract.positive
    )


def _contract(project: Project, version: Named) -> Contract:
    contract, problem = contract_of(index_evidence(project.evidence()), version.digest)
    if contract is None:
        raise InputMissing(
            f"{version.name} ({version.digest[:12]}): {problem}",
            advice="run `sealwright run model`",
        )
    return contract


def _folder(project: Project, version: Named) -> Path:
    if kept(project, version.digest) is not None:
        return verify_kept(project, version.digest)
    output = project.layout.root / project.lifecycle.training.output
    if output.exists() and identify(output).digest == version.digest:
        return output
    raise InputMissing(
        f"the files of {version.name} ({version.digest[:12]}) are not here",
        advice="release it once while its training output is there: a copy is kept then",
    )
