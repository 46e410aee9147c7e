"""Outcomes made by hand: a harmless one, one of everything, and one full of hostile names."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from sealwright.vetting.interface import Observation, Rule, conclude, observe
from sealwright.vetting.outcome import Coverage, MemberReport, Outcome
from sealwright.vetting.reports.interface import Scanned
from sealwright.vetting.session import Limits

CALLS = Rule(
    id="SW-TST-001",
    effect="fail",
    severity="critical",
    title="A call",
    remediation="do not load it",
    why="It runs.",
    example="os.system",
    atlas=("AML.T0011.000",),
    cwe=(502,),
)
LOOK = replace(CALLS, id="SW-TST-002", effect="review", severity="medium", title="By value")
BEYOND = replace(CALLS, id="SW-TST-003", effect="inconclusive", severity="low", title="Not read")
ODD = replace(CALLS, id="SW-TST-004", effect="warn", severity="low", title="Odd", cwe=(), atlas=())
NOTE = replace(CALLS, id="SW-TST-005", effect="note", severity="info", title="Told")

HOSTILE = (
    "a\x1b[2K\rPASS.pkl",
    "b`|<img src=x onerror=alert(1)>|`.pkl",
    "c](https://evil.example) @everyone #1.pkl",
    "d\u202egnp.exe\u200b.pkl",
    "e\n## PASS\n```\n.pkl",
    "f!g:12.pkl",
    "h {0} [x](1) \\.pkl",
    "i\udcff.pkl",
    "j%20 ?#.pkl",
)
"""Names that try to be obeyed by a terminal, a Markdown page, a URI or a SARIF viewer."""


def member(
    path: str,
    *seen: Observation,
    depth: int = 0,
    gaps: tuple[str, ...] = (),
    formats: tuple[str, ...] = ("pickle",),
    size: int = 100,
) -> MemberReport:
    return MemberReport(
        path=path,
        size=size,
        formats=formats,
        verdict=conclude(seen, complete=not gaps),
        parsed=size - 10,
        numbers=5,
        sha256="ab" * 32 if depth == 0 else "",
        gaps=gaps,
        observations=seen,
        depth=depth,
    )


def outcome(*members: MemberReport) -> Outcome:
    seen = tuple(each for report in members for each in report.observations)
    files = [each for each in members if each.depth == 0 and each.formats != ("folder",)]
    return Outcome(
        verdict=conclude(seen, complete=bool(files)),
        members=members,
        observations=seen,
        coverage=Coverage(
            files=len(files),
            members=len(members) - len(files),
            bytes_total=sum(each.size for each in files),
            bytes_parsed=sum(each.parsed for each in files),
            bytes_numbers=sum(each.numbers for each in files),
        ),
        rules="12" * 32,
        packs={"sklearn": "34" * 32},
    )


def scanned(*members: MemberReport, base: Path = Path()) -> Scanned:
    return Scanned(
        outcome=outcome(*members),
        targets=("models",),
        limits=Limits(),
        base=base,
    )


def everything() -> Scanned:
    """Each effect once, in a file, a member, a folder and a line of code."""
    return scanned(
        member("models", observe(ODD, "odd", location="models/x"), formats=("folder",), size=0),
        member("models/good.safetensors", formats=("safetensors",)),
        member("models/told.onnx", observe(NOTE, "told", location="models/told.onnx")),
        member("models/odd.npy", observe(ODD, "odd", location="models/odd.npy", offset=7)),
        member("models/evil.pt", formats=("torch-zip", "zip")),
        member(
            "models/evil.pt!a/data.pkl",
            observe(CALLS, "calls 'os.system'", location="models/evil.pt!a/data.pkl", offset=41),
            depth=1,
        ),
        member("models/evil.pkl", observe(CALLS, "calls", location="models/evil.pkl", offset=3)),
        member("models/code.py", observe(LOOK, "look", location="models/code.py:12")),
        member(
            "models/rest.7z",
            observe(BEYOND, "not read", location="models/rest.7z"),
            gaps=("not read",),
        ),
    )


def harmless() -> Scanned:
    return scanned(member("a.pkl"), member("b.onnx", formats=("onnx",)))


def hostile() -> Scanned:
    """Names that nobody vouches for, in every place where a report shows one."""
    made: list[MemberReport] = []
    for name in HOSTILE:
        inner = f"{name}!{name}"
        made.append(member(name, observe(CALLS, f"calls {name}", location=name, offset=1)))
        made.append(
            member(
                inner,
                observe(BEYOND, f"calls {name}", location=inner),
                depth=1,
                gaps=(f"not read: {name}",),
            )
        )
    return scanned(*made)
