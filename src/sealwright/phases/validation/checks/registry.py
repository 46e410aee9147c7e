"""All checks of the validation phase, in the order in which they run."""

from __future__ import annotations

from sealwright.phases.validation.checks.calibration import CALIBRATION
from sealwright.phases.validation.checks.fairness import FAIRNESS
from sealwright.phases.validation.checks.generalisation import GENERALISATION
from sealwright.phases.validation.checks.interface import Check
from sealwright.phases.validation.checks.performance import PERFORMANCE
from sealwright.phases.validation.checks.privacy import PRIVACY
from sealwright.phases.validation.checks.robustness import ROBUSTNESS

CHECKS: tuple[Check, ...] = (
    PERFORMANCE,
    GENERALISATION,
    CALIBRATION,
    FAIRNESS,
    ROBUSTNESS,
    PRIVACY,
)
"""A check that is not in this list does not exist."""
