"""What a training run's interpreter is made of, as one digest and as a list for the bill.

Installed files are not read again: each distribution's RECORD lists them with their hashes, and the
digest covers the RECORD. An environment whose files were changed behind RECORD is another matter
(see `scan`).
"""

from __future__ import annotations

import platform
import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from sealwright.evidence import canonical
from sealwright.evidence.digest import sha256_hex
from sealwright.evidence.predicates.common import Resource

_METADATA = (".dist-info", ".egg-info")
_DESCRIBING = ("METADATA", "RECORD", "PKG-INFO")


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """An installed package. `record` is the sha256 of its RECORD file, empty where it has none."""

    name: str
    """Normalised as PyPI does it (PEP 503)."""
    version: str
    record: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The interpreter, the platform and everything installed, sorted by name."""

    implementation: str
    python: str
    system: str
    machine: str
    libc: str
    distributions: tuple[Distribution, ...]

    @property
    def digest(self) -> str:
        """Hex sha256 of the canonical description."""
        return sha256_hex(
            canonical.encode(
                {
                    "distributions": [
                        {"name": d.name, "record": d.record, "version": d.version}
                        for d in self.distributions
                    ],
                    "environment": 1,
                    "implementation": self.implementation,
                    "libc": self.libc,
                    "machine": self.machine,
                    "python": self.python,
                    "system": self.system,
                }
            )
        )


Stamp = tuple[tuple[str, int, int, int], ...]
"""Each installed package's metadata files: path, inode, size in bytes, time of change in ns."""


def stamp() -> Stamp:
    """What tells an unchanged set of installed packages from a changed one, without reading it."""
    found = []
    for place in dict.fromkeys(map(Path, sys.path)):
        try:
            folders = sorted(each for each in place.iterdir() if each.suffix in _METADATA)
        except OSError:
            continue  # not there, or no folder: nothing is imported from it
        for path in (folder / file for folder in folders for file in _DESCRIBING):
            with suppress(OSError):
                status = path.stat()
                found.append((str(path), status.st_ino, status.st_size, status.st_ctime_ns))
    return tuple(found)


def current_environment() -> Environment:
    """The environment of this interpreter, which is the one that `python` means in a sandbox."""
    return _read(stamp())


@lru_cache(maxsize=1)
def _read(_: Stamp) -> Environment:
    found: dict[str, Distribution] = {}
    for installed in metadata.distributions():
        name = installed.metadata["Name"]
        if name is None:
            continue  # what is left of a removed package: a folder without metadata
        normal = re.sub(r"[-_.]+", "-", name).lower()
        record = installed.read_text("RECORD")
        # The first one on the path is the one that is imported.
        found.setdefault(
            normal,
            Distribution(
                name=normal,
                version=installed.version,
                record=sha256_hex(record.encode()) if record else "",
            ),
        )
    return Environment(
        implementation=sys.implementation.name,
        python=platform.python_version(),
        system=platform.system(),
        machine=platform.machine(),
        libc="-".join(platform.libc_ver()),
        distributions=tuple(found[name] for name in sorted(found)),
    )


def environment_resource(environment: Environment) -> Resource:
    """The environment as a dependency of a run."""
    return Resource(
        name=f"{environment.implementation}-{environment.python}",
        digest={"sha256": environment.digest},
        annotations={
            "kind": "environment",
            "platform": f"{environment.system}-{environment.machine}",
            "distributions": str(len(environment.distributions)),
        },
    )
