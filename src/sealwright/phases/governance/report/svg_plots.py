"""Draws measurements: a dot with its interval against the threshold, and curves with their bands.

Every drawing is readable without colour (shapes, line styles, words) and has the same numbers as
text: intervals in the table row they stand in, curves in their description and table.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sealwright.phases.governance.report.markup import Markup, element, join
from sealwright.phases.governance.report.records import CurvePoint, CurveRow, MetricRow

STRIP_WIDTH: Final = 300
STRIP_HEIGHT: Final = 26
HATCH: Final = 8
PAD: Final = 12
CURVE_WIDTH: Final = 340
CURVE_HEIGHT: Final = 232
MAX_POINTS: Final = 200
"""Points of a curve that are drawn; the report's JSON has them all."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps [low, high] to [start, end] pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The pixel for `value`, held within the axis."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + min(1.0, max(0.0, share)) * (self.end - self.start), 2)


def number(value: float) -> str:
    """A number as the tables write it: up to four significant digits, no needless zeros."""
    if value and (abs(value) >= 1e6 or abs(value) < 1e-4):
        return f"{value:.2e}"
    return f"{value:.4g}" if abs(value) < 1_000 else f"{value:,.0f}"


def ticks(low: float, high: float, *, count: int = 4) -> list[float]:
    """Round numbers within [low, high], about `count` of them."""
    span = high - low
    step = 10 ** math.floor(math.log10(span / count))
    step *= next(factor for factor in (1, 2, 5, 10) if span / (step * factor) <= count + 0.5)
    first = math.ceil(low / step - 1e-9)
    return [round(each * step, 12) for each in range(first, math.floor(high / step + 1e-9) + 1)]


def shared_scale(rows: Sequence[MetricRow]) -> Scale | None:
    """One axis for all rows of a metric, so that groups can be compared; None without a number."""
    values = [
        value
        for row in rows
        for value in (row.value, row.low, row.high, row.threshold)
        if value is not None and math.isfinite(value)
    ]
    return _scale(values, PAD, STRIP_WIDTH - PAD) if values else None


def _scale(values: Sequence[float], start: float, end: float) -> Scale:
    low, high = min(values), max(values)
    margin = (high - low) * 0.08 or max(abs(high) * 0.1, 0.01)
    low, high = low - margin, high + margin
    if not math.isfinite(high - low) or high <= low:  # numbers too far apart, or too near
        low, high = (-1.0, 1.0) if not math.isfinite(high - low) else (low, low + 1.0)
    return Scale(low, high, start, end)


def interval_strip(row: MetricRow, scale: Scale) -> Markup:
    """One row's dot, interval and threshold. The forbidden side of the threshold is hatched."""
    middle = STRIP_HEIGHT / 2
    parts: list[Markup] = []
    if row.threshold is not None:
        parts += _threshold(scale(row.threshold), row.op)
    if row.low is not None and row.high is not None:
        low, high = scale(row.low), scale(row.high)
        parts.append(element("line", x1=low, x2=high, y1=middle, y2=middle, class_="interval"))
        parts += [
            element("line", x1=x, x2=x, y1=middle - 4, y2=middle + 4, class_="interval")
            for x in (low, high)
        ]
    if row.value is not None:
        parts.append(_dot(scale(row.value), middle, row.result))
    return element(
        "svg",
        element("title", _sentence(row)),
        *parts,
        class_="strip",
        role="img",
        viewBox=f"0 0 {STRIP_WIDTH} {STRIP_HEIGHT}",
        width=STRIP_WIDTH,
        height=STRIP_HEIGHT,
    )


def _threshold(x: float, op: str) -> list[Markup]:
    """A dashed line, and hatching where a value would fail."""
    left, right = (0.0, x) if op == ">=" else (x, float(STRIP_WIDTH))
    first = math.ceil(left / HATCH) * HATCH
    hatch = [
        f"M{at} {STRIP_HEIGHT} L{min(at + HATCH, right):g} {STRIP_HEIGHT - HATCH} "
        f"M{at} {STRIP_HEIGHT - 2 * HATCH} L{min(at + HATCH, right):g} {STRIP_HEIGHT - 3 * HATCH}"
        for at in range(first, math.floor(right), HATCH)
    ]
    shaded = [
        element(
            "rect",
            x=left,
            y=0,
            width=round(right - left, 2),
            height=STRIP_HEIGHT,
            class_="forbidden",
        )
    ]
    if hatch:
        shaded.append(element("path", d=" ".join(hatch), class_="hatch"))
    return [*shaded, element("line", x1=x, x2=x, y1=0, y2=STRIP_HEIGHT, class_="threshold")]


def _dot(x: float, y: float, result: str) -> Markup:
    """Passed: full circle. Failed: cross. Not judged: open circle. Anything else: open diamond."""
    if result == "passed":
        return element("circle", cx=x, cy=y, r=4.5, class_="dot full")
    if result == "not judged":
        return element("circle", cx=x, cy=y, r=4, class_="dot open")
    if result == "failed":
        cross = f"M{x - 4.5:g} {y - 4.5:g} l9 9 M{x - 4.5:g} {y + 4.5:g} l9 -9"
        return element("path", d=cross, class_="dot cross")
    diamond = f"{x:g},{y - 5.5:g} {x + 5.5:g},{y:g} {x:g},{y + 5.5:g} {x - 5.5:g},{y:g}"
    return element("polygon", points=diamond, class_="dot open")


