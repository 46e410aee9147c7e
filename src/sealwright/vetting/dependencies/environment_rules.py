"""Rules about an environment held against its lock file."""

from __future__ import annotations

from sealwright.vetting.interface import Rule

NO_LOCK = Rule(
    id="SW-DEP-010",
    effect="inconclusive",
    severity="medium",
    title="The environment has no lock file",
    why="Without a lock nobody can tell whether the environment is the one that was meant.",
    example="[training] without lock",
    remediation="write one with hashes and name it as [training] lock",
)
NOT_LOCKED = Rule(
    id="SW-DEP-011",
    effect="warn",
    severity="medium",
    title="A package is installed that the lock does not list",
    why="Its code can run in the training, and nobody chose it.",
    example="a package that somebody installed by hand",
    remediation="train in an environment made from the lock alone",
    atlas=("AML.T0010.001",),
)
OTHER_VERSION = Rule(
    id="SW-DEP-012",
    effect="fail",
    severity="high",
    title="A package is installed in another version than the lock lists",
    why="What was reviewed and locked is not what runs.",
    example="numpy 2.0.0 locked, 2.0.1 installed",
    remediation="install the environment from the lock again",
    atlas=("AML.T0010.001",),
)
NOT_INSTALLED = Rule(
    id="SW-DEP-013",
    effect="warn",
    severity="low",
    title="A package of the lock is not installed",
    why="The environment is not the one that the lock describes.",
    example="scipy locked and not installed",
    remediation="install the environment from the lock again",
)
TWICE = Rule(
    id="SW-DEP-014",
    effect="warn",
    severity="medium",
    title="A package is installed twice",
    why="Which of the two runs depends on the order of folders.",
    example="numpy in the user folder and in the environment",
    remediation="make the environment anew: which of the two runs depends on the path",
    atlas=("AML.T0074",),
)
NO_ENVIRONMENT = Rule(
    id="SW-DEP-015",
    effect="inconclusive",
    severity="medium",
    title="No installed package was found",
    why="There is nothing to compare the lock with.",
    example="an interpreter without site-packages",
    remediation="scan with the interpreter that trains",
)
RULES = (NO_LOCK, NOT_LOCKED, OTHER_VERSION, NOT_INSTALLED, TWICE, NO_ENVIRONMENT)
