"""Does the work of the validation phase and returns what can be signed.

First `criteria`, which fixes what will be asked and how it will be measured; then, with the model,
`evaluate`. An evaluation under other settings than those the criteria were fixed with is refused.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version

import msgspec
import numpy as np

from sealwright.clock import Clock, format_time
from sealwright.errors import CannotLook, Refused, UsageError
from sealwright.evidence import canonical
from sealwright.evidence.digest import sha256_hex
from sealwright.evidence.finding import Finding
from sealwright.evidence.manifest import system_digest
from sealwright.evidence.predicates.common import Resource, Tool
from sealwright.evidence.predicates.validation import Criteria, Evaluation, TestResult
from sealwright.evidence.statement import Statement, Subject, subject
from sealwright.inference.scoring import FloatArray, ScoringModel
from sealwright.lifecycle.model import Validation
from sealwright.phases.validation.checks.interface import Check, Examination, Outcome, Unmeasured
from sealwright.phases.validation.checks.registry import CHECKS
from sealwright.phases.validation.data import EvaluationData
from sealwright.phases.validation.judge import judge, overall
from sealwright.phases.validation.metrics import fix_criteria

STEADY_ROWS = 256
"""So many test rows are scored twice, the second time in reverse order."""
STEADY_WITHIN = 1e-4
"""Two scores of one row may differ by 32-bit rounding, which batches order differently."""

SPOKEN_FOR = frozenset({"criteria", "features", "test"})
"""Settings that are not how it is measured. The criteria and the test set (by its digest) stand in
the evidence themselves, and which columns the model takes is a matter of the model."""

Progress = Callable[[str, int, int], None]
"""Called before each check with its kind, its number (from 0) and how many there are."""


def criteria(
    declaration: Validation, *, dataset: Subject, system: str, clock: Clock
) -> Statement[Criteria]:
    """The declared criteria as a statement about the test data set and the system.

    To be signed before there is a result. Raises UsageError for criteria that could not be judged
    (see `metrics.fix_criteria`) and for none at all.
    """
    fixed = fix_criteria(declaration.criteria, noise=declaration.noise, groups=declaration.groups)
    if not fixed:
        raise UsageError(
            "no criteria are declared",
            advice="add [[validation.criteria]] with what the model must reach",
        )
    return Statement(
        (dataset, subject(system, system_digest(system))),
        Criteria(
            name=f"criteria of {system} on {dataset.name}",
            criteria=fixed,
            config=declaration_digest(declaration),
            at=format_time(clock()),
        ),
    )


def declaration_digest(declaration: Validation) -> str:
    """Hex sha256 of how it is measured: the canonical [validation] table without `SPOKEN_FOR`.

    It must stay the same from the first result on, while criteria may tighten and a model may be
    given other columns.
    """
    table = msgspec.to_builtins(declaration)
    return sha256_hex(
        canonical.encode({name: said for name, said in table.items() if name not in SPOKEN_FOR})
    )


def evaluate(
    model: ScoringModel,
    *,
    artifact: Subject,
    train: EvaluationData,
    test: EvaluationData,
    dataset: Subject,
    declaration: Validation,
    criteria: Statement[Criteria],
    criteria_digest: str,
    clock: Clock,
    checks: Sequence[Check] = CHECKS,
    progress: Progress | None = None,
) -> Iterator[Statement[Evaluation]]:
    """Runs the checks in order and yields one evaluation of `artifact` (the model) each.

    `dataset` is the test data set, `criteria_digest` the envelope digest of `criteria`. The same
    model, data, declaration and versions give the same numbers. Raises Refused when the criteria
    were fixed for other data or settings, UsageError when the parts do not belong together, and
    CannotLook when the model cannot answer the rows. A single check that cannot look gives an
    inconclusive evaluation that says so.
    """
    if model.digest != artifact.sha256:
        raise UsageError("the model under test is not the artifact that the evaluation is about")
    if train.names != test.names or len(test.names) != model.features:
        raise UsageError("train, test and model must have the same features in the same order")
    _refuse_moved_goal(criteria, dataset=dataset, declaration=declaration)
    test_scores = model.scores(test.features)
    _refuse_unsteady(model, test, test_scores)
    exam = Examination(
        model=model,
        train=train,
        test=test,
        train_scores=model.scores(train.features),
        test_scores=test_scores,
        declaration=declaration,
    )

    def run() -> Iterator[Statement[Evaluation]]:
        for index, check in enumerate(checks):
            if progress is not None:
                progress(check.kind, index, len(checks))
            yield Statement(
                (artifact,),
                _evaluation(
                    check,
                    exam,
                    dataset=dataset,
                    criteria=criteria.predicate,
                    criteria_digest=criteria_digest,
                    clock=clock,
                ),
            )

    return run()


def test_result(
    evaluations: Sequence[Statement[Evaluation]], *, criteria: Resource
) -> Statement[TestResult]:
    """The evaluations of one model as in-toto test-result v0.1, for other people's policy engines.

    Its tests are the criteria, as `kind/id`, and the kinds for which there is no criterion. It has
    no word for inconclusive, which counts as failed.
    """
    models = {item.sha256 for statement in evaluations for item in statement.subjects}
    if len(models) != 1:
        raise UsageError("a test result needs evaluations, all of the same model")
    passed: list[str] = []
    warned: list[str] = []
    failed: list[str] = []
    for statement in evaluations:
        evaluation = statement.predicate
        for judgement in evaluation.judgements:
            name = f"{evaluation.kind}/{judgement.criterion}"
            places = {"passed": passed, "warned": warned}
            places.get(judgement.result, failed).append(name)
        if not evaluation.judgements:
            (warned if evaluation.result == "warned" else failed).append(evaluation.kind)
    return Statement(
        evaluations[0].subjects,
        TestResult(
            result="FAILED" if failed else "WARNED" if warned or not passed else "PASSED",
            configuration=(criteria,),
            passed_tests=tuple(passed),
            warned_tests=tuple(warned),
            failed_tests=tuple(failed),
        ),
    )


test_result.__test__ = False  # type: ignore[attr-defined]


def _refuse_moved_goal(
    criteria: Statement[Criteria], *, dataset: Subject, declaration: Validation
) -> None:
    if dataset.sha256 not in {item.sha256 for item in criteria.subjects}:
        raise Refused(
            f"the criteria were fixed for other data than {dataset.name}",
            advice="record criteria for this test set before the model is evaluated on it",
        )
    asked = fix_criteria(declaration.criteria, noise=declaration.noise, groups=declaration.groups)
    measured = declaration_digest(declaration)
    if (criteria.predicate.criteria, criteria.predicate.config) != (asked, measured):
        raise Refused(
            "[validation] is not as it was when the criteria were fixed",
            advice="restore it, or record criteria anew before the model is evaluated",
        )


def _refuse_unsteady(model: ScoringModel, test: EvaluationData, test_scores: FloatArray) -> None:
    """A score must depend on its own row and on nothing else: not on chance, not on its batch."""
    last = min(len(test), STEADY_ROWS)
    again = model.scores(test.features[:last][::-1])[::-1]
    worst = float(np.abs(again - test_scores[:last]).max())
    if worst > STEADY_WITHIN:
        raise CannotLook(
            f"the model scored the same {last} rows differently the second time (by {worst:.2g})",
            advice="remove random operators and anything that looks at other rows of the batch",
        )


def _evaluation(
    check: Check,
    exam: Examination,
    *,
    dataset: Subject,
    criteria: Criteria,
    criteria_digest: str,
    clock: Clock,
) -> Evaluation:
    own = [item for item in criteria.criteria if item.kind == check.kind]
    sent = exam.model.queries
    # Seeded by its name, so that a check's numbers do not depend on those that ran before it.
    rng = np.random.default_rng([exam.declaration.seed, zlib.crc32(check.kind.encode())])
    try:
        outcome = check.run(exam, rng)
    except CannotLook as error:
        outcome = _not_looked(check, error, metrics={item.metric for item in own})
    judgements = judge(own, outcome.measurements, unmeasured=outcome.unmeasured)
    shared = len(exam.test) * check.uses_test + len(exam.train) * check.uses_train
    looked = bool(outcome.measurements)
    return Evaluation(
        kind=check.kind,
        result=overall(judgements) if judgements or looked else "inconclusive",
        criteria=criteria_digest,
        dataset=Resource(
            name=dataset.name, digest=dict(dataset.digest), annotations={"kind": "dataset"}
        ),
        measurements=outcome.measurements,
        judgements=judgements,
        curves=outcome.curves,
        findings=outcome.findings,
        access=exam.model.access,
        queries=shared + exam.model.queries - sent,
        seed=exam.declaration.seed,
        engine=_engine(exam.model),
        config=declaration_digest(exam.declaration),
        at=format_time(clock()),
    )


def _not_looked(check: Check, error: CannotLook, *, metrics: set[str]) -> Outcome:
    return Outcome(
        measurements=(),
        findings=(
            Finding(
                rule="validation.not-looked",
                severity="high",
                message=f"{check.kind} could not be examined: {error.message}",
                remediation=error.advice,
            ),
        ),
        unmeasured=tuple(
            Unmeasured(metric=metric, reason=error.message) for metric in sorted(metrics)
        ),
    )


def _engine(model: ScoringModel) -> Tool:
    """The numbers also depend on what ran the model and on the generator of numpy."""
    return Tool(
        name="sealwright",
        version=f"{version('sealwright')} ({model.runtime}, numpy {np.__version__})",
    )
