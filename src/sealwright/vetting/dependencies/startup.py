"""Code that runs whenever Python starts: `.pth` lines, sitecustomize and usercustomize, in an
environment, and in the files and wheels that a scan meets.

What a `.pth` line may do: https://docs.python.org/3/library/site.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from sealwright.patterns import regex
from sealwright.vetting.code.sinks import Found, examine_source
from sealwright.vetting.interface import Observation, Rule, observe, quoted

MAX_PTH = 1024 * 1024
MAX_FILES = 1_000

RUNS = Rule(
    id="SW-DEP-022",
    effect="review",
    severity="high",
    title="A file runs code whenever Python starts",
    why=(
        "A line in a .pth file that begins with import, and modules called sitecustomize or "
        "usercustomize, run in every Python process of the environment, unasked."
    ),
    example='x.pth: import os; os.system("id")',
    remediation="find the package that it belongs to and why; remove it from the environment",
    atlas=("AML.T0010.001", "AML.T0011.001"),
    cwe=(506, 427),
)
UNREAD = Rule(
    id="SW-DEP-023",
    effect="inconclusive",
    severity="medium",
    title="A start-up file could not be read",
    why="What could not be read was not examined.",
    example="a .pth file of 2 MB",
    remediation="find the package that it belongs to; remove it from the environment",
)
RULES = (RUNS, UNREAD)
# What setuptools, editable installs, virtualenv and coverage write, word by word.
_ORDINARY = regex(
    r"import os; var = 'SETUPTOOLS_USE_DISTUTILS'; "
    r"enabled = os\.environ\.get\(var, '(?:local|stdlib)'\) == 'local'; "
    r"enabled and __import__\('_distutils_hack'\)(?:\.add_shim\(\))?;?"
    r"|import __editable__\w*_finder; __editable__\w*_finder\.install\(\)"
    r"|import _virtualenv"
    r"|import coverage; coverage\.process_startup\(\)"
)
_PATHS = regex(r"[^<>{}|*?\"]*")
"""What the name of a folder is made of; a page of HTML is not."""
_NAMES = regex(r"(?:sitecustomize|usercustomize)(?:\.py|\.pyc|/__init__\.py|\.[\w-]+\.so)$")


def is_pth(text: str) -> bool:
    """Whether a text is a `.pth` file as Python takes it: names of folders, comments, imports."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return all(line.startswith(("import ", "import\t")) or _PATHS.fullmatch(line) for line in lines)


def runs_at_start(name: str) -> bool:
    """Whether a module of this file name runs whenever Python starts."""
    return _NAMES.match(name) is not None


def examine_pth(data: bytes, *, where: str) -> Iterator[Observation]:
    """What the lines of one `.pth` file run. Lines that only name a folder run nothing."""
    if len(data) > MAX_PTH:
        yield observe(UNREAD, f"larger than {MAX_PTH} bytes", location=where)
        return
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), start=1):
        if not line.startswith(("import ", "import\t")):
            continue
        text = line.strip()
        if _ORDINARY.fullmatch(text):
            continue
        yield observe(RUNS, f"a line runs: {quoted(text)}", location=f"{where}:{number}")
        found = Found()
        examine_source(text, found, where=where, imported=True)
        yield from found.observations


def examine_site(folders: Iterable[Path]) -> Iterator[Observation]:
    """The start-up files in the site folders of an environment."""
    for folder in sorted(set(folders)):
        names = sorted(place.name for place in folder.iterdir()) if folder.is_dir() else []
        for name in [one for one in names if one.endswith(".pth") or _NAMES.match(one)][:MAX_FILES]:
            place = folder / name
            try:
                with place.open("rb") as file:
                    data = file.read(MAX_PTH + 1)
            except OSError:
                yield observe(UNREAD, "it cannot be read", location=name)
                continue
            yield from _one(name, data)


def site_folders() -> tuple[Path, ...]:
    """The folders of this interpreter in which start-up files count."""
    import site

    user = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    return tuple(dict.fromkeys(Path(each) for each in (*site.getsitepackages(), *user)))


def _one(name: str, data: bytes) -> Iterator[Observation]:
    if name.endswith(".pth"):
        yield from examine_pth(data, where=name)
    elif name != "_virtualenv.py":
        yield observe(RUNS, "it runs whenever Python starts", location=name)
        if name.endswith(".py"):
            found = Found()
            examine_source(data, found, where=name, imported=True)
            yield from found.observations
