"""Coverage and dossier of an installation as of now."""

from __future__ import annotations

from collections.abc import Sequence

from sealwright.phases.governance.coverage.compute import coverage as computed
from sealwright.phases.governance.coverage.records import Coverage
from sealwright.phases.governance.dossier.document import FRAMEWORK, Dossier, build_dossier
from sealwright.phases.governance.report.records import Report
from sealwright.project.core import Project
from sealwright.project.decide import tier_of_system
from sealwright.project.reporting import report

DEFAULT_FRAMEWORKS = ("eu-ai-act", "nist-ai-rmf")


def coverage(project: Project, frameworks: Sequence[str] = ()) -> Coverage:
    """What the ledger evidences of the named frameworks (default: those of sealwright.toml).

    UsageError for a framework without a catalogue.
    """
    declared = project.lifecycle.governance.frameworks
    tier = tier_of_system(project)
    ages = [each.max_age_days for each in project.policy.rules(tier).requirements]
    return computed(
        project.evidence(),
        frameworks or declared or DEFAULT_FRAMEWORKS,
        system=project.lifecycle.system.name,
        tier=tier,
        max_age_days=max((age for age in ages if age is not None), default=0),
        now=project.now(),
    )


def with_report(project: Project, frameworks: Sequence[str] = ()) -> tuple[Report, Coverage]:
    """Report and coverage of the same state of the ledger."""
    return report(project), coverage(project, frameworks)


def dossier(project: Project) -> Dossier:
    """The technical documentation of Annex IV as far as the ledger has it."""
    return build_dossier(*with_report(project, (FRAMEWORK,)))
