"""What a drill is: a declaration for people, and three functions.

`attack` and `twin` only act, and return nothing: whether they were prevented or detected is what
`look` reads from the throw-away installation's record afterwards. The same `look` reads the twin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sealwright.drill.journal import Journal
    from sealwright.drill.live import Live
    from sealwright.evidence.verify import Verified
    from sealwright.project.core import Project

HOUSE: Final = "house"
"""Name of the installation's folder in the folder of one side of a drill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a drill may use up; over any of them its verdict is `error`."""

    seconds: int = 30
    requests: int = 0
    megabytes: int = 64
    """On disk, for the attack and for its twin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A drill as people read it; its page is generated from this."""

    id: str
    title: str
    atlas: tuple[str, ...]
    """MITRE ATLAS technique ids."""
    attack: str
    """What is done."""
    twin: str
    """The same steps with nothing wrong."""
    prevention: str
    detection: str
    """What must be on record afterwards, and where."""
    cleanup: str
    bounds: Bounds = field(default_factory=Bounds)
    controls: tuple[str, ...] = ()
    """Predicate short names whose evidence rests on what is tested: it is stale while the newest
    result is missed or error."""
    needs_serving: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the attack, or the twin, acts on: an installation of its own."""

    folder: Path
    """Everything that it makes lies here."""
    root: Path
    """The installation: `folder/house`."""
    project: Project
    correlation: str
    """Id of the principal that signs what is done here, and of every request that is sent."""
    bounds: Bounds
    journal: Journal
    keys: dict[str, str] = field(default_factory=dict)
    """Keys that callers were given, by the names that `prepare` gave them."""
    front: Live | None = None
    """Where callers are answered, once it serves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What is left to look at when attack or twin is over: the record, opened anew."""

    folder: Path
    root: Path
    project: Project
    correlation: str
    entries: tuple[Verified, ...]
    """The ledger's entries that bear the correlation id, in order."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Something that was found: in words, and the sha256 of the statement if it is one."""

    what: str
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One thing that was tried, as the record tells it."""

    name: str
    reached: bool
    """It worked: what an attacker wanted, or the twin."""
    prevention: tuple[Trace, ...] = ()
    """What stopped it."""
    detection: tuple[Trace, ...] = ()
    """What tells people of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """A declaration and what is done."""

    declaration: Declaration
    attack: Callable[[Scene], None]
    twin: Callable[[Scene], None]
    look: Callable[[Sight], tuple[Attempt, ...]]
    prepare: tuple[Callable[[Scene], None], Callable[[Scene], None]] | None = None
    """Where serving is needed: what the attack and the twin do before it begins. Both then act on
    the same installation, the twin first: what tells them apart must be what they do."""
