"""The page of the metrics: every one that a criterion may name."""

from __future__ import annotations

from sealwright.cli.reference.markdown import document, table
from sealwright.phases.validation.metrics import METRICS

_INTRODUCTION = """\
# Metrics

What a criterion in `[[validation.criteria]]` may name. It is judged on the end of the metric's 95 %
interval that `bound` names; the optimistic end is refused. `@LEVEL` stands for a level of
`validation.noise`. What the numbers cannot show:
[limits of statistics](../explanation/limits-of-statistics.md).

"""


def page() -> str:
    """Every metric that a criterion may name."""
    lines = _INTRODUCTION.splitlines()
    better = {"higher": "`>=`", "lower": "`<=`", "neither": "either"}
    groups = {"no": "", "column": "a group column", "value": "a column or `column=value`"}
    lines += table(
        ("metric", "kind", "`op`", "`group`", "meaning"),
        (
            (
                f"`{metric.name}{'@LEVEL' if metric.per_level else ''}`",
                ", ".join(metric.kinds),
                better[metric.better],
                groups[metric.grouped],
                metric.description,
            )
            for metric in METRICS.values()
        ),
    )
    return document(lines)
