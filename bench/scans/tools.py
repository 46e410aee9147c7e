"""The scanners that `bench/scan.py` compares: their command lines, and what exit codes say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Said = Literal["passed", "flagged", "none"]
"""`none`: an error, a file that was skipped, a time-out, or inconclusive."""

PINNED = ("picklescan==1.0.5", "modelscan==0.8.8", "fickling==0.1.12", "modelaudit==0.2.54")
QUIET = {
    "PROMPTFOO_DISABLE_TELEMETRY": "1",
    "NO_ANALYTICS": "1",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "NO_COLOR": "1",
}
"""No telemetry and no network."""
_MAIN = "+".join(
    (
        *("sealwright.cli:main", "sealwright.cli.scan", "sealwright.vetting.guard"),
        *("sealwright.vetting.registry", "sealwright.vetting.packs.load"),
        "sealwright.vetting.reports.text",
    )
)
_FICKLING = """
import sys
from pathlib import Path
from fickling import is_likely_safe
place = Path(sys.argv[1])
files = sorted(p for p in place.rglob("*") if p.is_file()) if place.is_dir() else [place]
for file in files:
    try:
        is_likely_safe(str(file))
    except Exception as error:
        print(file.name, error)
"""


@dataclass(frozen=True)
class Tool:
    """One scanner. `folder`: how a folder is scanned where that is another command."""

    name: str
    file: tuple[str, ...]
    folder: tuple[str, ...]
    help: tuple[str, ...]
    main: tuple[str, ...]
    """`module:function` of its command, and the words before a path."""

    @property
    def python(self) -> Path:
        """The interpreter that it is installed for."""
        return Path(self.help[0]).with_name("python")


@dataclass(frozen=True)
class Spent:
    """What a process and its children cost. `code` is None where the time was over."""

    cpu: float
    rss_mib: float
    code: int | None
    output: str


def ours() -> Tool:
    """The command beside this interpreter."""
    program = str(Path(sys.executable).with_name("sealwright"))
    scan = (program, "scan")
    return Tool("sealwright", scan, scan, (*scan, "--help"), (_MAIN, "scan"))


def peers(folder: Path) -> list[Tool]:
    """Those that are installed in a virtual environment."""
    programs = folder / "bin"
    pickle, model, fick, audit = (
        str(programs / name) for name in ("picklescan", "modelscan", "fickling", "modelaudit")
    )
    loop = (str(programs / "python"), "-c", _FICKLING)
    quiet = ("scan", "--no-cache")
    every = [
        Tool(
            "picklescan",
            (pickle, "-p"),
            (pickle, "-p"),
            (pickle, "--help"),
            ("picklescan.cli:main", "-p"),
        ),
        Tool(
            "modelscan",
            (model, "-p"),
            (model, "-p"),
            (model, "--help"),
            ("modelscan.cli:main", "-p"),
        ),
        Tool(
            "fickling",
            (fick, "--check-safety"),
            loop,
            (fick, "--help"),
            ("fickling.cli:main", "-s"),
        ),
        Tool(
            "modelaudit",
            (audit, *quiet),
            (audit, *quiet),
            (audit, "--help"),
            ("modelaudit.cli:main", *quiet),
        ),
    ]
    return [tool for tool in every if Path(tool.help[0]).exists()]


def install(folder: Path) -> None:
    """Makes the virtual environment."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([folder / "bin/pip", "install", "--quiet", *PINNED], check=True)


def spend(command: Sequence[str | Path], *, cwd: Path, patience: float) -> Spent:
    """Runs one command: user and system time, and the peak of its resident memory."""
    with (cwd / ".output").open("w+b") as out:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**_inherited(), **QUIET, "HOME": str(cwd)},
        )
        late = subprocess.Popen(["sh", "-c", f"sleep {patience}; kill -9 {process.pid}"])
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        late.kill()
        late.wait()
        out.seek(0)
        output = out.read(200_000).decode("utf-8", "replace")
    code = None if process.returncode == -9 else process.returncode
    return Spent(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, code, output)


def _inherited() -> dict[str, str]:
    """The environment, but that every tool may keep its compiled modules, as it would anywhere."""
    return {key: text for key, text in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def said(tool: Tool, code: int | None, output: str) -> Said:
    """What the exit code means; a file that was not looked at is no answer."""
    if code == 1 and "Traceback (most recent call last)" not in output:
        return "flagged"
    if code != 0 or (tool.name == "picklescan" and "Scanned files: 0" in output):
        return "none"
    return "passed"


def ask(tool: Tool, paths: Sequence[Path], *, cwd: Path) -> dict[Path, Said]:
    """What it says of each file, by its own command."""
    done = subprocess.run(
        [tool.python, Path(__file__).with_name("ask.py"), *tool.main],
        input="".join(f"{path}\n" for path in paths),
        cwd=cwd,
        env={**_inherited(), **QUIET, "HOME": str(cwd)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return {
        path: said(tool, code, output) for path, (code, output) in zip(paths, answers, strict=True)
    }
