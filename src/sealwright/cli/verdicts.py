"""How a verdict looks to a person: what holds, what does not and why, and the next command."""

from __future__ import annotations

from collections.abc import Iterator

from sealwright.cli.render import mark, styled
from sealwright.policy.verdict import RequirementResult, Verdict


def verdict_lines(verdict: Verdict, *, everything: bool = True) -> Iterator[str]:
    """The verdict line by line; `everything` shows satisfied requirements, too."""
    word = styled("ADMITTED", fg="green", bold=True)
    if not verdict.admitted:
        word = styled("DENIED", fg="red", bold=True)
    yield (
        f"{verdict.artifact_name} ({verdict.artifact[:16]}) for {verdict.question}: {word}"
        f"   tier {verdict.tier}, policy {verdict.policy[:12]}"
    )
    for result in verdict.results:
        if everything or not result.holds:
            yield from _requirement(result)
    holding = sum(result.holds for result in verdict.results)
    yield f"{holding} of {len(verdict.results)} requirements hold; decision {verdict.decision[:16]}"
    for risk in verdict.residual_risks:
        yield f"  residual risk: {risk}"
    for note in verdict.notes:
        yield f"  note: {note}"


def _requirement(result: RequirementResult) -> Iterator[str]:
    line = f" {mark(result.status)} {result.title}"
    if result.holds and result.status != "waived":
        yield line
        return
    code = f" {result.stale_code}" if result.stale_code else ""
    yield f"{line}  [{result.id}]"
    yield f"      {result.status}{code}: {result.reason}"
    if result.command:
        yield f"      $ {result.command}"


def as_json(verdict: Verdict) -> dict[str, object]:
    """The verdict for programs."""
    from sealwright.cli.render import plain

    value: dict[str, object] = plain(verdict)
    value["admitted"] = verdict.admitted
    return value
