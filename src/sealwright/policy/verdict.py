"""The gate's answer, requirement by requirement. Computed, never stored as truth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Literal

from sealwright.evidence.predicates.governance import Question, Tier

Status = Literal["satisfied", "missing", "stale", "failed", "wrong-signer", "waived"]

_FROM_BEST: tuple[Status, ...] = (
    "satisfied",
    "waived",
    "missing",
    "stale",
    "wrong-signer",
    "failed",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementResult:
    """How one requirement stands for one artifact."""

    id: str
    status: Status
    title: str
    """What is asked, in one line for a person."""
    reason: str
    """Why it stands so, in one line; names what was found."""
    subject: str
    """Digest of the artifact that the evidence must be about."""
    subject_name: str
    stale_code: int | None = None
    """1 to 10, see `policy.staleness`."""
    evidence: tuple[str, ...] = ()
    """Envelope digests that were looked at, newest first."""
    command: str = ""
    """The command that would satisfy it; empty when satisfied."""
    cause: str = ""
    """Digest of the artifact where the trouble lies, if it is another one than `subject`."""
    because: str = ""
    """Envelope digest of the statement that caused it, if one did."""

    @property
    def holds(self) -> bool:
        """Satisfied, or waived by a waiver that stands."""
        return self.status in ("satisfied", "waived")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The gate's whole answer."""

    question: Question
    artifact: str
    artifact_name: str
    tier: Tier
    policy: str
    """sha256 of the policy text."""
    results: tuple[RequirementResult, ...]
    decision: str
    """The decision digest that approvals must name."""
    evidence: tuple[str, ...]
    """Envelope digests the verdict rests on, sorted."""
    residual_risks: tuple[str, ...]
    ledger_size: int
    approvals: tuple[str, ...] = ()
    """Envelope digests of the approvals that count."""
    inputs: tuple[tuple[str, str, str], ...] = ()
    """For `train`: name, digest and kind of each data set and base model that will be used."""
    notes: tuple[str, ...] = ()
    """What a reader must know beside the answer: who of those who approved was introduced by an
    author. Changes neither the answer nor the decision digest."""
    at: datetime

    @property
    def admitted(self) -> bool:
        """Every requirement holds, and there was at least one."""
        return bool(self.results) and all(result.holds for result in self.results)

    def _repr_html_(self) -> str:
        """How a notebook shows it."""
        word = "ADMITTED" if self.admitted else "DENIED"
        rows = "".join(
            f"<tr><td>{escape(r.status)}</td><td>{escape(r.title)}</td>"
            f"<td>{escape('' if r.holds else r.reason)}</td>"
            f"<td><code>{escape(r.command)}</code></td></tr>"
            for r in self.results
        )
        return (
            f"<p><b>{escape(self.artifact_name)}</b> ({escape(self.artifact[:16])}) for "
            f"{escape(self.question)}: <b>{word}</b>, tier {escape(self.tier)}</p>"
            "<table><thead><tr><th scope='col'>status</th><th scope='col'>requirement</th>"
            "<th scope='col'>why</th><th scope='col'>command</th></tr></thead>"
            f"<tbody>{rows}</tbody></table>"
            + "".join(f"<p>residual risk: {escape(risk)}</p>" for risk in self.residual_risks)
            + "".join(f"<p>note: {escape(note)}</p>" for note in self.notes)
        )

    @property
    def statuses(self) -> dict[str, Status]:
        """Requirement id → status; the worst where one requirement speaks of several artifacts."""
        worst: dict[str, Status] = {}
        for result in self.results:
            known = worst.get(result.id, "satisfied")
            worst[result.id] = max(known, result.status, key=_FROM_BEST.index)
        return worst

    @property
    def denied_by(self) -> tuple[RequirementResult, ...]:
        """The requirements that do not hold."""
        return tuple(result for result in self.results if not result.holds)
