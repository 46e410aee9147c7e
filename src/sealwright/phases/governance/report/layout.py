"""Places a lineage from left to right: what was used stands left of what was made of it.

Layers by longest path, edges over several layers through waypoints, order by barycentre
(Sugiyama, Tagawa, Toda 1981). Deterministic, and quiet about cycles: they are cut, never followed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

SWEEPS: Final = 4
"""Rounds of ordering; more changed nothing on lineages of this size."""

Key = tuple[str, int]
"""An artifact's digest with -1, or an edge's number in its text with the layer of a waypoint."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Column and row of each artifact, and per edge the places that it runs through."""

    columns: int
    rows: float
    places: Mapping[str, tuple[int, float]]
    routes: Mapping[tuple[str, str], tuple[tuple[int, float], ...]]


def place(nodes: Sequence[str], edges: Iterable[tuple[str, str]]) -> Placement:
    """A column (0 is leftmost) and a row for each node; unknown ends and self-loops are ignored."""
    known = set(nodes)
    wanted = sorted({(a, b) for a, b in edges if a in known and b in known and a != b})
    kept = _without_cycles(sorted(known), wanted)
    column = _columns(sorted(known), kept)
    layers, chains = _with_waypoints(column, kept)
    _order(layers, chains)
    rows = _rows(layers)
    tall = max((len(layer) for layer in layers), default=0)
    places = {node: (column[node], rows[node, -1]) for node in sorted(known)}
    routes = {
        edge: tuple((_layer_of(key, column), rows[key]) for key in chain)
        for edge, chain in zip(kept, chains, strict=True)
    }
    return Placement(len(layers), float(tall), places, routes)


def _layer_of(key: Key, column: Mapping[str, int]) -> int:
    return column[key[0]] if key[1] < 0 else key[1]


def _without_cycles(
    nodes: Sequence[str], edges: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Drops the edges that close a cycle (depth first, without recursion)."""
    following: dict[str, list[str]] = {node: [] for node in nodes}
    for source, target in edges:
        following[source].append(target)
    state: dict[str, int] = {}
    kept = []
    for start in nodes:
        if start in state:
            continue
        state[start] = 1
        stack = [(start, iter(following[start]))]
        while stack:
            node, rest = stack[-1]
            target = next(rest, "")
            if not target:
                state[node] = 2
                stack.pop()
            elif state.get(target) != 1:
                kept.append((node, target))
                if target not in state:
                    state[target] = 1
                    stack.append((target, iter(following[target])))
    return sorted(kept)


def _columns(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Longest path from a source; a source is then pulled next to what uses it first."""
    column = dict.fromkeys(nodes, 0)
    for _ in nodes:
        moved = False
        for source, target in edges:
            if column[target] <= column[source]:
                column[target] = column[source] + 1
                moved = True
        if not moved:
            break
    targets = {target for _, target in edges}
    for node in nodes:
        used_by = [column[target] for source, target in edges if source == node]
        if node not in targets and used_by:
            column[node] = min(used_by) - 1
    return column


def _with_waypoints(
    column: Mapping[str, int], edges: Sequence[tuple[str, str]]
) -> tuple[list[list[Key]], list[list[Key]]]:
    layers: list[list[Key]] = [[] for _ in range(max(column.values(), default=-1) + 1)]
    for node, at in sorted(column.items()):
        layers[at].append((node, -1))
    chains = []
    for number, (source, target) in enumerate(edges):
        between = [(str(number), at) for at in range(column[source] + 1, column[target])]
        for waypoint in between:
            layers[waypoint[1]].append(waypoint)
        chains.append([(source, -1), *between, (target, -1)])
    return layers, chains


def _order(layers: list[list[Key]], chains: Sequence[Sequence[Key]]) -> None:
    before: dict[Key, list[Key]] = {}
    after: dict[Key, list[Key]] = {}
    for chain in chains:
        for left, right in pairwise(chain):
            before.setdefault(right, []).append(left)
            after.setdefault(left, []).append(right)
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        beside = before if forward else after
        for layer in layers if forward else reversed(layers):
            position = _rows(layers)
            layer.sort(
                key=lambda key: (
                    key not in before and key not in after,  # what stands alone, last
                    _centre(key, beside, position),
                    key,
                )
            )


def _centre(key: Key, beside: Mapping[Key, list[Key]], position: Mapping[Key, float]) -> float:
    neighbours = beside.get(key, [])
    if not neighbours:
        return position[key]
    return sum(position[each] for each in neighbours) / len(neighbours)


def _rows(layers: Sequence[Sequence[Key]]) -> dict[Key, float]:
    """Each layer centred on the tallest one."""
    tall = max((len(layer) for layer in layers), default=0)
    return {key: row + (tall - len(layer)) / 2 for layer in layers for row, key in enumerate(layer)}
