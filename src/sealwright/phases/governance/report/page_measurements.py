"""Measurements against criteria fixed before: each interval drawn beside its numbers."""

from __future__ import annotations

from collections.abc import Sequence

from sealwright.phases.governance.report.describe import counted
from sealwright.phases.governance.report.markup import Markup, element, join
from sealwright.phases.governance.report.parts import (
    MAX_ROWS,
    Links,
    artifact,
    cell,
    chip,
    framed,
    name,
    section,
    table,
    when,
)
from sealwright.phases.governance.report.records import CurveRow, EvaluationRow, MetricRow, Report
from sealwright.phases.governance.report.svg_plots import (
    MAX_POINTS,
    Scale,
    curve_drawing,
    interval_strip,
    number,
    shared_scale,
    strip_axis,
)

_HEADERS = (
    "Metric",
    "Group",
    "Value and interval against the criterion",
    "Value",
    "Interval",
    "Rows",
    "Criterion",
    "Result",
)


def measurements(report: Report, links: Links) -> Markup:
    """Each evaluation with its metrics, intervals, thresholds and curves."""
    key = (
        "Dot: measured value. Bar: its confidence interval. Dashed line: the threshold; the "
        "hatched side is not acceptable. Full dot: passed. Cross: failed. Diamond: "
        "inconclusive. Open circle: no criterion. The criterion is judged on the named end "
        "of the interval."
    )
    return section(
        "measurements",
        "Measurements",
        *(_evaluation(row, links) for row in report.evaluations),
        None if report.evaluations else element("p", "No evaluation is recorded."),
        lead=key if report.evaluations else "",
    )


def _evaluation(row: EvaluationRow, links: Links) -> Markup:
    return join(
        element("h3", name(row.kind.capitalize()), " ", chip(row.result)),
        element("p", *_provenance(row, links), class_="small"),
        element("p", *_earlier(row, links)) if row.earlier else None,
        _metrics(row),
        _curves(row),
    )


def _provenance(row: EvaluationRow, links: Links) -> list[Markup | str]:
    if row.criteria_index is None:
        criteria = join(chip("missing"), " the criteria it names are not among the evidence")
    elif row.criteria_first:
        criteria = join("criteria ", links.at(row.criteria_index), " fixed before")
    else:
        criteria = join(
            chip("failed"),
            " criteria ",
            links.at(row.criteria_index),
            " were not fixed before this evaluation",
        )
    return [
        links.at(row.index),
        " of ",
        artifact(row.artifact),
        " on ",
        artifact(row.dataset),
        " · ",
        criteria,
        f" · {row.engine} · {counted(row.queries, 'query', 'queries')} with access to "
        f"{row.access} · seed {row.seed} · ",
        when(row.at),
    ]


def _earlier(row: EvaluationRow, links: Links) -> list[Markup | str]:
    tried = [
        join(" ", links.at(index), " ", chip(result))
        for index, result in zip(row.earlier[-20:], row.earlier_results[-20:], strict=True)
    ]
    runs = len(row.earlier) + 1
    return [f"Run {runs} of this evaluation; each attempt is a chance to pass. Earlier:", *tried]


def _metrics(row: EvaluationRow) -> Markup:
    by_metric: dict[str, list[MetricRow]] = {}
    for each in row.metrics[:MAX_ROWS]:
        by_metric.setdefault(each.metric, []).append(each)
    bodies = [_body(rows) for rows in by_metric.values()]
    hidden = len(row.metrics) - MAX_ROWS
    note = f"{hidden:,} more are in the JSON." if hidden > 0 else ""
    passed = sum(each.result == "passed" for each in row.metrics if each.criterion)
    asked = sum(bool(each.criterion) for each in row.metrics)
    caption = (
        f"{row.kind.capitalize()}: {passed} of {counted(asked, 'criterion', 'criteria')} passed"
    )
    return framed(caption, _HEADERS, bodies, note=note, narrow=(3, 5), class_="metrics")


def _body(rows: Sequence[MetricRow]) -> Markup:
    """All rows of one metric on one axis, so that groups compare by eye."""
    scale = shared_scale(rows)
    drawn = [element("tr", *_row(each, scale, first=not place)) for place, each in enumerate(rows)]
    if scale is not None:
        axis = element(
            "tr",
            element("td", colspan=2),
            cell(strip_axis(scale), class_="plot"),
            element("td", colspan=5),
            class_="axis-row",
        )
        drawn.append(axis)
    return element("tbody", *drawn, class_="metric")


def _row(row: MetricRow, scale: Scale | None, *, first: bool) -> list[Markup]:
    label = (
        name(row.metric.replace("_", " "))
        if first
        else element("span", name(row.metric.replace("_", " ")), class_="muted")
    )
    interval = "none"
    if row.low is not None and row.high is not None:
        interval = f"{number(row.low)} to {number(row.high)}"
    asked = join("none")
    if row.criterion and row.threshold is not None:
        asked = join(
            f"{row.bound} {'≥' if row.op == '>=' else '≤'} {number(row.threshold)}",
            element("div", name(row.criterion), class_="small"),
        )
    elif row.criterion:
        asked = name(row.criterion)
    method = f"{row.level:.0%} {row.method}".strip() if row.low is not None else ""
    return [
        cell(label, header=True),
        cell(name(row.group) if row.group else "all"),
        cell(interval_strip(row, scale) if scale else "nothing measured", class_="plot"),
        cell("not measured" if row.value is None else number(row.value), class_="number"),
        cell(interval, element("div", name(method), class_="small") if method else None),
        cell(row.n, class_="number"),
        cell(asked),
        cell(chip(row.result), element("div", row.note, class_="small") if row.note else None),
    ]


def _curves(row: EvaluationRow) -> Markup | None:
    figures = [_figure(curve, row) for curve in row.curves[:24]]
    return element("div", *figures, class_="figures") if figures else None


def _figure(curve: CurveRow, row: EvaluationRow) -> Markup:
    reliability = curve.name == "reliability" and all(
        0 <= value <= 1 for point in curve.points for value in (point.x, point.y)
    )
    drawing = curve_drawing(curve, diagonal=reliability, threshold=_threshold(curve, row))
    values = table(
        curve.name[:120],
        (curve.x_label[:60], curve.y_label[:60], "Interval"),
        [
            [
                cell(number(point.x), header=True),
                cell(number(point.y)),
                cell(
                    "none"
                    if point.low is None or point.high is None
                    else f"{number(point.low)} to {number(point.high)}"
                ),
            ]
            for point in curve.points
        ],
        limit=MAX_POINTS,
    )
    return element(
        "figure",
        drawing if drawing is not None else element("p", "This curve has no point."),
        element("figcaption", name(curve.name)),
        element("details", element("summary", "Numbers"), values) if curve.points else None,
    )


def _threshold(curve: CurveRow, row: EvaluationRow) -> float | None:
    """The level that was asked for, where exactly one criterion is about what the curve shows."""
    about = {
        each.threshold
        for each in row.metrics
        if each.threshold is not None and each.metric in (curve.y_label, curve.name)
    }
    return next(iter(about)) if len(about) == 1 else None
