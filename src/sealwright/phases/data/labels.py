"""Examines labels: do neighbours dispute them, did they change, does a trusted set expect them?

What each test can see differs, and the evidence says so: on noisy problems no neighbour statistic
separates wrong labels from hard cases, while a comparison with the parent version is exact.
"""

from __future__ import annotations

import numpy as np

from sealwright.evidence.finding import Finding, Result
from sealwright.evidence.predicates.data import CheckResult
from sealwright.phases.data import label_noise
from sealwright.phases.data.constraints import Examined
from sealwright.phases.data.features import Floats, Integers, Views, view_together
from sealwright.phases.data.label_changes import find_changes
from sealwright.phases.data.reading import Opened, OpenTable

MIN_ROWS = 50
MIN_POWER = 0.6
"""Below this AUC on planted flips the ranking is blind on this data, and says nothing."""
_ALPHA_CLASS = 0.01
_Z_DISPUTE = 3.09
_ROWS_NAMED = 10
_POISON = ("AML.T0020",)

_Answer = tuple[CheckResult, tuple[Finding, ...]]


def examine_labels(
    name: str,
    *,
    opened: Opened,
    parent: str = "",
    parent_lost: bool = False,
    reference: str = "",
) -> Examined:
    """Examines the labels of the table `name`.

    `label-noise`: the share of rows that at least 9 of their 10 nearest neighbours dispute must not
    exceed `max_label_noise`; inconclusive where planted flips are not found (AUC below 0.6).
    `label-change`, where a parent is declared: rows that the table `parent` knows with another
    label fail; if the labelling record was changed along with them, they warn. Inconclusive where
    the parent is known (declared, or `parent_lost`) and its table is not open.
    `label-reference`, where a trusted table `reference` is given: labels must agree with the
    labels around them there, in total and class by class.
    """
    source = opened[name]
    if source.declaration.labels is None:
        return Examined(checks=(_unasked("label-noise", "no labels are declared"),), findings=())
    label = source.declaration.labels.column
    answers = [_noise(source, label=label, opened=opened)]
    if source.declaration.parent or parent or parent_lost:
        answers.append(_changes(source, label=label, parent=parent, opened=opened))
    if reference:
        answers.append(_reference(source, opened[reference], label=label, opened=opened))
    return Examined(
        checks=tuple(result for result, _ in answers),
        findings=tuple(finding for _, found in answers for finding in found),
    )


def _unasked(check: str, reason: str, *, column: str = "") -> CheckResult:
    return CheckResult(
        id=f"labels.{check}",
        check=check,
        column=column,
        expected="labels that can be examined",
        result="inconclusive",
        detail=reason,
    )


def _refused(check: str, reason: str, *, column: str) -> _Answer:
    finding = Finding(
        rule="SW-DAT-LABEL-UNEXAMINED",
        severity="medium",
        message=f"{check}: {reason}",
        location=f"column {column}",
        remediation="complete the data, or declare columns with gaps as `required = false`",
    )
    return _unasked(check, reason, column=column), (finding,)


def _noise(source: OpenTable, *, label: str, opened: Opened) -> _Answer:
    limit = opened.engine.limits.sample_rows
    views = view_together([source], label=label, engine=opened.engine, limit=limit)
    if views.refusal:
        return _refused("label-noise", views.refusal, column=label)
    (view,) = views.views
    n = len(view.rows)
    if n < MIN_ROWS:
        return _refused("label-noise", f"{n} rows; {MIN_ROWS} are needed", column=label)
    near = label_noise.neighbours(view)
    scores = label_noise.dispute(view.labels, near)
    seed = int(source.artifact.digest[:16], 16)
    power = label_noise.calibrate(view.labels, near, classes=len(views.classes), seed=seed)
    disputed = int(np.count_nonzero(scores >= label_noise.EXTREME - 1e-9))
    allowed = source.declaration.max_label_noise
    result: Result = "failed" if not disputed <= allowed * n else "passed"
    if result == "passed" and not power.auc >= MIN_POWER:
        result = "inconclusive"
    measured = (
        f"on flips planted in this data the ranking reaches AUC {power.auc:.3f} and finds "
        f"{power.recall:.0%} at 1 % false alarms"
    )
    check = CheckResult(
        id="labels.label-noise",
        check="label-noise",
        column=label,
        expected=f"at most {allowed:.1%} of rows disputed by 9 of 10 neighbours",
        result=result,
        n=n,
        violations=disputed,
        detail=f"{disputed / n:.2%} disputed; {measured}; {_looked_at(views, source, n=n)}",
    )
    return check, _noise_findings(check, view.rows, scores, measured=measured)


def _looked_at(views: Views, source: OpenTable, *, n: int) -> str:
    sampled = f"a sample of {n} of {source.rows} rows" if n < source.rows else f"all {n} rows"
    without = f", without {', '.join(views.left_out[:20])}" if views.left_out else ""
    return f"{sampled}, {len(views.features)} features{without}"


