"""Lets bandit look at Python source, in a process of its own, on copies under names of our own.

What the scanned code says about the scan has no weight: `# nosec` comments are ignored, and neither
its configuration files nor its folder names (bandit skips some) reach the engine. Every file given
must come back as read, or the result is inconclusive.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sealwright.errors import Unsupported
from sealwright.evidence.finding import Confidence, Finding
from sealwright.vetting.code.files import is_python
from sealwright.vetting.interface import (
    CodeCheck,
    CodeExamination,
    Effect,
    Member,
    Observation,
    Rule,
    observe,
    quoted,
)

MAX_FILES = 5_000
MAX_BYTES = 32 * 1024 * 1024
MAX_REPORT = 64 * 1024 * 1024
TIMEOUT = 120.0
"""Seconds for all files together."""
_UNSAFE_LOADING = 502
"""CWE: deserialization of untrusted data."""
_LOWERED = {"B324": "MEDIUM"}
"""Rules whose severity is for other kinds of program: MD5 names cache files in many scripts."""
_CONFIDENCE: dict[str, Confidence] = {"HIGH": "high", "MEDIUM": "medium"}

NOT_READ = Rule(
    id="SW-CODE-010",
    effect="inconclusive",
    severity="medium",
    title="Bandit could not read the file",
    why="What bandit cannot parse, it did not examine.",
    example="def (:",
    remediation="make it valid Python for the interpreter that runs the scan",
)
NOT_RUN = Rule(
    id="SW-CODE-011",
    effect="inconclusive",
    severity="medium",
    title="Bandit did not finish",
    why="Findings of a run that broke off are not all findings.",
    example="more than 5,000 files",
    remediation="scan fewer or smaller files, and check the installation of bandit",
)


_EXAMPLES = {
    "high": "subprocess.call(command, shell=True)",
    "medium": "urllib.request.urlopen(url)",
    "low": "import subprocess",
}


def _severity_rule(effect: Effect, severity: Any) -> Rule:
    return Rule(
        id=f"SW-CODE-BANDIT-{severity.upper()}",
        effect=effect,
        severity=severity,
        title=f"A bandit finding of {severity} severity",
        why="Bandit's documentation says for each of its rules what an attacker makes of it.",
        example=_EXAMPLES[severity],
        remediation="read the rule's page in bandit's documentation and change the code",
    )


_BY_SEVERITY = {
    "HIGH": _severity_rule("fail", "high"),
    "MEDIUM": _severity_rule("warn", "medium"),
    "LOW": _severity_rule("note", "low"),
}


def examine(files: tuple[Member, ...]) -> CodeExamination:
    """Runs bandit once over all Python files."""
    import tempfile

    python = [file for file in files if is_python(file)]
    if not python:
        return CodeExamination(observations=())
    size = sum(len(file.data) for file in python)
    if len(python) > MAX_FILES or size > MAX_BYTES:
        limit = f"at most {MAX_FILES} files and {MAX_BYTES} bytes are scanned at once"
        return _not_run(f"{len(python)} files with {size} bytes; {limit}")
    with tempfile.TemporaryDirectory(prefix="sealwright-code-") as folder:
        names: dict[str, Member] = {}
        for number, file in enumerate(python):
            names[f"f{number:05}.py"] = file
            (Path(folder) / f"f{number:05}.py").write_bytes(bytes(file.data))
        report = _run(Path(folder), sorted(names))
    if isinstance(report, str):
        return _not_run(report)
    return _translate(report, names)


def _not_run(message: str) -> CodeExamination:
    return CodeExamination(observations=(observe(NOT_RUN, message, location=""),))


def _run(folder: Path, names: list[str]) -> dict[str, Any] | str:
    """Bandit's report, or why there is none."""
    import subprocess

    output = folder / "report.json"
    command = [sys.executable, "-I", "-m", "bandit", "--quiet", "--ignore-nosec", "--exit-zero"]
    command += ["--number", "0", "--format", "json", "--output", output.name, *names]
    environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"bandit was stopped after {TIMEOUT:.0f} seconds"
    if done.returncode != 0 or not output.is_file():
        return f"bandit ended with status {done.returncode} and no report"
    if output.stat().st_size > MAX_REPORT:
        return f"bandit's report is larger than {MAX_REPORT} bytes"
    try:
        report = json.loads(output.read_bytes())
    except ValueError:
        return "bandit's report is not JSON"
    whole = isinstance(report, dict) and {"errors", "metrics", "results"} <= set(report)
    return report if whole else "bandit's report is incomplete"


def _translate(report: Mapping[str, Any], names: Mapping[str, Member]) -> CodeExamination:
    failed = {Path(error["filename"]).name: str(error["reason"]) for error in report["errors"]}
    read = {Path(name).name for name in report["metrics"]}
    seen: list[Observation] = []
    examined: set[str] = set()
    for name, file in names.items():
        if name in failed or name not in read:
            reason = quoted(failed.get(name, "bandit did not read it"))
            seen.append(observe(NOT_READ, reason, location=file.path))
        else:
            examined.add(file.path)
    for item in report["results"]:
        known = names.get(Path(item["filename"]).name)
        seen.append(_observation(item, known.path if known else ""))
    return CodeExamination(observations=tuple(seen), examined=frozenset(examined))


def _observation(item: Mapping[str, Any], path: str) -> Observation:
    """A severity that is not known counts as high."""
    severity = _LOWERED.get(item["test_id"], item["issue_severity"])
    rule = _BY_SEVERITY.get(severity, _BY_SEVERITY["HIGH"])
    cwe = item.get("issue_cwe", {}).get("id", 0)
    text = " ".join(str(item["issue_text"]).split())[:400]
    return Observation(
        rule,
        Finding(
            rule=f"SW-CODE-{item['test_id']}",
            severity=rule.severity,
            confidence=_CONFIDENCE.get(item["issue_confidence"], "low"),
            message=text + (f" (CWE-{cwe})" if cwe else ""),
            location=f"{path}:{item['line_number']}",
            remediation=f"see bandit's page for {item['test_id']} ({item['test_name']})",
            atlas=("AML.T0011.000",) if cwe == _UNSAFE_LOADING else (),
        ),
    )


def engine() -> dict[str, str]:
    """Bandit's version, a digest of its code, and who else adds rules to it."""
    from importlib.metadata import PackageNotFoundError, distribution, entry_points

    try:
        installed = distribution("bandit")
    except PackageNotFoundError as error:
        raise Unsupported(
            "the code scan needs bandit, which is not installed",
            advice="install sealwright with the extra 'model'",
        ) from error
    record = installed.read_text("RECORD") or ""
    lines = sorted(
        line for line in record.splitlines() if line.startswith("bandit/") and ".py," in line
    )
    plugins = sorted(
        f"{point.name}={point.value}"
        for group in ("bandit.plugins", "bandit.blacklists")
        for point in entry_points(group=group)
    )
    return {
        "name": "bandit",
        "version": installed.version,
        "code": hashlib.sha256("\n".join(lines).encode()).hexdigest(),
        "plugins": hashlib.sha256("\n".join(plugins).encode()).hexdigest(),
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
    }


CHECK = CodeCheck(
    id="code-bandit",
    title="Dangerous calls in Python source",
    examines="The syntax tree of every Python file, by bandit's rules, which no comment silences.",
    rules=(NOT_READ, NOT_RUN, *_BY_SEVERITY.values()),
    engine=engine,
    examine=examine,
)
