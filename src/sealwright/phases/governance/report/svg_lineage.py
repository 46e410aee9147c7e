"""Draws the lineage: a box of its own shape per kind of artifact, and an arrow to what was made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sealwright.phases.governance.report.layout import Placement, place
from sealwright.phases.governance.report.markup import Markup, element
from sealwright.phases.governance.report.records import LineageEdge, LineageNode
from sealwright.readable import readable

MAX_DRAWN: Final = 60
"""More artifacts than this are not drawn; the table beside the drawing lists them all."""

BOX_WIDTH: Final = 168
BOX_HEIGHT: Final = 58
COLUMN: Final = 232
ROW: Final = 78
MARGIN: Final = 14
LABEL: Final = 20
"""Characters of a name that fit into a box."""


def lineage_drawing(
    nodes: Sequence[LineageNode], edges: Sequence[LineageEdge], *, subjects: Sequence[str]
) -> Markup | None:
    """An SVG of the lineage with a title and a description; None when there is nothing to draw
    or too much. `subjects` are the digests in question: their boxes have a double outline."""
    if not nodes or len(nodes) > MAX_DRAWN:
        return None
    placement = place([node.digest for node in nodes], [(e.source, e.target) for e in edges])
    width = (placement.columns - 1) * COLUMN + BOX_WIDTH + 2 * MARGIN
    height = int((placement.rows - 1) * ROW) + BOX_HEIGHT + 2 * MARGIN
    names = {node.digest: node.name for node in nodes}
    made_from = {(e.source, e.target) for e in edges if e.relation == "made-from"}
    made = [
        f"{names[a]} was used to {'make' if (a, b) in made_from else 'test'} {names[b]}"
        for a, b in placement.routes
    ]
    description = "; ".join(made) or "No artifact was made from another."
    return element(
        "svg",
        element("title", "Lineage: what each artifact was made from", id="drawing-title"),
        element("desc", description, id="drawing-desc"),
        element("g", *_arrows(placement, made_from), class_="arrows"),
        *(_box(node, placement, in_question=node.digest in subjects) for node in nodes),
        class_="lineage",
        role="img",
        aria_labelledby="drawing-title drawing-desc",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
    )


def _corner(column: int, row: float) -> tuple[float, float]:
    return MARGIN + column * COLUMN, MARGIN + row * ROW


def _arrows(placement: Placement, made_from: set[tuple[str, str]]) -> list[Markup]:
    """Solid to what was made, dotted to what was only tested."""
    arrows = []
    for edge, route in placement.routes.items():
        points = [_corner(*place) for place in route]
        x, y = points[0][0] + BOX_WIDTH, points[0][1] + BOX_HEIGHT / 2
        path = f"M{x:g} {y:g}"
        for number, (left, top) in enumerate(points[1:], start=1):
            last = number == len(points) - 1
            x2, y2 = left - (9 if last else 0), top + BOX_HEIGHT / 2
            bend = (x2 - x) / 2
            path += f" C{x + bend:g} {y:g} {x2 - bend:g} {y2:g} {x2:g} {y2:g}"
            x, y = x2, y2
            if not last:
                x += BOX_WIDTH
                path += f" L{x:g} {y:g}"
        head = f"{x + 8:g},{y:g} {x - 1:g},{y - 4.5:g} {x - 1:g},{y + 4.5:g}"
        arrows += [
            element("path", d=path, class_="arrow" if edge in made_from else "arrow tested"),
            element("polygon", points=head, class_="arrowhead"),
        ]
    return arrows


def _box(node: LineageNode, placement: Placement, *, in_question: bool) -> Markup:
    x, y = _corner(*placement.places[node.digest])
    shape = element("path", d=_outline(node.kind, x, y), class_=f"box {_kind_class(node.kind)}")
    inner = element("path", d=_outline(node.kind, x, y, inset=4), class_="double")
    centre = x + BOX_WIDTH / 2
    y += 4 if node.kind == "dataset" else 0  # below the lid of the drum
    said = len(node.evidence)
    count = f"{said} statement{'' if said == 1 else 's'}" if said else "no evidence"
    texts = (
        element("text", node.kind, x=centre, y=y + 19, class_="kind", text_anchor="middle"),
        element("text", shorten(node.name), x=centre, y=y + 34, text_anchor="middle"),
        element(
            "text",
            f"{node.digest[:8]} · {count}",
            x=centre,
            y=y + 48,
            class_="small",
            text_anchor="middle",
        ),
    )
    hint = element("title", f"{node.kind} {node.name}, sha256 {node.digest}, {count}")
    drawn = element("g", hint, shape, inner if in_question else None, *texts)
    first = next((index for index in node.evidence if index >= 0), None)
    return drawn if first is None else element("a", drawn, href=f"#e-{first}")


def shorten(name: str, *, limit: int = LABEL) -> str:
    """A name that fits into `limit` characters, its middle left out."""
    plain = readable(" ".join(name.split()), limit=200)
    if len(plain) <= limit:
        return plain
    half = (limit - 1) // 2
    return f"{plain[: limit - 1 - half]}…{plain[-half:]}"


def _kind_class(kind: str) -> str:
    known = ("dataset", "code", "environment", "model", "system", "config", "file")
    return f"is-{kind}" if kind in known else "is-file"


def _outline(kind: str, left: float, top: float, *, inset: float = 0) -> str:
    """The path of a kind's shape: drum, dog-eared sheet, hexagon, round box, octagon, slanted."""
    x, y = left + inset, top + inset
    w, h = BOX_WIDTH - 2 * inset, BOX_HEIGHT - 2 * inset
    if kind == "dataset":
        r = 6
        return (
            f"M{x:g} {y + r:g} A{w / 2:g} {r} 0 0 1 {x + w:g} {y + r:g} V{y + h - r:g} "
            f"A{w / 2:g} {r} 0 0 1 {x:g} {y + h - r:g} Z "
            f"M{x:g} {y + r:g} A{w / 2:g} {r} 0 0 0 {x + w:g} {y + r:g}"
        )
    if kind == "model":
        r = 14
        return (
            f"M{x + r:g} {y:g} H{x + w - r:g} Q{x + w:g} {y:g} {x + w:g} {y + r:g} V{y + h - r:g} "
            f"Q{x + w:g} {y + h:g} {x + w - r:g} {y + h:g} H{x + r:g} "
            f"Q{x:g} {y + h:g} {x:g} {y + h - r:g} V{y + r:g} Q{x:g} {y:g} {x + r:g} {y:g} Z"
        )
    corners = {
        "code": [(0, 0), (w - 12, 0), (w, 12), (w, h), (0, h)],
        "environment": [(12, 0), (w - 12, 0), (w, h / 2), (w - 12, h), (12, h), (0, h / 2)],
        "system": [
            (10, 0),
            (w - 10, 0),
            (w, 10),
            (w, h - 10),
            (w - 10, h),
            (10, h),
            (0, h - 10),
            (0, 10),
        ],
        "config": [(10, 0), (w, 0), (w - 10, h), (0, h)],
    }.get(kind, [(0, 0), (w, 0), (w, h), (0, h)])
    path = "M" + " L".join(f"{x + dx:g} {y + dy:g}" for dx, dy in corners) + " Z"
    if kind == "code":
        path += f" M{x + w - 12:g} {y:g} V{y + 12:g} H{x + w:g}"
    return path
