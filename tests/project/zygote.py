"""A process that has imported everything and makes a copy of itself for each command: what starts
in a millisecond can be killed at any moment of its real work.

Reads lines `folder<TAB>word<TAB>…` and answers each with the child's process id, and with its exit
status once it is dead. The child runs one `sealwright` command in `folder`, or appends to the
ledger, and writes to the file `acknowledged` of its folder's parent, one line per entry, as soon as
`Project.record` has returned it.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

HEAVY = (
    *("bandit", "cyclonedx", "duckdb", "ibis.backends.duckdb", "numpy", "onnxruntime"),
    *("pyarrow.dataset", "sklearn.neighbors"),
)


def warm() -> None:
    """Imports all of sealwright, and the libraries that it would import while it works."""
    import sealwright

    for module in pkgutil.walk_packages(sealwright.__path__, "sealwright."):
        if not module.name.endswith(".__main__"):
            importlib.import_module(module.name)
    for name in HEAVY:
        importlib.import_module(name)


def acknowledge(place: Path) -> None:
    """From now on each recorded entry is told, in one call, before anybody else hears of it."""
    from sealwright.evidence.predicates import Predicate
    from sealwright.evidence.statement import Statement
    from sealwright.evidence.verify import Verified
    from sealwright.project.core import Project

    told = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    real: Callable[..., Verified] = Project.record

    def record(self: Project, statement: Statement[Predicate], *, signer: str) -> Verified:
        recorded = real(self, statement, signer=signer)
        os.write(told, f"{recorded.index} {recorded.digest}\n".encode())
        return recorded

    Project.record = record  # type: ignore[method-assign]


def append(folder: Path, name: str) -> int:
    """Records without end."""
    from sealwright.evidence.statement import subject
    from sealwright.phases.governance.record import incident
    from sealwright.project.core import Project

    with Project.open(folder) as project:
        number = 0
        while True:
            number += 1
            statement = incident(
                subject("small", project.system),
                incident_id=f"{name}-{number}",
                status="open",
                severity="low",
                title="a test",
                now=project.clock(),
            )
            project.record(statement, signer="mina")


def child(folder: Path, words: Sequence[str]) -> int:
    """What the copy does."""
    quiet = os.open(folder.parent / "output", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for ours, theirs in ((nothing, 0), (quiet, 1), (quiet, 2)):
        os.dup2(ours, theirs)
    os.chdir(folder)
    acknowledge(folder.parent / "acknowledged")
    if words[0] == "append":
        return append(folder, words[1])
    from sealwright.cli import execute

    return execute(list(words))


def say(answer: str) -> None:
    """One line on standard output, at once."""
    sys.stdout.write(answer + "\n")
    sys.stdout.flush()


def main() -> None:
    """Until standard input ends."""
    warm()
    say("ready")
    for line in sys.stdin:
        folder, *words = line.rstrip("\n").split("\t")
        if words == ["wait"]:
            _, status = os.waitpid(int(folder), 0)
            say(str(os.waitstatus_to_exitcode(status)))
            continue
        pid = os.fork()
        if pid == 0:
            code = 99
            try:
                code = child(Path(folder), words)
            except BaseException:  # noqa: BLE001 - it must never return into the parent's loop
                sys.excepthook(*sys.exc_info())
            finally:
                sys.stdout.flush()
                os._exit(code)
        say(str(pid))


if __name__ == "__main__":
    main()