def _noise_findings(
    check: CheckResult,
    rows: Integers,
    scores: Floats,
    *,
    measured: str,
) -> tuple[Finding, ...]:
    order = np.lexsort((rows, -scores))[:_ROWS_NAMED]
    listed = ", ".join(f"{rows[at]} ({scores[at]:.0%})" for at in order)
    ranking = Finding(
        rule="SW-DAT-LABEL-SUSPECT",
        severity="info",
        confidence="low",
        message=f"the labels most disputed by neighbours are in rows {listed}",
        location=f"column {check.column}",
        remediation="have these rows labelled again by somebody else",
        atlas=_POISON,
    )
    if check.result == "failed":
        verdict = Finding(
            rule="SW-DAT-LABEL-NOISE",
            severity="high",
            message=f"{check.violations} of {check.n} labels are disputed by 9 of 10 neighbours "
            f"(expected: {check.expected})",
            location=f"column {check.column}",
            remediation="look at the most disputed rows first; compare labelling by source",
            atlas=_POISON,
        )
        return verdict, ranking
    blind = check.result == "inconclusive"
    limits = Finding(
        rule="SW-DAT-LABEL-POWER",
        severity="medium" if blind else "info",
        message=f"{measured}: " + ("it cannot tell here" if blind else "it misses the rest"),
        location=f"column {check.column}",
        remediation="declare a parent version or a trusted reference set to compare labels with",
    )
    return limits, ranking


def _changes(source: OpenTable, *, label: str, parent: str, opened: Opened) -> _Answer:
    if not parent:
        return _refused(
            "label-change", "a parent is declared, but its content is not at hand", column=label
        )
    before = opened[parent]
    if label not in source.column_names or label not in before.column_names:
        return _refused("label-change", f"there is no column {label!r} in both", column=label)
    changes = find_changes(source, before, label=label, opened=opened)
    recorded = before.declaration.labels != source.declaration.labels
    result: Result = "passed"
    if changes.changed:
        result = "warned" if recorded else "failed"
    elif not source.rows or not before.rows:
        result = "inconclusive"
    share = f"{changes.changed / changes.known:.2%}" if changes.known else "none"
    check = CheckResult(
        id="labels.label-change",
        check="label-change",
        column=label,
        expected="rows of the parent version keep their labels",
        result=result,
        n=source.rows,
        violations=changes.changed,
        known=changes.known,
        detail=f"{changes.known} of {source.rows} rows are known to the parent; "
        f"{changes.changed} of these ({share}) have another label",
    )
    if not changes.changed:
        return check, ()
    listed = ", ".join(str(row) for row in changes.rows)
    reason = "under a changed labelling record" if recorded else "without a new labelling record"
    finding = Finding(
        rule="SW-DAT-LABEL-CHANGED",
        severity="medium" if recorded else "critical",
        message=f"{changes.changed} rows have the features of the parent version and another "
        f"label, {reason}",
        location=f"column {label}, rows {listed}"
        + (", …" if changes.changed > len(changes.rows) else ""),
        remediation="restore the labels, or record who labelled anew, how and why",
        atlas=_POISON,
    )
    return check, (finding,)


def _reference(source: OpenTable, reference: OpenTable, *, label: str, opened: Opened) -> _Answer:
    limit = opened.engine.limits.sample_rows
    views = view_together([source, reference], label=label, engine=opened.engine, limit=limit)
    if views.refusal:
        return _refused("label-reference", views.refusal, column=label)
    view, trusted = views.views
    if min(len(view.rows), len(trusted.rows)) < MIN_ROWS:
        return _refused("label-reference", f"{MIN_ROWS} rows are needed in both sets", column=label)
    classes = len(views.classes)
    found = label_noise.compare(view, trusted, classes=classes)
    bound = label_noise.critical_z(alpha=_ALPHA_CLASS, tests=classes)
    off = [number for number, z in found.class_z.items() if not abs(z) <= bound]
    noisy = not found.dispute_z <= _Z_DISPUTE
    named = ", ".join(f"{views.classes[number]} ({found.class_z[number]:+.1f})" for number in off)
    largest = max(abs(z) for z in found.class_z.values())
    check = CheckResult(
        id="labels.label-reference",
        check="label-reference",
        column=label,
        expected=f"labels as the trusted set {reference.name} would expect",
        result="failed" if off or noisy else "passed",
        n=found.n,
        violations=len(off) + int(noisy),
        detail=f"neighbours in {reference.name} dispute {found.disputed:.1%} (its own labels: "
        f"{found.disputed_within:.1%}, {found.dispute_z:+.1f} standard errors); largest shift of "
        f"a class {largest:.1f} standard errors, {bound:.1f} allowed",
    )
    if check.result == "passed":
        return check, ()
    finding = Finding(
        rule="SW-DAT-LABEL-REFERENCE",
        severity="high",
        message="labels do not agree with the trusted reference set"
        + (f": classes too frequent (+) or too rare (-) for their features: {named}" if off else "")
        + (f"; disputes are {found.dispute_z:.1f} standard errors above its own" if noisy else ""),
        location=f"column {label}",
        remediation="find the source or labeller whose rows differ; quarantine them until checked",
        atlas=_POISON,
    )
    return check, (finding,)
