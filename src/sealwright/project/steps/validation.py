"""The validation phase of a run: criteria before training, evaluations after it, then the card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version as installed
from typing import TYPE_CHECKING, Final

import msgspec

from sealwright.errors import InputMissing
from sealwright.evidence.predicates import Predicate
from sealwright.evidence.predicates.common import Resource
from sealwright.evidence.predicates.data import DataAccess
from sealwright.evidence.predicates.validation import Criteria, Evaluation
from sealwright.evidence.statement import Statement
from sealwright.evidence.verify import Verified
from sealwright.phases.governance.record import model_card
from sealwright.project.core import Project
from sealwright.project.decide import tier_of_system
from sealwright.project.named import Named
from sealwright.project.progress import Progress
from sealwright.project.resolve import data_set, model
from sealwright.project.steps.step import Done, Step, digest_of, record_all, worst

if TYPE_CHECKING:
    from sealwright.inference.scoring import ScoringModel
    from sealwright.phases.validation.data import EvaluationData

PHASE: Final = "validation"


def criteria_steps(project: Project) -> list[Step]:
    """Fixes what the model must reach, before there is one."""
    declaration = project.lifecycle.validation

    def work(progress: Progress) -> Done:
        from sealwright.phases.validation import record

        statement = record.criteria(
            declaration,
            dataset=data_set(project, declaration.test).subject,
            system=project.lifecycle.system.name,
            clock=project.clock,
        )
        done = record_all(project, [statement], signer=project.signer_for("criteria"))
        lacking = _kinds_without_criteria(project, statement.predicate)
        for kind in lacking:
            progress.note(f"{kind}: no criterion, and the release will need one")
        return replace(
            done,
            outcome="warned" if lacking else done.outcome,
            detail=f"{len(statement.predicate.criteria)} criteria fixed",
        )

    return [
        Step(
            id="validation/criteria",
            phase=PHASE,
            title="criteria",
            inputs=lambda: _criteria_inputs(project),
            work=work,
            holds=lambda evidence: newest_criteria(project) in evidence,
        )
    ]


def _kinds_without_criteria(project: Project, fixed: Criteria) -> tuple[str, ...]:
    """Evaluations that the release of this tier asks for and that nothing was fixed for."""
    rules = project.policy.rules(tier_of_system(project))
    asked = {
        requirement.kind
        for requirement in rules.requirements
        if requirement.predicate == "evaluation" and "release" in requirement.questions
    }
    return tuple(sorted(asked - {criterion.kind for criterion in fixed.criteria}))


def evaluation_steps(project: Project) -> list[Step]:
    """Evaluates the model, and writes its card."""
    return [
        Step(
            id="validation/evaluations",
            phase=PHASE,
            title="evaluations",
            inputs=lambda: digest_of(
                model(project).digest,
                _criteria_inputs(project),
                data_set(project, project.lifecycle.validation.train).digest,
                _digest(newest_criteria(project)),
            ),
            work=lambda progress: _evaluate(project, progress),
        ),
        Step(
            id="validation/card",
            phase=PHASE,
            title="model card",
            inputs=lambda: digest_of(
                model(project).digest,
                [
                    item.digest
                    for item in project.evidence()
                    if isinstance(item.predicate, Evaluation)
                ],
            ),
            work=lambda _: _card(project),
        ),
    ]


def newest_criteria(project: Project, *, test: str = "") -> Verified | None:
    """The criteria in force for the test set with this digest (default: as it lies on disk)."""
    test = test or data_set(project, project.lifecycle.validation.test).digest
    for item in reversed(project.evidence()):
        subjects = {subject.sha256 for subject in item.statement.subjects}
        if isinstance(item.predicate, Criteria) and {test, project.system} <= subjects:
            return item
    return None


def _criteria_inputs(project: Project) -> str:
    declaration = project.lifecycle.validation
    return digest_of(
        data_set(project, declaration.test).digest,
        msgspec.to_builtins(declaration),
        project.lifecycle.system.name,
        installed("sealwright"),
    )


def _digest(item: Verified | None) -> str:
    return item.digest if item else ""


def _evaluate(project: Project, progress: Progress) -> Done:
    """Model and data sets are identified once: what is recorded is what was opened."""
    from sealwright.phases.validation import record
    from sealwright.phases.validation.checks.registry import CHECKS

    declaration = project.lifecycle.validation
    sets = _sets(project)
    test = sets[declaration.test]
    fixed = newest_criteria(project, test=test.digest)
    if fixed is None or not isinstance(fixed.predicate, Criteria):
        raise InputMissing(
            "no criteria are on record for this test set",
            advice="run `sealwright run validation`: criteria come before results",
        )
    subject, signer = model(project), project.signer_for(PHASE)
    under_test = open_model(project, subject)
    # The test set was opened when these rows were read: that goes on record first.
    accesses = [_access(project, item, signer) for item in sets.values()]
    evidence = list(record_all(project, accesses, signer=signer).evidence)
    rows = read_rows(project, sets)
    statements: list[Statement[Evaluation]] = []
    # What has no criterion is not measured: a number that was seen first could not be judged later.
    kinds = {criterion.kind for criterion in fixed.predicate.criteria}
    for statement in record.evaluate(
        under_test,
        artifact=subject.subject,
        train=rows[declaration.train],
        test=rows[declaration.test],
        dataset=test.subject,
        declaration=declaration,
        criteria=Statement(fixed.statement.subjects, fixed.predicate),
        criteria_digest=fixed.digest,
        clock=project.clock,
        checks=[check for check in CHECKS if check.kind in kinds],
        progress=lambda kind, *_: progress.note(f"{kind} …"),
    ):
        recorded = project.record(statement, signer=signer)
        statements.append(statement)
        evidence.append(recorded)
        _note(statement.predicate, progress)
    summary = record.test_result(
        statements,
        criteria=Resource(
            name="criteria", digest={"sha256": fixed.digest}, annotations={"kind": "config"}
        ),
    )
    evidence.append(project.record(summary, signer=signer))
    failed = [s.predicate.kind for s in statements if s.predicate.result != "passed"]
    detail = f"{len(statements)} evaluations" + (
        f"; not passed: {', '.join(failed)}" if failed else ""
    )
    return Done(evidence=tuple(evidence), outcome=worst(evidence), detail=detail)


def open_model(project: Project, subject: Named) -> ScoringModel:
    """The declared model file of this model artifact, loaded from bytes that were checked."""
    from sealwright.inference.onnx import open_onnx, read_model

    declaration = project.lifecycle.validation
    wanted = {entry.path: entry.sha256 for entry in subject.files.files}
    if declaration.model not in wanted:
        raise InputMissing(
            f"the model has no file {declaration.model!r:.80}",
            advice=f"validation.model must be one of: {', '.join(wanted)}",
        )
    folder = project.layout.root / project.lifecycle.training.output
    data = read_model(folder / declaration.model, sha256=wanted[declaration.model])
    return open_onnx(
        data,
        digest=subject.digest,
        features=declaration.features,
        positive=declaration.positive,
    )


def read_rows(project: Project, sets: Mapping[str, Named]) -> dict[str, EvaluationData]:
    """The rows of `sets` by name; TamperError if a file is no longer what was identified."""
    from sealwright.phases.data.reading import Source, open_tables
    from sealwright.phases.validation.data import FeatureKind, from_columns

    declaration, declared = project.lifecycle.validation, project.lifecycle.data
    rows = {}
    with open_tables(
        {
            name: Source(declaration=declared[name], artifact=item.files)
            for name, item in sets.items()
        }
    ) as opened:
        for name in sets:
            rules = declared[name].columns
            kinds: dict[str, FeatureKind] = {
                column: "categorical" if rule.values else "integer"
                for column, rule in rules.items()
                if rule.values or rule.type == "integer"
            }
            table = opened[name]
            rows[name] = from_columns(
                opened.engine.arrays(table.table, table.column_names),
                features=declaration.features,
                label=declaration.label,
                positive=declaration.positive,
                groups=declaration.groups,
                kinds=kinds,
                bounds={column: (rule.min, rule.max) for column, rule in rules.items()},
            )
    return rows


def _sets(project: Project) -> dict[str, Named]:
    declaration = project.lifecycle.validation
    return {name: data_set(project, name) for name in (declaration.train, declaration.test)}


def _access(project: Project, artifact: Named, signer: str) -> Statement[DataAccess]:
    from sealwright.phases.data.record import access

    return access(
        artifact.name,
        artifact.files,
        actor=signer,
        purpose="evaluation",
        outcome="granted",
        clock=project.clock,
    )


def _note(said: Predicate, progress: Progress) -> None:
    assert isinstance(said, Evaluation)
    for judgement in said.judgements:
        seen = "" if judgement.observed is None else f" ({judgement.observed:.3f})"
        progress.note(f"{said.kind}/{judgement.criterion}: {judgement.result}{seen}")


def _card(project: Project) -> Done:
    statement = model_card(
        model(project).subject,
        evidence=project.evidence(),
        graph=project.graph(),
        now=project.clock(),
    )
    return record_all(project, [statement], signer=project.signer_for("governance"))
