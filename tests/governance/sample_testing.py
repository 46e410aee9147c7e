"""What the sample says about its tests: criteria first, six evaluations, one that fails."""

from __future__ import annotations

from tests.governance.people import Ledger
from tests.governance.sample_artifacts import (
    MODEL,
    RUNTIME,
    TEST,
)

from sealwright.evidence.predicates.common import Resource
from sealwright.evidence.predicates.validation import (
    Criteria,
    Criterion,
    Curve,
    Evaluation,
    Judgement,
    Measurement,
    Point,
    TestResult,
)


def CRITERIA(at: str) -> Criteria:
    """What the model has to reach."""

    def asked(name: str, metric: str, op: str, threshold: float, bound: str) -> Criterion:
        kind, _, _ = name.partition(".")
        return Criterion(
            id=name,
            kind=kind,  # type: ignore[arg-type]
            metric=metric,
            op=op,  # type: ignore[arg-type]
            threshold=threshold,
            bound=bound,  # type: ignore[arg-type]
        )

    return Criteria(
        name="loan triage acceptance",
        criteria=(
            asked("performance.auc", "auc", ">=", 0.80, "low"),
            asked("performance.recall", "recall", ">=", 0.70, "low"),
            asked("fairness.tpr_gap", "tpr_gap", "<=", 0.08, "high"),
            asked("calibration.ece", "ece", "<=", 0.03, "high"),
            asked("robustness.noise", "accuracy_under_noise", ">=", 0.85, "low"),
            asked("privacy.membership", "membership_auc", "<=", 0.55, "high"),
            asked("generalisation.gap", "gap", "<=", 0.03, "high"),
        ),
        at=at,
    )


def evaluation(
    ledger: Ledger,
    criteria: str,
    kind: str,
    result: str,
    measurements: tuple[Measurement, ...],
    judgements: tuple[Judgement, ...],
    *curves: Curve,
) -> Evaluation:
    """One evaluation."""
    return Evaluation(
        kind=kind,  # type: ignore[arg-type]
        result=result,  # type: ignore[arg-type]
        criteria=criteria,
        dataset=Resource(name=TEST.name, digest=TEST.digest, annotations={"kind": "dataset"}),
        measurements=measurements,
        judgements=judgements,
        curves=curves,
        queries=61_800,
        seed=20_261_102,
        engine=RUNTIME,
        at=ledger.at,
    )


def measured(
    metric: str, value: float, half: float, *, group: str = "", n: int = 61_800
) -> Measurement:
    """A value with an interval of ± half."""
    return Measurement(
        metric=metric,
        value=value,
        low=round(value - half, 6),
        high=round(value + half, 6),
        n=n,
        method="bootstrap percentile",
        group=group,
    )


def judged(criterion: str, result: str = "passed", detail: str = "") -> Judgement:
    """A criterion's judgement."""
    return Judgement(criterion=criterion, result=result, detail=detail)  # type: ignore[arg-type]


def evaluate(ledger: Ledger, criteria: str) -> None:
    """Six kinds of evaluation; robustness fails at first."""
    groups = (
        ("18 to 29", 0.836, 11_204),
        ("30 to 59", 0.848, 41_902),
        ("60 and over", 0.821, 8_694),
    )
    performance = (
        measured("auc", 0.842, 0.006),
        *(measured("auc", auc, 0.004 + 60 / n, group=name, n=n) for name, auc, n in groups),
        measured("recall", 0.741, 0.011),
        measured("precision", 0.612, 0.013),
    )
    ledger.say(
        "farid",
        evaluation(
            ledger,
            criteria,
            "performance",
            "passed",
            performance,
            (judged("performance.auc"), judged("performance.recall")),
        ),
        MODEL,
    )
    gaps = (
        measured("tpr_gap", 0.052, 0.014),
        measured("tpr", 0.748, 0.02, group="18 to 29", n=11_204),
        measured("tpr", 0.752, 0.01, group="30 to 59", n=41_902),
        measured("tpr", 0.700, 0.024, group="60 and over", n=8_694),
    )
    ledger.say(
        "farid",
        evaluation(ledger, criteria, "fairness", "passed", gaps, (judged("fairness.tpr_gap"),)),
        MODEL,
    )
    ledger.say("farid", robustness(ledger, criteria, accuracy=0.838), MODEL)
    bins = [(0.05, 0.047), (0.15, 0.158), (0.3, 0.288), (0.5, 0.523), (0.7, 0.664), (0.9, 0.871)]
    reliability = Curve(
        name="reliability diagram",
        x_label="predicted probability",
        y_label="observed share",
        points=tuple(
            Point(x=x, y=y, low=max(0.0, y - 0.02 - x / 30), high=min(1.0, y + 0.02 + x / 30))
            for x, y in bins
        ),
    )
    ledger.say(
        "farid",
        evaluation(
            ledger,
            criteria,
            "calibration",
            "passed",
            (measured("ece", 0.021, 0.006),),
            (judged("calibration.ece"),),
            reliability,
        ),
        MODEL,
    )
    ledger.say(
        "farid",
        evaluation(
            ledger,
            criteria,
            "privacy",
            "passed",
            (measured("membership_auc", 0.512, 0.009, n=20_000),),
            (judged("privacy.membership"),),
        ),
        MODEL,
    )
    ledger.say(
        "farid",
        evaluation(
            ledger,
            criteria,
            "generalisation",
            "inconclusive",
            (),
            (judged("generalisation.gap", "inconclusive", "the training rows were not readable"),),
        ),
        MODEL,
    )
    summary = TestResult(
        result="WARNED",
        configuration=(Resource(name="criteria", digest={"sha256": criteria}),),
        passed_tests=("performance.auc", "fairness.tpr_gap"),
        warned_tests=("generalisation.gap",),
    )
    ledger.say("farid", summary, MODEL)


def robustness(ledger: Ledger, criteria: str, *, accuracy: float) -> Evaluation:
    """Accuracy under noise; passes when the low end is at least 0.85."""
    passed = accuracy - 0.008 >= 0.85
    result = "passed" if passed else "failed"
    levels = [
        (0.0, accuracy + 0.02),
        (0.05, accuracy + 0.012),
        (0.1, accuracy),
        (0.2, accuracy - 0.05),
    ]
    curve = Curve(
        name="accuracy against noise",
        x_label="noise, standard deviations of each feature",
        y_label="accuracy_under_noise",
        points=tuple(
            Point(x=x, y=round(y, 4), low=round(y - 0.008, 4), high=round(y + 0.008, 4))
            for x, y in levels
        ),
    )
    detail = "" if passed else f"low end {accuracy - 0.008:.3f} is below 0.85"
    return evaluation(
        ledger,
        criteria,
        "robustness",
        result,
        (measured("accuracy_under_noise", accuracy, 0.008),),
        (judged("robustness.noise", result, detail),),
        curve,
    )