def _sentence(row: MetricRow) -> str:
    text = row.metric + (f", group {row.group}" if row.group else "")
    text += f": {number(row.value)}" if row.value is not None else ": not measured"
    if row.low is not None and row.high is not None:
        text += f", interval {number(row.low)} to {number(row.high)}"
    if row.threshold is not None:
        text += f"; asked {row.op} {number(row.threshold)} on {row.bound}"
    return f"{text}; {row.result}"


def strip_axis(scale: Scale) -> Markup:
    """The axis under the strips of one metric."""
    marks = [
        join(
            element("line", x1=scale(t), x2=scale(t), y1=0, y2=4, class_="axis"),
            element("text", number(t), x=scale(t), y=14, text_anchor="middle"),
        )
        for t in ticks(scale.low, scale.high)
    ]
    line = element("line", x1=0, x2=STRIP_WIDTH, y1=0.5, y2=0.5, class_="axis")
    return element(
        "svg",
        line,
        *marks,
        class_="strip",
        viewBox=f"0 0 {STRIP_WIDTH} 17",
        width=STRIP_WIDTH,
        height=17,
        aria_hidden="true",
    )


def curve_drawing(
    curve: CurveRow, *, diagonal: bool = False, threshold: float | None = None
) -> Markup | None:
    """A curve with its intervals; `diagonal` draws perfect calibration, `threshold` a level that
    was asked for. None without a finite point."""
    points = [p for p in curve.points if math.isfinite(p.x) and math.isfinite(p.y)]
    points = sorted(points, key=lambda point: point.x)[:MAX_POINTS]
    if not points:
        return None
    right, bottom = CURVE_WIDTH - 14, CURVE_HEIGHT - 40
    if diagonal:
        horizontal, vertical = Scale(0, 1, 52, right), Scale(0, 1, bottom, 14)
    else:
        horizontal = _scale([p.x for p in points], 52, right)
        ends = [v for p in points for v in (p.y, p.low, p.high) if v is not None]
        extra = [threshold] if threshold is not None else []
        vertical = _scale([*ends, *extra], bottom, 14)
    return element(
        "svg",
        element("title", curve.name),
        element("desc", _described(curve, points)),
        _frame(curve, horizontal, vertical),
        _reference(horizontal, vertical, diagonal=diagonal, threshold=threshold),
        _series(points, horizontal, vertical),
        class_="curve",
        role="img",
        viewBox=f"0 0 {CURVE_WIDTH} {CURVE_HEIGHT}",
        width=CURVE_WIDTH,
        height=CURVE_HEIGHT,
    )


def _described(curve: CurveRow, points: Sequence[CurvePoint]) -> str:
    pairs = ", ".join(f"{number(p.x)} → {number(p.y)}" for p in points)
    return f"{curve.y_label} against {curve.x_label}: {pairs}"


def _frame(curve: CurveRow, horizontal: Scale, vertical: Scale) -> Markup:
    left, right = horizontal.start, horizontal.end
    top, bottom = vertical.end, vertical.start
    parts = [element("path", d=f"M{left:g} {top:g} V{bottom:g} H{right:g}", class_="axis")]
    for tick in ticks(horizontal.low, horizontal.high):
        x = horizontal(tick)
        parts += [
            element("line", x1=x, x2=x, y1=bottom, y2=bottom + 4, class_="axis"),
            element("text", number(tick), x=x, y=bottom + 15, text_anchor="middle"),
        ]
    for tick in ticks(vertical.low, vertical.high):
        y = vertical(tick)
        parts += [
            element("line", x1=left, x2=right, y1=y, y2=y, class_="grid"),
            element("text", number(tick), x=left - 6, y=y + 4, text_anchor="end"),
        ]
    middle = (left + right) / 2
    parts += [
        element("text", curve.x_label[:60], x=middle, y=CURVE_HEIGHT - 6, text_anchor="middle"),
        element("text", curve.y_label[:60], x=left, y=top - 4, text_anchor="start"),
    ]
    return element("g", *parts)


def _reference(
    horizontal: Scale, vertical: Scale, *, diagonal: bool, threshold: float | None
) -> Markup:
    parts = []
    if diagonal:
        parts.append(
            element(
                "line",
                x1=horizontal(0),
                y1=vertical(0),
                x2=horizontal(1),
                y2=vertical(1),
                class_="threshold",
            )
        )
        parts.append(
            element(
                "text", "perfectly calibrated", x=horizontal(0.52), y=vertical(0.4), class_="small"
            )
        )
    if threshold is not None:
        y = vertical(threshold)
        parts += [
            element("line", x1=horizontal.start, x2=horizontal.end, y1=y, y2=y, class_="threshold"),
            element(
                "text",
                f"asked: {number(threshold)}",
                x=horizontal.end,
                y=y - 4,
                text_anchor="end",
                class_="small",
            ),
        ]
    return element("g", *parts)


def _series(points: Sequence[CurvePoint], horizontal: Scale, vertical: Scale) -> Markup:
    places = [(horizontal(p.x), vertical(p.y)) for p in points]
    line = "M" + " L".join(f"{x:g} {y:g}" for x, y in places)
    parts = [element("path", d=line, class_="series")] if len(places) > 1 else []
    for point, (x, y) in zip(points, places, strict=True):
        if point.low is not None and point.high is not None:
            parts.append(
                element(
                    "line",
                    x1=x,
                    x2=x,
                    y1=vertical(point.low),
                    y2=vertical(point.high),
                    class_="interval",
                )
            )
        parts.append(element("circle", cx=x, cy=y, r=3.5, class_="dot full"))
    return element("g", *parts)
