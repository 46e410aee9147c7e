from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.phases.governance.report.layout import place
from sealwright.phases.governance.report.records import (
    CurvePoint,
    CurveRow,
    LineageEdge,
    LineageNode,
    MetricRow,
)
from sealwright.phases.governance.report.svg_lineage import MAX_DRAWN, lineage_drawing, shorten
from sealwright.phases.governance.report.svg_plots import (
    curve_drawing,
    interval_strip,
    number,
    shared_scale,
    ticks,
)

NODES = [f"n{n}" for n in range(9)]
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([*NODES, "stranger"]), st.sampled_from(NODES))))
def test_everything_has_a_place_of_its_own_left_of_what_it_made(
    edges: list[tuple[str, str]],
) -> None:
    placement = place(NODES, edges)
    assert set(placement.places) == set(NODES)
    assert len(set(placement.places.values())) == len(NODES)
    for (source, target), route in placement.routes.items():
        columns = [column for column, _ in route]
        assert columns == list(range(columns[0], columns[-1] + 1))
        assert placement.places[source] == route[0]
        assert placement.places[target] == route[-1]
        assert columns[0] < columns[-1]
    assert placement == place(list(reversed(NODES)), list(reversed(edges)))


def test_a_chain_is_drawn_in_order_and_a_cycle_is_cut() -> None:
    assert place(["a", "b", "c"], [("a", "b"), ("b", "c"), ("c", "a")]).columns == 3
    assert place([], []).columns == 0


def lineage(count: int) -> tuple[list[LineageNode], list[LineageEdge]]:
    nodes = [
        LineageNode(digest=f"{n:064x}", kind="dataset", name=f"set {n}", evidence=(n,))
        for n in range(count)
    ]
    edges = [
        LineageEdge(source=a.digest, target=b.digest, via="", relation="made-from")
        for a, b in pairwise(nodes)
    ]
    return nodes, edges


def test_a_lineage_too_large_to_read_is_not_drawn() -> None:
    assert lineage_drawing(*lineage(MAX_DRAWN + 1), subjects=()) is None
    assert lineage_drawing([], [], subjects=()) is None
    assert lineage_drawing(*lineage(MAX_DRAWN), subjects=()) is not None


def test_each_kind_has_a_shape_of_its_own() -> None:
    kinds = ["dataset", "code", "environment", "model", "system", "config", "file"]
    shapes = set()
    for kind in kinds:
        node = LineageNode(digest="a" * 64, kind=kind, name=kind, evidence=())
        root = ET.fromstring(str(lineage_drawing([node], [], subjects=())))
        shapes.add(next(path.get("d") for path in root.iter("path") if path.get("d")))
        assert kind in "".join(root.itertext())
    assert len(shapes) == len(kinds)


@given(st.text(max_size=300))
def test_a_name_fits_its_box(name: str) -> None:
    assert len(shorten(name)) <= 20


def row(value: float | None, low: float | None, high: float | None, result: str) -> MetricRow:
    return MetricRow(
        metric="m", group="g", value=value, low=low, high=high, level=0.95, method="", n=1,
        criterion="c", op=">=", threshold=0.5, bound="low", result=result, note="",
    )  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=4))
def test_any_numbers_make_a_drawing_within_its_frame(
    values: list[tuple[float, float, float]],
) -> None:
    rows = [row(*each, "passed") for each in values]
    scale = shared_scale(rows)
    assert scale is not None
    for each in rows:
        root = ET.fromstring(str(interval_strip(each, scale)))
        for element in root.iter():
            for name in ("x1", "x2", "cx"):
                assert 0 <= float(element.get(name, 0)) <= 300


def test_results_differ_by_shape() -> None:
    drawn = set()
    for result in ("passed", "failed", "inconclusive", "not judged"):
        each = row(0.6, 0.5, 0.7, result)
        scale = shared_scale([each])
        assert scale is not None
        root = ET.fromstring(str(interval_strip(each, scale)))
        dots = [e for e in root.iter() if "dot" in e.get("class", "")]
        drawn.add((dots[0].tag, dots[0].get("class")))
        assert result in (root.findtext("title") or "")
    assert len(drawn) == 4


def test_without_a_number_there_is_no_dot() -> None:
    empty = row(None, None, None, "inconclusive")
    scale = shared_scale([empty])
    assert scale is not None  # the threshold alone
    assert 'class="dot' not in str(interval_strip(empty, scale))


@settings(deadline=None)
@given(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=6), st.booleans())
def test_any_curve_is_drawn_or_declined(points: list[tuple[float, float]], diagonal: bool) -> None:
    curve = CurveRow(
        name="c", x_label="x", y_label="y",
        points=tuple(CurvePoint(x=x, y=y, low=None, high=None) for x, y in points),
    )  # fmt: skip
    drawing = curve_drawing(curve, diagonal=diagonal, threshold=0.5)
    assert (drawing is None) == (not points)
    if drawing is not None:
        ET.fromstring(str(drawing))


@given(st.tuples(NUMBERS, NUMBERS).filter(lambda p: p[0] < p[1] and math.isfinite(p[1] - p[0])))
def test_ticks_are_few(ends: tuple[float, float]) -> None:
    low, high = ends
    assert len(ticks(low, high)) <= 8


def test_numbers_are_short() -> None:
    assert [number(v) for v in (0.0, 0.84213, 61_800.0, 1.5e9, 0.00001, -0.5)] == [
        "0", "0.8421", "61,800", "1.50e+09", "1.00e-05", "-0.5",
    ]  # fmt: skip
