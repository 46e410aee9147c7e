"""Where an artifact comes from and what was made of it, with the evidence for each step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sealwright.clock import format_time
from sealwright.errors import InputMissing
from sealwright.evidence.verify import Verified
from sealwright.phases.governance.report.describe import describe, result_of
from sealwright.phases.governance.report.selection import in_order
from sealwright.policy.lineage import Edge, Graph, Node
from sealwright.readable import readable

MAX_STEPS: Final = 5_000
"""Artifacts that one direction of a trace shows; reaching it is said in the last line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One statement about an artifact."""

    index: int
    digest: str
    predicate: str
    what: str
    result: str
    signer: str
    person: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An artifact at `depth` steps from the one in question, and what is said about it."""

    depth: int
    digest: str
    kind: str
    name: str
    relation: str
    """made-from or tested-on: how it is tied to the step above it; empty for the first."""
    via: str
    """Envelope digest of the statement that ties it; empty for the first."""
    repeated: bool
    """It stands further up already, with its own steps; they are not listed twice."""
    evidence: tuple[Mention, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Up: what it was made from (and tested on). Down: what was made from it. Each a tree in
    depth-first order that begins with the artifact itself."""

    artifact: str
    up: tuple[Step, ...]
    down: tuple[Step, ...]
    complete: bool
    """False when the limit on steps was reached."""


def trace(graph: Graph, evidence: Sequence[Verified], artifact: str) -> Trace:
    """Both directions of `artifact` (hex sha256); InputMissing if no statement speaks of it."""
    if artifact not in graph.nodes:
        raise InputMissing(
            f"no statement speaks of artifact {artifact[:16]}",
            advice="give the digest that `sealwright status` prints, or record the artifact first",
        )
    mentions = _mentions(evidence)
    up, up_complete = _walk(graph, mentions, artifact, upwards=True)
    down, down_complete = _walk(graph, mentions, artifact, upwards=False)
    return Trace(artifact=artifact, up=up, down=down, complete=up_complete and down_complete)


def lines(found: Trace) -> tuple[str, ...]:
    """The trace as a plain text tree, one entry per line, no control characters."""
    shown = [*_step_lines(found.up[0])]
    for title, steps in (("made from", found.up[1:]), ("used for", found.down[1:])):
        shown.append(f"{title}:" if steps else f"{title}: nothing on record")
        for step in steps:
            shown += _step_lines(step)
    if not found.complete:
        shown.append(f"the trace stops here: it is limited to {MAX_STEPS:,} artifacts each way")
    return tuple(readable(line.replace("\n", " ").replace("\t", " "), limit=300) for line in shown)


def _mentions(evidence: Sequence[Verified]) -> dict[str, tuple[Mention, ...]]:
    about: dict[str, list[Mention]] = {}
    for item in in_order(evidence):
        mention = Mention(
            index=item.index,
            digest=item.digest,
            predicate=item.statement.kind,
            what=describe(item.statement.predicate),
            result=result_of(item.statement.predicate),
            signer=item.principal.id,
            person=item.person.name if item.person else "",
            at=format_time(item.at),
        )
        for digest in {subject.sha256 for subject in item.statement.subjects}:
            about.setdefault(digest, []).append(mention)
    return {digest: tuple(found) for digest, found in about.items()}


def _walk(
    graph: Graph, mentions: dict[str, tuple[Mention, ...]], artifact: str, *, upwards: bool
) -> tuple[tuple[Step, ...], bool]:
    """Depth first without recursion: statements may tell of cycles and of very long chains."""
    steps: list[Step] = []
    seen: set[str] = set()
    pending: list[tuple[int, str, Edge | None]] = [(0, artifact, None)]
    while pending:
        if len(steps) >= MAX_STEPS:
            return tuple(steps), False
        depth, digest, edge = pending.pop()
        repeated = digest in seen
        seen.add(digest)
        steps.append(_step(graph.nodes[digest], depth, edge, mentions, repeated=repeated))
        if repeated:
            continue
        beside = (graph.into if upwards else graph.out_of).get(digest, ())
        nearest = {(each.source if upwards else each.target): each for each in reversed(beside)}
        pending += [(depth + 1, other, nearest[other]) for other in sorted(nearest, reverse=True)]
    return tuple(steps), True


def _step(
    node: Node,
    depth: int,
    edge: Edge | None,
    mentions: dict[str, tuple[Mention, ...]],
    *,
    repeated: bool,
) -> Step:
    return Step(
        depth=depth,
        digest=node.digest,
        kind=node.kind,
        name=node.name,
        relation=edge.relation if edge else "",
        via=edge.via if edge else "",
        repeated=repeated,
        evidence=() if repeated else mentions.get(node.digest, ()),
    )


def _step_lines(step: Step) -> list[str]:
    indent = "  " * min(step.depth, 20)
    tie = " (tested on)" if step.relation == "tested-on" else ""
    again = " (see above)" if step.repeated else ""
    shown = [f"{indent}{step.kind} {step.name} {step.digest[:12]}{tie}{again}"]
    if not step.evidence and not step.repeated:
        shown.append(f"{indent}    no evidence about it")
    for mention in step.evidence:
        place = f"#{mention.index}" if mention.index >= 0 else "not in the ledger"
        who = mention.person or f"{mention.signer} (service)"
        shown.append(
            f"{indent}    {place} {mention.predicate} {mention.result}, {who}, {mention.at[:16]}: "
            f"{mention.what}"
        )
    return shown
