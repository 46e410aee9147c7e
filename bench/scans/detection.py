"""What each scanner says of the attacks and of the harmless files that the tests keep."""

from __future__ import annotations

import importlib
import pkgutil
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import tests.attacks
from bench.scans.tools import Tool, ask

BENIGN = Path(__file__).parents[2] / "tests/benign"
_NOT_MODELS = (".py", ".md", ".json", ".txt", ".toml")
"""Beside the harmless files: what wrote them and what is written about them."""


def compare(place: Path, tools: Sequence[Tool]) -> bool:
    """Prints two tables; True if ours passed an attack or called a harmless file harmful.

    What ours says nothing about is listed: it is no pass, and for encrypted files no fault.
    """
    attacks = list(_attacks(place / "attacks"))
    benign = list(_benign())
    missed = False
    for title, paths, wanted in (("attacks", attacks, "flagged"), ("benign", benign, "passed")):
        print(f"\n{title}: {len(paths)}\n{'':14}{'passed':>10}{'flagged':>10}{'no verdict':>12}")
        for tool in tools:
            answers = ask(tool, paths, cwd=place)
            counts = Counter(answers.values())
            print(f"{tool.name:14}{counts['passed']:10}{counts['flagged']:10}{counts['none']:12}")
            if tool is not tools[0]:
                continue
            for path, answer in answers.items():
                if answer == wanted:
                    continue
                print(f"    {answer}: {path.relative_to(path.parents[2])}")
                missed |= answer != "none"
    return missed


def _attacks(folder: Path) -> Iterator[Path]:
    """Every technique on a file of every room, built anew under the name that it has there."""
    shutil.rmtree(folder, ignore_errors=True)
    for module in sorted(_modules(tests.attacks.__path__, "tests.attacks.")):
        cases = getattr(importlib.import_module(module), "CASES", ())
        room = module.removeprefix("tests.attacks.")
        for index, (name, data) in enumerate(_files(cases)):
            place = folder / room / str(index)
            place.mkdir(parents=True)
            (place / name).write_bytes(data)
            yield place / name


def _modules(path: Iterable[str], prefix: str) -> Iterator[str]:
    """Those with cases: not the tests, not what needs a framework, not source code."""
    for found in pkgutil.walk_packages(path, prefix):
        last = found.name.rpartition(".")[2]
        if not last.startswith(("test_", "write_")) and ".code" not in found.name:
            yield found.name


def _files(cases: Any) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each case: a record of the room, or the entry of a table of builders."""
    if isinstance(cases, dict):
        yield from ((f"{key}.pkl", build()) for key, build in cases.items())
        return
    for case in cases:
        name = getattr(case, "path", "") or case.file
        yield name, case.build() if hasattr(case, "build") else case.bytes


def _benign() -> Iterator[Path]:
    """Files one by one, and folders that are one model: those below a room or a kind of it."""
    kinds = [BENIGN, *BENIGN.iterdir(), *(BENIGN / "documents").iterdir()]
    for kind in sorted(path for path in kinds if path.is_dir()):
        for path in sorted(kind.iterdir()):
            if path not in kinds and path.suffix not in _NOT_MODELS and path.name[0] not in "._":
                yield path
