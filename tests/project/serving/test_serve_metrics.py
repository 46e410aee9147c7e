"""Metrics as Prometheus reads them."""

from __future__ import annotations

import math
import re

from hypothesis import given
from hypothesis import strategies as st

from sealwright.project.serving.metrics import (
    MOST_SAMPLES,
    Family,
    Sample,
    child_families,
    one,
    render,
)

_LINE = re.compile(
    r"sealwright_[a-z0-9_]+"
    r'(\{[a-z_]+="(\\[\\"n]|[^\\"\n])*"(,[a-z_]+="(\\[\\"n]|[^\\"\n])*")*\})?'
    r" (NaN|[+-]Inf|-?[0-9.e+-]+)"
)


def test_the_text() -> None:
    found = render(
        [
            Family("a_total", "counter", "How\nmany.", one(3)),
            Family("b", "gauge", "Which.", (Sample(0.5, {"z": 'q"\\', "a": "1\n2"}),)),
        ]
    )
    assert found == (
        "# HELP sealwright_a_total How\\nmany.\n# TYPE sealwright_a_total counter\n"
        "sealwright_a_total 3\n"
        "# HELP sealwright_b Which.\n# TYPE sealwright_b gauge\n"
        'sealwright_b{a="1\\n2",z="q\\"\\\\"} 0.5\n'
    )


def test_odd_numbers() -> None:
    odd = (math.nan, math.inf, -math.inf, 1e300)
    found = render([Family("a", "gauge", "A.", tuple(Sample(value, {}) for value in odd))])
    assert [line.split()[-1] for line in found.splitlines() if line[0] != "#"] == [
        "NaN",
        "+Inf",
        "-Inf",
        "1e+300",
    ]


def test_a_family_is_bounded() -> None:
    samples = tuple(Sample(1.0, {"n": str(n)}) for n in range(MOST_SAMPLES + 7))
    found = render([Family("a", "gauge", "A.", samples)])
    assert found.endswith("sealwright_samples_left_out 7\n")


@given(
    counters=st.dictionaries(st.text(max_size=30), st.floats(), max_size=8),
    gauges=st.dictionaries(st.text(max_size=30), st.floats(), max_size=8),
)
def test_whatever_a_child_counts_is_well_formed(
    counters: dict[str, float], gauges: dict[str, float]
) -> None:
    families = child_families("gateway", [("", counters), ("x", counters)], [("", gauges)])
    names = [family.name for family in families]
    assert len(names) == len(set(names))
    *lines, end = render(families).split("\n")
    assert end == ""
    for line in lines:
        assert line.startswith("# ") or _LINE.fullmatch(line), line
    samples = [line.rpartition(" ")[0] for line in lines if not line.startswith("# ")]
    assert len(samples) == len(set(samples))


def test_a_slash_makes_a_label() -> None:
    (family,) = child_families("gateway", [("", {"refused/limit-reached": 2, "refused/a": 1})], [])
    assert family.name == "gateway_refused_total"
    assert [(each.value, each.labels) for each in family.samples] == [
        (2, {"of": "limit-reached"}),
        (1, {"of": "a"}),
    ]
