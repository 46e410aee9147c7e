"""Loads a serialised model only as far as the scan allows: the gate and the loader ask one policy.

The file is scanned, and copied once it has passed: the copy must have the digest of what was
scanned. What the scan saw of names is all that the unpickler finds; and it is first loaded in the
sandbox, without network and without files, where a name that was misjudged does no harm.
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealwright.clock import Clock
from sealwright.errors import InputMissing, Refused, Unsupported
from sealwright.filekind import FILE, kind_at
from sealwright.phases.model import restricted
from sealwright.phases.model.private_copy import copied
from sealwright.sandbox.interface import Level, Limits, SandboxSpec
from sealwright.sandbox.supervise import run
from sealwright.vetting.interface import findings
from sealwright.vetting.outcome import Outcome
from sealwright.vetting.packs.load import builtin_policy, with_packs
from sealwright.vetting.pickle.policy import Policy
from sealwright.vetting.scan import scan_paths

SECONDS = 300.0
MEMORY_MB = 8192
_COMPRESSED = frozenset({"gzip", "bzip2", "xz", "lzma", "zlib", "lz4"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A file that passed: a private copy of it, how it is loaded, and the names it may reach."""

    file: Path
    form: str
    allowed: restricted.Names
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How loading went in the sandbox."""

    type: str
    """Qualified name of what came out."""
    level: Level
    seconds: float
    names: int
    """Names that the file reached, all of them allowed."""


@contextmanager
def checked(path: Path, *, packs: Iterable[Path] = ()) -> Iterator[Checked]:
    """A private copy of the file at `path`, scanned.

    Raises InputMissing if it is not there or no file, Refused unless the scan passes, Unsupported
    for a format that is not loaded here, LimitReached where it cannot be copied, and ConfigError
    for a pack that is wrong.
    """
    paths = tuple(packs)
    policy = with_packs(paths) if paths else builtin_policy()
    _must_be_a_file(path)
    outcome = scan_paths([path], policy=policy)
    if outcome.verdict != "pass":
        told = findings(outcome.observations)
        first = f": {told[0].message}" if told else ""
        raise Refused(
            f"{path}: not loaded, since its scan says {outcome.verdict}{first}",
            advice=f"run `sealwright scan {path}`",
        )
    with tempfile.TemporaryDirectory(prefix="sealwright-load-") as folder:
        copy = copied(path, Path(folder), sha256=outcome.members[0].sha256)
        form = _form(copy, outcome)
        if form is None:
            raise Unsupported(
                f"{path}: not a pickle, joblib, torch or NumPy file",
                advice="load it with the library of its format",
            )
        yield Checked(file=copy, form=form, allowed=_allowed(outcome, policy), outcome=outcome)


def _must_be_a_file(path: Path) -> None:
    """InputMissing where nothing is there, or something that has no end, or waits to be read."""
    try:
        found = kind_at(path)
    except OSError as error:
        raise InputMissing(f"{path}: {error.strerror}", advice="check the path") from error
    if not found:
        raise InputMissing(f"{path}: no such file", advice="check the path")
    if found != FILE:
        raise InputMissing(
            f"{path}: a model is loaded from a file, and this is {found}",
            advice="save what it gives to a file, and load that",
        )


def load(path: Path, *, packs: Iterable[Path] = (), clock: Clock) -> Any:
    """The object in the file at `path`, after it was loaded once in the sandbox.

    Raises what `checked` and `trial` raise.
    """
    with checked(path, packs=packs) as ready:
        trial(ready, clock=clock)
        return restricted.load(ready.file, ready.form, ready.allowed)


def trial(ready: Checked, *, clock: Clock) -> Trial:
    """Loads the copy in the sandbox, and says what came out. Refused where loading tried anything
    or failed; Unsupported where no sandbox can be had."""
    with tempfile.TemporaryDirectory(prefix="sealwright-trial-") as folder:
        root = Path(folder)
        request = {
            "file": f"in/{ready.file.name}",
            "form": ready.form,
            "allowed": sorted(ready.allowed),
        }
        (root / "request.json").write_text(json.dumps(request), encoding="utf-8")
        (root / "out").mkdir()
        outcome = run(
            SandboxSpec(
                command=("python", "loader.py", "request.json"),
                inputs={
                    "loader.py": Path(restricted.__file__),
                    "request.json": root / "request.json",
                    f"in/{ready.file.name}": ready.file,
                },
                output="out",
                output_dir=root / "out",
                project=root,
                limits=Limits(seconds=SECONDS, memory_mb=MEMORY_MB, processes=4, output_mb=16),
                minimum="landlock",
            ),
            clock=clock,
        )
    if outcome.violations:
        raise Refused(
            f"{ready.file.name}: loading it tried to {outcome.violations[0].detail}",
            advice="do not load it; report the file: its names are allowed by a pack",
        )
    lines = outcome.stdout.tail.strip().splitlines()
    if not outcome.clean or not lines:
        why = (outcome.stderr.tail.strip().splitlines() or ["it was ended"])[-1]
        raise Refused(
            f"{ready.file.name}: cannot be loaded here: {why:.300}",
            advice="install the library that wrote it, in the version that wrote it",
        )
    return Trial(
        type=str(json.loads(lines[-1])["type"]),
        level=outcome.level,
        seconds=(outcome.finished - outcome.started).total_seconds(),
        names=len(ready.allowed),
    )


def _form(file: Path, outcome: Outcome) -> str | None:
    """How the file is loaded, from what it was found to be."""
    found = set(outcome.members[0].formats)
    if "torch-legacy" in found:
        return "torch"
    if "npy" in found:
        return "npy"
    if "zip" in found:
        return _zip_form(file)
    if found & _COMPRESSED or _reaches(outcome, "joblib.numpy_pickle.NumpyArrayWrapper"):
        return "joblib"
    return "pickle" if "pickle" in found else None


def _zip_form(file: Path) -> str | None:
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
    if any(name.endswith("/data.pkl") for name in names):
        return "torch"
    return "npz" if names and all(name.endswith(".npy") for name in names) else None


def _reaches(outcome: Outcome, name: str) -> bool:
    return any(name in member.facts.get("global", ()) for member in outcome.members)


def _allowed(outcome: Outcome, policy: Policy) -> restricted.Names:
    """The names that the scan saw the file reach, and that the policy has an entry for."""
    reached = {name for member in outcome.members for name in member.facts.get("global", ())}
    return frozenset(
        (module, name) for module, name in policy.entries if f"{module}.{name}" in reached
    )
